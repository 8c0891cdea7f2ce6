package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.PipelineSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All that the engine looks at to decide what a run does next.
///
/// @param tasks in the document's order
/// @param reports what attempts reported since the last decision, oldest first
record RunSnapshot(
    RunState state,
    boolean cancelRequested,
    PipelineSpec spec,
    Map<String, JsonNode> params,
    List<TaskSnapshot> tasks,
    List<Report> reports) {

  /// @param attempt the newest attempt; null before the first
  /// @param userFailures attempts that failed by the user's fault
  /// @param systemFailures attempts that failed by the surroundings' fault
  record TaskSnapshot(
      String name,
      TaskState state,
      Map<String, JsonNode> outputs,
      int userFailures,
      int systemFailures,
      @Nullable Instant retryAt,
      @Nullable AttemptSnapshot attempt) {}

  record AttemptSnapshot(int number, AttemptState state, boolean stopRequested) {}

  /// What an attempt said.
  sealed interface Report {
    String task();

    int attempt();

    Instant at();

    record Started(String task, int attempt, Instant at) implements Report {}

    record Finished(String task, int attempt, Instant at, Outcome outcome, Ending ending)
        implements Report {}
  }

  /// How an attempt ended.
  sealed interface Outcome {
    record Succeeded(Map<String, JsonNode> outputs) implements Outcome {}

    record UserFailure() implements Outcome {}

    record SystemFailure() implements Outcome {}

    record Cancelled() implements Outcome {}
  }

  /// What is kept about an attempt's end.
  record Ending(@Nullable Integer exitCode, @Nullable String code, @Nullable String message) {
    static final Ending CLEAN = new Ending(0, null, null);
  }
}
