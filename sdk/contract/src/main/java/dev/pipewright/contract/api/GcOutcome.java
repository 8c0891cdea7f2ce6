package dev.pipewright.contract.api;

import java.util.Map;

/// What was deleted for good, or would be.
///
/// @param entries how many of each kind: runs, experiments, …; empty when no age was given
/// @param kept how many blobs stay
/// @param deleted how many blobs were deleted
/// @param bytes the size of those
public record GcOutcome(
    boolean dryRun, Map<String, Long> entries, long kept, long deleted, long bytes) {}
