package dev.pipewright.tracker.search;

import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a search answers of each run besides its info: all metrics, params and tags, none, or those
/// named. A table of ten columns then costs ten values a run, however much the runs have logged.
public final class Columns {
  /// As MLflow answers.
  public static final Columns ALL = new Columns(Map.of(), true);

  private final Map<Entity, Set<String>> keys;
  private final boolean all;

  private Columns(Map<Entity, Set<String>> keys, boolean all) {
    this.keys = keys;
    this.all = all;
  }

  /// Reads names such as `metrics.acc` or ``tags.`mlflow.runName` ``. No names at all are no
  /// columns but the run's info.
  ///
  /// @throws InvalidFilter when one is no metric, param, tag or attribute
  public static Columns of(Collection<String> names) {
    var keys = new EnumMap<Entity, Set<String>>(Entity.class);
    for (var name : names) {
      var field = OrderBy.parse(List.of(name), FilterSchema.RUNS).getFirst().field();
      keys.computeIfAbsent(field.entity(), entity -> new LinkedHashSet<>()).add(field.key());
    }
    return new Columns(keys, false);
  }

  /// Whether every key of this kind is wanted.
  public boolean all() {
    return all;
  }

  /// The keys wanted; empty when [#all] or none are.
  public Set<String> keys(Entity entity) {
    return keys.getOrDefault(entity, Set.of());
  }
}
