package dev.pipewright.tune;

public enum TrialState {
  /// Put in line; the next to be asked for.
  WAITING,
  RUNNING,
  /// Left at a rung, from which the best go on.
  PAUSED,
  COMPLETE,
  /// Stopped early.
  PRUNED,
  FAILED;

  /// Whether what it reached says something about its params.
  boolean teaches() {
    return switch (this) {
      case PAUSED, COMPLETE, PRUNED -> true;
      case WAITING, RUNNING, FAILED -> false;
    };
  }

  /// Whether nothing more will come of it.
  public boolean ended() {
    return switch (this) {
      case COMPLETE, PRUNED, FAILED -> true;
      case WAITING, RUNNING, PAUSED -> false;
    };
  }
}
