package dev.pipewright.contract.api;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A pipeline run in a list.
///
/// @param number grows with every run of this server: what people call it by
/// @param message why it failed, in one line; null otherwise
/// @param tasks how many tasks are in each state; states without a task are left out
public record PipelineRunSummary(
    String id,
    long number,
    String pipeline,
    int version,
    RunState state,
    @Nullable String message,
    Map<TaskState, Integer> tasks,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant endedAt) {}
