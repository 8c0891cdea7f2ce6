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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs a task's command as a process, in any language: inputs are files, outputs are files.
final class CommandTask {

  /// What a command sees of what the server was started with; `PIPEWRIGHT_LAUNCHER_PASS_ENV` names
  /// more.
  private static final Set<String> PASSED =
      Set.of("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ");

  private static final String PASS_MORE = "PIPEWRIGHT_LAUNCHER_PASS_ENV";

  /// Less is as good as none.
  private static final long ROOM = 1024 * 1024;

  private static final long LAST_WORDS_MILLIS = 5_000;

  private final TaskLaunch launch;
  private final AttemptFolder folder;
  private final Tracker tracker;
  private final Context context;
  private final LogCapture log;
  private final Surroundings surroundings;
  private @Nullable ProcessTree tree;
  private boolean stopped;

  CommandTask(
      TaskLaunch launch,
      AttemptFolder folder,
      Tracker tracker,
      Context context,
      LogCapture log,
      Surroundings surroundings) {
    this.launch = launch;
    this.folder = folder;
    this.tracker = tracker;
    this.context = context;
    this.log = log;
    this.surroundings = surroundings;
  }

  /// A command that ended with an exit code other than 0.
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Ending ending;

    Failed(Ending ending) {
      super(ending.message());
      this.ending = ending;
    }

    Ending ending() {
      return ending;
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
    surround(builder.environment());
    checkExists(launch.command().getFirst(), builder.environment().get("PATH"));
    long killedBefore = OomKills.count();
    var cgroup = surroundings.cgroups().create(launch.attemptId(), launch.limits());
    try {
      int exitCode = execute(builder, cgroup);
      if (exitCode != 0) {
        boolean killedForMemory =
            cgroup != null && Cgroups.killedForMemory(cgroup) || OomKills.count() > killedBefore;
        boolean diskFull = folder.work().toFile().getUsableSpace() < ROOM;
        throw new Failed(Ending.exit(exitCode, new Ending.Evidence(killedForMemory, diskFull)));
      }
    } finally {
      if (cgroup != null) {
        Cgroups.remove(cgroup);
      }
    }
  }

  private int execute(ProcessBuilder builder, @Nullable Path cgroup)
      throws IOException, InterruptedException {
    Process process;
    ProcessTree running;
    synchronized (this) {
      if (stopped) {
        return Signals.TERM + 128;
      }
      running = ProcessTree.start(builder, launch.attemptId(), folder.command(), cgroup);
      tree = running;
      process = running.process();
    }
    process.getOutputStream().close();
    var out = drain(process.getInputStream(), false);
    var err = drain(process.getErrorStream(), true);
    int exitCode = process.waitFor();
    // What it left running ends with it: nothing may write into what is captured now, or beside a
    // later attempt.
    running.killLeft();
    if (!ends(out) || !ends(err)) {
      // Something that left the session still holds its output.
      running.kill();
      boolean unused = ends(out) && ends(err);
    }
    Files.deleteIfExists(folder.command());
    return exitCode;
  }

  private static boolean ends(Future<?> drained) throws InterruptedException {
    try {
      drained.get(LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("output was not captured", e);
    }
  }

  /// What the command sees: its own, what every program needs, and nothing else of the server's.
  private void surround(Map<String, String> environment) {
    var more = Set.of(environment.getOrDefault(PASS_MORE, "").split("[,\\s]+", -1));
    environment.keySet().removeIf(name -> !PASSED.contains(name) && !more.contains(name));
    environment.putIfAbsent("LANG", "C.UTF-8");
    environment.putAll(launch.env());
    for (var name : launch.secrets().keySet()) {
      context.variable(name).ifPresent(value -> environment.put(name, value));
    }
    environment.put("PIPEWRIGHT_INPUTS", folder.inputs().toString());
    environment.put("PIPEWRIGHT_OUTPUTS", folder.outputs().toString());
    environment.put("PIPEWRIGHT_ARTIFACTS", folder.artifacts().toString());
    environment.put("PIPEWRIGHT_MODELS", folder.models().toString());
    environment.put("PIPEWRIGHT_CHECKPOINTS", context.checkpoints().toString());
    environment.put("TMPDIR", folder.temporary().toString());
    environment.put("PIPEWRIGHT_URL", launch.trackerUrl());
    environment.put("PIPEWRIGHT_RUN_ID", launch.trackedRunId());
    // A GPU that it was not given may be another task's.
    environment.putIfAbsent(
        "CUDA_VISIBLE_DEVICES",
        launch.limits().gpus().stream().map(String::valueOf).collect(Collectors.joining(",")));
    // What MLflow's clients log goes to the attempt's own run, unless the task has another tracking
    // server: that one does not know the run.
    if (!launch.env().containsKey("MLFLOW_TRACKING_URI")) {
      environment.put("MLFLOW_TRACKING_URI", launch.trackerUrl());
      environment.put("MLFLOW_RUN_ID", launch.trackedRunId());
      // For runs that a script makes beside or below it.
      environment.put("MLFLOW_EXPERIMENT_NAME", launch.experiment());
    }
    // Lines are to arrive when they are printed, not when a buffer is full.
    environment.put("PYTHONUNBUFFERED", "1");
  }

  private Future<?> drain(InputStream stream, boolean stderr) {
    return surroundings
        .threads()
        .submit(() -> {
          try {
            log.drain(stream, stderr);
          } catch (IOException e) {
            log.line("its output cannot be read: " + e.getMessage(), true);
          }
        });
  }

  /// Asks the command and everything it started to end.
  synchronized void terminate() {
    stopped = true;
    if (tree != null) {
      tree.terminate();
    }
  }

  /// Ends the command and everything it started.
  synchronized void kill() {
    if (tree != null) {
      tree.kill();
    }
  }

  private void stageInputs() throws IOException, InterruptedException {
    for (var input : launch.inputs().entrySet()) {
      var target = folder.inputs().resolve(input.getKey());
      if (isData(input.getValue())) {
        stage(input.getKey(), input.getValue(), target);
      } else if (isListOfData(input.getValue())) {
        for (int i = 0; i < input.getValue().size(); i++) {
          stage(input.getKey(), input.getValue().get(i), target.resolve(Integer.toString(i)));
        }
      } else if (!input.getValue().isNull()) {
        var value = input.getValue();
        Files.writeString(target, value.isTextual() ? value.textValue() : value.toString());
      }
    }
  }

  private void stage(String name, JsonNode value, Path target)
      throws IOException, InterruptedException {
    var data = Context.dataRef(name, value);
    Context.stage(data, target, tracker);
    if (data.kind() == DataRef.Kind.DATASET) {
      context.logDataset(data, "input", -1);
    }
  }

  private static boolean isListOfData(JsonNode value) {
    return value.isArray() && !value.isEmpty() && value.valueStream().allMatch(CommandTask::isData);
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
