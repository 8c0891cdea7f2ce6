package dev.pipewright.tune;

/// What a trial that has reported is to do.
public enum Verdict {
  GO_ON,
  /// Save a checkpoint and leave; it may be asked to go on later.
  PAUSE,
  /// Leave; it will not be asked again.
  STOP
}
