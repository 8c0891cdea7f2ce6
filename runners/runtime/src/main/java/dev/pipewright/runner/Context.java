package dev.pipewright.runner;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tracking.v1.DatasetUsed;
import dev.pipewright.contract.tracking.v1.ParamsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.TagsSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// The context of a task inside a runner.
final class Context implements TaskContext {
  private final TaskLaunch launch;
  private final Map<String, String> secrets;
  private final AttemptFolder folder;
  private final Tracker tracker;
  private final EventLog events;
  private final MetricBuffer metrics;
  private final Capture capture;
  private final BooleanSupplier cancelled;
  private final Map<String, JsonNode> outputs = new LinkedHashMap<>();

  /// @param secrets by name
  Context(
      TaskLaunch launch,
      Map<String, String> secrets,
      AttemptFolder folder,
      Tracker tracker,
      EventLog events,
      MetricBuffer metrics,
      Capture capture,
      BooleanSupplier cancelled) {
    this.launch = launch;
    this.secrets = secrets;
    this.folder = folder;
    this.tracker = tracker;
    this.events = events;
    this.metrics = metrics;
    this.capture = capture;
    this.cancelled = cancelled;
  }

  /// The outputs that were set.
  Map<String, JsonNode> outputValues() {
    return outputs;
  }

  @Override
  public TaskLaunch launch() {
    return launch;
  }

  @Override
  public Optional<String> text(String input) {
    return value(input).map(value -> value.isTextual() ? value.textValue() : value.toString());
  }

  @Override
  public Optional<Double> number(String input) {
    return value(input).map(JsonNode::asDouble);
  }

  @Override
  public Optional<Boolean> flag(String input) {
    return value(input).map(JsonNode::asBoolean);
  }

  @Override
  public Optional<String> variable(String name) {
    var secret = launch.secrets().get(name);
    return Optional.ofNullable(secret == null ? launch.env().get(name) : secret(name, secret));
  }

  private String secret(String variable, String name) {
    var value = secrets.get(name);
    if (value == null) {
      throw new ProblemException(
          ProblemCode.SECRET_NOT_FOUND,
          "Task '%s' sets %s to the secret %s, which the server does not have."
              .formatted(launch.task(), variable, name),
          "Start the server with PIPEWRIGHT_SECRET_%s set, or write the value to the file secrets/%s in its home folder."
              .formatted(name, name));
    }
    return value;
  }

  @Override
  public DataRef data(String input) {
    var value =
        value(input)
            .orElseThrow(() ->
                new ProblemException(
                    ProblemCode.INPUT_MISSING,
                    "Task '" + launch.task() + "' was not given its input '" + input + "'."));
    return dataRef(input, value);
  }

  static DataRef dataRef(String input, JsonNode value) {
    try {
      return Json.MAPPER.treeToValue(value, DataRef.class);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING, "Input '" + input + "' is not a reference to data.", e);
    }
  }

  @Override
  public Path staged(String input) {
    try {
      events.settle();
      return stage(data(input), folder.inputs().resolve(input), tracker);
    } catch (IOException e) {
      throw new UncheckedIOException("input " + input + " cannot be staged", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while staging " + input, e);
    }
  }

  /// Brings data here once: one file as a file, several or a model as a folder.
  static Path stage(DataRef data, Path target, Tracker tracker)
      throws IOException, InterruptedException {
    if (Files.exists(target)) {
      return target;
    }
    if (data.files().size() == 1 && data.kind() != DataRef.Kind.MODEL) {
      tracker.download(data.files().getFirst(), target);
      return target;
    }
    Files.createDirectories(target.getParent());
    var incoming = target.resolveSibling(target.getFileName() + ".incoming");
    for (var file : data.files()) {
      var path = incoming.resolve(file.path()).normalize();
      if (!path.startsWith(incoming)) {
        throw new ProblemException(
            ProblemCode.INPUT_MISSING, "'" + file.path() + "' leads out of its folder.");
      }
      tracker.download(file, path);
    }
    Files.createDirectories(incoming);
    return Files.move(incoming, target);
  }

  @Override
  public void output(String name, Object scalar) {
    outputs.put(name, Json.MAPPER.valueToTree(scalar));
  }

  @Override
  public void output(String name, DataRef data) {
    outputs.put(name, Json.MAPPER.valueToTree(data));
  }

  @Override
  public Path outputs() {
    events.settle();
    return made(folder.outputs());
  }

  @Override
  public Path artifacts() {
    events.settle();
    return made(folder.artifacts());
  }

  @Override
  public Path checkpoints() {
    return made(Path.of(launch.checkpoints()));
  }

  private static Path made(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(folder + " cannot be made", e);
    }
  }

  @Override
  public void logParam(String key, Object value) {
    events.tell(
        RunEvent.newBuilder()
            .setParamsLogged(
                ParamsLogged.newBuilder().putParams(key, EventLog.clean(String.valueOf(value)))));
  }

  @Override
  public void logTag(String key, String value) {
    events.tell(
        RunEvent.newBuilder().setTagsSet(TagsSet.newBuilder().putTags(key, EventLog.clean(value))));
  }

  @Override
  public void logMetric(String key, long step, double value) {
    metrics.point(key, step, value, "");
  }

  @Override
  public void logMetric(String key, long step, double value, String modelId) {
    metrics.point(key, step, value, modelId);
  }

  @Override
  public void logDataset(DataRef dataset, String role, long rows) {
    events.tell(
        RunEvent.newBuilder()
            .setDatasetUsed(
                DatasetUsed.newBuilder()
                    .setName(dataset.name())
                    .setDigest(dataset.digest())
                    .setSize(dataset.size())
                    .setRole(role)
                    .setRows(rows)));
  }

  @Override
  public DataRef logModel(String name, String flavor, Path source, Map<String, String> params) {
    try {
      return capture.model(name, flavor, source, params);
    } catch (IOException e) {
      throw new UncheckedIOException("model " + name + " cannot be captured", e);
    }
  }

  @Override
  public boolean cancelled() {
    return cancelled.getAsBoolean();
  }

  private Optional<JsonNode> value(String input) {
    return Optional.ofNullable(launch.inputs().get(input)).filter(value -> !value.isNull());
  }
}
