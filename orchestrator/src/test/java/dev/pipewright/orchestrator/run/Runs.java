package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.run.RunSnapshot.AttemptSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.Ending;
import dev.pipewright.orchestrator.run.RunSnapshot.Outcome;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A run in memory for tests: it applies decisions as the store does, and refuses a change that the
/// table forbids.
final class Runs {
  private final PipelineSpec spec;
  private final Map<String, JsonNode> params;
  private final Map<String, TaskSnapshot> tasks = new LinkedHashMap<>();
  private final List<Report> reports = new ArrayList<>();
  private RunState state = RunState.QUEUED;
  private boolean cancelRequested;
  private @Nullable String message;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  private Runs(PipelineSpec spec, Map<String, JsonNode> params) {
    this.spec = spec;
    this.params = params;
    spec.tasks()
        .keySet()
        .forEach(name ->
            tasks.put(name, new TaskSnapshot(name, TaskState.PENDING, Map.of(), 0, 0, null, null)));
  }

  static Runs of(String pipeline) {
    return new Runs(PipelineLanguage.require(pipeline), Map.of());
  }

  /// Decides and applies until nothing is left to decide at this moment.
  List<Decision> settle() {
    var all = new ArrayList<Decision>();
    for (var decisions = step(); !decisions.isEmpty(); decisions = step()) {
      all.addAll(decisions);
    }
    return all;
  }

  List<Decision> step() {
    var decisions =
        RunDecider.decide(
            new RunSnapshot(
                state,
                cancelRequested,
                spec,
                params,
                List.copyOf(tasks.values()),
                List.copyOf(reports)),
            now);
    reports.clear();
    decisions.forEach(this::apply);
    return decisions;
  }

  Runs wait(Duration duration) {
    now = now.plus(duration);
    return this;
  }

  Runs cancel() {
    cancelRequested = true;
    return this;
  }

  Runs started(String task) {
    reports.add(new Report.Started(task, attempt(task), now));
    return this;
  }

  Runs succeeded(String task, Object... outputs) {
    var values = new LinkedHashMap<String, JsonNode>();
    for (int i = 0; i < outputs.length; i += 2) {
      values.put((String) outputs[i], Json.MAPPER.valueToTree(outputs[i + 1]));
    }
    return finished(task, new Outcome.Succeeded(values), Ending.CLEAN);
  }

  Runs failed(String task) {
    return finished(task, new Outcome.UserFailure(), new Ending(1, "COMMAND_FAILED", "it broke"));
  }

  Runs lost(String task) {
    return finished(task, new Outcome.SystemFailure(), new Ending(137, "TASK_LOST", "gone"));
  }

  Runs stopped(String task) {
    return finished(task, new Outcome.Cancelled(), new Ending(143, null, "stopped on request"));
  }

  Runs finished(String task, Outcome outcome, Ending ending) {
    return report(new Report.Finished(task, attempt(task), now, outcome, ending));
  }

  Runs report(Report report) {
    reports.add(report);
    return this;
  }

  RunState state() {
    return state;
  }

  @Nullable String message() {
    return message;
  }

  TaskState state(String task) {
    return Objects.requireNonNull(tasks.get(task)).state();
  }

  int attempt(String task) {
    var newest = Objects.requireNonNull(tasks.get(task)).attempt();
    return newest == null ? 0 : newest.number();
  }

  Map<String, TaskSnapshot> tasks() {
    return tasks;
  }

  private void apply(Decision decision) {
    switch (decision) {
      case Decision.MoveRun(var from, var to, var why) -> {
        require(from == state, decision);
        Transitions.check(from, to);
        state = to;
        message = why;
      }
      case Decision.MoveTask(var name, var from, var to, var reason) ->
          update(name, from, to, task -> with(task, to));
      case Decision.StartAttempt(var name, var from, var number, var inputs) -> {
        var before = Objects.requireNonNull(tasks.get(name)).attempt();
        require(before == null ? number == 1 : number == before.number() + 1, decision);
        require(before == null || before.state().isTerminal(), decision);
        update(
            name,
            from,
            TaskState.RUNNING,
            task ->
                with(
                    task,
                    TaskState.RUNNING,
                    new AttemptSnapshot(number, AttemptState.LAUNCHING, false)));
      }
      case Decision.AttemptRunning(var name, var number, var at) ->
          attempt(name, number, AttemptState.LAUNCHING, AttemptState.RUNNING, null);
      case Decision.EndAttempt(
              var name,
              var number,
              var from,
              var to,
              var failure,
              var end,
              var at) ->
          attempt(name, number, from, to, failure);
      case Decision.SucceedTask(var name, var outputs) ->
          update(
              name,
              TaskState.RUNNING,
              TaskState.SUCCEEDED,
              task ->
                  new TaskSnapshot(
                      name,
                      TaskState.SUCCEEDED,
                      outputs,
                      task.userFailures(),
                      task.systemFailures(),
                      null,
                      task.attempt()));
      case Decision.RetryTask(var name, var failure, var at, var reason) ->
          update(
              name,
              TaskState.RUNNING,
              TaskState.RETRYING,
              task ->
                  new TaskSnapshot(
                      name,
                      TaskState.RETRYING,
                      task.outputs(),
                      task.userFailures(),
                      task.systemFailures(),
                      at,
                      task.attempt()));
      case Decision.StopAttempt(var name, var number) -> {
        var task = Objects.requireNonNull(tasks.get(name));
        var newest = Objects.requireNonNull(task.attempt());
        tasks.put(
            name, with(task, task.state(), new AttemptSnapshot(number, newest.state(), true)));
      }
    }
  }

  private void attempt(
      String name, int number, AttemptState from, AttemptState to, @Nullable FailureKind failure) {
    Transitions.check(from, to);
    var task = Objects.requireNonNull(tasks.get(name));
    var newest = Objects.requireNonNull(task.attempt());
    if (newest.number() != number || newest.state() != from) {
      throw new AssertionError(name + " " + number + " " + from + " but is " + newest);
    }
    tasks.put(
        name,
        new TaskSnapshot(
            name,
            task.state(),
            task.outputs(),
            task.userFailures() + (failure == FailureKind.USER ? 1 : 0),
            task.systemFailures() + (failure == FailureKind.SYSTEM ? 1 : 0),
            task.retryAt(),
            new AttemptSnapshot(number, to, newest.stopRequested())));
  }

  private void update(
      String name, TaskState from, TaskState to, UnaryOperator<TaskSnapshot> change) {
    Transitions.check(from, to);
    var task = Objects.requireNonNull(tasks.get(name));
    if (task.state() != from) {
      throw new AssertionError(name + " is " + task.state() + ", not " + from);
    }
    tasks.put(name, change.apply(task));
  }

  private static TaskSnapshot with(TaskSnapshot task, TaskState state) {
    return with(task, state, task.attempt());
  }

  private static TaskSnapshot with(
      TaskSnapshot task, TaskState state, @Nullable AttemptSnapshot attempt) {
    return new TaskSnapshot(
        task.name(),
        state,
        task.outputs(),
        task.userFailures(),
        task.systemFailures(),
        task.retryAt(),
        attempt);
  }

  private static void require(boolean holds, Decision decision) {
    if (!holds) {
      throw new AssertionError("must not be decided now: " + decision);
    }
  }
}
