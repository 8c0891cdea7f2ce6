package dev.pipewright.language;

import dev.pipewright.tune.StudySpec;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Runs a task as the trials of a search for good params.
///
/// @param spec what is searched, with one objective, which is an output of the task
/// @param metric what trials are judged by on the way: a metric that they log; null where they are
///   not
/// @param parallel how many trials run at once
/// @param maxFailed how many trials may fail; null for all but one
public record TaskStudy(
    StudySpec spec, @Nullable String metric, int parallel, @Nullable Integer maxFailed) {
  /// What others see of it beside the best trial's outputs: its params, what it reached, and its
  /// number.
  public static final String BEST = "best";

  public static final String BEST_VALUE = "bestValue";
  public static final String BEST_TRIAL = "bestTrial";
  static final List<String> OUTPUTS = List.of(BEST, BEST_VALUE, BEST_TRIAL);

  /// The names of its params.
  Set<String> params() {
    var names = new LinkedHashSet<String>();
    spec.space().parameters().forEach(parameter -> names.add(parameter.name()));
    return names;
  }

  /// The output that is optimised.
  public String objective() {
    return spec.objectives().getFirst().name();
  }
}
