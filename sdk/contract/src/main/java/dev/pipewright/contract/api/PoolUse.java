package dev.pipewright.contract.api;

import java.time.Instant;

/// A task that has slots of a pool, or waits for them.
///
/// @param run the pipeline run's number
/// @param since when it was launched, or began to wait
public record PoolUse(
    String runId, long run, String pipeline, String task, int slots, Instant since) {}
