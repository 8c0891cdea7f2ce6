package dev.pipewright.contract.api;

import dev.pipewright.contract.task.DataRef;
import org.jspecify.annotations.Nullable;

/// Registers a logged model as the next version of a name. The same `Idempotency-Key` header
/// answers the same version.
///
/// @param model a DataRef of kind model
/// @param flavor what can load it
/// @param alias set on the new version, taken from an older one; null for none
/// @param pipeline the pipeline run that registers it; null when it is not one
public record RegisterModel(
    DataRef model,
    String flavor,
    @Nullable String alias,
    TrackedRun.@Nullable PipelineSource pipeline) {}
