package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Matrix;
import dev.pipewright.language.Trigger;
import dev.pipewright.language.Values;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.run.Changes.StartedAttempt;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import dev.pipewright.orchestrator.run.RunSnapshot.Stop;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
final class LiveRun {
  /// Of one matrix.
  static final int MOST_COMBINATIONS = 10_000;

  /// Of one run, with all instances.
  static final int MOST_TASKS = 200_000;

  private final LiveState live;
  private final LiveValues values;
  private final LiveAttempts attempts;

  /// States were set back: what may start must be looked for.
  private boolean setBack;

  LiveRun(RunSnapshot run) {
    live = new LiveState(run);
    values = new LiveValues(live);
    attempts = new LiveAttempts(live, values);
  }

  RunState state() {
    return live.state;
  }

  int size() {
    return live.tasks.size();
  }

  // What happens to it -------------------------------------------------------------------------

  /// Takes in what an attempt said. Old news changes nothing.
  void hear(Report report, Instant at) {
    live.now = at;
    if (!live.state.isTerminal()) {
      attempts.hear(report);
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
    if (!approved) {
      live.end(
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
    live.succeed(task, made, "approved by " + by);
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
        live.move(task, TaskState.PENDING, "retried");
      }
    }
    live.stop = null;
    if (live.state.isTerminal()) {
      live.moveRun(RunState.RUNNING, "retried");
    }
    live.recount();
    setBack = true;
  }

  private static boolean isRetried(LiveTask task) {
    return switch (task.state) {
      case FAILED, UPSTREAM_FAILED, CANCELLED -> true;
      case SKIPPED -> !task.conditionFalse && !task.spec.isFinally();
      case PENDING, WAITING, READY, RUNNING, RETRYING, SUCCEEDED -> false;
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
      if (live.run.spec().timeout() != null) {
        live.timers.add(live.now.plus(live.run.spec().timeout()), null);
      }
      releaseAll(false);
    }
    if (live.state == RunState.QUEUED) {
      if (live.stop != null) {
        live.tasks.values().forEach(task -> live.cancel(task));
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
        release(task);
      }
    }
  }

  private void elapse() {
    for (var timer = live.timers.poll(live.now, live.stop != null);
        timer != null;
        timer = live.timers.poll(live.now, live.stop != null)) {
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
      case WAITING -> {
        task.dueAt = null;
        if (((Work.Approval) task.spec.work()).approveOnDeadline()) {
          approve(task, defaults((Work.Approval) task.spec.work()), "nobody", "");
        } else {
          live.end(task, TaskState.FAILED, "APPROVAL_TIMEOUT: nobody answered in time");
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

  /// Tells the tasks that wait for those that have just ended.
  private void spread() {
    while (!live.ended.isEmpty()) {
      var task = live.ended.poll();
      if (!task.isDeclared()) {
        instanceEnded(task);
        continue;
      }
      for (var successor : task.successors) {
        if (--successor.unmet == 0
            && successor.state == TaskState.PENDING
            && (!successor.spec.isFinally() || live.finallyBegun)) {
          release(successor);
        }
      }
    }
  }

  // A task's way ---------------------------------------------------------------------------------

  /// All that the task needs has ended: it may start, or it never will.
  private void release(LiveTask task) {
    if (live.stopping(task)) {
      live.cancel(task);
      return;
    }
    if (!allowed(task)) {
      return;
    }
    var when = task.spec.when();
    if (when != null) {
      try {
        if (!when.evaluate(values.of(task)).asBoolean()) {
          task.conditionFalse = true;
          live.end(task, TaskState.SKIPPED, "its condition is false: " + when.source());
          return;
        }
      } catch (ProblemException e) {
        live.end(
            task, TaskState.FAILED, "its condition cannot be evaluated: " + e.problem().detail());
        return;
      }
    }
    if (task.spec.matrix() != null) {
      expand(task, task.spec.matrix());
    } else if (task.spec.loop() != null) {
      live.move(task, TaskState.RUNNING, null);
      if (task.instances.isEmpty()) {
        iterate(task);
      } else {
        resume(task);
      }
    } else if (task.spec.work() instanceof Work.Approval approval) {
      ask(task, approval);
    } else {
      attempts.ready(task);
    }
  }

  /// Whether what came of the tasks that it needs lets it start; if not it has ended.
  private boolean allowed(LiveTask task) {
    String failed = null;
    String skipped = null;
    boolean succeeded = false;
    for (var need : task.spec.needs()) {
      var needed = Objects.requireNonNull(live.tasks.get(need));
      if (need.equals(task.spec.elseOf())) {
        if (needed.state != TaskState.SKIPPED || !needed.conditionFalse) {
          live.end(
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
      live.end(task, TaskState.UPSTREAM_FAILED, "task '" + failed + "' did not succeed");
      return false;
    }
    if (skipped != null && (task.spec.trigger() == Trigger.ALL_SUCCEEDED || !succeeded)) {
      live.end(task, TaskState.SKIPPED, "task '" + skipped + "' was skipped");
      return false;
    }
    return true;
  }

  private void ask(LiveTask task, Work.Approval approval) {
    try {
      var message = approval.message().evaluate(values.of(task)).asText();
      live.move(task, TaskState.WAITING, message);
    } catch (ProblemException e) {
      live.end(task, TaskState.FAILED, "its message cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (approval.deadline() != null) {
      live.due(task, live.now.plus(approval.deadline()));
    }
  }

  // Groups ---------------------------------------------------------------------------------------

  private void expand(LiveTask task, Matrix matrix) {
    if (!task.instances.isEmpty()) {
      // Retried: what succeeded stays.
      live.move(task, TaskState.RUNNING, null);
      fill(task);
      return;
    }
    List<JsonNode> combinations;
    try {
      combinations = combinations(matrix, values.of(task));
    } catch (ProblemException e) {
      live.end(task, TaskState.FAILED, "its matrix cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (live.tasks.size() + combinations.size() > MOST_TASKS) {
      live.end(
          task,
          TaskState.FAILED,
          "MATRIX_TOO_LARGE: with its %,d combinations the run would have more than %,d tasks"
              .formatted(combinations.size(), MOST_TASKS));
      return;
    }
    live.move(task, TaskState.RUNNING, null);
    for (int i = 0; i < combinations.size(); i++) {
      live.create(task, i, combinations.get(i));
    }
    if (combinations.isEmpty()) {
      live.succeed(task, lists(task), "its matrix is empty");
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

  /// Lets as many instances go as there may be at once.
  private void fill(LiveTask group) {
    var matrix = Objects.requireNonNull(group.spec.matrix());
    int most = matrix.maxParallel() == null ? Integer.MAX_VALUE : matrix.maxParallel();
    while (group.active < most && group.next < group.instances.size()) {
      var instance = group.instances.get(group.next++);
      if (instance.state == TaskState.PENDING) {
        group.active++;
        attempts.ready(instance);
      }
    }
  }

  private void iterate(LiveTask group) {
    int number = group.instances.size() + 1;
    var instance = live.create(group, number, null);
    group.next = group.instances.size();
    group.active++;
    attempts.ready(instance);
  }

  /// Retried: goes on with the iteration that failed.
  private void resume(LiveTask group) {
    var last = group.instances.getLast();
    if (last.state == TaskState.PENDING) {
      group.active++;
      attempts.ready(last);
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
      live.cancel(group);
      return;
    }
    if (iteration.state != TaskState.SUCCEEDED) {
      live.end(group, TaskState.FAILED, "iteration %d failed".formatted(iteration.index));
      return;
    }
    boolean done;
    try {
      done = loop.until().evaluate(values.afterIteration(iteration)).asBoolean();
    } catch (ProblemException e) {
      live.end(
          group, TaskState.FAILED, "whether to go on cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (done) {
      live.succeed(group, iteration.outputs, "done after %d iterations".formatted(iteration.index));
    } else if (live.stopping(group)) {
      live.cancel(group);
    } else if (iteration.index < loop.limit()) {
      iterate(group);
    } else if (loop.succeedAtLimit()) {
      live.succeed(group, iteration.outputs, "its limit of %d iterations".formatted(loop.limit()));
    } else {
      live.end(
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
        attempts.stop(instance);
      }
    }
    if (group.succeeded + group.unsuccessful < all) {
      if (!group.failing && !live.stopping(group)) {
        fill(group);
      }
      return;
    }
    if (group.succeeded >= wanted) {
      live.succeed(
          group,
          lists(group),
          group.unsuccessful == 0 ? null : "%d of %d succeeded".formatted(group.succeeded, all));
    } else if (live.stopping(group)) {
      live.cancel(group);
    } else {
      live.end(
          group,
          TaskState.FAILED,
          "%d of %d succeeded, but %d must".formatted(group.succeeded, all, wanted));
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

  private static String shorten(String text) {
    return text.length() <= 80 ? text : text.substring(0, 79) + "…";
  }
}
