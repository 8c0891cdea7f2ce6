package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.run.Changes.StartedAttempt;
import dev.pipewright.orchestrator.run.RunSnapshot.Outcome;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The attempts of a run's tasks: when one starts, what its end means for its task, whether there
/// is another, and how it is stopped. Which task may start at all is [LiveGates]' to say, and what
/// follows from a task's end is that of whoever takes it from [LiveState#ended].
final class LiveAttempts {
  private static final Duration FIRST_SYSTEM_BACKOFF = Duration.ofSeconds(1);

  private final LiveState live;
  private final LiveValues values;
  private final Set<LiveTask> toStart = new LinkedHashSet<>();

  /// Tasks whose attempt has not ended, by that.
  private final Map<UUID, LiveTask> byAttempt = new HashMap<>();

  /// Attempts that are to be taken back before anybody launches them.
  private final Set<UUID> withdrawing = new LinkedHashSet<>();

  LiveAttempts(LiveState live, LiveValues values) {
    this.live = live;
    this.values = values;
    for (var task : live.tasks.values()) {
      if (task.hasActiveAttempt()) {
        byAttempt.put(Objects.requireNonNull(task.attemptId), task);
      } else if (task.state == TaskState.READY) {
        toStart.add(task);
      }
    }
  }

  // Starting -------------------------------------------------------------------------------------

  /// It may start now, and does with the others when all conclusions are drawn.
  void ready(LiveTask task) {
    live.move(task, TaskState.READY, null);
    toStart.add(task);
  }

  boolean anyReady() {
    return !toStart.isEmpty();
  }

  void startAll() {
    if (live.paused || toStart.isEmpty()) {
      return;
    }
    var starting = List.copyOf(toStart);
    toStart.clear();
    for (var task : starting) {
      if (task.state == TaskState.READY && !task.hasActiveAttempt()) {
        if (live.stopping(task)) {
          live.cancel(task);
        } else {
          start(task);
        }
      }
    }
  }

  private void start(LiveTask task) {
    var inputs = new LinkedHashMap<String, JsonNode>();
    try {
      var visible = values.of(task);
      task.spec.inputs().forEach((name, value) -> inputs.put(name, value.evaluate(visible)));
    } catch (ProblemException e) {
      live.end(task, TaskState.FAILED, "its inputs cannot be evaluated: " + e.problem().detail());
      return;
    }
    task.attempt++;
    var id = Ids.uuid(live.run.id().toString(), task.name, String.valueOf(task.attempt));
    task.attemptId = id;
    task.stopRequested = false;
    task.leaving = false;
    byAttempt.put(id, task);
    boolean call = task.spec.work() instanceof Work.Call;
    task.attemptState = call ? AttemptState.RUNNING : AttemptState.QUEUED;
    live.changes.start(
        new StartedAttempt(id, task.name, task.attempt, task.attemptState, task.spec, inputs));
    if (call) {
      live.move(task, TaskState.RUNNING, null);
    } else if (task.spec.pendingTimeout() != null) {
      live.due(task, live.now.plus(task.spec.pendingTimeout()));
      live.changes.touch(task.name);
    }
  }

  /// The cached outputs of attempts that were about to start.
  void cached(Map<UUID, Changes.Hit> hits) {
    hits.forEach((attempt, hit) -> {
      var task = byAttempt.get(attempt);
      if (task != null && unstart(task)) {
        live.changes.cached(task.name, hit.attempt());
        live.succeed(task, hit.outputs(), "cached: the same inputs gave it in " + hit.where());
      }
    });
  }

  /// An attempt that nobody has heard of yet is as if it had never been.
  private boolean unstart(LiveTask task) {
    var id = Objects.requireNonNull(task.attemptId);
    if (!live.changes.unstart(id)) {
      return false;
    }
    byAttempt.remove(id);
    task.attempt--;
    task.attemptId = null;
    task.attemptState = null;
    return true;
  }

  /// Attempts about to start whose outputs may be known already, by the key of what they depend on.
  List<StartedAttempt> starting() {
    return live.changes.started();
  }

  // What attempts say ----------------------------------------------------------------------------

  /// Takes in what an attempt said. Old news changes nothing.
  void hear(Report report) {
    var task = byAttempt.get(report.attemptId());
    if (task == null) {
      return;
    }
    switch (report) {
      case Report.Started started -> {
        if (task.attemptState != AttemptState.RUNNING) {
          task.attemptState = AttemptState.RUNNING;
          live.changes.running(task.attemptId, started.at());
          live.move(task, TaskState.RUNNING, null);
          task.dueAt = null;
        }
      }
      case Report.Finished finished -> finish(task, finished);
    }
  }

  private void finish(LiveTask task, Report.Finished finished) {
    var ending = finished.ending();
    switch (finished.outcome()) {
      case Outcome.Succeeded(var made) -> {
        endAttempt(task, AttemptState.SUCCEEDED, null, ending, finished.at());
        live.succeed(task, made, null);
      }
      case Outcome.UserFailure() -> {
        endAttempt(task, AttemptState.FAILED, FailureKind.USER, ending, finished.at());
        if (mayNotGoOn(task)) {
          live.stopped(task);
        } else {
          userFailure(task, ending);
        }
      }
      case Outcome.SystemFailure() -> systemFailure(task, finished);
      case Outcome.Cancelled() -> {
        if (mayNotGoOn(task)) {
          endAttempt(task, AttemptState.CANCELLED, null, ending, finished.at());
          live.stopped(task);
        } else {
          // Stopped, but not by us: somebody's SIGTERM, a node that shuts down.
          systemFailure(task, finished);
        }
      }
    }
  }

  private void userFailure(LiveTask task, RunSnapshot.Ending ending) {
    task.userFailures++;
    var retry = task.spec.retry();
    if (task.userFailures > retry.limit()) {
      live.end(task, TaskState.FAILED, why(ending));
      return;
    }
    var filter = retry.when();
    if (filter != null) {
      try {
        if (!filter.evaluate(values.ofFailure(task, ending)).asBoolean()) {
          live.end(task, TaskState.FAILED, why(ending) + " (not retried: " + filter.source() + ")");
          return;
        }
      } catch (ProblemException e) {
        live.end(
            task,
            TaskState.FAILED,
            why(ending) + " (whether to retry cannot be evaluated: " + e.problem().detail() + ")");
        return;
      }
    }
    retry(
        task,
        live.now.plus(backoff(task, retry.backoff(), task.userFailures)),
        "attempt %d failed (%s); retry %d of %d"
            .formatted(task.attempt, why(ending), task.userFailures, retry.limit()));
  }

  private void systemFailure(LiveTask task, Report.Finished finished) {
    if (mayNotGoOn(task)) {
      endAttempt(task, AttemptState.CANCELLED, null, finished.ending(), finished.at());
      live.stopped(task);
      return;
    }
    endAttempt(task, AttemptState.FAILED, FailureKind.SYSTEM, finished.ending(), finished.at());
    task.systemFailures++;
    int most = task.spec.retry().system();
    if (task.systemFailures <= most) {
      retry(
          task,
          live.now.plus(backoff(task, FIRST_SYSTEM_BACKOFF, task.systemFailures)),
          "attempt %d was lost to the system (%s); retry %d of %d"
              .formatted(task.attempt, why(finished.ending()), task.systemFailures, most));
    } else {
      live.end(task, TaskState.FAILED, why(finished.ending()));
    }
  }

  private void retry(LiveTask task, Instant at, String reason) {
    live.move(task, TaskState.RETRYING, reason);
    live.due(task, at);
  }

  /// Grows with every failure, up to the longest wait; a share of it is left to chance, which is
  /// the same whenever it is asked for.
  private static Duration backoff(LiveTask task, Duration first, int failures) {
    var retry = task.spec.retry();
    double wanted = first.toMillis() * Math.pow(retry.factor(), failures - 1.0);
    double longest = Math.max(first.toMillis(), retry.maxBackoff().toMillis());
    double chance = (task.attemptId == null ? 0 : task.attemptId.hashCode() & 0xffff) / 65_535.0;
    return Duration.ofMillis(
        (long) (Math.min(wanted, longest) * (1 - retry.jitter() + 2 * retry.jitter() * chance)));
  }

  private void endAttempt(
      LiveTask task,
      AttemptState to,
      @Nullable FailureKind failure,
      RunSnapshot.Ending ending,
      Instant at) {
    var id = Objects.requireNonNull(task.attemptId);
    Transitions.check(Objects.requireNonNull(task.attemptState), to);
    live.changes.ended(id, to, failure, ending, at);
    task.attemptState = to;
    byAttempt.remove(id);
    withdrawing.remove(id);
  }

  private static String why(RunSnapshot.Ending ending) {
    var text = ending.message() == null ? "no reason given" : ending.message();
    return ending.code() == null ? text : ending.code() + ": " + text;
  }

  // What ends them before they end ---------------------------------------------------------------

  private boolean mayNotGoOn(LiveTask task) {
    return task.leaving || live.stopping(task);
  }

  /// Has a trial leave, for now or for good as its mark says: that is no failure.
  void leave(LiveTask trial) {
    trial.leaving = true;
    stop(trial);
  }

  /// Has it end: at once where nothing was launched, otherwise when the attempt says so.
  void stop(LiveTask task) {
    if (task.state.isTerminal()) {
      return;
    }
    if (!task.hasActiveAttempt() || unstart(task)) {
      live.stopped(task);
    } else if (task.attemptState == AttemptState.QUEUED) {
      withdrawing.add(Objects.requireNonNull(task.attemptId));
    } else {
      requestStop(task);
    }
  }

  private void requestStop(LiveTask task) {
    if (!task.stopRequested) {
      task.stopRequested = true;
      live.changes.stop(
          Objects.requireNonNull(task.attemptId), task.spec.work() instanceof Work.Call);
      live.changes.line(task.name, task.attempt, task.state, task.state, "asked to stop");
    }
  }

  /// It has waited for as long as it may.
  void late(LiveTask task) {
    task.dueAt = null;
    live.changes.touch(task.name);
    if (task.attemptId != null && task.hasActiveAttempt()) {
      withdrawing.add(task.attemptId);
    } else {
      pendingTooLong(task);
    }
  }

  /// Attempts that must be taken back if nobody launched them yet.
  Set<UUID> withdrawing() {
    return Set.copyOf(withdrawing);
  }

  /// Attempts that were taken back before anybody launched them.
  void withdrawn(Collection<UUID> attempts) {
    for (var id : attempts) {
      withdrawing.remove(id);
      var task = byAttempt.get(id);
      if (task != null) {
        if (mayNotGoOn(task)) {
          endAttempt(task, AttemptState.CANCELLED, null, RunSnapshot.Ending.NONE, live.now);
          live.stopped(task);
        } else {
          pendingTooLong(task);
        }
      }
    }
  }

  /// Attempts that could not be taken back, as they are launched already.
  void notWithdrawn(Collection<UUID> attempts) {
    for (var id : attempts) {
      withdrawing.remove(id);
      var task = byAttempt.get(id);
      if (task != null) {
        task.attemptState = AttemptState.LAUNCHING;
        if (mayNotGoOn(task)) {
          requestStop(task);
        }
      }
    }
  }

  private void pendingTooLong(LiveTask task) {
    var why = "it did not start within %s of when it could".formatted(task.spec.pendingTimeout());
    if (task.hasActiveAttempt()) {
      endAttempt(
          task,
          AttemptState.FAILED,
          FailureKind.SYSTEM,
          new RunSnapshot.Ending(null, ProblemCode.PENDING_TIMEOUT.name(), why),
          live.now);
    }
    live.end(task, TaskState.FAILED, ProblemCode.PENDING_TIMEOUT + ": " + why);
  }
}
