package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.orchestrator.run.Changes.Line;
import dev.pipewright.orchestrator.run.RunSnapshot.Stop;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import dev.pipewright.tune.TrialState;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// How far a run is, and what of that is not stored yet. It decides nothing: the rules that
/// [LiveRun] names do, and all of them change states here, where a state that may not follow is
/// refused, what is open is counted, and each change is noted for the database.
final class LiveState {
  /// As it was loaded: its identity, document and params, which never change.
  final RunSnapshot run;

  /// By name, as [RunSnapshot#tasks] has them.
  final Map<String, LiveTask> tasks = new LinkedHashMap<>();

  /// Of the declared tasks that have succeeded, by name.
  final Map<String, Map<String, JsonNode>> outputs = new HashMap<>();

  /// Tasks whose end those that wait for it have not been told of.
  final Deque<LiveTask> ended = new ArrayDeque<>();

  final LiveTimers timers = new LiveTimers();
  RunState state;
  @Nullable Stop stop;
  boolean paused;
  @Nullable Instant startedAt;
  @Nullable Instant retriedAt;

  /// Declared tasks that have not ended, without those of `finally`, and those.
  int open;

  int finallyOpen;
  boolean finallyBegun;

  /// The time of what is taken in or decided on.
  Instant now = Instant.EPOCH;

  Changes.Builder changes = new Changes.Builder();

  LiveState(RunSnapshot run) {
    this.run = run;
    state = run.state();
    stop = run.stop();
    paused = run.paused();
    startedAt = run.startedAt();
    retriedAt = run.retriedAt();
    for (var row : run.tasks()) {
      load(row);
    }
    for (var task : tasks.values()) {
      if (task.isDeclared()) {
        for (var need : task.spec.needs()) {
          Objects.requireNonNull(tasks.get(need)).successors.add(task);
        }
      }
    }
    recount();
    if (!state.isTerminal()) {
      time();
    }
  }

  /// When it is to stop by itself; null where it is not, or does already.
  @Nullable Instant deadline() {
    var from = retriedAt == null ? startedAt : retriedAt;
    return stop != null || from == null || run.spec().timeout() == null
        ? null
        : from.plus(run.spec().timeout());
  }

  /// Has the run stopped at its deadline.
  void time() {
    var at = deadline();
    if (at != null) {
      timers.add(at, null);
    }
  }

  private void load(TaskSnapshot row) {
    var group = row.group() == null ? null : tasks.get(row.group());
    var spec =
        Objects.requireNonNull(
            run.spec().tasks().get(row.group() == null ? row.name() : row.group()), row.name());
    var task = new LiveTask(spec, row, group);
    add(task);
    task.points.putAll(run.points().getOrDefault(task.name, Collections.emptySortedMap()));
    if (task.state == TaskState.SUCCEEDED && task.isDeclared()) {
      outputs.put(task.name, task.outputs);
    }
    if (task.dueAt != null && !task.state.isTerminal()) {
      timers.add(task.dueAt, task);
    }
  }

  private void add(LiveTask task) {
    tasks.put(task.name, task);
    if (task.group != null) {
      task.group.instances.add(task);
    }
  }

  /// A new instance of a task.
  LiveTask create(LiveTask group, int index, @Nullable JsonNode item) {
    var instance = new LiveTask(group.spec, TaskSnapshot.instance(group.name, index, item), group);
    add(instance);
    changes.created(instance.name);
    return instance;
  }

  /// Counts all anew: when it is loaded, and after states were set back.
  void recount() {
    open = 0;
    finallyOpen = 0;
    finallyBegun = false;
    for (var task : tasks.values()) {
      task.clearCounts();
    }
    for (var task : tasks.values()) {
      if (!task.isDeclared()) {
        task.countInGroup();
        continue;
      }
      if (!task.state.isTerminal()) {
        if (task.spec.isFinally()) {
          finallyOpen++;
        } else {
          open++;
        }
        for (var successor : task.successors) {
          successor.unmet++;
        }
      }
      finallyBegun |= task.spec.isFinally() && task.state != TaskState.PENDING;
    }
  }

  // What changes it ------------------------------------------------------------------------------

  void moveRun(RunState to, @Nullable String message) {
    Transitions.check(state, to);
    changes.runMoved(state, to, message);
    state = to;
  }

  void move(LiveTask task, TaskState to, @Nullable String reason) {
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

  /// Something happens to the task then, unless it moves before.
  void due(LiveTask task, Instant at) {
    task.dueAt = at;
    timers.add(at, task);
  }

  void end(LiveTask task, TaskState to, @Nullable String reason) {
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

  void succeed(LiveTask task, Map<String, JsonNode> made, @Nullable String reason) {
    task.outputs = made;
    if (task.isDeclared()) {
      outputs.put(task.name, made);
    }
    end(task, TaskState.SUCCEEDED, reason);
  }

  /// It never came to anything, as the run or its group is to stop.
  void cancel(LiveTask task) {
    end(
        task,
        TaskState.CANCELLED,
        task.group != null && task.group.failing && stop == null
            ? "the others cannot make up for what failed"
            : stop == Stop.TIMEOUT ? "the run took too long" : "the run was cancelled");
  }

  /// It has no attempt any more, as it was to stop: for good where the run or its group is to, else
  /// as its study wants.
  void stopped(LiveTask task) {
    if (stopping(task) || !task.leaving) {
      cancel(task);
      return;
    }
    task.leaving = false;
    if (task.trial != null && task.trial.state() == TrialState.PRUNED) {
      end(task, TaskState.PRUNED, LiveStudies.where("stopped early", task));
    } else {
      move(task, TaskState.PENDING, LiveStudies.where("paused", task));
      ended.add(task);
    }
  }

  // What follows from it -------------------------------------------------------------------------

  /// Whether the task is to stop, or not to begin.
  boolean stopping(LiveTask task) {
    if (task.group != null && task.group.failing) {
      return true;
    }
    return task.spec.isFinally() ? stop == Stop.KILL : stop != null;
  }

  /// The declared tasks that failed.
  List<String> failed() {
    return tasks.values().stream()
        .filter(task -> task.isDeclared() && task.state == TaskState.FAILED)
        .map(task -> task.name)
        .toList();
  }

  /// What the run ends as, if it ends as it stands.
  RunState outcome() {
    return stop == Stop.TIMEOUT || (stop == null && !failed().isEmpty())
        ? RunState.FAILED
        : stop != null ? RunState.CANCELLED : RunState.SUCCEEDED;
  }

  // What is stored -------------------------------------------------------------------------------

  /// The changes since the last time.
  Changes take() {
    var taken =
        changes.build(
            state,
            stop,
            paused,
            startedAt,
            retriedAt,
            timers.next(deadline()),
            name -> Objects.requireNonNull(tasks.get(name)).row());
    changes = new Changes.Builder();
    return taken;
  }

  private Map<String, SortedMap<Long, Double>> points() {
    var points = new HashMap<String, SortedMap<Long, Double>>();
    for (var task : tasks.values()) {
      if (!task.points.isEmpty()) {
        points.put(task.name, new TreeMap<>(task.points));
      }
    }
    return points;
  }

  /// All of it, as it would be stored.
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
        retriedAt,
        tasks.values().stream().map(LiveTask::row).toList(),
        points());
  }
}
