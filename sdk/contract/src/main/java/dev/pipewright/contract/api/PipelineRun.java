package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A pipeline run with its tasks, as far as they fit: `tasks` are all of them where there are 500
/// at most, otherwise those of the document without their instances where these are 500 at most,
/// and none otherwise. The rest is read page by page at `/tasks`.
///
/// @param number grows with every run of this server: what people call it by
/// @param paused whether nothing new starts in it
/// @param message why it failed, in one line; null otherwise
/// @param params every param with the value that is used, defaults included
/// @param outputs of the pipeline, once it succeeded
/// @param priority higher first
/// @param origin what started it: `by` is `request`, `rerun`, `schedule`, `trigger` or `run`
/// @param parentRunId the run that called this one; null for most
/// @param trackedRunId the tracked run that the attempts' runs are children of
/// @param revision grows with every change; the id of the newest event in `/events`
/// @param taskCount how many tasks there are, instances included
/// @param counts how many of them are in each state, without those that stand for their instances;
///   states without a task are left out
/// @param groups the tasks that run several times
/// @param tasks in the document's order, instances after the task they belong to; see above
public record PipelineRun(
    String id,
    long number,
    String pipeline,
    int version,
    RunState state,
    boolean paused,
    @Nullable String message,
    Map<String, JsonNode> params,
    Map<String, JsonNode> outputs,
    int priority,
    JsonNode origin,
    @Nullable String parentRunId,
    String trackedRunId,
    long revision,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant endedAt,
    int taskCount,
    Map<TaskState, Integer> counts,
    List<Group> groups,
    List<Task> tasks) {

  /// Whether `tasks` are all of them.
  public boolean complete() {
    return tasks.size() == taskCount;
  }

  /// An output of the pipeline as a Java type: a number, a text, a record, a list, or for data a
  /// [dev.pipewright.contract.task.DataRef].
  ///
  /// @throws dev.pipewright.contract.ProblemException OUTPUT_MISSING when it is not there, which it
  ///   never is before the run has succeeded; OUTPUT_INVALID when it is of another type
  public <T> T output(String name, Class<T> type) {
    return Outputs.read(outputs, name, type, "run #%d, which is %s".formatted(number, state));
  }

  /// The same run with other tasks in it.
  public PipelineRun withTasks(List<Task> all) {
    return new PipelineRun(
        id,
        number,
        pipeline,
        version,
        state,
        paused,
        message,
        params,
        outputs,
        priority,
        origin,
        parentRunId,
        trackedRunId,
        revision,
        createdAt,
        startedAt,
        endedAt,
        taskCount,
        counts,
        groups,
        all);
  }

  /// A task that runs several times.
  ///
  /// @param name of the task
  /// @param counts how many of its instances are in each state; states without one are left out
  public record Group(String name, Map<TaskState, Integer> counts) {}

  /// A task of the run.
  ///
  /// @param group the task this is an instance of, whose `name` is then such as `train[3]`; null
  ///   for a task of the document
  /// @param item the instance's values, by axis of the matrix; null for others
  /// @param kind what it runs: `pipewright/split@v1`, or its command in one line
  /// @param reason why it is in this state, where that is not obvious; null otherwise
  /// @param outputs by name; empty until it succeeded
  /// @param dueAt when something happens by itself: the next attempt, the end of waiting; null
  ///   where nothing does
  /// @param attempts oldest first
  /// @param trial how far it is as the trial of a study that stops trials early; null for others
  public record Task(
      String name,
      @Nullable String group,
      @Nullable JsonNode item,
      String kind,
      List<String> needs,
      TaskState state,
      @Nullable String reason,
      Map<String, JsonNode> outputs,
      @Nullable Instant dueAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      List<Attempt> attempts,
      @Nullable Trial trial) {

    /// An output as a Java type, see [PipelineRun#output].
    ///
    /// @throws dev.pipewright.contract.ProblemException OUTPUT_MISSING or OUTPUT_INVALID
    public <T> T output(String output, Class<T> type) {
      return Outputs.read(outputs, output, type, "task %s, which is %s".formatted(name, state));
    }
  }

  /// What a study knows of a trial.
  ///
  /// @param state `RUNNING`, `PAUSED`, `COMPLETE`, `PRUNED` or `FAILED`
  /// @param rung how many rungs it was let past, of a study whose trials are paused at them; 64 for
  ///   one that was let past all
  /// @param step of the newest point of its metric that counts; null before there is any
  /// @param value of that point
  public record Trial(String state, int rung, @Nullable Long step, @Nullable Double value) {}

  /// One attempt of a task.
  ///
  /// @param number from 1
  /// @param trackedRunId the tracked run with its params, metrics, artifacts and logs
  /// @param failure set when it failed
  /// @param code the problem code when it failed
  public record Attempt(
      String id,
      int number,
      AttemptState state,
      String trackedRunId,
      @Nullable FailureKind failure,
      @Nullable Integer exitCode,
      @Nullable String code,
      @Nullable String message,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}
}
