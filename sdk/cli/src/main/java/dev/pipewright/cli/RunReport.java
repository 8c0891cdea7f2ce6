package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.client.TaskFilter;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.ModelVersion;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.TrackedRun;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/// What is said when a run has ended: what it measured, the model it made, where to look; or what
/// failed, and the end of that task's log.
final class RunReport {
  private static final int LOG_LINES = 20;
  private static final int LOG_TRIES = 10;
  private static final Duration BETWEEN_TRIES = Duration.ofMillis(300);
  private static final int MOST_FAILURES = 5;

  private final Pipewright pipewright;
  private final Terminal terminal;
  private final String url;

  RunReport(Pipewright pipewright, Terminal terminal, String url) {
    this.pipewright = pipewright;
    this.terminal = terminal;
    this.url = url;
  }

  void print(PipelineRun run) {
    terminal.line("");
    terminal.line(summary(run));
    if (run.state() == RunState.SUCCEEDED) {
      success(run);
    } else {
      failures(run);
    }
    terminal.line("");
    terminal.line("  run    " + url + "/pipeline-runs/" + run.id());
  }

  private String summary(PipelineRun run) {
    var state = run.state().name().toLowerCase(Locale.ROOT);
    var took =
        run.startedAt() == null || run.endedAt() == null
            ? ""
            : " after " + Durations.text(Duration.between(run.startedAt(), run.endedAt()));
    var why = run.message() == null ? "" : ": " + run.message();
    var text = "%s version %d %s%s%s".formatted(run.pipeline(), run.version(), state, took, why);
    return run.state() == RunState.SUCCEEDED ? terminal.green(text) : terminal.red(text);
  }

  private void success(PipelineRun run) {
    measured(run)
        .ifPresent(tracked -> {
          terminal.line("");
          terminal.line("  measured on the test part by " + tracked.name());
          var metrics =
              tracked.metrics().stream()
                  .filter(metric -> !metric.key().startsWith("system/"))
                  .toList();
          int width = metrics.stream().mapToInt(metric -> metric.key().length()).max().orElse(1);
          metrics.forEach(metric ->
              terminal.line(
                  ("    %-" + width + "s  %s")
                      .formatted(metric.key(), RunView.number(metric.value()))));
        });
    var model = registered(run);
    if (model.isPresent()) {
      terminal.line("");
      var version = model.get();
      var aliases =
          version.aliases().isEmpty() ? "" : " (" + String.join(", ", version.aliases()) + ")";
      terminal.line(
          "  model  %s version %d%s"
              .formatted(terminal.bold(version.name()), version.version(), aliases));
      terminal.line("         %s/models/%s".formatted(url, version.name()));
    } else if (run.tasks().stream()
        .anyMatch(task -> task.kind().startsWith("pipewright/register"))) {
      terminal.line("");
      terminal.line("  no model was registered");
      run.tasks().stream()
          .filter(task -> task.state() == TaskState.SKIPPED && task.reason() != null)
          .forEach(task -> terminal.line("    " + task.name() + " was skipped: " + task.reason()));
    }
  }

  /// The tracked run of the task that evaluates.
  private Optional<TrackedRun> measured(PipelineRun run) {
    return run.tasks().stream()
        .filter(task -> task.kind().startsWith("pipewright/evaluate"))
        .filter(task -> task.state() == TaskState.SUCCEEDED && !task.attempts().isEmpty())
        .findFirst()
        .map(task -> pipewright.trackedRuns().get(task.attempts().getLast().trackedRunId()));
  }

  /// The model version whose lineage names this run; one registered just now is at the top.
  private Optional<ModelVersion> registered(PipelineRun run) {
    return pipewright.models().list(null).items().stream()
        .map(model -> model.latest())
        .filter(Objects::nonNull)
        .filter(version -> run.id().equals(version.lineage().pipelineRunId()))
        .findFirst();
  }

  private void failures(PipelineRun run) {
    if (run.complete()) {
      run.tasks().stream().filter(task -> task.state() == TaskState.FAILED).forEach(this::failure);
      return;
    }
    var failed =
        pipewright.runs().tasks(run.id(), TaskFilter.newest(TaskState.FAILED), MOST_FAILURES, null);
    failed.items().forEach(this::failure);
    int more = run.counts().getOrDefault(TaskState.FAILED, 0) - failed.items().size();
    if (more > 0) {
      terminal.line("");
      terminal.line("  and %,d more".formatted(more));
    }
  }

  private void failure(PipelineRun.Task task) {
    terminal.line("");
    var failed =
        task.attempts().stream()
            .filter(attempt -> attempt.state() == AttemptState.FAILED)
            .reduce((_, last) -> last);
    if (failed.isEmpty()) {
      terminal.line("  " + terminal.red(task.name()) + " failed");
      return;
    }
    var attempt = failed.get();
    terminal.line(
        "  %s failed in attempt %d: %s: %s"
            .formatted(
                terminal.red(task.name()),
                attempt.number(),
                Objects.requireNonNullElse(attempt.code(), "TASK_CRASHED"),
                Objects.requireNonNullElse(attempt.message(), "see its log")));
    var log = log(attempt.trackedRunId());
    if (!log.isEmpty()) {
      terminal.line("  the last lines of its log:");
      log.forEach(line -> terminal.line("    " + line));
    }
  }

  private List<String> log(String trackedRunId) {
    for (int left = LOG_TRIES; ; left--) {
      try {
        return pipewright.trackedRuns().lastLogs(trackedRunId, LOG_LINES).stream()
            .map(line -> line.text())
            .toList();
      } catch (ProblemException e) {
        // What a task says takes another way than how it ended, and may come after it.
        if (left == 0 || e.problem().status() != 404 || !paused()) {
          return List.of("(the log cannot be read: " + e.getMessage() + ")");
        }
      }
    }
  }

  private static boolean paused() {
    try {
      Thread.sleep(BETWEEN_TRIES);
      return true;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
