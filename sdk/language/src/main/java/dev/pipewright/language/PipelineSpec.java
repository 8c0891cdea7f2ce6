package dev.pipewright.language;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A pipeline that has been checked. Params and tasks are in the order of the document.
public record PipelineSpec(
    String name,
    @Nullable String description,
    Map<String, ParamSpec> params,
    Map<String, TaskSpec> tasks) {
  public PipelineSpec {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    tasks = Collections.unmodifiableMap(new LinkedHashMap<>(tasks));
  }
}
