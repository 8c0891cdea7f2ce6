package dev.pipewright.language;

import dev.pipewright.contract.task.ValueType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Knows what a document refers to outside itself: the pipelines that tasks call, and pools.
public interface PipelineLookup {
  /// The pools there are, and how many slots each has; null where that is not to be checked.
  default @Nullable Map<String, Integer> pools() {
    return null;
  }

  /// A pipeline, as whoever calls it sees it.
  ///
  /// @param version null for the one that a call without a version means
  /// @return empty where there is none
  Optional<Signature> find(String name, @Nullable Integer version);

  /// Some names there are, to suggest one from.
  default List<String> names() {
    return List.of();
  }

  /// What a pipeline takes and gives.
  ///
  /// @param depth how many calls lie in each other at most, of what it calls itself; 0 for none
  record Signature(
      String name,
      int version,
      Map<String, ParamSpec> params,
      Map<String, ValueType> outputs,
      int depth) {
    public Signature {
      params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
      outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    }

    /// Of a pipeline that was checked with a lookup.
    ///
    /// @param lookup the one it was checked with
    public static Signature of(PipelineSpec spec, int version, PipelineLookup lookup) {
      var outputs = new LinkedHashMap<String, ValueType>();
      spec.outputs().forEach((name, output) -> outputs.put(name, output.type()));
      int depth =
          spec.tasks().values().stream()
              .map(TaskSpec::work)
              .filter(Work.Call.class::isInstance)
              .map(Work.Call.class::cast)
              .distinct()
              .mapToInt(call ->
                  1 + lookup.find(call.pipeline(), call.version()).map(Signature::depth).orElse(0))
              .max()
              .orElse(0);
      return new Signature(spec.name(), version, spec.params(), outputs, depth);
    }
  }
}
