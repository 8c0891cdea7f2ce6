package dev.pipewright.orchestrator.launch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.language.BuiltinTasks;
import dev.pipewright.language.Env;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import dev.pipewright.orchestrator.run.AttemptStore;
import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
import dev.pipewright.orchestrator.run.RunLoop;
import dev.pipewright.orchestrator.run.StoredValues;
import dev.pipewright.platform.PlatformConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Begins attempts that are this server's: says what they are to do, and counts how often they were
/// begun. May be asked by any thread.
final class Starter {
  /// A runner that did not even begin this often will not.
  private static final int MOST_STARTS = 5;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

  /// Built-in tasks that read more get a process of their own: what one of them needs must not be
  /// what the others lack.
  private static final long MOST_IN_WORKER = 16 * 1024 * 1024;

  /// How often an attempt's runner was started, and when it may be again.
  private record Starts(int count, Instant next) {}

  private static final Starts NEVER = new Starts(0, Instant.MIN);

  private final AttemptStore attempts;
  private final PipelineStore pipelines;
  private final RunLoop runs;
  private final PlatformConfig platform;
  private final LaunchConfig config;
  private final Clock clock;
  private final Launcher launcher;
  private final Room room;
  private final Secrets secrets;
  private final UsualTimes usual = new UsualTimes();
  private final Map<UUID, Starts> starts = new HashMap<>();

  Starter(
      AttemptStore attempts,
      PipelineStore pipelines,
      RunLoop runs,
      PlatformConfig platform,
      LaunchConfig config,
      Clock clock,
      Launcher launcher,
      Room room,
      Secrets secrets) {
    this.attempts = attempts;
    this.pipelines = pipelines;
    this.runs = runs;
    this.platform = platform;
    this.config = config;
    this.clock = clock;
    this.launcher = launcher;
    this.room = room;
    this.secrets = secrets;
  }

  UsualTimes usual() {
    return usual;
  }

  void start(ActiveAttempt attempt) {
    var missing = lacks(attempt);
    if (missing != null) {
      fail(attempt, missing, ProblemCode.RESOURCES_UNAVAILABLE.name());
    } else if (startsOf(attempt.id()) >= MOST_STARTS) {
      fail(attempt, "its runner does not start: " + launcher.lastWords(attempt.id()), null);
    } else if (mayStart(attempt.id())) {
      room.adopt(attempt.id(), share(attempt), List.of());
      var launch = launch(attempt);
      if (launch.uses() != null && !launch.isolated()) {
        usual.launched(attempt.id(), launch.uses());
      }
      launcher.ensure(launch, secrets.find(launch.secrets().values()));
    }
  }

  private void fail(ActiveAttempt attempt, String why, @Nullable String code) {
    attempts.launchFailed(attempt, why, code, clock.instant());
    runs.look(attempt.runId());
  }

  /// Counts a start, unless the one before was too short ago.
  synchronized boolean mayStart(UUID attempt) {
    var now = clock.instant();
    var before = starts.getOrDefault(attempt, NEVER);
    if (now.isBefore(before.next)) {
      return false;
    }
    var pause = FIRST_PAUSE.multipliedBy(1L << Math.min(before.count, 6));
    starts.put(attempt, new Starts(before.count + 1, now.plus(pause)));
    return true;
  }

  private synchronized int startsOf(UUID attempt) {
    return starts.getOrDefault(attempt, NEVER).count;
  }

  synchronized void forget(UUID attempt) {
    starts.remove(attempt);
  }

  synchronized void keepOnly(Set<UUID> kept) {
    starts.keySet().retainAll(kept);
  }

  /// What the machine will never have for an attempt; null for nothing.
  @Nullable String lacks(ActiveAttempt attempt) {
    var asked = task(attempt).resources();
    int gpus = asked.gpu() == null ? 0 : asked.gpu();
    if (gpus > room.machine().gpus()) {
      return "it asks for %d GPUs, and this machine has %d".formatted(gpus, room.machine().gpus());
    }
    if (asked.nodes() != null && asked.nodes() > 1) {
      return "it asks for %d machines, and here is one".formatted(asked.nodes());
    }
    return null;
  }

  /// What of the machine an attempt takes.
  Room.Share share(ActiveAttempt attempt) {
    var task = task(attempt);
    var asked = task.resources();
    double cpus =
        asked.cpu() != null
            ? asked.cpu()
            : task.work() instanceof Work.Builtin(var uses) ? usual.cpus(uses) : 1;
    return new Room.Share(
        cpus,
        asked.memory() == null ? 0 : Quantity.bytes(asked.memory()),
        asked.gpu() == null ? 0 : asked.gpu());
  }

  private TaskSpec task(ActiveAttempt attempt) {
    return Objects.requireNonNull(
        pipelines
            .version(attempt.pipeline(), attempt.version())
            .spec()
            .tasks()
            .get(attempt.declaredTask()));
  }

  private TaskLaunch launch(ActiveAttempt attempt) {
    var version = pipelines.version(attempt.pipeline(), attempt.version());
    TaskSpec task = Objects.requireNonNull(version.spec().tasks().get(attempt.declaredTask()));
    var inputs = StoredValues.values(attempt.inputs());
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
            room.gpus(attempt.id())),
        task.study() == null ? null : task.study().metric());
  }

  private static boolean isIsolated(TaskSpec task, Map<String, JsonNode> inputs) {
    return task.work() instanceof Work.Builtin(var uses)
        && (task.resources().memory() != null
            || BuiltinTasks.find(uses).map(BuiltinTasks.Signature::isolated).orElse(true)
            || inputs.values().stream().mapToLong(Starter::size).sum() > MOST_IN_WORKER);
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
}
