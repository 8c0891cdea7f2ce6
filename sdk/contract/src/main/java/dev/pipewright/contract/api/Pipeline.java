package dev.pipewright.contract.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A named pipeline. Its versions are immutable.
///
/// @param lastRun the newest run of any version; null before the first
public record Pipeline(
    String name,
    @Nullable String description,
    int latestVersion,
    Instant createdAt,
    Instant updatedAt,
    @Nullable PipelineRunSummary lastRun) {}
