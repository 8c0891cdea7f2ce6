package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What changed in a pipeline run between two looks at it; what is not here stayed as it was.
///
/// @param since the revision this builds on: whoever knows an older one reads the run anew
/// @param taskCount as in [PipelineRun]
/// @param counts as in [PipelineRun]
/// @param groups as in [PipelineRun]
/// @param tasks that changed or are new, of those that a [PipelineRun] holds
public record RunChanges(
    long since,
    long revision,
    RunState state,
    boolean paused,
    @Nullable String message,
    Map<String, JsonNode> outputs,
    @Nullable Instant startedAt,
    @Nullable Instant endedAt,
    int taskCount,
    Map<TaskState, Integer> counts,
    List<PipelineRun.Group> groups,
    List<PipelineRun.Task> tasks) {}
