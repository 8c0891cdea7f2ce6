package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Params;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.run.RunSnapshot.AttemptSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.Ending;
import dev.pipewright.orchestrator.run.RunSnapshot.Measured;
import dev.pipewright.orchestrator.run.RunSnapshot.Outcome;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.TrialMark;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A run in memory for tests. It stores what is decided as rows, as the store does, and can forget
/// everything but these rows at any time.
final class Runs {
  private static final UUID ID = new UUID(0, 1);

  private final PipelineSpec spec;
  private final Map<String, JsonNode> params;
  private final Map<String, TaskSnapshot> rows = new LinkedHashMap<>();
  private final Map<UUID, AttemptSnapshot> attempts = new LinkedHashMap<>();
  private final Map<UUID, String> tasksOfAttempts = new HashMap<>();
  private final Map<String, UUID> newest = new HashMap<>();
  private final Map<String, Map<String, JsonNode>> inputs = new HashMap<>();
  private final List<Consumer<LiveRun>> pending = new ArrayList<>();
  private final List<Changes.Line> lines = new ArrayList<>();
  private final Map<String, Map<String, JsonNode>> cache = new HashMap<>();
  private final Map<String, SortedMap<Long, Double>> points = new HashMap<>();
  private RunState state = RunState.QUEUED;
  private RunSnapshot.@Nullable Stop stop;
  private boolean paused;
  private @Nullable String message;
  private @Nullable Instant startedAt;
  private @Nullable Instant retriedAt;
  private @Nullable Instant nextTimer;
  private @Nullable Map<String, JsonNode> outputs;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private @Nullable LiveRun live;

  private Runs(PipelineSpec spec, Map<String, JsonNode> params) {
    this.spec = spec;
    this.params = params;
    spec.tasks()
        .keySet()
        .forEach(name ->
            rows.put(
                name,
                new TaskSnapshot(
                    name,
                    null,
                    0,
                    null,
                    TaskState.PENDING,
                    null,
                    false,
                    Map.of(),
                    0,
                    0,
                    null,
                    null,
                    null)));
  }

  static Runs of(String pipeline) {
    return of(PipelineLanguage.require(pipeline), Map.of());
  }

  static Runs of(PipelineSpec spec, Map<String, JsonNode> params) {
    return new Runs(spec, Params.resolve(spec, params));
  }

  /// Lets the engine know all that happened, and stores what it decides.
  ///
  /// @return whether it decided anything
  boolean step() {
    var run = live == null ? new LiveRun(rows()) : live;
    pending.forEach(each -> each.accept(run));
    pending.clear();
    while (true) {
      run.decide(now, true);
      var withdrawing = run.withdrawing();
      if (!withdrawing.isEmpty()) {
        var withdrawn = new HashSet<UUID>();
        for (var id : withdrawing) {
          var attempt = Objects.requireNonNull(attempts.get(id), "unknown attempt");
          if (attempt.state() == AttemptState.QUEUED) {
            withdrawn.add(id);
          }
        }
        run.withdrawn(withdrawn, now);
        run.notWithdrawn(withdrawing.stream().filter(id -> !withdrawn.contains(id)).toList());
        continue;
      }
      var hits = new HashMap<UUID, Changes.Hit>();
      for (var attempt : run.starting()) {
        var known = cache.get(attempt.spec().name());
        if (known != null) {
          hits.put(attempt.id(), new Changes.Hit(new UUID(0, 9), known, "run #1"));
        }
      }
      if (hits.isEmpty()) {
        break;
      }
      run.cached(hits);
    }
    var changes = run.take();
    store(changes);
    live = run;
    assertThat(run.take().isEmpty()).as("taken changes come again").isTrue();
    assertThat(run.snapshot()).as("what is kept is what is stored").isEqualTo(rows());
    return !changes.isEmpty();
  }

  private RunSnapshot rows() {
    var declared = rows.values().stream().filter(row -> row.group() == null).toList();
    var ordered = new ArrayList<TaskSnapshot>();
    for (var row : declared) {
      ordered.add(stored(row));
    }
    // Instances come in the order in which they were made.
    rows.values().stream()
        .filter(row -> row.group() != null)
        .forEach(row -> ordered.add(stored(row)));
    return new RunSnapshot(
        ID,
        7,
        0,
        state,
        stop,
        paused,
        spec,
        params,
        null,
        startedAt,
        retriedAt,
        ordered,
        copy(points));
  }

  private TaskSnapshot stored(TaskSnapshot row) {
    var id = newest.get(row.name());
    return new TaskSnapshot(
        row.name(),
        row.group(),
        row.index(),
        row.item(),
        row.state(),
        row.reason(),
        row.conditionFalse(),
        row.outputs(),
        row.userFailures(),
        row.systemFailures(),
        row.dueAt(),
        id == null ? null : known(Objects.requireNonNull(attempts.get(id))),
        row.trial());
  }

  /// That an attempt is being launched is not the engine's business.
  private static AttemptSnapshot known(AttemptSnapshot attempt) {
    return attempt;
  }

  private void store(Changes changes) {
    for (var move : changes.moves()) {
      assertThat(move.from()).isEqualTo(state);
      Transitions.check(move.from(), move.to());
      state = move.to();
      message = move.message();
    }
    assertThat(changes.state()).isEqualTo(state);
    stop = changes.stop();
    paused = changes.paused();
    startedAt = changes.startedAt();
    retriedAt = changes.retriedAt();
    nextTimer = changes.nextTimer();
    if (changes.outputs() != null) {
      outputs = changes.outputs();
    }
    changes
        .created()
        .forEach(row -> {
          assertThat(rows.putIfAbsent(row.name(), row)).as(row.name()).isNull();
        });
    changes.updated().forEach(row -> assertThat(rows.replace(row.name(), row)).isNotNull());
    changes.running().forEach(each -> move(each.id(), AttemptState.RUNNING));
    changes.ended().forEach(each -> move(each.id(), each.to()));
    for (var attempt : changes.started()) {
      var before = newest.put(attempt.task(), attempt.id());
      if (before != null) {
        assertThat(Objects.requireNonNull(attempts.get(before)).state().isTerminal())
            .as("one attempt at a time: " + attempt.task())
            .isTrue();
      }
      assertThat(
              attempts.put(
                  attempt.id(),
                  new AttemptSnapshot(attempt.id(), attempt.number(), attempt.state(), false)))
          .isNull();
      tasksOfAttempts.put(attempt.id(), attempt.task());
      inputs.put(attempt.task(), attempt.inputs());
    }
    changes
        .stopped()
        .forEach(each -> {
          var attempt = Objects.requireNonNull(attempts.get(each.id()));
          attempts.put(
              each.id(), new AttemptSnapshot(each.id(), attempt.number(), attempt.state(), true));
        });
    for (var point : changes.points()) {
      var before =
          points
              .computeIfAbsent(point.task(), task -> new TreeMap<>())
              .put(point.step(), point.value());
      assertThat(before).as("a point counts once").isNull();
    }
    lines.addAll(changes.lines());
  }

  private void move(UUID id, AttemptState to) {
    var attempt = Objects.requireNonNull(attempts.get(id));
    Transitions.check(attempt.state(), to);
    attempts.put(id, new AttemptSnapshot(id, attempt.number(), to, attempt.stopRequested()));
  }

  private static Map<String, SortedMap<Long, Double>> copy(
      Map<String, SortedMap<Long, Double>> points) {
    var copy = new HashMap<String, SortedMap<Long, Double>>();
    points.forEach((task, each) -> copy.put(task, new TreeMap<>(each)));
    return copy;
  }

  /// Loses all that was not stored, as when the server is killed.
  Runs forget() {
    live = null;
    return this;
  }

  // What happens ---------------------------------------------------------------------------------

  Runs wait(Duration duration) {
    now = now.plus(duration);
    return this;
  }

  /// To when something happens by itself.
  ///
  /// @return false when nothing will
  boolean waitForTimer() {
    if (nextTimer == null) {
      return false;
    }
    now = nextTimer.isAfter(now) ? nextTimer : now;
    return true;
  }

  Runs cancel() {
    pending.add(run -> run.stop(RunSnapshot.Stop.CANCEL, now));
    return this;
  }

  Runs pause(boolean yes) {
    pending.add(run -> run.pause(yes, now));
    return this;
  }

  Runs retry() {
    pending.add(run -> run.retry(now));
    return this;
  }

  Runs answer(String task, boolean approved, Map<String, JsonNode> given) {
    pending.add(run -> run.answer(task, approved, given, "ada", "fine", now));
    return this;
  }

  Runs cached(String task, Map<String, JsonNode> made) {
    cache.put(task, made);
    return this;
  }

  /// A launcher takes it.
  Runs claimed(String task) {
    var id = attemptId(task);
    var attempt = Objects.requireNonNull(attempts.get(id));
    if (attempt.state() == AttemptState.QUEUED) {
      attempts.put(
          id,
          new AttemptSnapshot(
              id, attempt.number(), AttemptState.LAUNCHING, attempt.stopRequested()));
      // What is kept in memory does not know it.
      live = null;
    }
    return this;
  }

  Runs started(String task) {
    return report(new Report.Started(attemptId(task), now));
  }

  Runs succeeded(String task, Object... made) {
    var values = new LinkedHashMap<String, JsonNode>();
    for (int i = 0; i < made.length; i += 2) {
      values.put((String) made[i], Json.MAPPER.valueToTree(made[i + 1]));
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
    return report(new Report.Finished(attemptId(task), now, outcome, ending));
  }

  /// The trial logs its study's metric.
  Runs logged(String task, long step, double value) {
    var measured = new Measured(task, new TreeMap<>(Map.of(step, value)));
    pending.add(run -> run.hear(measured, now));
    return this;
  }

  Runs report(Report report) {
    pending.add(run -> run.hear(report, now));
    return this;
  }

  // What is known --------------------------------------------------------------------------------

  UUID attemptId(String task) {
    return Objects.requireNonNull(newest.get(task), "no attempt of " + task);
  }

  RunState state() {
    return state;
  }

  @Nullable String message() {
    return message;
  }

  @Nullable Map<String, JsonNode> outputs() {
    return outputs;
  }

  TaskState state(String task) {
    return Objects.requireNonNull(rows.get(task), task).state();
  }

  @Nullable String reason(String task) {
    return Objects.requireNonNull(rows.get(task), task).reason();
  }

  int attempt(String task) {
    var id = newest.get(task);
    return id == null ? 0 : Objects.requireNonNull(attempts.get(id)).number();
  }

  /// Of its newest attempt.
  Map<String, JsonNode> inputs(String task) {
    return Objects.requireNonNull(inputs.get(task), "no attempt of " + task);
  }

  boolean stopRequested(String task) {
    return Objects.requireNonNull(attempts.get(attemptId(task))).stopRequested();
  }

  Map<String, TaskSnapshot> tasks() {
    return rows;
  }

  /// What counts of what a trial has logged.
  SortedMap<Long, Double> points(String task) {
    return points.getOrDefault(task, Collections.emptySortedMap());
  }

  @Nullable TrialMark trial(String task) {
    return Objects.requireNonNull(rows.get(task), task).trial();
  }

  /// Tasks with an attempt that has not ended.
  Set<String> active() {
    var active = new HashSet<String>();
    attempts.forEach((id, attempt) -> {
      if (!attempt.state().isTerminal()) {
        active.add(Objects.requireNonNull(tasksOfAttempts.get(id)));
      }
    });
    return active;
  }

  List<Changes.Line> lines() {
    return lines;
  }
}
