package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.orchestrator.run.RunSnapshot.Ending;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One thing the engine decided. Each is one change of state, and one line of the run's history.
sealed interface Decision {

  /// The run moves.
  record MoveRun(RunState from, RunState to, @Nullable String message) implements Decision {}

  /// A task moves, and nothing but its state changes.
  record MoveTask(String task, TaskState from, TaskState to, @Nullable String reason)
      implements Decision {}

  /// A task gets its next attempt. The intent is durable before anything is launched.
  record StartAttempt(String task, TaskState from, int number, Map<String, JsonNode> inputs)
      implements Decision {}

  /// The attempt's process says it runs.
  record AttemptRunning(String task, int number, Instant at) implements Decision {}

  /// An attempt is over.
  record EndAttempt(
      String task,
      int number,
      AttemptState from,
      AttemptState to,
      @Nullable FailureKind failure,
      Ending ending,
      Instant at)
      implements Decision {}

  /// A task is done, with these outputs.
  record SucceedTask(String task, Map<String, JsonNode> outputs) implements Decision {}

  /// A task failed and gets another attempt at that time.
  record RetryTask(String task, FailureKind failure, Instant at, String reason)
      implements Decision {}

  /// The attempt's process is asked to stop.
  record StopAttempt(String task, int number) implements Decision {}
}
