package dev.pipewright.contract.api;

/// Where one attempt of a task stands. `LAUNCHING` is decided and durable, but its process may not
/// exist yet.
public enum AttemptState {
  LAUNCHING,
  RUNNING,
  SUCCEEDED,
  FAILED,
  CANCELLED;

  public boolean isTerminal() {
    return switch (this) {
      case LAUNCHING, RUNNING -> false;
      case SUCCEEDED, FAILED, CANCELLED -> true;
    };
  }
}
