package dev.pipewright.cli.exporter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blue.strategic.parquet.Hydrator;
import blue.strategic.parquet.HydratorSupplier;
import blue.strategic.parquet.ParquetReader;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.RunStatus;
import dev.pipewright.contract.api.TrackedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExportTest {
  private static final double[] LOSS = {0.5, Double.NaN, Double.NEGATIVE_INFINITY, 1e-300};

  @TempDir private Path folder = Path.of("");
  private FakeServer server;

  @BeforeEach
  void start() throws IOException {
    server = new FakeServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void writesParquet() throws IOException {
    shop();
    export(Export.Format.PARQUET).experiment("shop");
    var runs = parquet("runs");
    assertThat(runs).hasSize(3);
    assertThat(runs.getFirst())
        .containsEntry("run_id", "r0")
        .containsEntry("status", "FINISHED")
        .containsEntry("start_time", 5000L)
        .containsEntry("metrics.loss", 1e-300)
        .containsEntry("params.text", "a,\"b\"\nü")
        .containsEntry("tags.empty", "")
        .containsEntry("pipeline_version", 3L)
        .containsEntry("metrics.single", null);
    assertThat(runs.get(1)).containsEntry("metrics.single", 7.0).containsEntry("end_time", null);
    assertThat(runs.get(2)).containsEntry("metrics.loss", null);
    assertThat(parquet("metrics"))
        .extracting(point -> point.get("run_id"), point -> point.get("value"))
        .containsExactly(
            tuple("r0", 0.5),
            tuple("r0", Double.NaN),
            tuple("r0", Double.NEGATIVE_INFINITY),
            tuple("r0", 1e-300),
            tuple("r1", 7.0));
    assertThat(parquet("metrics").get(2))
        .containsEntry("key", "loss")
        .containsEntry("step", 2L)
        .containsEntry("timestamp", 1002L);
  }

  private static Tuple tuple(Object... values) {
    return Tuple.tuple(values);
  }

  @Test
  void writesCsv() throws IOException {
    shop();
    export(Export.Format.CSV).experiment("7");
    var runs = csv("runs");
    assertThat(runs.getFirst())
        .containsEntry("start_time", "1970-01-01T00:00:05.000Z")
        .containsEntry("metrics.loss", "1.0E-300")
        .containsEntry("params.text", "a,\"b\"\nü");
    assertThat(Files.readString(out().resolve("runs.csv"))).contains(",\"\"");
    assertThat(csv("metrics"))
        .extracting(point -> point.get("value"))
        .containsExactly("0.5", "NaN", "-Infinity", "1.0E-300", "7.0");
  }

  @Test
  void asksForALongMetricInParts() throws IOException {
    server.runs.add(run("r", Map.of(), metric("long", 0, 450_000)));
    var values = IntStream.range(0, 450_000).mapToDouble(i -> i / 2.0).toArray();
    server.histories.put("r/long", values);
    export(Export.Format.PARQUET).experiment("shop");
    assertThat(
            parquet("metrics").stream().mapToDouble(point -> (double) point.get("value")).toArray())
        .as("all points, in their order")
        .isEqualTo(values);
    var parts =
        server.calls.stream()
            .filter(call -> call.contains("from") || call.contains("to="))
            .toList();
    assertThat(parts).hasSize(3);
  }

  @ParameterizedTest
  @EnumSource
  void goesOnWhenAMetricIsDeletedMeanwhile(Export.Format format) throws IOException {
    shop();
    server.histories.remove("r0/loss");
    var report = export(format).experiment("shop");
    assertThat(report.skipped()).containsExactly("run r0, metric 'loss': it was deleted meanwhile");
    assertThat(report.points()).isEqualTo(1);
    assertThat(out()).isDirectory();
  }

  @Test
  void leavesNothingBehindWhenItFails() throws IOException {
    shop();
    var stopping =
        new Export(
            server.connect().trackedRuns(),
            Export.Format.CSV,
            out(),
            report -> {
              if (report.runs() > 0) {
                throw new IllegalStateException("stopped");
              }
            });
    assertThatThrownBy(() -> stopping.experiment("shop")).hasMessage("stopped");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void takesTheWorkOfAKilledExportAway() throws IOException {
    shop();
    var left = Files.createDirectory(folder.resolve(".out.partial"));
    Files.writeString(left.resolve("runs.csv"), "half");
    Files.createDirectory(out());
    export(Export.Format.CSV).experiment("shop");
    assertThat(folder).isDirectoryContaining("glob:**/out").isDirectoryNotContaining("glob:**/.*");
    try (var files = Files.list(out())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("runs.csv", "metrics.csv");
    }
  }

  @Test
  void writesOverNothing() throws IOException {
    shop();
    Files.createDirectory(out());
    Files.writeString(out().resolve("mine.txt"), "mine");
    assertThatThrownBy(() -> export(Export.Format.CSV).experiment("shop"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("not an empty folder");
    assertThat(out()).isDirectoryContaining("glob:**/mine.txt");
    assertThatThrownBy(() -> export(Export.Format.CSV).experiment("nope"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("'nope'");
  }

  private void shop() {
    server.runs.add(run("r0", Map.of("text", "a,\"b\"\nü"), metric("loss", 1e-300, 4)));
    server.runs.add(run("r1", Map.of(), metric("single", 7, 1)));
    server.runs.add(run("r2", Map.of()));
    server.histories.put("r0/loss", LOSS);
  }

  private static TrackedRun run(
      String id, Map<String, String> params, TrackedRun.LatestMetric... metrics) {
    boolean first = id.equals("r0");
    return new TrackedRun(
        id,
        "name of " + id,
        "7",
        "shop",
        first ? RunStatus.FINISHED : RunStatus.RUNNING,
        null,
        null,
        first ? new TrackedRun.PipelineSource("p", 3, "pr", null, null) : null,
        Instant.ofEpochSecond(5),
        first ? Instant.ofEpochSecond(6) : null,
        params,
        first ? Map.of("empty", "") : Map.of(),
        List.of(metrics),
        List.of(),
        List.of());
  }

  private static TrackedRun.LatestMetric metric(String key, double value, long points) {
    return new TrackedRun.LatestMetric(
        key, value, points - 1, Instant.ofEpochMilli(999 + points), 0, 1, points);
  }

  private Path out() {
    return folder.resolve("out");
  }

  private Export export(Export.Format format) {
    return new Export(server.connect().trackedRuns(), format, out(), _ -> {});
  }

  private List<Map<String, String>> csv(String table) throws IOException {
    try (CsvReader<CsvRecord> csv =
        CsvReader.builder().ofCsvRecord(out().resolve(table + ".csv"))) {
      var lines = csv.stream().map(CsvRecord::getFields).toList();
      var rows = new ArrayList<Map<String, String>>();
      for (var line : lines.subList(1, lines.size())) {
        var row = new LinkedHashMap<String, String>();
        for (int i = 0; i < line.size(); i++) {
          row.put(lines.getFirst().get(i), line.get(i));
        }
        rows.add(row);
      }
      return rows;
    }
  }

  private List<Map<String, Object>> parquet(String table) throws IOException {
    var file = out().resolve(table + ".parquet").toFile();
    try (var rows = ParquetReader.streamContent(file, HydratorSupplier.constantly(new Rows()))) {
      return rows.toList();
    }
  }

  private static final class Rows implements Hydrator<Map<String, Object>, Map<String, Object>> {
    @Override
    public Map<String, Object> start() {
      return new LinkedHashMap<>();
    }

    @Override
    public Map<String, Object> add(Map<String, Object> row, String column, Object value) {
      row.put(column, value);
      return row;
    }

    @Override
    public Map<String, Object> finish(Map<String, Object> row) {
      return row;
    }
  }
}
