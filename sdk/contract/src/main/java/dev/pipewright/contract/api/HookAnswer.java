package dev.pipewright.contract.api;

import org.jspecify.annotations.Nullable;

/// What came of a message to a hook.
///
/// @param state `STARTED` or `SKIPPED`
/// @param reason why there is no run
/// @param runId the pipeline run
/// @param run where to ask for it
public record HookAnswer(
    FireState state, @Nullable String reason, @Nullable String runId, @Nullable String run) {}
