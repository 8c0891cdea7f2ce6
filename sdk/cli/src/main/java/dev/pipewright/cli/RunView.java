package dev.pipewright.cli;

import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.TrackedRun;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// How a pipeline run looks in the terminal: a line a task.
final class RunView {
  private static final int METRICS_SHOWN = 3;

  private final Terminal terminal;

  RunView(Terminal terminal) {
    this.terminal = terminal;
  }

  /// @param tracked the attempts' tracked runs by id, as far as they are known
  List<String> lines(PipelineRun run, Map<String, TrackedRun> tracked, Instant now) {
    var lines = new ArrayList<>(lines(run.tasks(), tracked, now));
    if (!run.complete()) {
      lines.add("  all: " + counts(run.counts()));
      run.groups().forEach(group -> lines.add("  " + group.name() + ": " + counts(group.counts())));
    }
    return lines;
  }

  List<String> lines(List<PipelineRun.Task> tasks, Map<String, TrackedRun> tracked, Instant now) {
    int width = tasks.stream().mapToInt(task -> task.name().length()).max().orElse(0);
    return tasks.stream().map(task -> line(task, width, tracked, now)).toList();
  }

  /// `10,000 tasks, 12 failed, 4,312 succeeded`.
  static String counts(Map<TaskState, Integer> counts) {
    int all = counts.values().stream().mapToInt(Integer::intValue).sum();
    return String.format(
        Locale.ROOT,
        "%,d tasks%s",
        all,
        new TreeMap<>(counts)
            .entrySet().stream()
                .map(entry ->
                    String.format(Locale.ROOT, ", %,d %s", entry.getValue(), word(entry.getKey())))
                .collect(Collectors.joining()));
  }

  String line(PipelineRun.Task task, int width, Map<String, TrackedRun> tracked, Instant now) {
    // A format's width counts the colour codes too, so what is coloured is padded before.
    var state = "%-15s".formatted(word(task.state()));
    return "  %s %s  %s %10s  %s"
        .formatted(
            mark(task.state(), now),
            pad(task.name(), width),
            coloured(task.state(), state),
            took(task, now),
            what(task, tracked))
        .stripTrailing();
  }

  /// One word for each state, everywhere.
  static String word(TaskState state) {
    return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  static String metric(TrackedRun.LatestMetric metric) {
    return metric.key() + " " + number(metric.value());
  }

  static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e6) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
    return String.format(Locale.ROOT, "%.4g", value);
  }

  private String mark(TaskState state, Instant now) {
    return switch (state) {
      case PENDING, READY -> terminal.dim(terminal.picture("·", "."));
      case RUNNING -> terminal.blue(terminal.live() ? Spinner.frame(terminal, now) : ">");
      case RETRYING -> terminal.yellow(terminal.picture("↻", "~"));
      case WAITING -> terminal.yellow(terminal.picture("?", "?"));
      case SUCCEEDED -> terminal.green(terminal.picture("✓", "+"));
      case FAILED -> terminal.red(terminal.picture("✗", "x"));
      case SKIPPED, UPSTREAM_FAILED, CANCELLED, PRUNED -> terminal.dim(terminal.picture("○", "-"));
    };
  }

  private String coloured(TaskState state, String text) {
    return switch (state) {
      case PENDING, READY, SKIPPED, UPSTREAM_FAILED, CANCELLED, PRUNED -> terminal.dim(text);
      case RUNNING -> terminal.blue(text);
      case RETRYING, WAITING -> terminal.yellow(text);
      case SUCCEEDED -> terminal.green(text);
      case FAILED -> terminal.red(text);
    };
  }

  private static String took(PipelineRun.Task task, Instant now) {
    if (task.startedAt() == null) {
      return "";
    }
    return Durations.text(
        Duration.between(task.startedAt(), task.endedAt() == null ? now : task.endedAt()));
  }

  private String what(PipelineRun.Task task, Map<String, TrackedRun> tracked) {
    var metrics =
        task.attempts().isEmpty() ? null : tracked.get(task.attempts().getLast().trackedRunId());
    var shown = newest(metrics);
    var reason = task.reason() == null || task.state() == TaskState.SUCCEEDED ? "" : task.reason();
    var attempt = task.attempts().size() > 1 ? "attempt " + task.attempts().size() : "";
    return terminal.dim(
        List.of(attempt, shown, reason).stream()
            .filter(part -> !part.isEmpty())
            .collect(Collectors.joining(", ")));
  }

  /// The metrics that moved last; those of the machine would hide the model's.
  private static String newest(@Nullable TrackedRun run) {
    if (run == null) {
      return "";
    }
    return run.metrics().stream()
        .filter(metric -> !metric.key().startsWith("system/"))
        .sorted(
            Comparator.comparing(TrackedRun.LatestMetric::timestamp)
                .reversed()
                .thenComparing(TrackedRun.LatestMetric::key))
        .limit(METRICS_SHOWN)
        .map(RunView::metric)
        .collect(Collectors.joining(", "));
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
