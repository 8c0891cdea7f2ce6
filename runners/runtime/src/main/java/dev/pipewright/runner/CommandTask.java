package dev.pipewright.runner;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.task.ValueType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs a task's command as a process, in any language: inputs are files, outputs are files.
final class CommandTask {
  private static final Duration GRACE = Duration.ofSeconds(10);

  /// What the server may have been started with, and would lead a script's calls elsewhere.
  private static final Set<String> OF_OTHER_RUNS =
      Set.of(
          "MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID");

  private static final Duration RUN_KNOWN = Duration.ofSeconds(10);

  private final TaskLaunch launch;
  private final AttemptFolder folder;
  private final Tracker tracker;
  private final Context context;
  private final LogCapture log;
  private volatile @Nullable ProcessTree tree;
  private volatile boolean stopped;

  CommandTask(
      TaskLaunch launch, AttemptFolder folder, Tracker tracker, Context context, LogCapture log) {
    this.launch = launch;
    this.folder = folder;
    this.tracker = tracker;
    this.context = context;
    this.log = log;
  }

  /// A command that ended with an exit code other than 0.
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1L;
    private final int exitCode;

    Failed(int exitCode) {
      super("the command ended with exit code " + exitCode);
      this.exitCode = exitCode;
    }

    int exitCode() {
      return exitCode;
    }

    /// Killed from outside: by the kernel for want of memory, or by somebody.
    boolean bySignal() {
      return exitCode == 128 + 9 || exitCode == 128 + 15;
    }
  }

  void run() throws IOException, InterruptedException, Failed {
    stageInputs();
    for (var file : launch.files()) {
      var target = folder.work().resolve(file.path()).normalize();
      if (!target.startsWith(folder.work())) {
        throw new ProblemException(
            ProblemCode.INPUT_MISSING, "'" + file.path() + "' leads out of the working folder.");
      }
      tracker.download(file, target);
    }
    var builder = new ProcessBuilder(launch.command()).directory(folder.work().toFile());
    var environment = builder.environment();
    environment
        .keySet()
        .removeIf(name -> name.startsWith("PIPEWRIGHT_") || OF_OTHER_RUNS.contains(name));
    environment.putAll(launch.env());
    environment.put("PIPEWRIGHT_INPUTS", folder.inputs().toString());
    environment.put("PIPEWRIGHT_OUTPUTS", folder.outputs().toString());
    environment.put("PIPEWRIGHT_ARTIFACTS", folder.artifacts().toString());
    environment.put("PIPEWRIGHT_MODELS", folder.models().toString());
    environment.put("PIPEWRIGHT_CHECKPOINTS", context.checkpoints().toString());
    environment.put("TMPDIR", folder.temporary().toString());
    environment.put("PIPEWRIGHT_URL", launch.trackerUrl());
    environment.put("PIPEWRIGHT_RUN_ID", launch.trackedRunId());
    // What MLflow's clients log goes to the attempt's own run, unless the task has another tracking
    // server: that one does not know the run.
    if (!launch.env().containsKey("MLFLOW_TRACKING_URI")) {
      environment.put("MLFLOW_TRACKING_URI", launch.trackerUrl());
      environment.put("MLFLOW_RUN_ID", launch.trackedRunId());
      // For runs that a script makes beside or below it.
      environment.put("MLFLOW_EXPERIMENT_NAME", launch.experiment());
      awaitRun();
    }
    // Lines are to arrive when they are printed, not when a buffer is full.
    environment.put("PYTHONUNBUFFERED", "1");
    checkExists(launch.command().getFirst(), environment.get("PATH"));
    var process = ProcessTree.start(builder, folder.command());
    var running = ProcessTree.of(process);
    tree = running;
    process.getOutputStream().close();
    if (stopped) {
      running.stop(GRACE);
    }
    var out = drain(process.getInputStream(), false);
    var err = drain(process.getErrorStream(), true);
    int exitCode = process.waitFor();
    // What it left running ends with it: nothing may write into what is captured now, or beside a
    // later attempt.
    running.kill();
    out.join(5_000);
    err.join(5_000);
    Files.deleteIfExists(folder.command());
    if (exitCode != 0) {
      throw new Failed(exitCode);
    }
  }

  /// The run is told over Kafka, and a script may log to it over HTTP before that has arrived.
  private void awaitRun() throws InterruptedException {
    if (!tracker.awaitRun(launch.trackedRunId(), RUN_KNOWN)) {
      log.line(
          "The tracker at %s did not know run %s after %d s. Until it does, clients such as MLflow cannot log to it."
              .formatted(launch.trackerUrl(), launch.trackedRunId(), RUN_KNOWN.toSeconds()),
          true);
    }
  }

  private Thread drain(InputStream stream, boolean stderr) {
    return Thread.ofPlatform()
        .name(stderr ? "stderr" : "stdout")
        .daemon(true)
        .start(() -> {
          try {
            log.drain(stream, stderr);
          } catch (IOException e) {
            log.line("its output cannot be read: " + e.getMessage(), true);
          }
        });
  }

  /// Stops the command and everything it started.
  void stop() throws InterruptedException {
    stopped = true;
    var running = tree;
    if (running != null) {
      running.stop(GRACE);
    }
  }

  private void stageInputs() throws IOException, InterruptedException {
    for (var input : launch.inputs().entrySet()) {
      var target = folder.inputs().resolve(input.getKey());
      if (isData(input.getValue())) {
        var data = Context.dataRef(input.getKey(), input.getValue());
        Context.stage(data, target, tracker);
        if (data.kind() == DataRef.Kind.DATASET) {
          context.logDataset(data, "input", -1);
        }
      } else if (!input.getValue().isNull()) {
        var value = input.getValue();
        Files.writeString(target, value.isTextual() ? value.textValue() : value.toString());
      }
    }
  }

  private static boolean isData(JsonNode value) {
    return value.isObject() && value.has("kind") && value.has("files") && value.has("digest");
  }

  /// With a session starter in front, a missing command would only show as an exit code.
  private void checkExists(String command, @Nullable String path) {
    if (command.contains("/")) {
      if (Files.isExecutable(folder.work().resolve(command))) {
        return;
      }
    } else if (path != null) {
      for (var directory : path.split(":", -1)) {
        if (Files.isExecutable(Path.of(directory, command))) {
          return;
        }
      }
    }
    throw new ProblemException(
        ProblemCode.COMMAND_NOT_FOUND,
        "Task '" + launch.task() + "' runs '" + command + "', which is not on this machine.",
        "Install it, correct its name, or list it under the task's 'files'.");
  }

  /// Reads the scalar outputs that the command wrote.
  static JsonNode scalar(String name, ValueType type, String text) {
    var value = text.strip();
    if (value.indexOf('\0') >= 0) {
      throw new ProblemException(
          ProblemCode.OUTPUT_INVALID,
          "Output '" + name + "' holds a NUL character; is it UTF-16, or not text at all?",
          "Write it as UTF-8 text.");
    }
    try {
      return switch (type) {
        case STRING -> Json.MAPPER.valueToTree(value);
        case INT -> Json.MAPPER.valueToTree(Long.parseLong(value));
        case DOUBLE -> Json.MAPPER.valueToTree(Double.parseDouble(value));
        case BOOL -> {
          if (!value.equals("true") && !value.equals("false")) {
            throw new NumberFormatException(value);
          }
          yield Json.MAPPER.valueToTree(Boolean.parseBoolean(value));
        }
        case JSON -> Json.MAPPER.readTree(value);
        case DATASET, MODEL, ARTIFACT ->
            throw new IllegalArgumentException(type + " is not a scalar");
      };
    } catch (NumberFormatException | IOException e) {
      throw new ProblemException(
          ProblemCode.OUTPUT_INVALID,
          "Output '" + name + "' is declared as " + type.word() + " but holds '" + value + "'.");
    }
  }

  /// The folders below the models folder, each a logged model.
  static Map<String, Path> models(Path folder) throws IOException {
    try (var children = Files.list(folder)) {
      return children
          .filter(Files::isDirectory)
          .collect(Collectors.toMap(child -> child.getFileName().toString(), child -> child));
    }
  }
}
