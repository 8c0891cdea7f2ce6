package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.home.RunningServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// A home folder of its own in a temporary folder, the installed program to use it with, and at the
/// end an empty machine again: whatever was started on it is killed, however it was started.
final class Sandbox implements AutoCloseable {
  /// The project's folder.
  static final Path ROOT = Path.of(System.getProperty("pipewright.root")).toAbsolutePath();

  private static final Path DIST = ROOT.resolve("server/target/dist");
  private static final Duration COMMAND = Duration.ofMinutes(3);

  private final Path folder;
  private final HomeFolder home;
  private final int port;
  private final Map<String, String> settings;

  /// What a command said, both streams together, and its exit code.
  record Said(int exitCode, String text) {}

  private Sandbox(Path folder, int port, Map<String, String> settings) {
    this.folder = folder;
    this.settings = Map.copyOf(settings);
    this.home = new HomeFolder(folder.resolve("home"));
    this.port = port;
  }

  static Sandbox create() {
    return create(Map.of());
  }

  /// @param settings of everything that is started in it
  static Sandbox create(Map<String, String> settings) {
    assertThat(DIST.resolve("cli"))
        .as("the installed program; ./mvnw verify builds all of it")
        .isNotEmptyDirectory();
    try {
      return new Sandbox(
          Files.createTempDirectory("pipewright-story").toRealPath(), freePort(), settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A place for files of the story.
  Path folder() {
    return folder;
  }

  HomeFolder home() {
    return home;
  }

  int port() {
    return port;
  }

  Path write(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A file below `src/test/resources/story`.
  static Path fixture(String name) {
    var found = Sandbox.class.getResource("/story/" + name);
    assertThat(found).as(name).isNotNull();
    try {
      return Path.of(found.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(name + " has no path", e);
    }
  }

  /// Runs `pipewright ARGUMENTS`.
  Said pipewright(String... arguments) {
    return pipewright(Map.of(), arguments);
  }

  /// @param settings beside or instead of the sandbox's own home folder and port
  Said pipewright(Map<String, String> settings, String... arguments) {
    return command(words(arguments), settings);
  }

  /// Starts `pipewright ARGUMENTS` and does not wait for it. What it says goes nowhere.
  Process start(String... arguments) {
    try {
      return builder(words(arguments), Map.of())
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> words(String... arguments) {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                DIST.resolve("cli").resolve("*").toString(),
                "dev.pipewright.cli.Main"));
    command.addAll(List.of(arguments));
    return command;
  }

  private ProcessBuilder builder(List<String> command, Map<String, String> settings) {
    var builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectErrorStream(true);
    var environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("PIPEWRIGHT_"));
    environment.put("PIPEWRIGHT_HOME", home.root().toString());
    environment.put("PIPEWRIGHT_PORT", Integer.toString(port));
    environment.put("NO_COLOR", "1");
    environment.putAll(this.settings);
    environment.putAll(settings);
    return builder;
  }

  /// Runs any command in the sandbox and waits for its end.
  Said command(List<String> command, Map<String, String> settings) {
    try {
      var out = Files.createTempFile(folder, "said", ".txt");
      var process = builder(command, settings).redirectOutput(out.toFile()).start();
      boolean ended = process.waitFor(COMMAND.toMillis(), TimeUnit.MILLISECONDS);
      var text = Files.readString(out);
      if (!ended) {
        process.destroyForcibly();
        throw new AssertionError(command + " did not end within " + COMMAND + ":\n" + text);
      }
      return new Said(process.exitValue(), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + command, e);
    }
  }

  /// Starts the server in the background unless it runs.
  void up() {
    if (pipewright("status").exitCode() != 0) {
      var said = pipewright("up", "--detach");
      assertThat(said.exitCode()).as(said.text()).isZero();
    }
  }

  RunningServer server() {
    try {
      return home.running()
          .orElseThrow(() -> new AssertionError("no server runs on " + home.root()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Pipewright client() {
    return Pipewright.connect(URI.create("http://127.0.0.1:" + port));
  }

  /// The text at an address of the server's, which must be there.
  String get(String path) {
    try (var http = HttpClient.newHttpClient()) {
      var answer =
          http.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(path).isEqualTo(200);
      return answer.body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + path, e);
    }
  }

  long serverPid() {
    return server().pid();
  }

  long postgresPid() {
    return pid(home.postgres().resolve("data/postmaster.pid"));
  }

  long kafkaPid() {
    return pid(home.kafka().resolve("pid"));
  }

  long workerPid() {
    return pid(home.workerLock());
  }

  /// What another server needs to work on this one's database and broker.
  Map<String, String> backends() {
    try {
      return Map.of(
          "PIPEWRIGHT_DATABASE_URL",
          "jdbc:postgresql://127.0.0.1:" + pid(home.postgres().resolve("port")) + "/pipewright",
          "PIPEWRIGHT_DATABASE_USER",
          "pipewright",
          "PIPEWRIGHT_DATABASE_PASSWORD",
          Files.readString(home.postgres().resolve("password")).strip(),
          "PIPEWRIGHT_KAFKA_BOOTSTRAP",
          "127.0.0.1:" + Files.readString(home.kafka().resolve("ports")).split("\\s+", 2)[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The number in the first line of a file; 0 where there is none (yet).
  static long pid(Path file) {
    try (var lines = Files.lines(file)) {
      return lines
          .findFirst()
          .map(String::strip)
          .filter(line -> line.matches("[0-9]+"))
          .map(Long::parseLong)
          .orElse(0L);
    } catch (IOException e) {
      return 0;
    }
  }

  /// `kill -9`, all at once, and then waits until they are gone.
  static void kill(long... pids) {
    for (long pid : pids) {
      assertThat(ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly))
          .as("process " + pid)
          .hasValue(true);
    }
    await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> {
          for (long pid : pids) {
            if (alive(pid)) {
              return false;
            }
          }
          return true;
        });
  }

  /// One that has ended, but whose end nobody has taken note of, is dead.
  static boolean alive(long pid) {
    try {
      return !Files.readString(Path.of("/proc", Long.toString(pid), "status"))
          .contains("State:\tZ");
    } catch (IOException e) {
      return false;
    }
  }

  /// All living processes that were started with the home folder in their words or surroundings:
  /// server, database, broker, runners, and what the tasks started.
  List<ProcessHandle> processes() {
    return processes(folder);
  }

  /// The runners and what the tasks started.
  List<ProcessHandle> tasks() {
    return processes(home.root().resolve("work"));
  }

  private static List<ProcessHandle> processes(Path about) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.pid() != ProcessHandle.current().pid())
        .filter(
            process -> mentions(process, "cmdline", about) || mentions(process, "environ", about))
        .filter(process -> alive(process.pid()))
        .toList();
  }

  private static boolean mentions(ProcessHandle process, String what, Path about) {
    try {
      var text =
          new String(
              Files.readAllBytes(Path.of("/proc", Long.toString(process.pid()), what)),
              StandardCharsets.UTF_8);
      return text.contains(about.toString());
    } catch (IOException e) {
      return false; // it ended in the meantime, or is another user's
    }
  }

  /// Below the ports that the system gives to clients: while the server is away for a moment, none
  /// of its own clients can be given its port.
  private static int freePort() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(15_000, 30_000);
      try (var socket = new ServerSocket()) {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return port;
      } catch (java.net.BindException e) {
        continue; // taken: another one
      }
    }
  }

  @Override
  public void close() {
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> {
          // Until none is left: one may be just about to start another.
          var left = processes();
          left.forEach(ProcessHandle::destroyForcibly);
          return left.isEmpty();
        });
    try (var files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
