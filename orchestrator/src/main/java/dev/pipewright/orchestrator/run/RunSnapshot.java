package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.tune.TrialState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A run as it is stored: all that the engine looks at to decide what it does next.
///
/// @param revision grows with every line of its history
/// @param scheduledAt the time it was planned for; null for one that somebody started
/// @param retriedAt when it was last given another chance; its timeout counts from then
/// @param tasks in the document's order, instances after the task they belong to and in their order
/// @param points what trials have logged of the metric that their study looks at, by task and step
record RunSnapshot(
    UUID id,
    long number,
    long revision,
    RunState state,
    @Nullable Stop stop,
    boolean paused,
    PipelineSpec spec,
    Map<String, JsonNode> params,
    @Nullable Instant scheduledAt,
    @Nullable Instant startedAt,
    @Nullable Instant retriedAt,
    List<TaskSnapshot> tasks,
    Map<String, SortedMap<Long, Double>> points) {

  /// Why everything is to stop.
  enum Stop {
    CANCEL,
    TIMEOUT,
    /// Not even the tasks of `finally` are waited for.
    KILL
  }

  /// @param group the task this is an instance of; null for a declared task
  /// @param index of an instance: combinations of a matrix from 0, iterations of a loop from 1
  /// @param item the combination's values, by axis
  /// @param conditionFalse whether it was skipped by its own condition
  /// @param userFailures attempts that failed by the user's fault
  /// @param systemFailures attempts that failed by the surroundings' fault
  /// @param dueAt when something happens by itself: a retry, a deadline
  /// @param attempt the newest attempt; null before the first
  /// @param trial what its study knows of it; null where that is nothing yet
  record TaskSnapshot(
      String name,
      @Nullable String group,
      int index,
      @Nullable JsonNode item,
      TaskState state,
      @Nullable String reason,
      boolean conditionFalse,
      Map<String, JsonNode> outputs,
      int userFailures,
      int systemFailures,
      @Nullable Instant dueAt,
      @Nullable AttemptSnapshot attempt,
      @Nullable TrialMark trial) {

    /// A new instance of a task.
    static TaskSnapshot instance(String group, int index, @Nullable JsonNode item) {
      return new TaskSnapshot(
          group + "[" + index + "]",
          group,
          index,
          item,
          TaskState.PENDING,
          null,
          false,
          Map.of(),
          0,
          0,
          null,
          null,
          null);
    }
  }

  /// What a study has decided about a trial.
  ///
  /// @param rung how many rungs it was let past
  /// @param left which one it was to leave, from 1; 0 while it has not left
  /// @param step of the newest point that counts; null before there is any
  /// @param value of that point
  record TrialMark(
      TrialState state, int rung, int left, @Nullable Long step, @Nullable Double value) {}

  /// Points of the metric that a study looks at.
  ///
  /// @param task the trial
  record Measured(String task, SortedMap<Long, Double> points) {}

  record AttemptSnapshot(UUID id, int number, AttemptState state, boolean stopRequested) {}

  /// What an attempt said.
  sealed interface Report {
    UUID attemptId();

    Instant at();

    record Started(UUID attemptId, Instant at) implements Report {}

    record Finished(UUID attemptId, Instant at, Outcome outcome, Ending ending) implements Report {}
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
    static final Ending NONE = new Ending(null, null, null);
  }
}
