package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.TrackedRun;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Shows a run until it has ended: on a terminal the tasks' lines in place, elsewhere a line
/// whenever a task's state changes.
final class Follower {
  private static final Duration FRAME = Duration.ofMillis(100);
  private static final Duration METRICS = Duration.ofSeconds(1);

  /// How often the counts of a run that is too large for a line a task are told.
  private static final Duration COUNTS = Duration.ofSeconds(5);

  private final Pipewright pipewright;
  private final Terminal terminal;
  private final RunView view;
  private final BooleanSupplier serverAlive;
  private final Map<String, String> printed = new HashMap<>();
  private Map<String, TrackedRun> tracked = Map.of();
  private Instant metricsAt = Instant.EPOCH;
  private Map<TaskState, Integer> counted = Map.of();
  private Instant countedAt = Instant.EPOCH;

  /// @param serverAlive false once it is sure that the server will not come back by itself
  Follower(Pipewright pipewright, Terminal terminal, BooleanSupplier serverAlive) {
    this.pipewright = pipewright;
    this.terminal = terminal;
    this.view = new RunView(terminal);
    this.serverAlive = serverAlive;
  }

  PipelineRun follow(PipelineRun first) {
    var latest = new AtomicReference<>(first);
    var end = new CompletableFuture<PipelineRun>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            end.complete(pipewright.runs().follow(first.id(), latest::set));
          } catch (RuntimeException e) {
            end.completeExceptionally(e);
          }
        });
    while (true) {
      var ended = next(end);
      if (ended != null) {
        fetchMetrics(ended);
        show(ended);
        terminal.keep();
        return ended;
      }
      if (!serverAlive.getAsBoolean()) {
        throw new ProblemException(
            ProblemCode.SERVER_FAILED,
            "The server ended while the run was under way.",
            "Start it again with ./pipewright up: the run goes on from where it was.");
      }
      if (metricsAt.plus(METRICS).isBefore(Instant.now())) {
        fetchMetrics(latest.get());
      }
      show(latest.get());
    }
  }

  private static @Nullable PipelineRun next(CompletableFuture<PipelineRun> end) {
    try {
      return end.get(FRAME.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while following a run", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ProblemException problem) {
        throw problem;
      }
      throw new CompletionException(e.getCause());
    }
  }

  private void show(PipelineRun run) {
    var now = Instant.now();
    if (terminal.live()) {
      terminal.draw(view.lines(run, tracked, now));
      return;
    }
    boolean due = run.state().isTerminal() || countedAt.plus(COUNTS).isBefore(now);
    if (!run.complete() && due && !run.counts().equals(counted)) {
      counted = run.counts();
      countedAt = now;
      terminal.line("  " + RunView.counts(counted));
    }
    boolean fetched = false;
    int width = run.tasks().stream().mapToInt(task -> task.name().length()).max().orElse(0);
    for (var task : run.tasks()) {
      var state = task.state() + " " + task.attempts().size();
      var before = printed.put(task.name(), state);
      boolean worthALine = before == null ? !task.attempts().isEmpty() : !before.equals(state);
      if (worthALine) {
        if (task.state().isTerminal() && !task.attempts().isEmpty() && !fetched) {
          fetchMetrics(run);
          fetched = true;
        }
        terminal.line(view.line(task, width, tracked, now));
      }
    }
  }

  private void fetchMetrics(PipelineRun run) {
    metricsAt = Instant.now();
    if (!run.complete()) {
      return; // Numbers of thousands of tasks tell nobody anything.
    }
    try {
      List<TrackedRun> runs = pipewright.trackedRuns().ofPipelineRun(run.id());
      var byId = new HashMap<String, TrackedRun>();
      runs.forEach(one -> byId.put(one.id(), one));
      tracked = byId;
    } catch (ProblemException e) {
      // Numbers beside a task are an extra. A server that is really gone is noticed by who follows
      // the run.
      metricsAt = Instant.now().plus(METRICS);
    }
  }
}
