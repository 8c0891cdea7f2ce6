package dev.pipewright.orchestrator.run;

import static dev.pipewright.contract.api.TaskState.CANCELLED;
import static dev.pipewright.contract.api.TaskState.FAILED;
import static dev.pipewright.contract.api.TaskState.PENDING;
import static dev.pipewright.contract.api.TaskState.PRUNED;
import static dev.pipewright.contract.api.TaskState.READY;
import static dev.pipewright.contract.api.TaskState.RETRYING;
import static dev.pipewright.contract.api.TaskState.RUNNING;
import static dev.pipewright.contract.api.TaskState.SKIPPED;
import static dev.pipewright.contract.api.TaskState.SUCCEEDED;
import static dev.pipewright.contract.api.TaskState.UPSTREAM_FAILED;
import static dev.pipewright.contract.api.TaskState.WAITING;

import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import java.util.Set;

/// The one table of which state may follow which. Whatever is written goes through it.
final class Transitions {
  private Transitions() {}

  static Set<RunState> after(RunState state) {
    return switch (state) {
      case QUEUED -> Set.of(RunState.RUNNING, RunState.CANCELLED);
      case RUNNING -> Set.of(RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED);
      // Retried.
      case FAILED, CANCELLED -> Set.of(RunState.RUNNING);
      case SUCCEEDED -> Set.of();
    };
  }

  static Set<TaskState> after(TaskState state) {
    return switch (state) {
      case PENDING ->
          Set.of(READY, WAITING, RUNNING, SKIPPED, UPSTREAM_FAILED, FAILED, CANCELLED, PRUNED);
      case WAITING -> Set.of(SUCCEEDED, FAILED, CANCELLED);
      // A trial may be paused, which has it wait for its turn again, or stopped early.
      case READY -> Set.of(RUNNING, SUCCEEDED, FAILED, RETRYING, CANCELLED, PENDING, PRUNED);
      case RUNNING -> Set.of(SUCCEEDED, FAILED, RETRYING, CANCELLED, PENDING, PRUNED);
      case RETRYING -> Set.of(READY, CANCELLED, PENDING, PRUNED);
      // Retried with its run; one that succeeded only in `finally`.
      case SUCCEEDED, FAILED, SKIPPED, UPSTREAM_FAILED, CANCELLED, PRUNED -> Set.of(PENDING);
    };
  }

  static Set<AttemptState> after(AttemptState state) {
    return switch (state) {
      case QUEUED ->
          Set.of(
              AttemptState.LAUNCHING,
              AttemptState.RUNNING,
              AttemptState.SUCCEEDED,
              AttemptState.FAILED,
              AttemptState.CANCELLED);
      case LAUNCHING ->
          Set.of(
              AttemptState.RUNNING,
              AttemptState.SUCCEEDED,
              AttemptState.FAILED,
              AttemptState.CANCELLED);
      case RUNNING -> Set.of(AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CANCELLED);
      case SUCCEEDED, FAILED, CANCELLED -> Set.of();
    };
  }

  static void check(RunState from, RunState to) {
    check(after(from).contains(to), "pipeline run", from, to);
  }

  static void check(TaskState from, TaskState to) {
    check(after(from).contains(to), "task", from, to);
  }

  static void check(AttemptState from, AttemptState to) {
    check(after(from).contains(to), "attempt", from, to);
  }

  private static void check(boolean allowed, String what, Enum<?> from, Enum<?> to) {
    if (!allowed) {
      throw new IllegalStateException("a " + what + " cannot go from " + from + " to " + to);
    }
  }
}
