package dev.pipewright.runner;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Problem;
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
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs one attempt's work from its first event to its last.
final class Attempt {
  private static final long MOST_OUTPUT = 4 * 1024 * 1024;
  static final String HOST = host();

  /// An end that took so long to reach is worth the wait until the disk has it.
  private static final Duration WORTH_KEEPING = Duration.ofSeconds(10);

  private final AttemptFolder folder;
  private final TaskLaunch launch;
  private final EventLog events;
  private final Tracker tracker;
  private final Surroundings surroundings;
  private final LogCapture log;
  private final MetricBuffer metrics;
  private final Capture capture;
  private boolean artifactsKept;
  private final Context context;
  private final List<Timers.Planned> planned = new ArrayList<>();
  private final long begun = System.nanoTime();
  private volatile Stop stop = Stop.NONE;
  private @Nullable CommandTask command;
  private @Nullable Thread thread;
  private boolean finished;

  private enum Stop {
    NONE,
    CANCELLED,
    TIMED_OUT
  }

  /// @param secrets those that the task uses, by name
  Attempt(
      AttemptFolder folder,
      TaskLaunch launch,
      EventLog events,
      Tracker tracker,
      Surroundings surroundings,
      Map<String, String> secrets) {
    this.folder = folder;
    this.launch = launch;
    this.events = events;
    this.tracker = tracker;
    this.surroundings = surroundings;
    this.log = new LogCapture(events, surroundings.timer(), Masks.of(secrets.values()));
    this.metrics = new MetricBuffer(events, surroundings.timer());
    this.capture = new Capture(events, launch, folder);
    this.context =
        new Context(
            launch, secrets, folder, tracker, events, metrics, capture, () -> stop != Stop.NONE);
  }

  /// Does the work and says how it ended. Never throws for what the work does.
  void run() {
    if (launch.uses() == null || launch.isolated()) {
      announce();
    } else {
      // What records nothing needs no run to record it in.
      events.before(this::announce);
    }
    events.reportStarted(
        TaskStarted.newBuilder().setHost(HOST).setPid(ProcessHandle.current().pid()).build());
    if (launch.stopRequested()) {
      finish(Ending.NEVER_BEGUN, Map.of());
      return;
    }
    try (var out = log.stream(false);
        var err = log.stream(true);
        var measured = SystemMetrics.start(metrics, launch.env(), surroundings.timer())) {
      if (launch.timeoutMillis() != null) {
        plan(launch.timeoutMillis(), () -> stop(Stop.TIMED_OUT));
      }
      TaskOutput.during(new TaskOutput.Streams(out, err), this::work);
      measured.close();
      // Ends what is left of their last lines.
      out.close();
      err.close();
      var outputs = collect();
      finish(Ending.SUCCEEDED, outputs);
    } catch (ProblemException e) {
      var problem = e.problem();
      log.line(problem.code() + ": " + problem.detail(), true);
      if (problem.remedy() != null) {
        log.line(problem.remedy(), true);
      }
      keepArtifacts();
      finish(Ending.problem(problem), Map.of());
    } catch (CommandTask.Failed e) {
      finish(e.ending(), Map.of());
    } catch (Throwable e) {
      if (!(e instanceof InterruptedException && stop != Stop.NONE)) {
        // Whatever the work threw is its end, and the log says where it came from.
        var trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace));
        trace.toString().lines().forEach(line -> log.line(line, true));
        keepArtifacts();
      }
      finish(Ending.crash(e), Map.of());
    }
  }

  /// Asks the work to stop; called from another thread.
  void cancel() {
    stop(Stop.CANCELLED);
  }

  /// Ends an attempt whose work does not stop although it was asked to.
  void giveUp() {
    finish(Ending.STOPPED, Map.of());
  }

  private synchronized void stop(Stop why) {
    if (stop != Stop.NONE || finished) {
      return;
    }
    stop = why;
    if (command != null) {
      command.terminate();
    }
    plan(launch.graceMillis(), this::force);
  }

  private synchronized void force() {
    if (finished) {
      return;
    }
    if (command != null) {
      command.kill();
    } else if (thread != null) {
      // A thread that does not look is left to itself: its work has ended as far as anybody is
      // told.
      thread.interrupt();
      plan(1_000, this::giveUp);
    }
  }

  private synchronized void plan(long millis, Runnable what) {
    planned.add(Timers.after(surroundings.timer(), millis, what));
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
                            .setAttempt(launch.attempt()))
                    .setWatchedMetric(
                        launch.watchedMetric() == null ? "" : launch.watchedMetric())));
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
                    .putTags("pipewright.host", HOST)));
  }

  private void work() throws Exception {
    if (launch.uses() == null) {
      var task = new CommandTask(launch, folder, tracker, context, log, surroundings);
      synchronized (this) {
        command = task;
        if (stop != Stop.NONE) {
          task.terminate();
        }
      }
      task.run();
      return;
    }
    synchronized (this) {
      thread = Thread.currentThread();
    }
    try {
      builtin(launch.uses()).run(context);
      if (context.cancelled()) {
        // What returns when it is asked to stop has not done all of its work.
        throw new InterruptedException("stopped as asked");
      }
    } finally {
      synchronized (this) {
        thread = null;
        // What was meant for the work must not meet what comes after it.
        boolean unused = Thread.interrupted();
      }
    }
  }

  private static BuiltinTask builtin(String uses) {
    var found = Builtins.BY_NAME.get(uses);
    if (found == null) {
      throw new ProblemException(
          ProblemCode.COMMAND_NOT_FOUND, "This runner has no task '" + uses + "'.");
    }
    return found.get();
  }

  /// Looked for once: reading the class path takes longer than many a task.
  private static final class Builtins {
    static final Map<String, ServiceLoader.Provider<BuiltinTask>> BY_NAME =
        ServiceLoader.load(BuiltinTask.class).stream()
            .collect(Collectors.toMap(each -> each.get().uses(), each -> each));
  }

  /// A built-in task that fails may have written why, such as a report of what is wrong with a
  /// table.
  private void keepArtifacts() {
    if (launch.uses() == null || artifactsKept) {
      return;
    }
    try {
      capture.artifacts(folder.artifacts());
    } catch (IOException | RuntimeException e) {
      log.line("Its artifacts cannot be kept: " + e.getMessage(), true);
    }
  }

  /// Captures what the work left behind and checks it against what the task declares.
  private Map<String, JsonNode> collect() throws IOException {
    artifactsKept = true;
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
    if (!Files.isDirectory(folder.outputs())) {
      return null;
    }
    try (var children = Files.list(folder.outputs())) {
      return children
          .filter(child -> child.getFileName().toString().startsWith(name + "."))
          .sorted()
          .findFirst()
          .orElse(null);
    }
  }

  private synchronized void finish(Ending wanted, Map<String, JsonNode> outputs) {
    if (finished) {
      return;
    }
    finished = true;
    planned.forEach(Timers.Planned::cancel);
    var ending = wanted;
    if (wanted.outcome() != Outcome.OUTCOME_SUCCEEDED) {
      ending =
          switch (stop) {
            case NONE -> wanted;
            case CANCELLED -> Ending.STOPPED.withExitCode(wanted.exitCode());
            case TIMED_OUT ->
                Ending.timeout(Duration.ofMillis(timeout())).withExitCode(wanted.exitCode());
          };
    }
    var ended = outputs;
    if (outputs.values().stream().mapToLong(value -> value.toString().length()).sum()
        > MOST_OUTPUT) {
      ending =
          Ending.problem(
              Problem.of(
                  ProblemCode.OUTPUT_INVALID,
                  "its outputs are more than 4 MiB in all; write large ones as an artifact or a dataset"));
      ended = Map.of();
    }
    metrics.close();
    log.close();
    var why = EventLog.clean(ending.message());
    if (events.hasTold()) {
      events.tell(RunEvent.newBuilder().setRunFinished(runFinished(ending, why)));
    }
    var report =
        TaskFinished.newBuilder()
            .setOutcome(ending.outcome())
            .setExitCode(ending.exitCode())
            .setCode(ending.code())
            .setMessage(why);
    ended.forEach((name, value) -> report.putOutputs(name, value.toString()));
    events.reportFinished(report.build(), System.nanoTime() - begun > WORTH_KEEPING.toNanos());
  }

  static RunFinished runFinished(Ending ending, String why) {
    return RunFinished.newBuilder()
        .setStatus(
            switch (ending.outcome()) {
              case OUTCOME_SUCCEEDED -> RunStatus.RUN_STATUS_FINISHED;
              case OUTCOME_CANCELLED -> RunStatus.RUN_STATUS_KILLED;
              case OUTCOME_USER_FAILURE,
                  OUTCOME_SYSTEM_FAILURE,
                  OUTCOME_UNSPECIFIED,
                  UNRECOGNIZED ->
                  RunStatus.RUN_STATUS_FAILED;
            })
        .setMessage(ending.code().isEmpty() ? why : ending.code() + ": " + why)
        .build();
  }

  private long timeout() {
    return launch.timeoutMillis() == null ? 0 : launch.timeoutMillis();
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
