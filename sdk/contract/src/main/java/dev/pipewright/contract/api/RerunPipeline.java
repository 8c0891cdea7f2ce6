package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Starts a run like an earlier one.
///
/// @param params take the place of the earlier run's, by name; not together with `from`
/// @param from tasks to begin at: they and what depends on them run, the others' outputs are taken
///   from the earlier run; null to run all
public record RerunPipeline(@Nullable Map<String, JsonNode> params, @Nullable List<String> from) {}
