package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.run.RunSnapshot.Ending;
import dev.pipewright.orchestrator.run.RunSnapshot.Stop;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What one step of the engine changed in a run, to be stored in one transaction.
///
/// @param moves of the run itself, in order; empty for most steps
/// @param nextTimer when the run must be looked at even if nothing happens
/// @param created instances that are new
/// @param updated tasks that changed, as they are now
/// @param lines of the history, in order
/// @param outputs of the run, once it succeeded
/// @param points that trials have logged and that count
/// @param cachedFrom by task, the attempt whose outputs it took
record Changes(
    RunState state,
    @Nullable Stop stop,
    boolean paused,
    @Nullable Instant startedAt,
    @Nullable Instant retriedAt,
    @Nullable Instant nextTimer,
    List<RunMove> moves,
    List<TaskSnapshot> created,
    List<TaskSnapshot> updated,
    List<StartedAttempt> started,
    List<RunningAttempt> running,
    List<EndedAttempt> ended,
    List<StoppedAttempt> stopped,
    List<Line> lines,
    List<Point> points,
    Map<String, UUID> cachedFrom,
    @Nullable Map<String, JsonNode> outputs,
    boolean runChanged) {

  record RunMove(RunState from, RunState to, @Nullable String message) {}

  /// A new attempt: the intent is durable before anything is launched.
  ///
  /// @param state RUNNING for a call of a pipeline, whose run is made with it; otherwise QUEUED
  record StartedAttempt(
      UUID id,
      String task,
      int number,
      AttemptState state,
      TaskSpec spec,
      Map<String, JsonNode> inputs) {

    /// Whether its work is another pipeline's run.
    boolean isCall() {
      return spec.work() instanceof Work.Call;
    }

    /// That run.
    UUID child() {
      return Changes.child(id);
    }
  }

  /// The run that is the work of an attempt which calls a pipeline.
  static UUID child(UUID attempt) {
    return Ids.uuid("call", attempt.toString());
  }

  record RunningAttempt(UUID id, Instant at) {}

  record EndedAttempt(
      UUID id, AttemptState to, @Nullable FailureKind failure, Ending ending, Instant at) {}

  /// @param call whether it is a pipeline run of its own
  record StoppedAttempt(UUID id, boolean call) {}

  /// One line of the run's history.
  ///
  /// @param task null for the run itself
  record Line(
      @Nullable String task,
      @Nullable Integer attempt,
      String from,
      String to,
      @Nullable String reason) {}

  /// What a trial has reached on the way.
  record Point(String task, long step, double value) {}

  /// Outputs that are known already.
  ///
  /// @param where the run and task they come from, for people
  record Hit(UUID attempt, Map<String, JsonNode> outputs, String where) {}

  boolean isEmpty() {
    return !runChanged
        && lines.isEmpty()
        && points.isEmpty()
        && created.isEmpty()
        && updated.isEmpty()
        && started.isEmpty()
        && running.isEmpty()
        && ended.isEmpty()
        && stopped.isEmpty();
  }

  /// Collects changes while the engine decides.
  static final class Builder {
    private final List<RunMove> moves = new ArrayList<>(2);
    private final Set<String> created = new LinkedHashSet<>();
    private final Set<String> touched = new LinkedHashSet<>();
    private final Map<UUID, StartedAttempt> started = new LinkedHashMap<>();
    private final List<RunningAttempt> running = new ArrayList<>();
    private final List<EndedAttempt> ended = new ArrayList<>();
    private final List<StoppedAttempt> stopped = new ArrayList<>();
    private final List<Line> lines = new ArrayList<>();
    private final List<Point> points = new ArrayList<>();
    private final Map<String, UUID> cachedFrom = new HashMap<>();
    private @Nullable Map<String, JsonNode> outputs;
    private boolean runChanged;

    void outputs(Map<String, JsonNode> made) {
      outputs = made;
    }

    void runMoved(RunState from, RunState to, @Nullable String message) {
      moves.add(new RunMove(from, to, message));
      line(null, null, from, to, message);
    }

    void runChanged() {
      runChanged = true;
    }

    void line(
        @Nullable String task,
        @Nullable Integer attempt,
        Enum<?> from,
        Enum<?> to,
        @Nullable String reason) {
      lines.add(new Line(task, attempt, from.name(), to.name(), reason));
    }

    void moved(String task, Line line) {
      lines.add(line);
      touched.add(task);
    }

    void point(String task, long step, double value) {
      points.add(new Point(task, step, value));
    }

    void touch(String task) {
      touched.add(task);
    }

    void created(String task) {
      created.add(task);
    }

    void start(StartedAttempt attempt) {
      started.put(attempt.id(), attempt);
    }

    /// @return whether it was about to start
    boolean unstart(UUID attempt) {
      return started.remove(attempt) != null;
    }

    List<StartedAttempt> started() {
      return List.copyOf(started.values());
    }

    void cached(String task, UUID from) {
      cachedFrom.put(task, from);
    }

    void running(UUID attempt, Instant at) {
      running.add(new RunningAttempt(attempt, at));
    }

    void ended(
        UUID attempt, AttemptState to, @Nullable FailureKind failure, Ending ending, Instant at) {
      ended.add(new EndedAttempt(attempt, to, failure, ending, at));
    }

    void stop(UUID attempt, boolean call) {
      stopped.add(new StoppedAttempt(attempt, call));
    }

    Changes build(
        RunState state,
        @Nullable Stop stop,
        boolean paused,
        @Nullable Instant startedAt,
        @Nullable Instant retriedAt,
        @Nullable Instant nextTimer,
        Function<String, TaskSnapshot> row) {
      touched.removeAll(created);
      return new Changes(
          state,
          stop,
          paused,
          startedAt,
          retriedAt,
          nextTimer,
          List.copyOf(moves),
          created.stream().map(row).toList(),
          touched.stream().map(row).toList(),
          List.copyOf(started.values()),
          List.copyOf(running),
          List.copyOf(ended),
          List.copyOf(stopped),
          List.copyOf(lines),
          List.copyOf(points),
          Map.copyOf(cachedFrom),
          outputs,
          runChanged);
    }
  }
}
