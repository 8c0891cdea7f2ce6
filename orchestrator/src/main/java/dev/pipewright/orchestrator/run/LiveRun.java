package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.orchestrator.run.Changes.StartedAttempt;
import dev.pipewright.orchestrator.run.RunSnapshot.Measured;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import dev.pipewright.orchestrator.run.RunSnapshot.Stop;
import dev.pipewright.orchestrator.run.RunSnapshot.TrialMark;
import dev.pipewright.tune.TrialState;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// A run while the engine works on it: what is known of it, and the rules of what comes next. It
/// has no database, no clock and no side effect; what it decides is handed out as [Changes], and
/// whoever cannot store them throws the whole object away and loads it again.
///
/// It is kept between decisions, so that the end of a task costs what its successors cost and not
/// what the run's tasks cost.
///
/// A failed task does not stop tasks that do not need it: they run on, and the run fails when all
/// have ended.
///
/// Each sort of rule has a file, and calls only those before it, so none has to be understood with
/// what comes after: [LiveState] with its [LiveTask]s is what all of them work on; [LiveValues] is
/// what expressions see; [LiveAttempts] starts and ends attempts; [LiveGroups] makes a matrix or a
/// loop out of instances; [LiveGates] says which task may begin. Here is the way of the run itself:
/// what may happen to it, in which order conclusions are drawn, and what it ends as.
final class LiveRun {
  private final LiveState live;
  private final LiveValues values;
  private final LiveAttempts attempts;
  private final LiveGroups groups;
  private final LiveGates gates;

  /// States were set back: what may start must be looked for.
  private boolean setBack;

  LiveRun(RunSnapshot run) {
    live = new LiveState(run);
    values = new LiveValues(live);
    attempts = new LiveAttempts(live, values);
    groups = new LiveGroups(live, values, attempts);
    gates = new LiveGates(live, values, attempts, groups);
  }

  RunState state() {
    return live.state;
  }

  int size() {
    return live.tasks.size();
  }

  // What happens to it ---------------------------------------------------------------------------

  /// Takes in what an attempt said. Old news changes nothing.
  void hear(Report report, Instant at) {
    live.now = at;
    if (!live.state.isTerminal()) {
      attempts.hear(report);
    }
  }

  /// Takes in what a trial has logged of the metric that its study looks at.
  void hear(Measured measured, Instant at) {
    live.now = at;
    if (live.state == RunState.RUNNING) {
      groups.measured(measured);
    }
  }

  /// Attempts that were taken back before anybody launched them.
  void withdrawn(Collection<UUID> taken, Instant at) {
    live.now = at;
    attempts.withdrawn(taken);
  }

  /// Attempts that could not be taken back, as they are launched already.
  void notWithdrawn(Collection<UUID> launched) {
    attempts.notWithdrawn(launched);
  }

  /// The cached outputs of attempts that were about to start.
  void cached(Map<UUID, Changes.Hit> hits) {
    attempts.cached(hits);
  }

  void stop(Stop why, Instant at) {
    live.now = at;
    if (live.state.isTerminal()) {
      return;
    }
    if (live.stop == null || (why == Stop.KILL && live.stop != Stop.KILL)) {
      live.stop = why;
      live.changes.runChanged();
    } else if (why == Stop.CANCEL && live.finallyBegun) {
      // Asked a second time.
      live.stop = Stop.KILL;
      live.changes.runChanged();
    }
    if (live.state == RunState.RUNNING) {
      stopAll();
    }
  }

  /// @throws ProblemException RUN_ENDED
  void pause(boolean yes, Instant at) {
    live.now = at;
    if (live.state.isTerminal()) {
      throw new ProblemException(
          ProblemCode.RUN_ENDED, "Run #" + live.run.number() + " is " + live.state + ".");
    }
    if (live.paused != yes) {
      live.paused = yes;
      live.changes.runChanged();
      live.changes.line(null, null, live.state, live.state, yes ? "paused" : "resumed");
    }
  }

  /// A person's answer.
  ///
  /// @throws ProblemException NOT_WAITING
  void answer(
      String name,
      boolean approved,
      Map<String, JsonNode> given,
      String by,
      String comment,
      Instant at) {
    live.now = at;
    var task = live.tasks.get(name);
    if (task == null || task.state != TaskState.WAITING) {
      throw new ProblemException(
          ProblemCode.NOT_WAITING,
          task == null
              ? "The run has no task '" + name + "'."
              : "The task '" + name + "' does not wait for an answer: it is " + task.state + ".");
    }
    if (approved) {
      gates.approve(task, given, by, comment);
    } else {
      gates.reject(task, by, comment);
    }
  }

  /// Gives every task that did not succeed another chance; a run that has ended goes on.
  ///
  /// @throws ProblemException NOTHING_TO_RETRY
  void retry(Instant at) {
    live.now = at;
    var again = live.tasks.values().stream().filter(LiveRun::isRetried).toList();
    if (again.isEmpty()) {
      throw new ProblemException(
          ProblemCode.NOTHING_TO_RETRY, "No task of run #" + live.run.number() + " failed.");
    }
    for (var task : live.tasks.values()) {
      boolean after = task.spec.isFinally() && task.state.isTerminal();
      if (after || isRetried(task)) {
        // Attempts go on counting: each has an identity for ever.
        task.userFailures = 0;
        task.systemFailures = 0;
        task.outputs = Map.of();
        task.conditionFalse = false;
        live.outputs.remove(task.name);
        if (task.trial != null && task.trial.state() != TrialState.PAUSED) {
          var mark = task.trial;
          task.trial = new TrialMark(TrialState.RUNNING, mark.rung(), 0, mark.step(), mark.value());
        }
        live.move(task, TaskState.PENDING, "retried");
      }
    }
    live.stop = null;
    if (live.state.isTerminal()) {
      live.moveRun(RunState.RUNNING, "retried");
    }
    live.retriedAt = at;
    live.time();
    live.recount();
    groups.forget();
    setBack = true;
  }

  private static boolean isRetried(LiveTask task) {
    if (task.group != null && task.group.state.isTerminal() && !isRetried(task.group)) {
      // its group made do without it, and nothing would start it
      return false;
    }
    return switch (task.state) {
      case FAILED, UPSTREAM_FAILED, CANCELLED -> true;
      case SKIPPED -> !task.conditionFalse && !task.spec.isFinally();
      case PENDING, WAITING, READY, RUNNING, RETRYING, SUCCEEDED, PRUNED -> false;
    };
  }

  // Deciding -------------------------------------------------------------------------------------

  /// Draws all conclusions from what happened and from the time.
  ///
  /// @param mayStart whether a queued run may begin
  void decide(Instant at, boolean mayStart) {
    live.now = at;
    if (live.state.isTerminal()) {
      return;
    }
    if (live.state == RunState.QUEUED && live.stop == null && mayStart) {
      live.startedAt = live.now;
      live.moveRun(RunState.RUNNING, null);
      live.time();
      releaseAll(false);
    }
    if (live.state == RunState.QUEUED) {
      if (live.stop != null) {
        live.tasks.values().forEach(live::cancel);
        live.ended.clear();
        endRun();
      }
      return;
    }
    if (setBack) {
      setBack = false;
      releaseAll(false);
    }
    elapse();
    while (true) {
      spread();
      attempts.startAll();
      if (!live.ended.isEmpty()) {
        continue;
      }
      if (live.open == 0 && !live.finallyBegun && live.finallyOpen > 0) {
        live.finallyBegun = true;
        if (live.stop == Stop.KILL) {
          stopAll();
        } else {
          releaseAll(true);
        }
        if (!live.ended.isEmpty() || attempts.anyReady()) {
          continue;
        }
      }
      break;
    }
    if (live.open == 0 && live.finallyOpen == 0) {
      endRun();
    }
  }

  /// The run's changes since the last time, which are to be stored now.
  Changes take() {
    return live.take();
  }

  /// What is known of it, as it would be stored.
  RunSnapshot snapshot() {
    return live.snapshot();
  }

  /// Attempts that must be taken back if nobody launched them yet.
  Set<UUID> withdrawing() {
    return attempts.withdrawing();
  }

  /// Attempts about to start whose outputs may be known already, by the key of what they depend on.
  List<StartedAttempt> starting() {
    return attempts.starting();
  }

  private void releaseAll(boolean finallyTasks) {
    for (var task : List.copyOf(live.tasks.values())) {
      if (task.isDeclared()
          && task.state == TaskState.PENDING
          && task.unmet == 0
          && task.spec.isFinally() == finallyTasks) {
        gates.release(task);
      }
    }
  }

  private void elapse() {
    for (var timer = live.timers.poll(live.now, live.deadline());
        timer != null;
        timer = live.timers.poll(live.now, live.deadline())) {
      var task = timer.task();
      if (task == null) {
        stop(Stop.TIMEOUT, live.now);
      } else {
        due(task);
      }
    }
  }

  private void due(LiveTask task) {
    switch (task.state) {
      case RETRYING -> {
        task.dueAt = null;
        attempts.ready(task);
      }
      case READY -> attempts.late(task);
      case WAITING -> gates.unanswered(task);
      case PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, UPSTREAM_FAILED, CANCELLED, PRUNED -> {}
    }
  }

  /// Tells the tasks that wait for those that have just ended.
  private void spread() {
    while (!live.ended.isEmpty()) {
      var task = live.ended.poll();
      if (!task.isDeclared()) {
        groups.instanceEnded(task);
        continue;
      }
      for (var successor : task.successors) {
        if (--successor.unmet == 0
            && successor.state == TaskState.PENDING
            && (!successor.spec.isFinally() || live.finallyBegun)) {
          gates.release(successor);
        }
      }
    }
  }

  // Ending ---------------------------------------------------------------------------------------

  private void endRun() {
    var to = live.outcome();
    if (to == RunState.SUCCEEDED) {
      try {
        var made = new LinkedHashMap<String, JsonNode>();
        var visible = values.ofRun();
        live.run
            .spec()
            .outputs()
            .forEach((name, output) -> made.put(name, output.value().evaluate(visible)));
        live.changes.outputs(made);
      } catch (ProblemException e) {
        live.moveRun(RunState.FAILED, "its outputs cannot be evaluated: " + e.problem().detail());
        return;
      }
    }
    live.moveRun(
        to,
        switch (to) {
          case CANCELLED -> "it was cancelled";
          case FAILED ->
              live.stop == Stop.TIMEOUT
                  ? "RUN_TIMEOUT: it took longer than " + live.run.spec().timeout()
                  : failedTasks();
          case QUEUED, RUNNING, SUCCEEDED -> null;
        });
  }

  private String failedTasks() {
    var failed = live.failed();
    return failed.stream()
        .limit(20)
        .map(name -> "'" + name + "'")
        .collect(
            Collectors.joining(
                ", ",
                failed.size() == 1 ? "task " : "tasks ",
                failed.size() > 20
                    ? " and %,d more failed".formatted(failed.size() - 20)
                    : " failed"));
  }

  private void stopAll() {
    for (var task : List.copyOf(live.tasks.values())) {
      if (task.state.isTerminal() || !live.stopping(task)) {
        continue;
      }
      if (task.spec.isGroup() && task.isDeclared()) {
        if (task.state != TaskState.PENDING) {
          // It ends with its instances.
          continue;
        }
        live.cancel(task);
      } else {
        attempts.stop(task);
      }
    }
  }
}
