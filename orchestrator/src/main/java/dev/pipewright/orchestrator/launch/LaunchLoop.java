package dev.pipewright.orchestrator.launch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.language.BuiltinTasks;
import dev.pipewright.language.Env;
import dev.pipewright.language.Resources;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import dev.pipewright.orchestrator.run.AttemptStore;
import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
import dev.pipewright.orchestrator.run.RunLoop;
import dev.pipewright.orchestrator.run.RunLoop.RunChanged;
import dev.pipewright.orchestrator.run.RunStore;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import dev.pipewright.platform.PlatformConfig;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Keeps the attempts that are not over going: launches what is to be launched while there is room,
/// has what vanished recovered, and stops what is to be stopped. Whatever wakes it is only a reason
/// to look sooner: every so often it compares what should be with what is, so it needs no memory of
/// its own and survives any restart.
@ApplicationScoped
class LaunchLoop implements Launcher.Listener {
  private static final Logger LOG = Logger.getLogger(LaunchLoop.class);

  /// How long a runner that is done may wait for its report to arrive before everything is
  /// delivered again.
  private static final Duration DELIVERY = Duration.ofSeconds(60);

  private static final Duration LOOK = Duration.ofSeconds(2);

  /// A runner that did not even begin this often will not.
  private static final int MOST_STARTS = 5;

  private static final int MOST_AT_ONCE = 256;
  private static final int MOST_SILENT = 100;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

  /// Built-in tasks that read more get a process of their own: what one of them needs must not be
  /// what the others lack.
  private static final long MOST_IN_WORKER = 16 * 1024 * 1024;

  /// Built-in tasks that take far less than this are on their way for most of the time.
  private static final double QUICK_MILLIS = 100;

  private static final double SMALLEST_SHARE = 1 / 64.0;

  /// How often an attempt's runner was started, and when it may be again.
  private record Starts(int count, Instant next) {}

  private static final Starts NEVER = new Starts(0, Instant.MIN);

  private final AttemptStore attempts;
  private final PipelineStore pipelines;
  private final RunLoop runs;
  private final PlatformConfig platform;
  private final LaunchConfig config;
  private final Clock clock;
  private final Map<UUID, Instant> doneSince = new HashMap<>();
  private final Map<UUID, Starts> starts = new HashMap<>();
  private final Map<UUID, Instant> begun = new ConcurrentHashMap<>();

  /// How long built-in tasks take, by name; in milliseconds.
  private final Map<String, Double> usual = new ConcurrentHashMap<>();

  private final Map<UUID, String> builtins = new ConcurrentHashMap<>();
  private final Queue<UUID> ended = new ConcurrentLinkedQueue<>();
  private volatile boolean waiting;
  private volatile boolean stopNow;
  private boolean saidShortcomings;
  private volatile boolean lookNow = true;
  private Instant lastLook = Instant.MIN;
  private @Nullable Launcher launcher;
  private @Nullable Room room;
  private @Nullable Secrets secrets;
  private @Nullable String server;
  private @Nullable Loop loop;

  LaunchLoop(
      AttemptStore attempts,
      PipelineStore pipelines,
      RunLoop runs,
      PlatformConfig platform,
      LaunchConfig config,
      Clock clock) {
    this.attempts = attempts;
    this.pipelines = pipelines;
    this.runs = runs;
    this.platform = platform;
    this.config = config;
    this.clock = clock;
  }

  void onStart(@Observes @Priority(200) StartupEvent event) {
    var home = new HomeFolder(platform.home());
    room = new Room(ThisMachine.of(config));
    secrets = new Secrets(home.secrets(), System.getenv());
    launcher = new LocalLauncher(home, commands(), clock, this);
    loop = Loop.start("launch", Duration.ofMillis(500), this::step);
  }

  /// Tasks go on while the server is away.
  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
    if (launcher != null) {
      launcher.close();
    }
  }

  void onChange(@Observes RunChanged event) {
    if (!event.launchable()) {
      stopNow = true;
    }
    wake();
  }

  @Override
  public void changed() {
    lookNow = true;
    wake();
  }

  @Override
  public void heard(List<TaskReport> reports, Runnable stored) {
    var said = new ArrayList<TaskReport>();
    var alive = new ArrayList<UUID>();
    for (var report : reports) {
      var attempt = UUID.fromString(report.getAttemptId());
      switch (report.getReportCase()) {
        case ALIVE -> alive.add(attempt);
        case STARTED -> {
          begun.put(attempt, instant(report));
          said.add(report);
        }
        case FINISHED -> {
          learn(attempt, instant(report));
          ended.add(attempt);
          said.add(report);
        }
        case REPORT_NOT_SET -> said.add(report);
      }
    }
    if (!alive.isEmpty()) {
      beat(alive);
    }
    if (!said.isEmpty()) {
      runs.hear(said, stored);
    }
    if (waiting && !ended.isEmpty()) {
      wake();
    }
  }

  private void beat(List<UUID> alive) {
    try {
      attempts.beat(alive, clock.instant());
    } catch (RuntimeException e) {
      // The next one is only seconds away.
      LOG.warnf("that attempts are alive could not be noted: %s", Loop.rootMessage(e));
    }
  }

  private static Instant instant(TaskReport report) {
    return Instant.ofEpochSecond(report.getAt().getSeconds(), report.getAt().getNanos());
  }

  private void learn(UUID attempt, Instant end) {
    var began = begun.remove(attempt);
    var uses = builtins.remove(attempt);
    if (began != null && uses != null) {
      double millis = Math.max(0, Duration.between(began, end).toNanos() / 1e6);
      usual.merge(uses, millis, (before, now) -> 0.8 * before + 0.2 * now);
    }
  }

  private void wake() {
    if (loop != null) {
      loop.wake();
    }
  }

  private boolean step() throws IOException, InterruptedException {
    var launcher = Objects.requireNonNull(this.launcher);
    var room = Objects.requireNonNull(this.room);
    if (!launcher.ready()) {
      return false;
    }
    if (!launcher.shortcomings().isEmpty() && !saidShortcomings) {
      saidShortcomings = true;
      LOG.infof(
          "tasks are packed by the cores and the memory they ask for, but not held to it: %s",
          launcher.shortcomings());
    }
    for (var over = ended.poll(); over != null; over = ended.poll()) {
      room.leave(over);
    }
    var server = server();
    if (stopNow) {
      stopNow = false;
      attempts.stopping(server).forEach(launcher::stop);
    }
    var now = clock.instant();
    if (lookNow || now.isAfter(lastLook.plus(LOOK))) {
      lookNow = false;
      look(launcher, room, server);
      lastLook = now;
    }
    return launcher.accepts() && launchQueued(launcher, room, server);
  }

  private String server() throws IOException {
    var known = server;
    if (known == null) {
      known = ServerId.of(platform.home());
      server = known;
    }
    return known;
  }

  /// Compares what should be with what is.
  private void look(Launcher launcher, Room room, String server) {
    var active = attempts.active(server, Integer.MAX_VALUE);
    for (var attempt : active) {
      try {
        look(launcher, room, attempt);
      } catch (RuntimeException e) {
        trouble(attempt.id(), e);
      }
    }
    var ids = active.stream().map(ActiveAttempt::id).collect(Collectors.toSet());
    room.keepOnly(ids);
    begun.keySet().retainAll(ids);
    builtins.keySet().retainAll(ids);
    forgetEnded(launcher);
    for (var attempt :
        attempts.silent(server, clock.instant().minus(config.lostAfter()), MOST_SILENT)) {
      LOG.warnf(
          "task %s, attempt %d: its server has said nothing for %s; it is lost",
          attempt.task(), attempt.number(), config.lostAfter());
      attempts.launchFailed(
          attempt,
          "the server that ran it has said nothing for " + config.lostAfter().toSeconds() + " s",
          null,
          clock.instant());
      runs.look(attempt.runId());
    }
  }

  private void look(Launcher launcher, Room room, ActiveAttempt attempt) {
    if (launcher.isThere(attempt.id())) {
      if (!room.has(attempt.id())) {
        room.adopt(attempt.id(), share(attempt), launcher.gpus(attempt.id()));
      }
      if (attempt.stopRequested()) {
        launcher.stop(attempt.id());
      }
    } else if (launcher.isDone(attempt.id())) {
      awaitReport(launcher, attempt);
    } else if (launcher.wasStarted(attempt.id())) {
      recover(launcher, attempt);
    } else if (attempts.notOver(List.of(attempt.id())).contains(attempt.id())
        && launcher.accepts()) {
      // Nothing of it is there, and after that was seen it was not over: it never began. One that
      // was stopped before it began is launched too: it then says so.
      start(launcher, room, attempt);
    }
  }

  /// @return whether there may be more to launch at once
  private boolean launchQueued(Launcher launcher, Room room, String server) {
    var next = attempts.queued(MOST_AT_ONCE);
    var queue = room.new Queue();
    var chosen = new ArrayList<ActiveAttempt>();
    for (var attempt : next) {
      var asked = resources(attempt);
      if (lacks(asked, room.machine()) != null || queue.letIn(attempt.id(), share(attempt))) {
        chosen.add(attempt);
      } else if (queue.isClosed()) {
        break;
      }
    }
    waiting = chosen.size() < next.size();
    if (chosen.isEmpty()) {
      return false;
    }
    var claimed = claim(chosen, server);
    for (var attempt : chosen) {
      try {
        if (!claimed.contains(attempt.id())) {
          room.leave(attempt.id());
        } else {
          start(launcher, room, attempt);
        }
      } catch (RuntimeException e) {
        trouble(attempt.id(), e);
      }
    }
    return next.size() == MOST_AT_ONCE && !waiting;
  }

  private Set<UUID> claim(List<ActiveAttempt> chosen, String server) {
    var claimed = new HashSet<UUID>();
    var byPooled =
        chosen.stream()
            .collect(
                Collectors.partitioningBy(
                    ActiveAttempt::pooled,
                    Collectors.mapping(ActiveAttempt::id, Collectors.toList())));
    if (!byPooled.get(false).isEmpty()) {
      claimed.addAll(attempts.claim(byPooled.get(false), server, clock.instant()));
    }
    if (!byPooled.get(true).isEmpty()) {
      claimed.addAll(attempts.claimPooled(byPooled.get(true), server, clock.instant()));
    }
    return claimed;
  }

  /// What the machine will never have for a task; null for nothing.
  private static @Nullable String lacks(Resources asked, Room.Machine machine) {
    int gpus = asked.gpu() == null ? 0 : asked.gpu();
    if (gpus > machine.gpus()) {
      return "it asks for %d GPUs, and this machine has %d".formatted(gpus, machine.gpus());
    }
    if (asked.nodes() != null && asked.nodes() > 1) {
      return "it asks for %d machines, and here is one".formatted(asked.nodes());
    }
    return null;
  }

  private Room.Share share(ActiveAttempt attempt) {
    var task = task(attempt);
    var asked = task.resources();
    double cpus = asked.cpu() == null ? 1 : asked.cpu();
    if (task.work() instanceof Work.Builtin(var uses)
        && asked.cpu() == null
        && usual.getOrDefault(uses, QUICK_MILLIS) < QUICK_MILLIS) {
      cpus = Math.max(SMALLEST_SHARE, usual.getOrDefault(uses, QUICK_MILLIS) / QUICK_MILLIS);
    }
    return new Room.Share(
        cpus,
        asked.memory() == null ? 0 : Quantity.bytes(asked.memory()),
        asked.gpu() == null ? 0 : asked.gpu());
  }

  /// One attempt's trouble must not keep the others from being launched or stopped.
  private static void trouble(UUID attempt, RuntimeException e) {
    if (Db.isTransient(e)) {
      throw e;
    }
    LOG.errorf(e, "attempt %s cannot be looked after; trying again", attempt);
  }

  private void recover(Launcher launcher, ActiveAttempt attempt) {
    if (mayStart(attempt.id())) {
      LOG.warnf(
          "what runs task %s, attempt %d vanished; recovering", attempt.task(), attempt.number());
      launcher.resume(attempt.id());
    }
  }

  private void start(Launcher launcher, Room room, ActiveAttempt attempt) {
    var missing = lacks(resources(attempt), room.machine());
    if (missing != null) {
      fail(attempt, missing, ProblemCode.RESOURCES_UNAVAILABLE.name());
    } else if (starts.getOrDefault(attempt.id(), NEVER).count >= MOST_STARTS) {
      fail(attempt, "its runner does not start: " + launcher.lastWords(attempt.id()), null);
    } else if (mayStart(attempt.id())) {
      room.adopt(attempt.id(), share(attempt), List.of());
      var launch = launch(attempt, room);
      if (launch.uses() != null && !launch.isolated()) {
        builtins.put(attempt.id(), launch.uses());
      }
      launcher.ensure(launch, Objects.requireNonNull(secrets).find(launch.secrets().values()));
    }
  }

  private void fail(ActiveAttempt attempt, String why, @Nullable String code) {
    attempts.launchFailed(attempt, why, code, clock.instant());
    runs.look(attempt.runId());
  }

  /// Counts a start, unless the one before was too short ago.
  private boolean mayStart(UUID attempt) {
    var now = clock.instant();
    var before = starts.getOrDefault(attempt, NEVER);
    if (now.isBefore(before.next)) {
      return false;
    }
    var pause = FIRST_PAUSE.multipliedBy(1L << Math.min(before.count, 6));
    starts.put(attempt, new Starts(before.count + 1, now.plus(pause)));
    return true;
  }

  private void awaitReport(Launcher launcher, ActiveAttempt attempt) {
    var since = doneSince.computeIfAbsent(attempt.id(), id -> clock.instant());
    if (clock.instant().isAfter(since.plus(DELIVERY))) {
      LOG.warnf(
          "the end of task %s, attempt %d was not delivered; again",
          attempt.task(), attempt.number());
      doneSince.remove(attempt.id());
      launcher.redeliver(attempt.id());
    }
  }

  /// An attempt that is over is dropped once all it said is delivered; its report alone may have
  /// been faster. One that still runs although it is over was given up by somebody else.
  private void forgetEnded(Launcher launcher) {
    var kept = launcher.kept();
    starts.keySet().retainAll(kept);
    if (kept.isEmpty()) {
      return;
    }
    var notOver = attempts.notOver(kept);
    for (var id : kept) {
      try {
        if (notOver.contains(id)) {
          continue;
        }
        if (launcher.isThere(id)) {
          launcher.stop(id);
        } else if (launcher.isDone(id) || !launcher.wasStarted(id)) {
          launcher.forget(id);
          doneSince.remove(id);
          starts.remove(id);
        } else if (mayStart(id)) {
          launcher.resume(id);
        }
      } catch (RuntimeException e) {
        trouble(id, e);
      }
    }
  }

  private TaskSpec task(ActiveAttempt attempt) {
    return Objects.requireNonNull(
        pipelines
            .version(attempt.pipeline(), attempt.version())
            .spec()
            .tasks()
            .get(attempt.declaredTask()));
  }

  private Resources resources(ActiveAttempt attempt) {
    return task(attempt).resources();
  }

  private TaskLaunch launch(ActiveAttempt attempt, Room room) {
    var version = pipelines.version(attempt.pipeline(), attempt.version());
    TaskSpec task = Objects.requireNonNull(version.spec().tasks().get(attempt.declaredTask()));
    var inputs = RunStore.values(attempt.inputs());
    return new TaskLaunch(
        attempt.id().toString(),
        attempt.number(),
        attempt.pipeline(),
        attempt.version(),
        attempt.runId().toString(),
        attempt.task(),
        attempt.trackedRunId(),
        attempt.parentRunId(),
        attempt.pipeline(),
        task.work() instanceof Work.Builtin builtin ? builtin.uses() : null,
        task.work() instanceof Work.Command command ? command.words() : List.of(),
        inputs,
        task.outputs(),
        version.files().stream().filter(file -> task.files().contains(file.path())).toList(),
        texts(task.env()),
        Checkpoints.folder(platform)
            .resolve(attempt.runId().toString())
            .resolve(attempt.task())
            .toString(),
        task.timeout() == null ? null : task.timeout().toMillis(),
        attempt.stopRequested(),
        platform.url(),
        platform.kafka().bootstrap(),
        secrets(task.env()),
        isIsolated(task, inputs),
        config.grace().toMillis(),
        new TaskLaunch.Limits(
            task.resources().cpu() == null
                ? null
                : Math.min(task.resources().cpu(), room.machine().cpus()),
            task.resources().memory() == null
                ? null
                : Math.min(Quantity.bytes(task.resources().memory()), room.machine().memory()),
            room.gpus(attempt.id())));
  }

  private static boolean isIsolated(TaskSpec task, Map<String, JsonNode> inputs) {
    return task.work() instanceof Work.Builtin(var uses)
        && (task.resources().memory() != null
            || BuiltinTasks.find(uses).map(BuiltinTasks.Signature::isolated).orElse(true)
            || inputs.values().stream().mapToLong(LaunchLoop::size).sum() > MOST_IN_WORKER);
  }

  private static long size(JsonNode value) {
    return value.path("size").asLong(0);
  }

  private static Map<String, String> secrets(Map<String, Env> env) {
    var secrets = new HashMap<String, String>();
    env.forEach((name, value) -> {
      if (value instanceof Env.Secret(var secret)) {
        secrets.put(name, secret);
      }
    });
    return secrets;
  }

  private static Map<String, String> texts(Map<String, Env> env) {
    var texts = new HashMap<String, String>();
    env.forEach((name, value) -> {
      if (value instanceof Env.Text(var text)) {
        texts.put(name, text);
      }
    });
    return texts;
  }

  private LocalLauncher.Commands commands() {
    var lib = platform.lib().orElse(Path.of("lib")).resolve("runner");
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var main = List.of("-cp", lib + "/*", "dev.pipewright.runner.Main");
    var worker =
        new ArrayList<>(
            List.of(
                java,
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-Xms64m",
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED"));
    worker.addAll(main);
    worker.add("worker");
    return new LocalLauncher.Commands(
        worker,
        Build.of(lib),
        limits ->
            config
                .runnerCommand()
                .orElseGet(() -> {
                  var runner =
                      new ArrayList<>(
                          List.of(
                              java,
                              "-XX:+UseSerialGC",
                              "-XX:TieredStopAtLevel=1",
                              "-Xshare:auto",
                              limits.memory() == null ? "-Xmx1g" : "-Xmx" + limits.memory(),
                              "--enable-native-access=ALL-UNNAMED"));
                  runner.addAll(main);
                  return runner;
                }));
  }
}
