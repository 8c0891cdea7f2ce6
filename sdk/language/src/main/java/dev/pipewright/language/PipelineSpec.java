package dev.pipewright.language;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A pipeline that has been checked. Params and tasks are in the order of the document.
///
/// @param outputs what a pipeline that calls this one sees
/// @param tasks those of `finally` last
/// @param priority higher first; 0 unless said otherwise
/// @param timeout of a whole run; null for none
/// @param retention null where the pipeline says nothing of it
public record PipelineSpec(
    String name,
    @Nullable String description,
    Map<String, ParamSpec> params,
    Map<String, OutputSpec> outputs,
    Map<String, TaskSpec> tasks,
    int priority,
    @Nullable Duration timeout,
    Concurrency concurrency,
    @Nullable Retention retention) {
  public PipelineSpec {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    tasks = Collections.unmodifiableMap(new LinkedHashMap<>(tasks));
  }
}
