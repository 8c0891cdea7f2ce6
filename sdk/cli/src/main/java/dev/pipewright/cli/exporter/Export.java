package dev.pipewright.cli.exporter;

import com.fasterxml.jackson.databind.ObjectReader;
import dev.pipewright.client.TrackedRuns;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Experiment;
import dev.pipewright.contract.api.TrackedRun;
import dev.pipewright.contract.api.TrackedRun.LatestMetric;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Writes runs into a folder: a table `runs` with a row a run, and a table `metrics` with a row a
/// point.
///
/// All is written beside the folder first and moved into its place at the end: the folder is there
/// and complete, or it is not there. The runs lie in a file until all their names of params, tags
/// and metrics are known, which are the table's columns.
public final class Export {
  /// What a call answers of a metric's points.
  private static final int POINTS = 200_000;

  /// How many points of a long metric say where it is cut.
  private static final int OUTLINE = 2_000;

  /// More are of no use to anybody: a spreadsheet takes 16,384.
  private static final int MOST_COLUMNS = 10_000;

  private static final ObjectReader RUN = Json.MAPPER.readerFor(TrackedRun.class);

  private static final List<Column> POINT =
      List.of(
          new Column("run_id", Column.Type.TEXT),
          new Column("key", Column.Type.TEXT),
          new Column("step", Column.Type.WHOLE),
          new Column("timestamp", Column.Type.TIME),
          new Column("value", Column.Type.NUMBER));

  private static final List<Column> RUN_ITSELF =
      List.of(
          new Column("run_id", Column.Type.TEXT),
          new Column("name", Column.Type.TEXT),
          new Column("experiment_id", Column.Type.TEXT),
          new Column("experiment", Column.Type.TEXT),
          new Column("status", Column.Type.TEXT),
          new Column("message", Column.Type.TEXT),
          new Column("start_time", Column.Type.TIME),
          new Column("end_time", Column.Type.TIME),
          new Column("parent_run_id", Column.Type.TEXT),
          new Column("pipeline", Column.Type.TEXT),
          new Column("pipeline_version", Column.Type.WHOLE),
          new Column("pipeline_run_id", Column.Type.TEXT),
          new Column("task", Column.Type.TEXT),
          new Column("attempt", Column.Type.WHOLE));

  private final TrackedRuns server;
  private final Format format;
  private final Path out;
  private final Path partial;
  private final Consumer<ExportReport> progress;
  private final ExportReport report = new ExportReport();
  private final SortedSet<String> metrics = new TreeSet<>();
  private final SortedSet<String> params = new TreeSet<>();
  private final SortedSet<String> tags = new TreeSet<>();

  public enum Format {
    CSV,
    PARQUET;

    String file(String table) {
      return table + "." + name().toLowerCase(Locale.ROOT);
    }
  }

  /// @param out a folder that is empty or not there yet
  /// @param progress is told after every step
  public Export(TrackedRuns server, Format format, Path out, Consumer<ExportReport> progress) {
    this.server = server;
    this.format = format;
    this.out = out.toAbsolutePath().normalize();
    this.partial = this.out.resolveSibling("." + this.out.getFileName() + ".partial");
    this.progress = progress;
  }

  /// @throws ProblemException RUN_NOT_FOUND
  public ExportReport run(String id) {
    var run = server.get(id);
    return write(runs -> add(runs, run));
  }

  /// @param nameOrId an experiment's name, or the id of one if none has that name
  /// @throws ProblemException EXPERIMENT_NOT_FOUND
  public ExportReport experiment(String nameOrId) {
    var name = name(nameOrId);
    return write(runs -> {
      @Nullable String after = null;
      do {
        var page = server.ofExperiment(name, after);
        for (var run : page.items()) {
          add(runs, run);
        }
        progress.accept(report);
        after = page.next();
      } while (after != null);
    });
  }

  private String name(String nameOrId) {
    var experiments = new ArrayList<Experiment>();
    @Nullable String after = null;
    do {
      var page = server.experiments(after);
      experiments.addAll(page.items());
      after = page.next();
    } while (after != null);
    return experiments.stream()
        .map(Experiment::name)
        .filter(nameOrId::equals)
        .findFirst()
        .or(() ->
            experiments.stream()
                .filter(experiment -> experiment.id().equals(nameOrId))
                .map(Experiment::name)
                .findFirst())
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.EXPERIMENT_NOT_FOUND,
                "No experiment has the name or the id '" + nameOrId + "'."));
  }

  @FunctionalInterface
  private interface Source {
    void writeTo(BufferedWriter runs) throws IOException;
  }

  private void add(BufferedWriter runs, TrackedRun run) throws IOException {
    report.found(1);
    run.metrics().forEach(metric -> metrics.add(metric.key()));
    params.addAll(run.params().keySet());
    tags.addAll(run.tags().keySet());
    runs.write(Json.MAPPER.writeValueAsString(run));
    runs.write('\n');
  }

  private ExportReport write(Source source) {
    try {
      requireEmpty();
      delete(partial);
      Files.createDirectories(partial);
      try {
        var runs = partial.resolve("runs.json");
        try (var writer = Files.newBufferedWriter(runs)) {
          source.writeTo(writer);
        }
        runs(runs);
        points(runs);
        Files.delete(runs);
        Files.move(partial, out, StandardCopyOption.ATOMIC_MOVE);
        return report;
      } finally {
        delete(partial);
      }
    } catch (IOException | UncheckedIOException e) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          out + " cannot be written: " + e.getMessage(),
          "Give a folder on a disk with room that you may write to.");
    }
  }

  private void requireEmpty() throws IOException {
    if (!Files.exists(out)) {
      return;
    }
    if (Files.isDirectory(out)) {
      try (var entries = Files.list(out)) {
        if (entries.findAny().isEmpty()) {
          return;
        }
      }
    }
    throw new ProblemException(
        ProblemCode.INPUT_INVALID,
        out + " is there already, and not an empty folder.",
        "Give a new folder, or remove this one first.");
  }

  /// Our own unfinished work, also that of an export that was killed.
  private static void delete(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private void runs(Path runs) throws IOException {
    int many = RUN_ITSELF.size() + metrics.size() + params.size() + tags.size();
    if (many > MOST_COLUMNS) {
      throw new ProblemException(
          ProblemCode.PAYLOAD_TOO_LARGE,
          "The %d runs have %d metrics, %d params and %d tags of different names; a table has at most %d columns."
              .formatted(report.found(), metrics.size(), params.size(), tags.size(), MOST_COLUMNS),
          "Export the runs one by one.");
    }
    var columns = new ArrayList<>(RUN_ITSELF);
    metrics.forEach(key -> columns.add(new Column("metrics." + key, Column.Type.NUMBER)));
    params.forEach(key -> columns.add(new Column("params." + key, Column.Type.TEXT)));
    tags.forEach(key -> columns.add(new Column("tags." + key, Column.Type.TEXT)));
    try (var table = Table.create(format, partial.resolve(format.file("runs")), columns);
        var lines = Files.newBufferedReader(runs)) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        table.row(row(RUN.readValue(line), many));
      }
    }
  }

  private @Nullable Object[] row(TrackedRun run, int columns) {
    var row = new ArrayList<@Nullable Object>(columns);
    row.add(run.id());
    row.add(run.name());
    row.add(run.experimentId());
    row.add(run.experiment());
    row.add(run.status().name());
    row.add(run.message());
    row.add(run.startTime().toEpochMilli());
    row.add(run.endTime() == null ? null : run.endTime().toEpochMilli());
    row.add(run.parentRunId());
    var source = run.pipeline();
    row.add(source == null ? null : source.pipeline());
    row.add(source == null ? null : (long) source.version());
    row.add(source == null ? null : source.pipelineRunId());
    row.add(source == null ? null : source.task());
    row.add(source == null || source.attempt() == null ? null : source.attempt().longValue());
    var latest = run.metrics().iterator(); // sorted as the columns are
    var next = latest.hasNext() ? latest.next() : null;
    for (var key : metrics) {
      if (next != null && next.key().equals(key)) {
        row.add(next.value());
        next = latest.hasNext() ? latest.next() : null;
      } else {
        row.add(null);
      }
    }
    params.forEach(key -> row.add(run.params().get(key)));
    tags.forEach(key -> row.add(run.tags().get(key)));
    return row.toArray();
  }

  private void points(Path runs) throws IOException {
    try (var table = Table.create(format, partial.resolve(format.file("metrics")), POINT);
        var lines = Files.newBufferedReader(runs)) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        TrackedRun run = RUN.readValue(line);
        for (var metric : run.metrics()) {
          try {
            points(table, run.id(), metric);
          } catch (ProblemException e) {
            if (e.problem().status() != 404) {
              throw e;
            }
            report.skip(
                "run " + run.id() + ", metric '" + metric.key() + "': it was deleted meanwhile");
          }
        }
        report.run();
        progress.accept(report);
      }
    }
  }

  private void points(Table table, String run, LatestMetric metric) throws IOException {
    if (metric.points() == 1) {
      table.row(
          run, metric.key(), metric.step(), metric.timestamp().toEpochMilli(), metric.value());
      report.points(1);
      return;
    }
    @Nullable Long from = null;
    for (long end : ends(run, metric)) {
      if (from == null || end > from) {
        points(table, run, metric.key(), from, end - 1);
        from = end;
      }
    }
    points(table, run, metric.key(), from, null);
  }

  /// The steps at which a long metric is cut into parts. Points of one step stay together.
  private List<Long> ends(String run, LatestMetric metric) {
    var ends = new ArrayList<Long>();
    if (metric.points() > POINTS) {
      var outline = server.history(run, metric.key(), OUTLINE);
      int parts = (int) Math.ceilDiv(outline.points(), POINTS);
      for (int i = 1; i < parts; i++) {
        ends.add(outline.steps()[(int) ((long) i * outline.steps().length / parts)]);
      }
    }
    return ends;
  }

  private void points(Table table, String run, String key, @Nullable Long from, @Nullable Long to)
      throws IOException {
    var history = server.history(run, key, from, to, null);
    for (int i = 0; i < history.steps().length; i++) {
      table.row(run, key, history.steps()[i], history.timestamps()[i], history.values()[i]);
    }
    report.points(history.steps().length);
    progress.accept(report);
  }
}
