package dev.pipewright.orchestrator.launch;

import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import dev.pipewright.orchestrator.run.AttemptStore;
import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
import dev.pipewright.orchestrator.run.FastLane;
import dev.pipewright.orchestrator.run.RunLoop;
import dev.pipewright.orchestrator.run.RunLoop.RunChanged;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import dev.pipewright.platform.PlatformConfig;
import dev.pipewright.platform.Trouble;
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
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Keeps the attempts that are not over going: launches what is to be launched while there is room,
/// has what vanished recovered, and stops what is to be stopped. Whatever wakes it is only a reason
/// to look sooner: every so often it compares what should be with what is, so it needs no memory of
/// its own and survives any restart.
@ApplicationScoped
class LaunchLoop implements Launcher.Listener, FastLane {
  private static final Logger LOG = Logger.getLogger(LaunchLoop.class);

  /// How long a runner that is done may wait for its report to arrive before everything is
  /// delivered again.
  private static final Duration DELIVERY = Duration.ofSeconds(60);

  private static final Duration LOOK = Duration.ofSeconds(2);

  /// Longer than what a worker leaves between two heartbeats.
  private static final Duration BEAT = Duration.ofSeconds(8);

  private static final int MOST_AT_ONCE = 256;

  private final AttemptStore attempts;
  private final PipelineStore pipelines;
  private final RunLoop runs;
  private final PlatformConfig platform;
  private final LaunchConfig config;
  private final Clock clock;
  private final Map<UUID, Instant> doneSince = new HashMap<>();
  private final Set<UUID> spoke = ConcurrentHashMap.newKeySet();
  private final Silence silence;
  private final Trouble trouble = new Trouble();
  private long lastBeat = System.nanoTime();
  private volatile boolean waiting = true;
  private volatile boolean stopNow;
  private boolean saidShortcomings;
  private volatile boolean lookNow = true;
  private Instant lastLook = Instant.MIN;
  private @Nullable Launcher launcher;
  private @Nullable Room room;
  private @Nullable DiskRoom disk;
  private volatile @Nullable Starter starter;
  private volatile @Nullable String server;
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
    this.silence = new Silence(config.lostAfter());
  }

  void onStart(@Observes @Priority(200) StartupEvent event) {
    var home = new HomeFolder(platform.home());
    var room = new Room(ThisMachine.of(config));
    var launcher = new LocalLauncher(home, commands(), clock, this);
    this.room = room;
    disk = new DiskRoom(home.work(), () -> home.root().toFile().getUsableSpace());
    this.launcher = launcher;
    starter =
        new Starter(
            attempts,
            pipelines,
            runs,
            platform,
            config,
            clock,
            launcher,
            room,
            new Secrets(home.secrets(), System.getenv()));
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
    if (event.stops()) {
      stopNow = true;
    }
    if (event.stops() || event.launchable()) {
      wake();
    }
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
    boolean left = false;
    for (var report : reports) {
      var attempt = UUID.fromString(report.getAttemptId());
      switch (report.getReportCase()) {
        case ALIVE -> alive.add(attempt);
        case STARTED -> {
          starter().usual().began(attempt, instant(report));
          said.add(report);
        }
        case FINISHED -> {
          starter().usual().ended(attempt, instant(report));
          left |= room().leave(attempt);
          said.add(report);
        }
        case REPORT_NOT_SET -> said.add(report);
      }
    }
    if (!alive.isEmpty()) {
      spoke.addAll(alive);
      beat(alive);
    }
    if (!said.isEmpty()) {
      runs.hear(said, stored);
    }
    if (waiting && left) {
      wake();
    }
  }

  private void beat(List<UUID> alive) {
    try {
      attempts.beat(alive, clock.instant());
      trouble.over(System.nanoTime());
    } catch (RuntimeException e) {
      // The next one is only seconds away.
      var why = Loop.rootMessage(e);
      if (trouble.failed(why, System.nanoTime())) {
        LOG.warnf("that attempts are alive could not be noted: %s", why);
      }
    }
  }

  private static Instant instant(TaskReport report) {
    return Instant.ofEpochSecond(report.getAt().getSeconds(), report.getAt().getNanos());
  }

  private Launcher launcher() {
    return Objects.requireNonNull(launcher);
  }

  private Room room() {
    return Objects.requireNonNull(room);
  }

  private DiskRoom disk() {
    return Objects.requireNonNull(disk);
  }

  private Starter starter() {
    return Objects.requireNonNull(starter);
  }

  private void wake() {
    if (loop != null) {
      loop.wake();
    }
  }

  private boolean step() throws IOException, InterruptedException {
    var launcher = launcher();
    if (!launcher.ready()) {
      return false;
    }
    if (!launcher.shortcomings().isEmpty() && !saidShortcomings) {
      saidShortcomings = true;
      LOG.infof(
          "tasks are packed by the cores and the memory they ask for, but not held to it: %s",
          launcher.shortcomings());
    }
    var server = known();
    if (stopNow) {
      stopNow = false;
      attempts.stopping(server).forEach(launcher::stop);
    }
    var now = clock.instant();
    if (lookNow || now.isAfter(lastLook.plus(LOOK))) {
      lookNow = false;
      look(server);
      lastLook = now;
    }
    return launcher.accepts() && !disk().isFull() && launchQueued(server);
  }

  private String known() throws IOException {
    var known = server;
    if (known == null) {
      known = ServerId.of(platform.home());
      server = known;
    }
    return known;
  }

  /// Compares what should be with what is.
  private void look(String server) {
    var active = attempts.active(server, Integer.MAX_VALUE);
    for (var attempt : active) {
      try {
        look(attempt);
      } catch (RuntimeException e) {
        trouble(attempt.id(), e);
      }
    }
    var ids = active.stream().map(ActiveAttempt::id).collect(Collectors.toSet());
    room().keepOnly(ids);
    starter().usual().keepOnly(ids);
    forgetEnded();
    stillThere(active);
    var lost = silence.look(attempts.beats(server), System.nanoTime());
    for (var attempt : lost.isEmpty() ? List.<ActiveAttempt>of() : attempts.launched(lost)) {
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

  /// Says it for those that nobody else has just said it of: what runs in a process of its own
  /// speaks over Kafka only, and a broker that is away makes no attempt lost.
  private void stillThere(List<ActiveAttempt> active) {
    long now = System.nanoTime();
    if (now - lastBeat < BEAT.toNanos()) {
      return;
    }
    lastBeat = now;
    var quiet =
        active.stream()
            .map(ActiveAttempt::id)
            .filter(id -> !spoke.contains(id) && launcher().isThere(id))
            .toList();
    spoke.clear();
    if (!quiet.isEmpty()) {
      beat(quiet);
    }
  }

  private void look(ActiveAttempt attempt) {
    var launcher = launcher();
    if (launcher.isThere(attempt.id())) {
      if (!room().has(attempt.id())) {
        room().adopt(attempt.id(), starter().share(attempt), launcher.gpus(attempt.id()));
      }
      if (attempt.stopRequested()) {
        launcher.stop(attempt.id());
      }
    } else if (launcher.isDone(attempt.id())) {
      awaitReport(attempt);
    } else if (launcher.wasStarted(attempt.id())) {
      recover(attempt);
    } else if (attempts.notOver(List.of(attempt.id())).contains(attempt.id())
        && launcher.accepts()
        && !disk().isFull()) {
      // Nothing of it is there, and after that was seen it was not over: it never began. One that
      // was stopped before it began is launched too: it then says so.
      starter().start(attempt);
    }
  }

  /// @return whether there may be more to launch at once
  private boolean launchQueued(String server) {
    var next = attempts.queued(MOST_AT_ONCE);
    var queue = room().new Queue();
    var chosen = new ArrayList<ActiveAttempt>();
    for (var attempt : next) {
      if (starter().lacks(attempt) != null || queue.letIn(attempt.id(), starter().share(attempt))) {
        chosen.add(attempt);
      } else if (queue.isClosed()) {
        break;
      }
    }
    waiting = chosen.size() < next.size() || next.size() == MOST_AT_ONCE;
    if (chosen.isEmpty()) {
      return false;
    }
    var claimed = claim(chosen, server);
    for (var attempt : chosen) {
      if (claimed.contains(attempt.id())) {
        start(attempt);
      } else {
        room().leave(attempt.id());
      }
    }
    return next.size() == MOST_AT_ONCE && chosen.size() == next.size();
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

  private void start(ActiveAttempt attempt) {
    try {
      starter().start(attempt);
    } catch (RuntimeException e) {
      trouble(attempt.id(), e);
    }
  }

  // Without waiting in the queue ------------------------------------------------------------------

  @Override
  public Set<UUID> admit(List<ActiveAttempt> candidates) {
    if (waiting || server == null || !launcher().accepts() || disk().isFull()) {
      return Set.of();
    }
    var queue = room().new Queue();
    var admitted = new HashSet<UUID>();
    for (var attempt : candidates) {
      if (starter().lacks(attempt) == null && queue.letIn(attempt.id(), starter().share(attempt))) {
        admitted.add(attempt.id());
      } else if (queue.isClosed()) {
        break;
      }
    }
    return admitted;
  }

  @Override
  public @Nullable String obstacle() {
    return disk().obstacle();
  }

  @Override
  public String server() {
    return Objects.requireNonNull(server);
  }

  @Override
  public void begin(List<ActiveAttempt> admitted) {
    for (var attempt : admitted) {
      try {
        starter().start(attempt);
      } catch (RuntimeException e) {
        // It is this server's now: the next look begins it.
        LOG.warnf(e, "attempt %s could not be begun at once", attempt.id());
        changed();
      }
    }
  }

  @Override
  public void giveBack(Collection<UUID> admitted) {
    admitted.forEach(room()::leave);
  }

  /// One attempt's trouble must not keep the others from being launched or stopped.
  private static void trouble(UUID attempt, RuntimeException e) {
    if (Db.isTransient(e)) {
      throw e;
    }
    LOG.errorf(e, "attempt %s cannot be looked after; trying again", attempt);
  }

  private void recover(ActiveAttempt attempt) {
    if (starter().mayStart(attempt.id())) {
      LOG.warnf(
          "what runs task %s, attempt %d vanished; recovering", attempt.task(), attempt.number());
      launcher().resume(attempt.id());
    }
  }

  private void awaitReport(ActiveAttempt attempt) {
    var since = doneSince.computeIfAbsent(attempt.id(), id -> clock.instant());
    if (clock.instant().isAfter(since.plus(DELIVERY))) {
      LOG.warnf(
          "the end of task %s, attempt %d was not delivered; again",
          attempt.task(), attempt.number());
      doneSince.remove(attempt.id());
      launcher().redeliver(attempt.id());
    }
  }

  /// An attempt that is over is dropped once all it said is delivered; its report alone may have
  /// been faster. One that still runs although it is over was given up by somebody else.
  private void forgetEnded() {
    var launcher = launcher();
    var kept = launcher.kept();
    starter().keepOnly(kept);
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
          starter().forget(id);
        } else if (starter().mayStart(id)) {
          launcher.resume(id);
        }
      } catch (RuntimeException e) {
        trouble(id, e);
      }
    }
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
                              "-Xshare:auto",
                              limits.memory() == null ? "-Xmx1g" : "-Xmx" + limits.memory(),
                              "--enable-native-access=ALL-UNNAMED"));
                  runner.addAll(main);
                  return runner;
                }));
  }
}
