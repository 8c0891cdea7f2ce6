package dev.pipewright.runner;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskStarted;
import dev.pipewright.contract.tracking.v1.ParamsLogged;
import dev.pipewright.contract.tracking.v1.PipelineSource;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.contract.tracking.v1.RunStatus;
import dev.pipewright.contract.tracking.v1.TagsSet;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs one attempt's work from its first event to its last.
final class Attempt {
  private static final long MOST_OUTPUT = 4 * 1024 * 1024;

  private final AttemptFolder folder;
  private final TaskLaunch launch;
  private final EventLog events;
  private final Tracker tracker;
  private final LogCapture log;
  private final MetricBuffer metrics;
  private final Capture capture;
  private final Context context;
  private volatile Stop stop = Stop.NONE;
  private volatile @Nullable CommandTask command;
  private boolean finished;

  private enum Stop {
    NONE,
    CANCELLED,
    TIMED_OUT
  }

  Attempt(AttemptFolder folder, TaskLaunch launch, EventLog events, Tracker tracker) {
    this.folder = folder;
    this.launch = launch;
    this.events = events;
    this.tracker = tracker;
    this.log = new LogCapture(events, 0);
    this.metrics = new MetricBuffer(events);
    this.capture = new Capture(events, launch, folder);
    this.context =
        new Context(launch, folder, tracker, events, metrics, capture, () -> stop != Stop.NONE);
  }

  /// Does the work and says how it ended. Never throws for what the work does.
  void run() {
    announce();
    if (launch.stopRequested()) {
      stop = Stop.CANCELLED;
      finish(Outcome.OUTCOME_CANCELLED, 0, "", "stopped before it started", Map.of());
      return;
    }
    try (var out = print(false);
        var err = print(true)) {
      System.setOut(out);
      System.setErr(err);
      if (launch.timeoutMillis() != null) {
        watchTimeout(launch.timeoutMillis());
      }
      try (var measured = SystemMetrics.start(metrics, launch.env())) {
        work();
      }
      // Ends what is left of their last lines.
      out.close();
      err.close();
      var outputs = collect();
      finish(Outcome.OUTCOME_SUCCEEDED, 0, "", "", outputs);
    } catch (ProblemException e) {
      var problem = e.problem();
      log.line(problem.code() + ": " + problem.detail(), true);
      if (problem.remedy() != null) {
        log.line(problem.remedy(), true);
      }
      finish(
          problem.status() >= 500 ? Outcome.OUTCOME_SYSTEM_FAILURE : Outcome.OUTCOME_USER_FAILURE,
          1,
          problem.code(),
          problem.detail(),
          Map.of());
    } catch (CommandTask.Failed e) {
      finish(
          e.bySignal() ? Outcome.OUTCOME_SYSTEM_FAILURE : Outcome.OUTCOME_USER_FAILURE,
          e.exitCode(),
          e.bySignal() ? ProblemCode.TASK_LOST.name() : ProblemCode.COMMAND_FAILED.name(),
          e.bySignal()
              ? "the command was killed by signal " + (e.exitCode() - 128)
              : e.getMessage(),
          Map.of());
    } catch (OutOfMemoryError e) {
      finish(
          Outcome.OUTCOME_SYSTEM_FAILURE,
          1,
          ProblemCode.TASK_LOST.name(),
          "the task ran out of memory: " + e.getMessage(),
          Map.of());
    } catch (Throwable e) {
      // Whatever the work threw is its end, and the log says where it came from.
      e.printStackTrace();
      finish(
          noSpace(e) ? Outcome.OUTCOME_SYSTEM_FAILURE : Outcome.OUTCOME_USER_FAILURE,
          1,
          ProblemCode.TASK_CRASHED.name(),
          e.toString(),
          Map.of());
    }
  }

  /// Asks the work to stop; called from another thread.
  void cancel() {
    stop(Stop.CANCELLED);
  }

  /// Ends an attempt whose work does not stop although it was asked to.
  void giveUp() {
    finish(Outcome.OUTCOME_CANCELLED, 1, "", "it did not stop by itself", Map.of());
  }

  private void stop(Stop why) {
    if (stop == Stop.NONE) {
      stop = why;
    }
    var running = command;
    if (running != null) {
      try {
        running.stop();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void announce() {
    events.tell(
        RunEvent.newBuilder()
            .setRunStarted(
                RunStarted.newBuilder()
                    .setExperiment(launch.experiment())
                    .setName(
                        launch.attempt() == 1
                            ? launch.task()
                            : launch.task() + " (attempt " + launch.attempt() + ")")
                    .setParentRunId(launch.parentRunId())
                    .setPipeline(
                        PipelineSource.newBuilder()
                            .setPipeline(launch.pipeline())
                            .setVersion(launch.pipelineVersion())
                            .setPipelineRunId(launch.pipelineRunId())
                            .setTask(launch.task())
                            .setAttempt(launch.attempt()))));
    events.reportStarted(
        TaskStarted.newBuilder().setHost(host()).setPid(ProcessHandle.current().pid()).build());
    var params = ParamsLogged.newBuilder();
    launch
        .inputs()
        .forEach((name, value) -> {
          if (value.isValueNode() && !value.isNull()) {
            params.putParams(
                name, EventLog.clean(value.isTextual() ? value.textValue() : value.toString()));
          }
        });
    if (params.getParamsCount() > 0) {
      events.tell(RunEvent.newBuilder().setParamsLogged(params));
    }
    events.tell(
        RunEvent.newBuilder()
            .setTagsSet(
                TagsSet.newBuilder()
                    .putTags("mlflow.source.type", "JOB")
                    .putTags(
                        "mlflow.source.name",
                        launch.uses() != null ? launch.uses() : String.join(" ", launch.command()))
                    .putTags("mlflow.user", System.getProperty("user.name"))
                    .putTags("pipewright.host", host())));
  }

  private void work() throws Exception {
    if (launch.uses() == null) {
      var task = new CommandTask(launch, folder, tracker, context, log);
      command = task;
      task.run();
      return;
    }
    var task =
        ServiceLoader.load(BuiltinTask.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(each -> each.uses().equals(launch.uses()))
            .findFirst()
            .orElseThrow(() ->
                new ProblemException(
                    ProblemCode.COMMAND_NOT_FOUND,
                    "This runner has no task '" + launch.uses() + "'."));
    task.run(context);
  }

  /// Captures what the work left behind and checks it against what the task declares.
  private Map<String, JsonNode> collect() throws IOException {
    capture.artifacts(folder.artifacts());
    if (launch.uses() == null) {
      for (var model : CommandTask.models(folder.models()).entrySet()) {
        capture.model(model.getKey(), "files", model.getValue(), Map.of());
      }
    }
    for (var output : launch.outputs().entrySet()) {
      collect(output.getKey(), output.getValue());
    }
    return context.outputValues();
  }

  private void collect(String name, TaskLaunch.Output output) throws IOException {
    if (context.outputValues().containsKey(name)) {
      return;
    }
    var file = find(name, output);
    if (file == null) {
      if (output.required()) {
        throw new ProblemException(
            ProblemCode.OUTPUT_MISSING,
            "Task '"
                + launch.task()
                + "' ended without its output '"
                + name
                + "' ("
                + output.type().word()
                + "); it was expected at "
                + (output.path() == null ? "$PIPEWRIGHT_OUTPUTS/" + name : output.path())
                + ".");
      }
      return;
    }
    switch (output.type()) {
      case STRING, INT, DOUBLE, BOOL, JSON ->
          context
              .outputValues()
              .put(name, CommandTask.scalar(name, output.type(), Files.readString(file)));
      case DATASET -> context.output(name, capture.output(DataRef.Kind.DATASET, file));
      case ARTIFACT -> context.output(name, capture.output(DataRef.Kind.ARTIFACT, file));
      case MODEL -> context.output(name, capture.model(name, "files", file, Map.of()));
    }
  }

  /// An output may carry an extension that its name does not have.
  private @Nullable Path find(String name, TaskLaunch.Output output) throws IOException {
    if (output.path() != null) {
      var file = folder.work().resolve(output.path()).normalize();
      return file.startsWith(folder.work()) && Files.exists(file) ? file : null;
    }
    var exact = folder.outputs().resolve(name);
    if (Files.exists(exact)) {
      return exact;
    }
    try (var children = Files.list(folder.outputs())) {
      return children
          .filter(child -> child.getFileName().toString().startsWith(name + "."))
          .sorted()
          .findFirst()
          .orElse(null);
    }
  }

  private synchronized void finish(
      Outcome wanted, int exitCode, String code, String message, Map<String, JsonNode> outputs) {
    if (finished) {
      return;
    }
    finished = true;
    var outcome = wanted;
    var why = message;
    var reason = code;
    if (wanted != Outcome.OUTCOME_SUCCEEDED) {
      switch (stop) {
        case NONE -> {}
        case CANCELLED -> {
          outcome = Outcome.OUTCOME_CANCELLED;
          reason = "";
          why = "stopped on request";
        }
        case TIMED_OUT -> {
          outcome = Outcome.OUTCOME_USER_FAILURE;
          reason = ProblemCode.TASK_TIMEOUT.name();
          why =
              "it took longer than its timeout of "
                  + Duration.ofMillis(timeout()).toSeconds()
                  + " s";
        }
      }
    }
    var ended = outputs;
    if (outputs.values().stream().mapToLong(value -> value.toString().length()).sum()
        > MOST_OUTPUT) {
      outcome = Outcome.OUTCOME_USER_FAILURE;
      reason = ProblemCode.OUTPUT_INVALID.name();
      why = "its outputs are more than 4 MiB in all; write large ones as an artifact or a dataset";
      ended = Map.of();
    }
    why = EventLog.clean(why);
    metrics.close();
    log.close();
    events.tell(
        RunEvent.newBuilder()
            .setRunFinished(
                RunFinished.newBuilder()
                    .setStatus(
                        switch (outcome) {
                          case OUTCOME_SUCCEEDED -> RunStatus.RUN_STATUS_FINISHED;
                          case OUTCOME_CANCELLED -> RunStatus.RUN_STATUS_KILLED;
                          case OUTCOME_USER_FAILURE,
                              OUTCOME_SYSTEM_FAILURE,
                              OUTCOME_UNSPECIFIED,
                              UNRECOGNIZED ->
                              RunStatus.RUN_STATUS_FAILED;
                        })
                    .setMessage(reason.isEmpty() ? why : reason + ": " + why)));
    events.reportFinished(
        TaskFinished.newBuilder()
            .setOutcome(outcome)
            .setExitCode(exitCode)
            .setCode(reason)
            .setMessage(why)
            .putAllOutputs(
                ended.entrySet().stream()
                    .collect(
                        Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().toString())))
            .build());
  }

  private long timeout() {
    return launch.timeoutMillis() == null ? 0 : launch.timeoutMillis();
  }

  private void watchTimeout(long millis) {
    Thread.ofPlatform()
        .name("timeout")
        .daemon(true)
        .start(() -> {
          try {
            Thread.sleep(millis);
            stop(Stop.TIMED_OUT);
            Thread.sleep(Main.GRACE);
            giveUp();
            Main.leave(folder);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private PrintStream print(boolean stderr) {
    return new PrintStream(log.stream(stderr), true, StandardCharsets.UTF_8);
  }

  private static boolean noSpace(Throwable failure) {
    for (var cause = failure; cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null && cause.getMessage().contains("No space left on device")) {
        return true;
      }
    }
    return false;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
