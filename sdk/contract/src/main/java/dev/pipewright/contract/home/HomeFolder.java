package dev.pipewright.contract.home;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The names of things in a home folder (`PIPEWRIGHT_HOME`), and what can be read from them without
/// being the server.
public record HomeFolder(Path root) {
  private static final int LONGEST_SOCKET = 100;

  public HomeFolder {
    root = root.toAbsolutePath().normalize();
  }

  /// The folder that `PIPEWRIGHT_HOME` names, by default `~/.pipewright`.
  public static HomeFolder from(Map<String, String> environment) {
    var named = environment.get("PIPEWRIGHT_HOME");
    return new HomeFolder(
        named == null || named.isBlank()
            ? userHome(environment).resolve(".pipewright")
            : Path.of(named));
  }

  /// What `~` means in a shell; Java itself asks the system's list of users instead.
  public static Path userHome(Map<String, String> environment) {
    var home = environment.get("HOME");
    return Path.of(home == null || home.isBlank() ? System.getProperty("user.home") : home);
  }

  /// Says that the folder is Pipewright's, and of which layout.
  public Path marker() {
    return root.resolve("pipewright.json");
  }

  /// Locked by the server as long as it lives.
  public Path lock() {
    return root.resolve("server.lock");
  }

  /// A [RunningServer]; there while the server is ready.
  public Path server() {
    return root.resolve("server.json");
  }

  /// One [StartupStep] a line, of the newest start.
  public Path startup() {
    return root.resolve("run").resolve("startup.jsonl");
  }

  public Path serverLog() {
    return root.resolve("log").resolve("server.log");
  }

  public Path postgres() {
    return root.resolve("postgres");
  }

  public Path kafka() {
    return root.resolve("kafka");
  }

  /// The server's temporary files, of which no later server needs any.
  public Path temporary() {
    return root.resolve("tmp");
  }

  /// A folder for each attempt of a task that is not over and delivered.
  public Path work() {
    return root.resolve("work");
  }

  /// What belongs to the worker of this folder; for its owner only.
  public Path worker() {
    return root.resolve("worker");
  }

  /// Locked by the worker as long as it lives; holds its process number.
  public Path workerLock() {
    return worker().resolve("lock");
  }

  public Path workerLog() {
    return root.resolve("log").resolve("worker.log");
  }

  /// What learners unpack of their native libraries, once for all tasks. Made again where it is
  /// missing.
  public Path nativeLibraries() {
    return root.resolve("cache").resolve("native");
  }

  /// The values of secrets, each in a file of its name.
  public Path secrets() {
    return root.resolve("secrets");
  }

  /// Where the worker listens to its server. The system takes no long paths for sockets: where this
  /// one would be, it is a folder beside the other temporary files that has the home folder's
  /// digest in its name.
  public Path workerSocket() {
    var usual = worker().resolve("socket");
    if (usual.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_SOCKET) {
      return usual;
    }
    var digest = Digests.of(root.toString());
    return Path.of("/tmp")
        .resolve("pipewright-" + digest.substring(digest.length() - 16))
        .resolve("socket");
  }

  /// Whether a server holds the folder, ready or not.
  public boolean inUse() throws IOException {
    if (!Files.exists(lock())) {
      return false;
    }
    // Shared and only for an instant: a server that starts just now tries again.
    try (var channel = FileChannel.open(lock(), StandardOpenOption.READ);
        var held = channel.tryLock(0, Long.MAX_VALUE, true)) {
      return held == null;
    } catch (NoSuchFileException e) {
      return false;
    } catch (OverlappingFileLockException e) {
      return true;
    }
  }

  /// The ready server, where there is one.
  public Optional<RunningServer> running() throws IOException {
    if (!inUse() || !Files.exists(server())) {
      return Optional.empty();
    }
    try {
      return Optional.of(Json.MAPPER.readValue(Files.readString(server()), RunningServer.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /// The steps that the server process `pid` has taken so far; those of earlier starts are left
  /// out.
  public List<StartupStep> steps(long pid) throws IOException {
    var steps = new ArrayList<StartupStep>();
    if (!Files.isReadable(startup())) {
      return steps;
    }
    for (var line : Files.readAllLines(startup())) {
      try {
        var step = Json.MAPPER.readValue(line, StartupStep.class);
        if (step.pid() == pid) {
          steps.add(step);
        }
      } catch (JsonProcessingException e) {
        // The last line may be half written yet; it is read whole the next time.
        break;
      }
    }
    return steps;
  }
}
