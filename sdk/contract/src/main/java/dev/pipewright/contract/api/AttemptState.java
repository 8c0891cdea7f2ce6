package dev.pipewright.contract.api;

/// Where one attempt of a task stands. `QUEUED` waits for room; `LAUNCHING` is decided and durable,
/// but its process may not exist yet.
public enum AttemptState {
  QUEUED,
  LAUNCHING,
  RUNNING,
  SUCCEEDED,
  FAILED,
  CANCELLED;

  public boolean isTerminal() {
    return switch (this) {
      case QUEUED, LAUNCHING, RUNNING -> false;
      case SUCCEEDED, FAILED, CANCELLED -> true;
    };
  }
}
