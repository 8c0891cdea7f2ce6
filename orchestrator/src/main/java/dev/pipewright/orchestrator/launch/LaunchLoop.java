package dev.pipewright.orchestrator.launch;

import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.language.Env;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import dev.pipewright.orchestrator.run.AttemptStore;
import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Keeps the attempts that are not over going: launches what is to be launched while there is room,
/// starts the runner again of an attempt whose runner vanished (it then delivers what is left and
/// reports the loss), and stops what is to be stopped. It compares what should be with what is, so
/// it needs no memory of its own and survives any restart.
@ApplicationScoped
class LaunchLoop {
  private static final Logger LOG = Logger.getLogger(LaunchLoop.class);

  /// How long a runner that is done may wait for its report to arrive before everything is
  /// delivered again.
  private static final Duration DELIVERY = Duration.ofSeconds(60);

  /// A runner that did not even begin this often will not.
  private static final int MOST_STARTS = 5;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

  /// How often an attempt's runner was started, and when it may be again.
  private record Starts(int count, Instant next) {}

  private static final Starts NEVER = new Starts(0, Instant.MIN);

  private final AttemptStore attempts;
  private final PipelineStore pipelines;
  private final PlatformConfig platform;
  private final LaunchConfig config;
  private final Clock clock;
  private final Map<UUID, Instant> doneSince = new HashMap<>();
  private final Map<UUID, Starts> starts = new HashMap<>();
  private @Nullable Launcher launcher;
  private @Nullable Loop loop;

  LaunchLoop(
      AttemptStore attempts,
      PipelineStore pipelines,
      PlatformConfig platform,
      LaunchConfig config,
      Clock clock) {
    this.attempts = attempts;
    this.pipelines = pipelines;
    this.platform = platform;
    this.config = config;
    this.clock = clock;
  }

  void onStart(@Observes @Priority(200) StartupEvent event) {
    launcher = new LocalLauncher(platform.home().resolve("work"), runner(), clock, this::wake);
    loop = Loop.start("launch", Duration.ofMillis(500), this::step);
  }

  /// Tasks go on while the server is away.
  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  void onChange(@Observes RunChanged event) {
    wake();
  }

  private void wake() {
    if (loop != null) {
      loop.wake();
    }
  }

  private boolean step() throws IOException {
    var launcher = Objects.requireNonNull(this.launcher);
    int slots = config.slots().orElse(Math.max(2, Runtime.getRuntime().availableProcessors()));
    var server = ServerId.of(platform.home());
    int running = 0;
    // Some that are over but not yet known to be must not hide those that run.
    for (var attempt : attempts.active(server, slots * 4 + 100)) {
      try {
        if (launcher.isDone(attempt.id())) {
          awaitReport(launcher, attempt);
        } else if (launcher.isThere(attempt.id())) {
          running++;
          if (attempt.stopRequested()) {
            launcher.stop(attempt.id());
          }
        } else if (launcher.wasStarted(attempt.id())) {
          recover(launcher, attempt);
          running++;
        } else {
          // One that was stopped before it started is launched too: its runner sees that and
          // reports it.
          start(launcher, attempt);
          running++;
        }
      } catch (RuntimeException e) {
        trouble(attempt.id(), e);
      }
    }
    if (running < slots) {
      var next = attempts.queued(slots - running);
      if (!next.isEmpty()) {
        var claimed =
            attempts.claim(next.stream().map(ActiveAttempt::id).toList(), server, clock.instant());
        for (var attempt : next) {
          if (claimed.contains(attempt.id())) {
            try {
              start(launcher, attempt);
            } catch (RuntimeException e) {
              trouble(attempt.id(), e);
            }
          }
        }
      }
    }
    forgetEnded(launcher);
    return false;
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
          "the runner of task %s, attempt %d vanished; recovering",
          attempt.task(), attempt.number());
      launcher.ensure(launch(attempt));
    }
  }

  private void start(Launcher launcher, ActiveAttempt attempt) {
    if (starts.getOrDefault(attempt.id(), NEVER).count >= MOST_STARTS) {
      attempts.launchFailed(
          attempt,
          "its runner does not start: " + launcher.lastWords(attempt.id()),
          null,
          clock.instant());
    } else if (mayStart(attempt.id())) {
      launcher.ensure(launch(attempt));
    }
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
  /// been faster.
  private void forgetEnded(Launcher launcher) {
    var kept = launcher.kept();
    if (kept.isEmpty()) {
      return;
    }
    var notOver = attempts.notOver(kept);
    for (var id : kept) {
      try {
        if (notOver.contains(id) || launcher.isThere(id)) {
          continue;
        }
        if (launcher.isDone(id) || !launcher.wasStarted(id)) {
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

  private TaskLaunch launch(ActiveAttempt attempt) {
    var version = pipelines.version(attempt.pipeline(), attempt.version());
    TaskSpec task = Objects.requireNonNull(version.spec().tasks().get(attempt.declaredTask()));
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
        RunStore.values(attempt.inputs()),
        task.outputs(),
        version.files().stream().filter(file -> task.files().contains(file.path())).toList(),
        texts(task.env()),
        platform
            .home()
            .toAbsolutePath()
            .resolve("checkpoints")
            .resolve(attempt.runId().toString())
            .resolve(attempt.task())
            .toString(),
        task.timeout() == null ? null : task.timeout().toMillis(),
        attempt.stopRequested(),
        platform.url(),
        platform.kafka().bootstrap());
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

  private List<String> runner() {
    return config
        .runnerCommand()
        .orElseGet(() ->
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-Xmx1g",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                platform.lib().orElse(Path.of("lib")).resolve("runner") + "/*",
                "dev.pipewright.runner.Main"));
  }
}
