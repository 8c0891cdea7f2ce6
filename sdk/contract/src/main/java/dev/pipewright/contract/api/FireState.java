package dev.pipewright.contract.api;

/// What became of one occasion to start a run.
public enum FireState {
  /// Its run will start.
  PLANNED,
  /// It started a run.
  STARTED,
  /// No run was wanted: it was too late, filtered out, done before, or cancelled.
  SKIPPED,
  /// The run could not be started.
  REFUSED
}
