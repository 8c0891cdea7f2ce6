package dev.pipewright.platform;

/// Knows the tracked runs of what runs now: their beginnings are told over Kafka, and whoever asks
/// for one sooner than it arrives is to be kept waiting, not sent away.
public interface ExpectedRuns {
  /// Whether something that runs now records into this run, or will.
  boolean isExpected(String trackedRunId);
}
