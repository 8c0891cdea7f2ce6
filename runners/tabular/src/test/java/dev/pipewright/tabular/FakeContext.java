package dev.pipewright.tabular;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A task's surroundings in memory and one folder.
public class FakeContext implements TaskContext {
  /// A logged point.
  public record Point(long step, double value, String modelId) {}

  public final Map<String, Object> inputs = new HashMap<>();
  public final Map<String, Path> data = new HashMap<>();
  public final Map<String, String> env = new HashMap<>();
  public final Map<String, Object> outputs = new LinkedHashMap<>();
  public final Map<String, String> params = new TreeMap<>();
  public final Map<String, String> tags = new TreeMap<>();
  public final Map<String, List<Point>> metrics = new TreeMap<>();
  public final Map<String, Long> datasets = new TreeMap<>();
  public final Path folder;
  public String pipelineRun = "run-7";
  public String trackerUrl = "http://127.0.0.1:1";

  /// How often it may be asked whether to stop before it says so.
  public int patience = Integer.MAX_VALUE;

  public FakeContext(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder.resolve("outputs"));
    Files.createDirectories(folder.resolve("artifacts"));
  }

  public FakeContext with(String input, Object value) {
    if (value instanceof Path path) {
      data.put(input, path);
    } else {
      inputs.put(input, value);
    }
    return this;
  }

  public double last(String metric) {
    return metrics.get(metric).getLast().value();
  }

  public double gave(String output) {
    return ((Number) outputs.get(output)).doubleValue();
  }

  public Path model() {
    return folder.resolve("models/model");
  }

  public JsonNode artifact(String name) throws IOException {
    return Json.MAPPER.readTree(artifacts().resolve(name).toFile());
  }

  @Override
  public TaskLaunch launch() {
    return new TaskLaunch(
        "8b2f1c5e-0000-4000-8000-000000000001",
        2,
        "tabular",
        3,
        pipelineRun,
        "register",
        "a".repeat(32),
        "b".repeat(32),
        "tabular",
        "pipewright/register@v1",
        List.of(),
        Map.of(),
        Map.of(),
        List.of(),
        Map.of(),
        "checkpoints",
        null,
        false,
        trackerUrl,
        "127.0.0.1:9092",
        Map.of(),
        true,
        10_000,
        TaskLaunch.Limits.NONE,
        null);
  }

  @Override
  public Optional<String> text(String input) {
    return Optional.ofNullable(inputs.getOrDefault(input, data.get(input))).map(Object::toString);
  }

  @Override
  public Optional<Double> number(String input) {
    return Optional.ofNullable(inputs.get(input)).map(value -> ((Number) value).doubleValue());
  }

  @Override
  public Optional<Boolean> flag(String input) {
    return Optional.ofNullable(inputs.get(input)).map(Boolean.class::cast);
  }

  @Override
  public Optional<String> variable(String name) {
    return Optional.ofNullable(env.get(name));
  }

  @Override
  public DataRef data(String input) {
    var path = staged(input);
    var name = path.getFileName().toString();
    if (Files.isDirectory(path)) {
      return new DataRef(
          DataRef.Kind.MODEL,
          name,
          "sha256:0",
          1,
          List.of(),
          "c".repeat(32),
          "m-" + "d".repeat(32));
    }
    return DataRef.file(DataRef.Kind.DATASET, name, "sha256:0", 1);
  }

  @Override
  public Path staged(String input) {
    var path = data.get(input);
    if (path == null) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING, "the input '" + input + "' is not given");
    }
    return path;
  }

  @Override
  public void output(String name, Object scalar) {
    outputs.put(name, scalar);
  }

  @Override
  public void output(String name, DataRef ref) {
    outputs.put(name, ref);
  }

  @Override
  public Path outputs() {
    return folder.resolve("outputs");
  }

  @Override
  public Path artifacts() {
    return folder.resolve("artifacts");
  }

  @Override
  public Path checkpoints() {
    return folder.resolve("checkpoints");
  }

  @Override
  public void logParam(String key, Object value) {
    params.put(key, value.toString());
  }

  @Override
  public void logTag(String key, String value) {
    tags.put(key, value);
  }

  @Override
  public void logMetric(String key, long step, double value) {
    logMetric(key, step, value, "");
  }

  @Override
  public void logMetric(String key, long step, double value, String modelId) {
    metrics.computeIfAbsent(key, _ -> new ArrayList<>()).add(new Point(step, value, modelId));
  }

  @Override
  public void logDataset(DataRef dataset, String role, long rows) {
    datasets.put(role, rows);
  }

  @Override
  public DataRef logModel(String name, String flavor, Path from, Map<String, String> settings) {
    try (var files = Files.walk(from)) {
      for (var file : files.toList()) {
        var to = folder.resolve("models").resolve(name).resolve(from.relativize(file).toString());
        Files.createDirectories(Files.isDirectory(file) ? to : to.getParent());
        if (Files.isRegularFile(file)) {
          Files.copy(file, to);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new DataRef(
        DataRef.Kind.MODEL, name, "sha256:0", 1, List.of(), "c".repeat(32), "m-" + "d".repeat(32));
  }

  @Override
  public boolean cancelled() {
    return patience-- <= 0;
  }
}
