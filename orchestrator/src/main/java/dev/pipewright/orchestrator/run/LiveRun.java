package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Matrix;
import dev.pipewright.language.Trigger;
import dev.pipewright.language.Values;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.run.Changes.Line;
import dev.pipewright.orchestrator.run.Changes.StartedAttempt;
import dev.pipewright.orchestrator.run.RunSnapshot.Outcome;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import dev.pipewright.orchestrator.run.RunSnapshot.Stop;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A run while the engine works on it: what is known of it, and the rules of what comes next. It
/// has no database, no clock and no side effect; what it decides is handed out as [Changes], and
/// whoever cannot store them throws the whole object away and loads it again.
///
/// It is kept between decisions, so that the end of a task costs what its successors cost and not
/// what the run's tasks cost.
///
/// A failed task does not stop tasks that do not need it: they run on, and the run fails when all
/// have ended.
final class LiveRun {
  /// Of one matrix.
  static final int MOST_COMBINATIONS = 10_000;

  /// Of one run, with all instances.
  static final int MOST_TASKS = 200_000;

  private final RunSnapshot run;
  private final Map<String, LiveTask> tasks = new LinkedHashMap<>();
  private final Map<String, Map<String, JsonNode>> outputs = new HashMap<>();
  private final PriorityQueue<Timer> timers = new PriorityQueue<>();
  private final Deque<LiveTask> ended = new ArrayDeque<>();
  private final Set<LiveTask> toStart = new LinkedHashSet<>();
  private final Map<UUID, LiveTask> byAttempt = new HashMap<>();
  private final Set<UUID> withdrawing = new LinkedHashSet<>();
  private RunState state;
  private @Nullable Stop stop;
  private boolean paused;
  private @Nullable Instant startedAt;

  /// Declared tasks that have not ended, without those of `finally`, and those.
  private int open;

  private int finallyOpen;
  private boolean finallyBegun;
  private Changes.Builder changes = new Changes.Builder();
  private Instant now = Instant.EPOCH;
  private long timerNumber;

  /// States were set back: what may start must be looked for.
  private boolean setBack;

  /// @param task null for the run itself
  private record Timer(Instant at, long number, @Nullable LiveTask task)
      implements Comparable<Timer> {
    private static final Comparator<Timer> ORDER =
        Comparator.comparing(Timer::at).thenComparing(Timer::number);

    @Override
    public int compareTo(Timer other) {
      return ORDER.compare(this, other);
    }
  }

  LiveRun(RunSnapshot run) {
    this.run = run;
    state = run.state();
    stop = run.stop();
    paused = run.paused();
    startedAt = run.startedAt();
    for (var row : run.tasks()) {
      var group = row.group() == null ? null : tasks.get(row.group());
      var spec =
          Objects.requireNonNull(
              run.spec().tasks().get(row.group() == null ? row.name() : row.group()), row.name());
      add(new LiveTask(spec, row, group));
    }
    for (var task : tasks.values()) {
      if (!task.isDeclared()) {
        count(task);
        continue;
      }
      if (!task.state.isTerminal()) {
        if (task.spec.isFinally()) {
          finallyOpen++;
        } else {
          open++;
        }
      }
      for (var need : task.spec.needs()) {
        var needed = Objects.requireNonNull(tasks.get(need));
        needed.successors.add(task);
        if (!needed.state.isTerminal()) {
          task.unmet++;
        }
      }
      finallyBegun |= task.spec.isFinally() && task.state != TaskState.PENDING;
    }
    if (startedAt != null && run.spec().timeout() != null && !state.isTerminal()) {
      timer(startedAt.plus(run.spec().timeout()), null);
    }
  }

  private void add(LiveTask task) {
    tasks.put(task.name, task);
    if (task.group != null) {
      task.group.instances.add(task);
    }
    if (task.state == TaskState.SUCCEEDED && task.isDeclared()) {
      outputs.put(task.name, task.outputs);
    }
    if (task.dueAt != null && !task.state.isTerminal()) {
      timer(task.dueAt, task);
    }
    if (task.hasActiveAttempt()) {
      byAttempt.put(Objects.requireNonNull(task.attemptId), task);
    }
    if (task.state == TaskState.READY && !task.hasActiveAttempt()) {
      toStart.add(task);
    }
  }

  /// What an instance is to its group, when it is loaded.
  private static void count(LiveTask instance) {
    var group = Objects.requireNonNull(instance.group);
    switch (instance.state) {
      case SUCCEEDED -> group.succeeded++;
      case FAILED, CANCELLED, SKIPPED, UPSTREAM_FAILED -> group.unsuccessful++;
      case PENDING -> {}
      case READY, RUNNING, RETRYING, WAITING -> group.active++;
    }
  }

  RunState state() {
    return state;
  }

  int size() {
    return tasks.size();
  }

  // What happens to it -------------------------------------------------------------------------

  /// Takes in what an attempt said. Old news changes nothing.
  void hear(Report report, Instant at) {
    now = at;
    var task = byAttempt.get(report.attemptId());
    if (task == null || state.isTerminal()) {
      return;
    }
    switch (report) {
      case Report.Started started -> {
        if (task.attemptState != AttemptState.RUNNING) {
          task.attemptState = AttemptState.RUNNING;
          changes.running(task.attemptId, started.at());
          move(task, TaskState.RUNNING, null);
          task.dueAt = null;
        }
      }
      case Report.Finished finished -> finish(task, finished);
    }
  }

  /// Attempts that were taken back before anybody launched them.
  void withdrawn(Collection<UUID> attempts, Instant at) {
    now = at;
    for (var id : attempts) {
      withdrawing.remove(id);
      var task = byAttempt.get(id);
      if (task != null) {
        if (stopping(task)) {
          endAttempt(task, AttemptState.CANCELLED, null, RunSnapshot.Ending.NONE, now);
          end(task, TaskState.CANCELLED, stopReason(task));
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
        if (stopping(task)) {
          requestStop(task);
        }
      }
    }
  }

  void stop(Stop why, Instant at) {
    now = at;
    if (state.isTerminal()) {
      return;
    }
    if (stop == null || (why == Stop.KILL && stop != Stop.KILL)) {
      stop = why;
      changes.runChanged();
    } else if (why == Stop.CANCEL && finallyBegun) {
      // Asked a second time.
      stop = Stop.KILL;
      changes.runChanged();
    }
    if (state == RunState.RUNNING) {
      stopAll();
    }
  }

  /// @throws ProblemException RUN_ENDED
  void pause(boolean yes, Instant at) {
    now = at;
    if (state.isTerminal()) {
      throw new ProblemException(
          ProblemCode.RUN_ENDED, "Run #" + run.number() + " is " + state + ".");
    }
    if (paused != yes) {
      paused = yes;
      changes.runChanged();
      changes.line(null, null, state, state, yes ? "paused" : "resumed");
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
    now = at;
    var task = tasks.get(name);
    if (task == null || task.state != TaskState.WAITING) {
      throw new ProblemException(
          ProblemCode.NOT_WAITING,
          task == null
              ? "The run has no task '" + name + "'."
              : "The task '" + name + "' does not wait for an answer: it is " + task.state + ".");
    }
    if (!approved) {
      end(
          task,
          TaskState.FAILED,
          "APPROVAL_REJECTED: %s said no%s".formatted(by, comment.isBlank() ? "" : ": " + comment));
      return;
    }
    approve(task, given, by, comment);
  }

  private void approve(LiveTask task, Map<String, JsonNode> given, String by, String comment) {
    var json = Json.MAPPER.getNodeFactory();
    var made = new LinkedHashMap<String, JsonNode>();
    made.put("approved", json.booleanNode(true));
    made.put("by", json.textNode(by));
    made.put("comment", json.textNode(comment));
    made.putAll(given);
    succeed(task, made, "approved by " + by);
  }

  /// Gives every task that did not succeed another chance; a run that has ended goes on.
  ///
  /// @throws ProblemException NOTHING_TO_RETRY
  void retry(Instant at) {
    now = at;
    var again = tasks.values().stream().filter(LiveRun::isRetried).toList();
    if (again.isEmpty()) {
      throw new ProblemException(
          ProblemCode.NOTHING_TO_RETRY, "No task of run #" + run.number() + " failed.");
    }
    for (var task : tasks.values()) {
      boolean after = task.spec.isFinally() && task.state.isTerminal();
      if (after || isRetried(task)) {
        // Attempts go on counting: each has an identity for ever.
        task.userFailures = 0;
        task.systemFailures = 0;
        task.outputs = Map.of();
        task.conditionFalse = false;
        outputs.remove(task.name);
        move(task, TaskState.PENDING, "retried");
      }
    }
    stop = null;
    if (state.isTerminal()) {
      moveRun(RunState.RUNNING, "retried");
    }
    recount();
    setBack = true;
  }

  private static boolean isRetried(LiveTask task) {
    return switch (task.state) {
      case FAILED, UPSTREAM_FAILED, CANCELLED -> true;
      case SKIPPED -> !task.conditionFalse && !task.spec.isFinally();
      case PENDING, WAITING, READY, RUNNING, RETRYING, SUCCEEDED -> false;
    };
  }

  /// After states were set back.
  private void recount() {
    open = 0;
    finallyOpen = 0;
    finallyBegun = false;
    for (var task : tasks.values()) {
      task.unmet = 0;
      task.active = 0;
      task.succeeded = 0;
      task.unsuccessful = 0;
      task.failing = false;
      task.next = 0;
    }
    for (var task : tasks.values()) {
      if (!task.isDeclared()) {
        count(task);
        continue;
      }
      if (!task.state.isTerminal()) {
        if (task.spec.isFinally()) {
          finallyOpen++;
        } else {
          open++;
        }
      }
      for (var need : task.spec.needs()) {
        if (!Objects.requireNonNull(tasks.get(need)).state.isTerminal()) {
          task.unmet++;
        }
      }
      finallyBegun |= task.spec.isFinally() && task.state != TaskState.PENDING;
    }
  }

  /// The cached outputs of attempts that were about to start.
  void cached(Map<UUID, Changes.Hit> hits) {
    hits.forEach((attempt, hit) -> {
      var task = byAttempt.get(attempt);
      if (task != null && unstart(task)) {
        changes.cached(task.name, hit.attempt());
        succeed(task, hit.outputs(), "cached: the same inputs gave it in " + hit.where());
      }
    });
  }

  /// An attempt that nobody has heard of yet is as if it had never been.
  private boolean unstart(LiveTask task) {
    var id = Objects.requireNonNull(task.attemptId);
    if (!changes.unstart(id)) {
      return false;
    }
    byAttempt.remove(id);
    task.attempt--;
    task.attemptId = null;
    task.attemptState = null;
    return true;
  }

  // Deciding -------------------------------------------------------------------------------------

  /// Draws all conclusions from what happened and from the time.
  ///
  /// @param mayStart whether a queued run may begin
  void decide(Instant at, boolean mayStart) {
    now = at;
    if (state.isTerminal()) {
      return;
    }
    if (state == RunState.QUEUED && stop == null && mayStart) {
      startedAt = now;
      moveRun(RunState.RUNNING, null);
      if (run.spec().timeout() != null) {
        timer(now.plus(run.spec().timeout()), null);
      }
      releaseAll(false);
    }
    if (state == RunState.QUEUED) {
      if (stop != null) {
        tasks.values().forEach(task -> end(task, TaskState.CANCELLED, stopReason(task)));
        ended.clear();
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
      startAll();
      if (!ended.isEmpty()) {
        continue;
      }
      if (open == 0 && !finallyBegun && finallyOpen > 0) {
        finallyBegun = true;
        if (stop == Stop.KILL) {
          stopAll();
        } else {
          releaseAll(true);
        }
        if (!ended.isEmpty() || !toStart.isEmpty()) {
          continue;
        }
      }
      break;
    }
    if (open == 0 && finallyOpen == 0) {
      endRun();
    }
  }

  /// The run's changes since the last time, which are to be stored now.
  Changes take() {
    var next = nextTimer();
    var taken =
        changes.build(
            state,
            stop,
            paused,
            startedAt,
            next,
            name -> Objects.requireNonNull(tasks.get(name)).row());
    changes = new Changes.Builder();
    return taken;
  }

  /// What is known of it, as it would be stored.
  RunSnapshot snapshot() {
    return new RunSnapshot(
        run.id(),
        run.number(),
        run.revision(),
        state,
        stop,
        paused,
        run.spec(),
        run.params(),
        run.scheduledAt(),
        startedAt,
        tasks.values().stream().map(LiveTask::row).toList());
  }

  /// Attempts that must be taken back if nobody launched them yet.
  Set<UUID> withdrawing() {
    return Set.copyOf(withdrawing);
  }

  /// Attempts about to start whose outputs may be known already, by the key of what they depend on.
  List<StartedAttempt> starting() {
    return changes.started();
  }

  private void releaseAll(boolean finallyTasks) {
    for (var task : List.copyOf(tasks.values())) {
      if (task.isDeclared()
          && task.state == TaskState.PENDING
          && task.unmet == 0
          && task.spec.isFinally() == finallyTasks) {
        release(task);
      }
    }
  }

  private void elapse() {
    while (!timers.isEmpty() && !timers.peek().at.isAfter(now)) {
      var timer = timers.poll();
      var task = timer.task;
      if (task == null) {
        if (stop == null) {
          stop(Stop.TIMEOUT, now);
        }
      } else if (timer.at.equals(task.dueAt)) {
        due(task);
      }
    }
  }

  private void due(LiveTask task) {
    switch (task.state) {
      case RETRYING -> {
        task.dueAt = null;
        ready(task);
      }
      case READY -> {
        task.dueAt = null;
        changes.touch(task.name);
        if (task.attemptId != null && task.hasActiveAttempt()) {
          withdrawing.add(task.attemptId);
        } else {
          pendingTooLong(task);
        }
      }
      case WAITING -> {
        task.dueAt = null;
        if (((Work.Approval) task.spec.work()).approveOnDeadline()) {
          approve(task, defaults((Work.Approval) task.spec.work()), "nobody", "");
        } else {
          end(task, TaskState.FAILED, "APPROVAL_TIMEOUT: nobody answered in time");
        }
      }
      case PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, UPSTREAM_FAILED, CANCELLED -> {}
    }
  }

  private static Map<String, JsonNode> defaults(Work.Approval approval) {
    var values = new LinkedHashMap<String, JsonNode>();
    approval
        .inputs()
        .forEach((name, input) -> {
          if (input.defaultValue() != null) {
            values.put(name, input.defaultValue());
          }
        });
    return values;
  }

  private void pendingTooLong(LiveTask task) {
    var why = "it did not start within %s of when it could".formatted(task.spec.pendingTimeout());
    if (task.hasActiveAttempt()) {
      endAttempt(
          task,
          AttemptState.FAILED,
          FailureKind.SYSTEM,
          new RunSnapshot.Ending(null, ProblemCode.PENDING_TIMEOUT.name(), why),
          now);
    }
    end(task, TaskState.FAILED, ProblemCode.PENDING_TIMEOUT + ": " + why);
  }

  /// Tells the tasks that wait for those that have just ended.
  private void spread() {
    while (!ended.isEmpty()) {
      var task = ended.poll();
      if (!task.isDeclared()) {
        instanceEnded(task);
        continue;
      }
      for (var successor : task.successors) {
        if (--successor.unmet == 0
            && successor.state == TaskState.PENDING
            && (!successor.spec.isFinally() || finallyBegun)) {
          release(successor);
        }
      }
    }
  }

  // A task's way ---------------------------------------------------------------------------------

  /// All that the task needs has ended: it may start, or it never will.
  private void release(LiveTask task) {
    if (stopping(task)) {
      end(task, TaskState.CANCELLED, stopReason(task));
      return;
    }
    if (!allowed(task)) {
      return;
    }
    var when = task.spec.when();
    if (when != null) {
      try {
        if (!when.evaluate(values(task)).asBoolean()) {
          task.conditionFalse = true;
          end(task, TaskState.SKIPPED, "its condition is false: " + when.source());
          return;
        }
      } catch (ProblemException e) {
        end(task, TaskState.FAILED, "its condition cannot be evaluated: " + e.problem().detail());
        return;
      }
    }
    if (task.spec.matrix() != null) {
      expand(task, task.spec.matrix());
    } else if (task.spec.loop() != null) {
      move(task, TaskState.RUNNING, null);
      if (task.instances.isEmpty()) {
        iterate(task);
      } else {
        resume(task);
      }
    } else if (task.spec.work() instanceof Work.Approval approval) {
      ask(task, approval);
    } else {
      ready(task);
    }
  }

  /// Whether what came of the tasks that it needs lets it start; if not it has ended.
  private boolean allowed(LiveTask task) {
    String failed = null;
    String skipped = null;
    boolean succeeded = false;
    for (var need : task.spec.needs()) {
      var needed = Objects.requireNonNull(tasks.get(need));
      if (need.equals(task.spec.elseOf())) {
        if (needed.state != TaskState.SKIPPED || !needed.conditionFalse) {
          end(
              task,
              needed.state == TaskState.UPSTREAM_FAILED
                  ? TaskState.UPSTREAM_FAILED
                  : TaskState.SKIPPED,
              "it stands in for task '" + need + "', which is " + needed.state);
          return false;
        }
        succeeded = true;
        continue;
      }
      switch (needed.state) {
        case FAILED, UPSTREAM_FAILED, CANCELLED -> failed = failed == null ? need : failed;
        case SKIPPED -> skipped = skipped == null ? need : skipped;
        case SUCCEEDED -> succeeded = true;
        case PENDING, WAITING, READY, RUNNING, RETRYING ->
            throw new IllegalStateException(need + " has not ended");
      }
    }
    if (task.spec.trigger() == Trigger.ALL_ENDED) {
      return true;
    }
    if (failed != null) {
      end(task, TaskState.UPSTREAM_FAILED, "task '" + failed + "' did not succeed");
      return false;
    }
    if (skipped != null && (task.spec.trigger() == Trigger.ALL_SUCCEEDED || !succeeded)) {
      end(task, TaskState.SKIPPED, "task '" + skipped + "' was skipped");
      return false;
    }
    return true;
  }

  private void ask(LiveTask task, Work.Approval approval) {
    try {
      var message = approval.message().evaluate(values(task)).asText();
      move(task, TaskState.WAITING, message);
    } catch (ProblemException e) {
      end(task, TaskState.FAILED, "its message cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (approval.deadline() != null) {
      task.dueAt = now.plus(approval.deadline());
      timer(task.dueAt, task);
    }
  }

  private void ready(LiveTask task) {
    move(task, TaskState.READY, null);
    toStart.add(task);
  }

  private void startAll() {
    if (paused || toStart.isEmpty()) {
      return;
    }
    var starting = List.copyOf(toStart);
    toStart.clear();
    for (var task : starting) {
      if (task.state == TaskState.READY && !task.hasActiveAttempt()) {
        if (stopping(task)) {
          end(task, TaskState.CANCELLED, stopReason(task));
        } else {
          start(task);
        }
      }
    }
  }

  private void start(LiveTask task) {
    var inputs = new LinkedHashMap<String, JsonNode>();
    try {
      var values = values(task);
      task.spec.inputs().forEach((name, value) -> inputs.put(name, value.evaluate(values)));
    } catch (ProblemException e) {
      end(task, TaskState.FAILED, "its inputs cannot be evaluated: " + e.problem().detail());
      return;
    }
    task.attempt++;
    var id = Ids.uuid(run.id().toString(), task.name, String.valueOf(task.attempt));
    task.attemptId = id;
    task.stopRequested = false;
    byAttempt.put(id, task);
    boolean call = task.spec.work() instanceof Work.Call;
    task.attemptState = call ? AttemptState.RUNNING : AttemptState.QUEUED;
    changes.start(
        new StartedAttempt(id, task.name, task.attempt, task.attemptState, task.spec, inputs));
    if (call) {
      move(task, TaskState.RUNNING, null);
    } else if (task.spec.pendingTimeout() != null) {
      task.dueAt = now.plus(task.spec.pendingTimeout());
      timer(task.dueAt, task);
      changes.touch(task.name);
    }
  }

  private void finish(LiveTask task, Report.Finished finished) {
    var ending = finished.ending();
    switch (finished.outcome()) {
      case Outcome.Succeeded(var made) -> {
        endAttempt(task, AttemptState.SUCCEEDED, null, ending, finished.at());
        succeed(task, made, null);
      }
      case Outcome.UserFailure() -> {
        endAttempt(task, AttemptState.FAILED, FailureKind.USER, ending, finished.at());
        if (stopping(task)) {
          end(task, TaskState.CANCELLED, stopReason(task));
        } else {
          userFailure(task, ending);
        }
      }
      case Outcome.SystemFailure() -> systemFailure(task, finished);
      case Outcome.Cancelled() -> {
        if (stopping(task)) {
          endAttempt(task, AttemptState.CANCELLED, null, ending, finished.at());
          end(task, TaskState.CANCELLED, stopReason(task));
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
      end(task, TaskState.FAILED, why(ending));
      return;
    }
    var filter = retry.when();
    if (filter != null) {
      try {
        if (!filter.evaluate(values(task).withFailure(failure(task, ending))).asBoolean()) {
          end(task, TaskState.FAILED, why(ending) + " (not retried: " + filter.source() + ")");
          return;
        }
      } catch (ProblemException e) {
        end(
            task,
            TaskState.FAILED,
            why(ending) + " (whether to retry cannot be evaluated: " + e.problem().detail() + ")");
        return;
      }
    }
    retry(
        task,
        now.plus(backoff(task, retry.backoff(), task.userFailures)),
        "attempt %d failed (%s); retry %d of %d"
            .formatted(task.attempt, why(ending), task.userFailures, retry.limit()));
  }

  private static Map<String, JsonNode> failure(LiveTask task, RunSnapshot.Ending ending) {
    var json = Json.MAPPER.getNodeFactory();
    var failure = new HashMap<String, JsonNode>();
    if (ending.exitCode() != null) {
      failure.put("exitCode", json.numberNode((long) ending.exitCode()));
    }
    failure.put("code", json.textNode(Objects.requireNonNullElse(ending.code(), "")));
    failure.put("message", json.textNode(Objects.requireNonNullElse(ending.message(), "")));
    failure.put("attempt", json.numberNode((long) task.attempt));
    return failure;
  }

  private void systemFailure(LiveTask task, Report.Finished finished) {
    if (stopping(task)) {
      endAttempt(task, AttemptState.CANCELLED, null, finished.ending(), finished.at());
      end(task, TaskState.CANCELLED, stopReason(task));
      return;
    }
    endAttempt(task, AttemptState.FAILED, FailureKind.SYSTEM, finished.ending(), finished.at());
    task.systemFailures++;
    int most = task.spec.retry().system();
    if (task.systemFailures <= most) {
      retry(
          task,
          now.plus(backoff(task, FIRST_SYSTEM_BACKOFF, task.systemFailures)),
          "attempt %d was lost to the system (%s); retry %d of %d"
              .formatted(task.attempt, why(finished.ending()), task.systemFailures, most));
    } else {
      end(task, TaskState.FAILED, why(finished.ending()));
    }
  }

  private static final Duration FIRST_SYSTEM_BACKOFF = Duration.ofSeconds(1);

  private void endAttempt(
      LiveTask task,
      AttemptState to,
      @Nullable FailureKind failure,
      RunSnapshot.Ending ending,
      Instant at) {
    var id = Objects.requireNonNull(task.attemptId);
    Transitions.check(Objects.requireNonNull(task.attemptState), to);
    changes.ended(id, to, failure, ending, at);
    task.attemptState = to;
    byAttempt.remove(id);
    withdrawing.remove(id);
  }

  private void retry(LiveTask task, Instant at, String reason) {
    move(task, TaskState.RETRYING, reason);
    task.dueAt = at;
    timer(at, task);
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

  private void succeed(LiveTask task, Map<String, JsonNode> made, @Nullable String reason) {
    task.outputs = made;
    if (task.isDeclared()) {
      outputs.put(task.name, made);
    }
    end(task, TaskState.SUCCEEDED, reason);
  }

  // Groups ---------------------------------------------------------------------------------------

  private void expand(LiveTask task, Matrix matrix) {
    if (!task.instances.isEmpty()) {
      // Retried: what succeeded stays.
      move(task, TaskState.RUNNING, null);
      fill(task);
      return;
    }
    List<JsonNode> combinations;
    try {
      combinations = combinations(matrix, values(task));
    } catch (ProblemException e) {
      end(task, TaskState.FAILED, "its matrix cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (tasks.size() + combinations.size() > MOST_TASKS) {
      end(
          task,
          TaskState.FAILED,
          "MATRIX_TOO_LARGE: with its %,d combinations the run would have more than %,d tasks"
              .formatted(combinations.size(), MOST_TASKS));
      return;
    }
    move(task, TaskState.RUNNING, null);
    for (int i = 0; i < combinations.size(); i++) {
      instance(task, i, combinations.get(i));
    }
    if (combinations.isEmpty()) {
      succeed(task, lists(task), "its matrix is empty");
    } else {
      fill(task);
    }
  }

  private static List<JsonNode> combinations(Matrix matrix, Values values) {
    var json = Json.MAPPER.getNodeFactory();
    var combinations = List.<JsonNode>of(json.objectNode());
    for (var axis : matrix.axes().entrySet()) {
      var list = axis.getValue().evaluate(values);
      if (!list.isArray()) {
        throw new ProblemException(
            ProblemCode.EXPRESSION_FAILED,
            "matrix.%s is no list, but %s".formatted(axis.getKey(), shorten(list.toString())));
      }
      if ((long) combinations.size() * list.size() > MOST_COMBINATIONS) {
        throw new ProblemException(
            ProblemCode.EXPRESSION_FAILED,
            "the matrix has more than %,d combinations".formatted(MOST_COMBINATIONS));
      }
      var more = new ArrayList<JsonNode>(combinations.size() * list.size());
      for (var combination : combinations) {
        for (var item : list) {
          var each = json.objectNode();
          combination.properties().forEach(field -> each.set(field.getKey(), field.getValue()));
          more.add(each.set(axis.getKey(), item));
        }
      }
      combinations = more;
    }
    return combinations;
  }

  private LiveTask instance(LiveTask group, int index, @Nullable JsonNode item) {
    var instance = new LiveTask(group.spec, TaskSnapshot.instance(group.name, index, item), group);
    tasks.put(instance.name, instance);
    group.instances.add(instance);
    changes.created(instance.name);
    return instance;
  }

  /// Lets as many instances go as there may be at once.
  private void fill(LiveTask group) {
    var matrix = Objects.requireNonNull(group.spec.matrix());
    int most = matrix.maxParallel() == null ? Integer.MAX_VALUE : matrix.maxParallel();
    while (group.active < most && group.next < group.instances.size()) {
      var instance = group.instances.get(group.next++);
      if (instance.state == TaskState.PENDING) {
        group.active++;
        ready(instance);
      }
    }
  }

  private void iterate(LiveTask group) {
    int number = group.instances.size() + 1;
    var instance = instance(group, number, null);
    group.next = group.instances.size();
    group.active++;
    ready(instance);
  }

  /// Retried: goes on with the iteration that failed.
  private void resume(LiveTask group) {
    var last = group.instances.getLast();
    if (last.state == TaskState.PENDING) {
      group.active++;
      ready(last);
    } else {
      iterationEnded(group, last);
    }
  }

  private void instanceEnded(LiveTask instance) {
    var group = Objects.requireNonNull(instance.group);
    if (group.active > 0) {
      group.active--;
    }
    if (instance.state == TaskState.SUCCEEDED) {
      group.succeeded++;
    } else {
      group.unsuccessful++;
    }
    if (group.state.isTerminal()) {
      return;
    }
    if (group.spec.loop() != null) {
      iterationEnded(group, instance);
    } else {
      combinationEnded(group);
    }
  }

  private void iterationEnded(LiveTask group, LiveTask iteration) {
    var loop = Objects.requireNonNull(group.spec.loop());
    if (iteration.state == TaskState.CANCELLED) {
      end(group, TaskState.CANCELLED, stopReason(group));
      return;
    }
    if (iteration.state != TaskState.SUCCEEDED) {
      end(group, TaskState.FAILED, "iteration %d failed".formatted(iteration.index));
      return;
    }
    boolean done;
    try {
      done =
          loop.until()
              .evaluate(values(group).withLoop(loop(iteration.index, iteration)))
              .asBoolean();
    } catch (ProblemException e) {
      end(group, TaskState.FAILED, "whether to go on cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (done) {
      succeed(group, iteration.outputs, "done after %d iterations".formatted(iteration.index));
    } else if (stopping(group)) {
      end(group, TaskState.CANCELLED, stopReason(group));
    } else if (iteration.index < loop.limit()) {
      iterate(group);
    } else if (loop.succeedAtLimit()) {
      succeed(group, iteration.outputs, "its limit of %d iterations".formatted(loop.limit()));
    } else {
      end(
          group,
          TaskState.FAILED,
          "LOOP_LIMIT: not done after %d iterations".formatted(loop.limit()));
    }
  }

  private void combinationEnded(LiveTask group) {
    var matrix = Objects.requireNonNull(group.spec.matrix());
    int all = group.instances.size();
    int wanted = (int) Math.ceil(matrix.minSuccess() * all - 1e-9);
    if (!group.failing && all - group.unsuccessful < wanted) {
      group.failing = true;
      for (var instance : group.instances) {
        stopTask(instance);
      }
    }
    if (group.succeeded + group.unsuccessful < all) {
      if (!group.failing && !stopping(group)) {
        fill(group);
      }
      return;
    }
    if (group.succeeded >= wanted) {
      succeed(
          group,
          lists(group),
          group.unsuccessful == 0 ? null : "%d of %d succeeded".formatted(group.succeeded, all));
    } else if (stopping(group)) {
      end(group, TaskState.CANCELLED, stopReason(group));
    } else {
      end(
          group,
          TaskState.FAILED,
          "%d of %d succeeded, but %d must".formatted(group.succeeded, all, wanted));
    }
  }

  private void stopTask(LiveTask instance) {
    if (instance.state.isTerminal()) {
      return;
    }
    if (!instance.hasActiveAttempt() || unstart(instance)) {
      end(instance, TaskState.CANCELLED, stopReason(instance));
    } else if (instance.attemptState == AttemptState.QUEUED) {
      withdrawing.add(Objects.requireNonNull(instance.attemptId));
    } else {
      requestStop(instance);
    }
  }

  /// Each output as the list of what the instances left, in their order; null where one failed.
  private static Map<String, JsonNode> lists(LiveTask group) {
    var json = Json.MAPPER.getNodeFactory();
    var lists = new LinkedHashMap<String, JsonNode>();
    for (var name : group.spec.outputs().keySet()) {
      var list = json.arrayNode(group.instances.size());
      for (var instance : group.instances) {
        var value = instance.outputs.get(name);
        list.add(value == null ? json.nullNode() : value);
      }
      lists.put(name, list);
    }
    return lists;
  }

  // Values ---------------------------------------------------------------------------------------

  private Values values(LiveTask task) {
    var values = Values.of(run.params(), outputs).withRun(runValues(task.spec.isFinally()));
    var group = task.group;
    if (group == null) {
      return values;
    }
    if (group.spec.loop() != null) {
      int at = task.position();
      return values.withLoop(loop(task.index, at > 0 ? group.instances.get(at - 1) : null));
    }
    var matrix = new HashMap<String, JsonNode>();
    if (task.item != null) {
      task.item.properties().forEach(field -> matrix.put(field.getKey(), field.getValue()));
    }
    matrix.put("index", Json.MAPPER.getNodeFactory().numberNode((long) task.index));
    return values.withMatrix(matrix);
  }

  private static Map<String, JsonNode> loop(int iteration, @Nullable LiveTask last) {
    var json = Json.MAPPER.getNodeFactory();
    var loop = new HashMap<String, JsonNode>();
    loop.put("iteration", json.numberNode((long) iteration));
    if (last != null) {
      var made = json.objectNode();
      last.outputs.forEach(made::set);
      loop.put("outputs", made);
    }
    return loop;
  }

  private Map<String, JsonNode> runValues(boolean finallyTask) {
    var json = Json.MAPPER.getNodeFactory();
    var values = new HashMap<String, JsonNode>();
    values.put("id", json.textNode(run.id().toString()));
    values.put("number", json.numberNode(run.number()));
    values.put("name", json.textNode(run.spec().name()));
    var time = run.scheduledAt() != null ? run.scheduledAt() : startedAt;
    if (time != null) {
      values.put("scheduledAt", json.textNode(time.toString()));
    }
    if (finallyTask) {
      values.put("status", json.textNode(outcome().name()));
      var failed = json.arrayNode();
      failed().forEach(failed::add);
      values.put("failed", failed);
    }
    return values;
  }

  // Ending ---------------------------------------------------------------------------------------

  private List<String> failed() {
    return tasks.values().stream()
        .filter(task -> task.isDeclared() && task.state == TaskState.FAILED)
        .map(task -> task.name)
        .toList();
  }

  /// What the run ends as, if it ends as it stands.
  private RunState outcome() {
    return stop == Stop.TIMEOUT || (stop == null && !failed().isEmpty())
        ? RunState.FAILED
        : stop != null ? RunState.CANCELLED : RunState.SUCCEEDED;
  }

  private void endRun() {
    var to = outcome();
    if (to == RunState.SUCCEEDED) {
      try {
        var made = new LinkedHashMap<String, JsonNode>();
        var values = Values.of(run.params(), outputs).withRun(runValues(false));
        run.spec()
            .outputs()
            .forEach((name, output) -> made.put(name, output.value().evaluate(values)));
        changes.outputs(made);
      } catch (ProblemException e) {
        moveRun(RunState.FAILED, "its outputs cannot be evaluated: " + e.problem().detail());
        return;
      }
    }
    moveRun(
        to,
        switch (to) {
          case CANCELLED -> "it was cancelled";
          case FAILED ->
              stop == Stop.TIMEOUT
                  ? "RUN_TIMEOUT: it took longer than " + run.spec().timeout()
                  : failedTasks();
          case QUEUED, RUNNING, SUCCEEDED -> null;
        });
  }

  private String failedTasks() {
    var failed = failed();
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

  private boolean stopping(LiveTask task) {
    if (task.group != null && task.group.failing) {
      return true;
    }
    return task.spec.isFinally() ? stop == Stop.KILL : stop != null;
  }

  private String stopReason(LiveTask task) {
    return task.group != null && task.group.failing && stop == null
        ? "the others cannot make up for what failed"
        : stop == Stop.TIMEOUT ? "the run took too long" : "the run was cancelled";
  }

  private void stopAll() {
    for (var task : List.copyOf(tasks.values())) {
      if (task.state.isTerminal() || !stopping(task)) {
        continue;
      }
      if (task.spec.isGroup() && task.isDeclared()) {
        if (task.state != TaskState.PENDING) {
          // It ends with its instances.
          continue;
        }
        end(task, TaskState.CANCELLED, stopReason(task));
      } else {
        stopTask(task);
      }
    }
  }

  private void requestStop(LiveTask task) {
    if (!task.stopRequested) {
      task.stopRequested = true;
      changes.stop(Objects.requireNonNull(task.attemptId), task.spec.work() instanceof Work.Call);
      changes.line(task.name, task.attempt, task.state, task.state, "asked to stop");
    }
  }

  private void moveRun(RunState to, @Nullable String message) {
    Transitions.check(state, to);
    changes.runMoved(state, to, message);
    state = to;
  }

  private void move(LiveTask task, TaskState to, @Nullable String reason) {
    Transitions.check(task.state, to);
    changes.moved(
        task.name,
        new Line(
            task.name,
            task.attempt == 0 ? null : task.attempt,
            task.state.name(),
            to.name(),
            reason));
    task.state = to;
    task.reason = reason;
    task.dueAt = null;
  }

  private void end(LiveTask task, TaskState to, @Nullable String reason) {
    move(task, to, reason);
    if (task.isDeclared()) {
      if (task.spec.isFinally()) {
        finallyOpen--;
      } else {
        open--;
      }
    }
    ended.add(task);
  }

  private void timer(Instant at, @Nullable LiveTask task) {
    timers.add(new Timer(at, timerNumber++, task));
  }

  /// When it must be looked at even if nothing happens.
  private @Nullable Instant nextTimer() {
    while (!timers.isEmpty()) {
      var next = timers.peek();
      if (next.task == null ? stop == null : next.at.equals(next.task.dueAt)) {
        return next.at;
      }
      timers.poll();
    }
    return null;
  }

  private static String why(RunSnapshot.Ending ending) {
    var text = ending.message() == null ? "no reason given" : ending.message();
    return ending.code() == null ? text : ending.code() + ": " + text;
  }

  private static String shorten(String text) {
    return text.length() <= 80 ? text : text.substring(0, 79) + "…";
  }
}
