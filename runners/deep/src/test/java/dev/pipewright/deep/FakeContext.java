package dev.pipewright.deep;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A task's surroundings in memory and one folder.
final class FakeContext implements TaskContext {
  final Map<String, Object> inputs = new HashMap<>();
  final Map<String, Object> outputs = new TreeMap<>();
  final Map<String, String> params = new TreeMap<>();
  final Map<String, TreeMap<Long, Double>> metrics = new TreeMap<>();
  final Path folder;

  /// How often it may be asked whether to stop before it says so.
  int patience = Integer.MAX_VALUE;

  FakeContext(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(outputs());
    Files.createDirectories(artifacts());
  }

  FakeContext with(String input, Object value) {
    inputs.put(input, value);
    return this;
  }

  double output(String name) {
    return ((Number) outputs.get(name)).doubleValue();
  }

  Path model() {
    return folder.resolve("models/model");
  }

  @Override
  public TaskLaunch launch() {
    return new TaskLaunch(
        "8b2f1c5e-0000-4000-8000-000000000001",
        2,
        "deep",
        3,
        "run-7",
        "train",
        "a".repeat(32),
        "b".repeat(32),
        "deep",
        "pipewright/train@v1",
        List.of(),
        Map.of(),
        Map.of(),
        List.of(),
        Map.of(),
        "checkpoints",
        null,
        false,
        "http://127.0.0.1:1",
        "127.0.0.1:9092",
        Map.of(),
        true,
        10_000,
        TaskLaunch.Limits.NONE,
        null);
  }

  @Override
  public Optional<String> text(String input) {
    return Optional.ofNullable(inputs.get(input)).map(Object::toString);
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
    return Optional.ofNullable(null);
  }

  @Override
  public DataRef data(String input) {
    return DataRef.file(
        DataRef.Kind.DATASET, staged(input).getFileName().toString(), "sha256:0", 1);
  }

  @Override
  public Path staged(String input) {
    if (inputs.get(input) instanceof Path path) {
      return path;
    }
    throw new ProblemException(ProblemCode.INPUT_MISSING, "the input '" + input + "' is not given");
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
  public void logTag(String key, String value) {}

  @Override
  public void logMetric(String key, long step, double value) {
    metrics.computeIfAbsent(key, _ -> new TreeMap<>()).put(step, value);
  }

  @Override
  public void logMetric(String key, long step, double value, String modelId) {
    logMetric(key, step, value);
  }

  @Override
  public void logDataset(DataRef dataset, String role, long rows) {}

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
