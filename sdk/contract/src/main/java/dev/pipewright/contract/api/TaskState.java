package dev.pipewright.contract.api;

/// Where a task stands.
///
/// - `PENDING` waits for the tasks it needs
/// - `WAITING` waits for a person's answer
/// - `READY` may start as soon as there is room
/// - `RUNNING` has an attempt that is launched or running
/// - `RETRYING` waits for the next attempt after a failed one
/// - `SKIPPED` did not run: its condition was false, or a task it needs was skipped
/// - `UPSTREAM_FAILED` did not run because a task it needs failed
/// - `PRUNED` a trial that its study stopped early
public enum TaskState {
  PENDING,
  WAITING,
  READY,
  RUNNING,
  RETRYING,
  SUCCEEDED,
  FAILED,
  SKIPPED,
  UPSTREAM_FAILED,
  CANCELLED,
  PRUNED;

  public boolean isTerminal() {
    return switch (this) {
      case PENDING, WAITING, READY, RUNNING, RETRYING -> false;
      case SUCCEEDED, FAILED, SKIPPED, UPSTREAM_FAILED, CANCELLED, PRUNED -> true;
    };
  }
}
