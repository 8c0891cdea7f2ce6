package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.orchestrator.run.RunSnapshot.Outcome;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Decides what a run does next, from what is known of it and the time: no database, no clock, no
/// side effect. Deciding again after the decisions were applied decides nothing new. The cost is
/// linear in the tasks and edges of the run.
///
/// A failed task does not stop tasks that do not need it: they run on, and the run fails when all
/// have ended.
final class RunDecider {
  /// Attempts that the surroundings failed are repeated this often, whatever the user's own retries
  /// say.
  static final int SYSTEM_RETRIES = 3;

  private static final Duration FIRST_SYSTEM_BACKOFF = Duration.ofSeconds(1);

  private final RunSnapshot run;
  private final Instant now;
  private final Map<String, Task> tasks = new LinkedHashMap<>();
  private final Map<String, List<Task>> successors = new HashMap<>();
  private final Deque<Task> ended = new ArrayDeque<>();
  private final List<Decision> decisions = new ArrayList<>();

  /// Of the tasks that succeeded, for expressions.
  private final Map<String, Map<String, JsonNode>> outputs = new HashMap<>();

  /// A task while it is being decided on.
  private static final class Task {
    final TaskSpec spec;
    TaskState state;
    int userFailures;
    int systemFailures;
    @Nullable Instant retryAt;
    int attempt;
    @Nullable AttemptState attemptState;
    boolean stopRequested;
    int unmet;

    Task(TaskSpec spec, TaskSnapshot snapshot) {
      this.spec = spec;
      state = snapshot.state();
      userFailures = snapshot.userFailures();
      systemFailures = snapshot.systemFailures();
      retryAt = snapshot.retryAt();
      var newest = snapshot.attempt();
      if (newest != null) {
        attempt = newest.number();
        attemptState = newest.state();
        stopRequested = newest.stopRequested();
      }
    }

    boolean hasActiveAttempt() {
      return attemptState != null && !attemptState.isTerminal();
    }
  }

  private RunDecider(RunSnapshot run, Instant now) {
    this.run = run;
    this.now = now;
    for (var snapshot : run.tasks()) {
      var spec = Objects.requireNonNull(run.spec().tasks().get(snapshot.name()));
      tasks.put(snapshot.name(), new Task(spec, snapshot));
      if (snapshot.state() == TaskState.SUCCEEDED) {
        outputs.put(snapshot.name(), snapshot.outputs());
      }
    }
    for (var task : tasks.values()) {
      for (var need : task.spec.needs()) {
        var needed = Objects.requireNonNull(tasks.get(need));
        successors.computeIfAbsent(need, name -> new ArrayList<>()).add(task);
        if (!needed.state.isTerminal()) {
          task.unmet++;
        }
      }
    }
  }

  static List<Decision> decide(RunSnapshot run, Instant now) {
    if (run.state().isTerminal()) {
      return List.of();
    }
    var decider = new RunDecider(run, now);
    decider.decide();
    return List.copyOf(decider.decisions);
  }

  private void decide() {
    if (run.state() == RunState.QUEUED && !run.cancelRequested()) {
      decisions.add(new Decision.MoveRun(RunState.QUEUED, RunState.RUNNING, null));
    }
    run.reports().forEach(this::hear);
    if (run.cancelRequested()) {
      cancel();
    } else {
      for (var task : tasks.values()) {
        if (task.state == TaskState.RETRYING
            && !now.isBefore(Objects.requireNonNull(task.retryAt))) {
          move(task, TaskState.READY, null);
        }
      }
      spread();
      for (var task : tasks.values()) {
        if (task.state == TaskState.PENDING && task.unmet == 0) {
          release(task);
        }
      }
      spread();
      for (var task : tasks.values()) {
        if (task.state == TaskState.READY) {
          start(task);
        }
      }
    }
    endIfAllEnded();
  }

  /// Tells the tasks that wait for those that have just ended.
  private void spread() {
    while (!ended.isEmpty()) {
      for (var successor : successors.getOrDefault(ended.poll().spec.name(), List.of())) {
        if (--successor.unmet == 0 && successor.state == TaskState.PENDING) {
          release(successor);
        }
      }
    }
  }

  private void hear(Report report) {
    var task = tasks.get(report.task());
    if (task == null || task.attempt != report.attempt() || !task.hasActiveAttempt()) {
      // Old news: the attempt has ended already.
      return;
    }
    switch (report) {
      case Report.Started started -> {
        if (task.attemptState == AttemptState.LAUNCHING) {
          task.attemptState = AttemptState.RUNNING;
          decisions.add(new Decision.AttemptRunning(task.spec.name(), task.attempt, started.at()));
        }
      }
      case Report.Finished finished -> finish(task, finished);
    }
  }

  private void finish(Task task, Report.Finished finished) {
    switch (finished.outcome()) {
      case Outcome.Succeeded(var made) -> {
        endAttempt(task, AttemptState.SUCCEEDED, null, finished);
        outputs.put(task.spec.name(), made);
        task.state = TaskState.SUCCEEDED;
        decisions.add(new Decision.SucceedTask(task.spec.name(), made));
        ended.add(task);
      }
      case Outcome.UserFailure() -> {
        endAttempt(task, AttemptState.FAILED, FailureKind.USER, finished);
        task.userFailures++;
        var retry = task.spec.retry();
        if (task.userFailures <= retry.limit()) {
          retry(
              task,
              FailureKind.USER,
              backoff(retry.backoff(), task.userFailures),
              "attempt %d failed (%s); retry %d of %d"
                  .formatted(task.attempt, why(finished), task.userFailures, retry.limit()));
        } else {
          end(task, TaskState.FAILED, why(finished));
        }
      }
      case Outcome.SystemFailure() -> systemFailure(task, finished);
      case Outcome.Cancelled() -> {
        if (run.cancelRequested()) {
          endAttempt(task, AttemptState.CANCELLED, null, finished);
          end(task, TaskState.CANCELLED, "the run was cancelled");
        } else {
          // Stopped, but not by us: somebody's SIGTERM, a node that shuts down.
          systemFailure(task, finished);
        }
      }
    }
  }

  private void systemFailure(Task task, Report.Finished finished) {
    if (run.cancelRequested()) {
      endAttempt(task, AttemptState.CANCELLED, null, finished);
      end(task, TaskState.CANCELLED, "the run was cancelled");
      return;
    }
    endAttempt(task, AttemptState.FAILED, FailureKind.SYSTEM, finished);
    task.systemFailures++;
    if (task.systemFailures <= SYSTEM_RETRIES) {
      retry(
          task,
          FailureKind.SYSTEM,
          backoff(FIRST_SYSTEM_BACKOFF, task.systemFailures),
          "attempt %d was lost to the system (%s); retry %d of %d"
              .formatted(task.attempt, why(finished), task.systemFailures, SYSTEM_RETRIES));
    } else {
      end(task, TaskState.FAILED, why(finished));
    }
  }

  private void endAttempt(
      Task task, AttemptState to, @Nullable FailureKind failure, Report.Finished finished) {
    decisions.add(
        new Decision.EndAttempt(
            task.spec.name(),
            task.attempt,
            Objects.requireNonNull(task.attemptState),
            to,
            failure,
            finished.ending(),
            finished.at()));
    task.attemptState = to;
  }

  private void retry(Task task, FailureKind failure, Duration backoff, String reason) {
    task.state = TaskState.RETRYING;
    task.retryAt = now.plus(backoff);
    decisions.add(new Decision.RetryTask(task.spec.name(), failure, task.retryAt, reason));
  }

  /// Doubles with every failure, up to five minutes.
  private static Duration backoff(Duration first, int failures) {
    var longest = Duration.ofMinutes(5);
    var wanted = first.multipliedBy(1L << Math.min(failures - 1, 20));
    return wanted.compareTo(longest) < 0 ? wanted : longest.compareTo(first) > 0 ? longest : first;
  }

  private void cancel() {
    for (var task : tasks.values()) {
      if (task.state.isTerminal()) {
        continue;
      }
      if (!task.hasActiveAttempt()) {
        end(task, TaskState.CANCELLED, "the run was cancelled");
      } else if (!task.stopRequested) {
        task.stopRequested = true;
        decisions.add(new Decision.StopAttempt(task.spec.name(), task.attempt));
      }
    }
  }

  /// All that the task needs has ended: it may start, or it never will.
  private void release(Task task) {
    String failed = null;
    String skipped = null;
    for (var need : task.spec.needs()) {
      switch (Objects.requireNonNull(tasks.get(need)).state) {
        case FAILED, UPSTREAM_FAILED, CANCELLED -> failed = failed == null ? need : failed;
        case SKIPPED -> skipped = skipped == null ? need : skipped;
        case SUCCEEDED -> {}
        case PENDING, READY, RUNNING, RETRYING ->
            throw new IllegalStateException(need + " has not ended");
      }
    }
    if (failed != null) {
      end(task, TaskState.UPSTREAM_FAILED, "task '" + failed + "' did not succeed");
      return;
    }
    if (skipped != null) {
      end(task, TaskState.SKIPPED, "task '" + skipped + "' was skipped");
      return;
    }
    var when = task.spec.when();
    if (when != null) {
      try {
        if (!when.evaluate(run.params(), outputs).asBoolean()) {
          end(task, TaskState.SKIPPED, "its condition is false: " + when.source());
          return;
        }
      } catch (ProblemException e) {
        end(task, TaskState.FAILED, "its condition cannot be evaluated: " + e.problem().detail());
        return;
      }
    }
    move(task, TaskState.READY, null);
  }

  private void start(Task task) {
    var inputs = new LinkedHashMap<String, JsonNode>();
    try {
      task.spec
          .inputs()
          .forEach((name, value) -> inputs.put(name, value.evaluate(run.params(), outputs)));
    } catch (ProblemException e) {
      end(task, TaskState.FAILED, "its inputs cannot be evaluated: " + e.problem().detail());
      spread();
      return;
    }
    task.attempt++;
    task.attemptState = AttemptState.LAUNCHING;
    decisions.add(new Decision.StartAttempt(task.spec.name(), task.state, task.attempt, inputs));
    task.state = TaskState.RUNNING;
  }

  private void endIfAllEnded() {
    if (!tasks.values().stream().allMatch(task -> task.state.isTerminal())) {
      return;
    }
    var from = run.cancelRequested() ? run.state() : RunState.RUNNING;
    var failed =
        tasks.values().stream()
            .filter(task -> task.state == TaskState.FAILED)
            .map(task -> task.spec.name())
            .toList();
    if (run.cancelRequested()) {
      decisions.add(new Decision.MoveRun(from, RunState.CANCELLED, "it was cancelled"));
    } else if (!failed.isEmpty()) {
      decisions.add(
          new Decision.MoveRun(
              from,
              RunState.FAILED,
              failed.stream()
                  .map(name -> "'" + name + "'")
                  .collect(
                      Collectors.joining(
                          ", ", failed.size() == 1 ? "task " : "tasks ", " failed"))));
    } else {
      decisions.add(new Decision.MoveRun(from, RunState.SUCCEEDED, null));
    }
  }

  private void move(Task task, TaskState to, @Nullable String reason) {
    decisions.add(new Decision.MoveTask(task.spec.name(), task.state, to, reason));
    task.state = to;
  }

  private void end(Task task, TaskState to, @Nullable String reason) {
    move(task, to, reason);
    ended.add(task);
  }

  private static String why(Report.Finished finished) {
    var ending = finished.ending();
    var text = ending.message() == null ? "no reason given" : ending.message();
    return ending.code() == null ? text : ending.code() + ": " + text;
  }
}
