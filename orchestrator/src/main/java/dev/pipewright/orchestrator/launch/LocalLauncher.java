package dev.pipewright.orchestrator.launch;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.task.TaskLaunch;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/// Runs attempts on this machine: in the home folder's worker, or in a process of their own. Both
/// have sessions of their own: they outlive the server, and a server that comes back finds them.
///
/// An attempt's folder is `work/<attempt id>`. A runner of its own holds a lock on `runner.lock`
/// for as long as it lives; the operating system drops the lock however the runner dies, so the
/// lock and not a process number says whether it is there. What the worker has in hand, it says.
public final class LocalLauncher implements Launcher {
  private static final Logger LOG = Logger.getLogger(LocalLauncher.class);

  /// Beside the attempt's own time to stop; after this long its runner is itself stopped.
  private static final Duration GRACE = Duration.ofSeconds(10);

  private static final String GONE = ".gone-";
  private static final Pattern ATTEMPT =
      Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private final HomeFolder home;
  private final Path folder;
  private final Commands commands;
  private final Clock clock;
  private final Listener listener;
  private final LocalWorker worker;
  private final Map<UUID, Process> started = new ConcurrentHashMap<>();
  private final Map<UUID, Instant> stopping = new ConcurrentHashMap<>();

  /// How processes are started.
  ///
  /// @param worker the worker, to which the home folder and the build are added
  /// @param build what it is made of
  /// @param runner of one attempt, by what it may use; the attempt's folder is added
  public record Commands(
      List<String> worker, String build, Function<TaskLaunch.Limits, List<String>> runner) {}

  public LocalLauncher(HomeFolder home, Commands commands, Clock clock, Listener listener) {
    this.home = home;
    this.folder = home.work();
    this.commands = commands;
    this.clock = clock;
    this.listener = listener;
    this.worker = new LocalWorker(home, commands.worker, commands.build, listener);
  }

  @Override
  public boolean ready() throws InterruptedException {
    return worker.connect();
  }

  @Override
  public boolean accepts() {
    return worker.accepts();
  }

  @Override
  public String shortcomings() {
    return worker.noLimits();
  }

  @Override
  public void close() {
    worker.close();
  }

  @Override
  public void ensure(TaskLaunch launch, Map<String, String> secrets) {
    var attempt = UUID.fromString(launch.attemptId());
    if (isThere(attempt)) {
      return;
    }
    if (!launch.isolated()) {
      worker.launch(launch, secrets);
      return;
    }
    try {
      writeLaunch(Files.createDirectories(home(attempt)), launch);
    } catch (IOException e) {
      throw new UncheckedIOException("attempt " + attempt + " could not be launched", e);
    }
    startRunner(attempt, launch, secrets);
  }

  @Override
  public void resume(UUID attempt) {
    if (isThere(attempt)) {
      return;
    }
    try {
      var launch =
          Json.MAPPER.readValue(home(attempt).resolve("launch.json").toFile(), TaskLaunch.class);
      if (launch.isolated()) {
        startRunner(attempt, launch, Map.of());
      } else {
        worker.launch(launch, Map.of());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("attempt " + attempt + " could not be resumed", e);
    }
  }

  /// @param secrets by name; none for a runner that only says how an earlier one ended
  private void startRunner(UUID attempt, TaskLaunch launch, Map<String, String> secrets) {
    try {
      var home = home(attempt);
      var command = new ArrayList<String>();
      setsid().ifPresent(command::add);
      command.addAll(commands.runner.apply(launch.limits()));
      command.add(home.toString());
      var log = home.resolve("runner.log").toFile();
      var builder =
          new ProcessBuilder(command)
              .directory(home.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
              .redirectErrorStream(true);
      LocalWorker.clean(builder.environment());
      NativeSettings.put(builder.environment(), launch, this.home);
      builder.environment().putAll(launch.env());
      launch
          .secrets()
          .forEach((variable, name) -> {
            // It may be the server's own variable of that name.
            builder.environment().remove(variable);
            if (secrets.containsKey(name)) {
              builder.environment().put(variable, secrets.get(name));
            }
          });
      var process = builder.start();
      started.put(attempt, process);
      Thread.ofVirtual().name("runner-" + attempt).start(() -> awaitEnd(attempt, process));
    } catch (IOException e) {
      throw new UncheckedIOException("attempt " + attempt + " could not be launched", e);
    }
  }

  private void awaitEnd(UUID attempt, Process process) {
    try {
      int exitCode = process.waitFor();
      LOG.debugf("the runner of attempt %s ended with %d", attempt, exitCode);
      started.remove(attempt, process);
      listener.changed();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public List<Integer> gpus(UUID attempt) {
    var file = home(attempt).resolve("launch.json");
    try {
      return Files.exists(file)
          ? Json.MAPPER.readValue(file.toFile(), TaskLaunch.class).limits().gpus()
          : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("the launch of attempt " + attempt + " cannot be read", e);
    }
  }

  @Override
  public String lastWords(UUID attempt) {
    var log = home(attempt).resolve("runner.log");
    try {
      if (!Files.exists(log)) {
        return "";
      }
      var lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    } catch (IOException e) {
      return "its log cannot be read: " + e.getMessage();
    }
  }

  @Override
  public boolean isThere(UUID attempt) {
    return worker.has(attempt.toString()) || hasRunner(attempt);
  }

  private boolean hasRunner(UUID attempt) {
    var process = started.get(attempt);
    if (process != null && process.isAlive()) {
      return true;
    }
    try {
      return LocalWorker.isHeld(home(attempt).resolve("runner.lock"));
    } catch (IOException e) {
      throw new UncheckedIOException("the lock of attempt " + attempt + " cannot be read", e);
    }
  }

  @Override
  public boolean isDone(UUID attempt) {
    return Files.exists(home(attempt).resolve("done"));
  }

  @Override
  public boolean wasStarted(UUID attempt) {
    return Files.exists(home(attempt).resolve("spool"));
  }

  @Override
  public void stop(UUID attempt) {
    if (worker.has(attempt.toString())) {
      worker.stop(attempt.toString());
      return;
    }
    var since = stopping.get(attempt);
    var runner = runnerProcess(attempt);
    if (since == null) {
      runner.ifPresent(process -> {
        process.destroy();
        stopping.put(attempt, clock.instant());
      });
    } else if (clock.instant().isAfter(since.plus(GRACE))) {
      runner.ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  @Override
  public void redeliver(UUID attempt) {
    var home = home(attempt);
    try {
      Files.deleteIfExists(home.resolve("done"));
      Files.deleteIfExists(home.resolve("spool.acked"));
    } catch (IOException e) {
      throw new UncheckedIOException("attempt " + attempt + " cannot be redelivered", e);
    }
    resume(attempt);
  }

  @Override
  public void forget(UUID attempt) {
    stopping.remove(attempt);
    var home = home(attempt);
    if (!Files.exists(home)) {
      return;
    }
    try {
      // Away at once, so that no runner ever sees a part of it.
      remove(Files.move(home, folder.resolve(GONE + attempt), StandardCopyOption.ATOMIC_MOVE));
    } catch (IOException e) {
      throw new UncheckedIOException("the folder of attempt " + attempt + " cannot be removed", e);
    }
  }

  private static void remove(Path root) throws IOException {
    try (var files = Files.walk(root)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  @Override
  public Set<UUID> kept() {
    if (!Files.isDirectory(folder)) {
      return Set.of();
    }
    try (var homes = Files.list(folder)) {
      return homes
          .map(home -> home.getFileName().toString())
          .filter(name -> ATTEMPT.matcher(name).matches())
          .map(UUID::fromString)
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException("the attempts' folders cannot be listed", e);
    }
  }

  /// The process that holds the lock. It wrote its number into the lock file after it got the lock,
  /// so the number is that of a living process as long as the lock is held.
  private Optional<ProcessHandle> runnerProcess(UUID attempt) {
    if (!hasRunner(attempt)) {
      return Optional.empty();
    }
    var process = started.get(attempt);
    if (process != null && process.isAlive()) {
      return Optional.of(process.toHandle());
    }
    try {
      var pid = Files.readString(home(attempt).resolve("runner.lock")).strip();
      return pid.isEmpty() ? Optional.empty() : ProcessHandle.of(Long.parseLong(pid));
    } catch (IOException e) {
      throw new UncheckedIOException("the lock of attempt " + attempt + " cannot be read", e);
    }
  }

  private static void writeLaunch(Path home, TaskLaunch launch) throws IOException {
    var incoming = home.resolve("launch.json.new");
    try {
      Files.writeString(incoming, Json.MAPPER.writeValueAsString(launch));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a launch did not become JSON", e);
    }
    Files.move(incoming, home.resolve("launch.json"), StandardCopyOption.ATOMIC_MOVE);
  }

  private Path home(UUID attempt) {
    return folder.resolve(attempt.toString());
  }

  /// Takes the runner out of the terminal's process group, so that Ctrl-C stops the server and not
  /// the tasks.
  static Optional<String> setsid() {
    return List.of("/usr/bin/setsid", "/bin/setsid").stream()
        .filter(path -> Files.isExecutable(Path.of(path)))
        .findFirst();
  }
}
