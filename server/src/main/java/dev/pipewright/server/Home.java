package dev.pipewright.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.home.RunningServer;
import dev.pipewright.contract.home.StartupStep;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The home folder, held by this process: no other server can take it while we live.
///
/// A folder is ours when it holds the marker `pipewright.json`, which is the first thing written
/// into an empty one. One that holds other things is never touched.
final class Home implements AutoCloseable {
  private static final int LAYOUT = 1;
  private static final Duration PEEKS = Duration.ofMillis(500);

  private final HomeFolder folder;
  private final FileChannel channel;
  private final FileLock lock;

  /// The content of `pipewright.json`.
  record Marker(int layout, @Nullable Instant createdAt) {}

  private Home(HomeFolder folder, FileChannel channel, FileLock lock) {
    this.folder = folder;
    this.channel = channel;
    this.lock = lock;
  }

  HomeFolder folder() {
    return folder;
  }

  /// Changes nothing; says what would keep a server from taking the folder.
  ///
  /// @throws ProblemException HOME_NOT_OURS, HOME_DAMAGED or ALREADY_RUNNING
  static void requireUsable(HomeFolder folder) {
    try {
      requireOurs(folder);
      if (folder.inUse()) {
        throw alreadyRunning(folder);
      }
    } catch (IOException e) {
      throw notWritable(folder, e);
    }
  }

  /// Makes the folder where it is missing, and takes it.
  ///
  /// @throws ProblemException HOME_NOT_WRITABLE, HOME_NOT_OURS, HOME_DAMAGED or ALREADY_RUNNING
  static Home take(HomeFolder folder) {
    try {
      if (!Files.exists(folder.root())) {
        Files.createDirectories(
            folder.root(),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      if (!requireOurs(folder)) {
        write(folder.marker(), Json.MAPPER.writeValueAsString(new Marker(LAYOUT, Instant.now())));
      }
      Files.createDirectories(folder.startup().getParent());
      Files.createDirectories(folder.serverLog().getParent());
      var channel =
          FileChannel.open(folder.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      var lock = lock(channel);
      if (lock == null) {
        channel.close();
        throw alreadyRunning(folder);
      }
      channel.truncate(0);
      channel.write(
          StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + System.lineSeparator()));
      var home = new Home(folder, channel, lock);
      // Left by a server that was killed.
      Files.deleteIfExists(folder.server());
      Files.writeString(folder.startup(), "");
      empty(folder.temporary());
      return home;
    } catch (IOException e) {
      throw notWritable(folder, e);
    }
  }

  /// Libraries put native code there, which a server that is killed leaves behind.
  private static void empty(Path temporary) throws IOException {
    Files.createDirectories(temporary);
    try (var files = Files.walk(temporary)) {
      for (var file : files.skip(1).sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  /// Tells the world that the server is ready.
  void ready(RunningServer server) {
    try {
      write(folder.server(), Json.MAPPER.writeValueAsString(server));
    } catch (IOException e) {
      throw notWritable(folder, e);
    }
  }

  void report(StartupStep.Phase phase, StartupStep.State state, @Nullable String message) {
    try {
      var step =
          new StartupStep(Instant.now(), ProcessHandle.current().pid(), phase, state, message);
      Files.writeString(
          folder.startup(),
          Json.MAPPER.writeValueAsString(step) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw notWritable(folder, e);
    }
  }

  /// Gives the folder back to the next server.
  @Override
  public void close() throws IOException {
    if (channel.isOpen()) {
      Files.deleteIfExists(folder.server());
      lock.release();
      channel.close();
    }
  }

  /// Whether it is ours already; false for one that is missing or empty.
  private static boolean requireOurs(HomeFolder folder) throws IOException {
    var root = folder.root();
    if (!Files.exists(root)) {
      return false;
    }
    if (!Files.isDirectory(root)) {
      throw new ProblemException(
          ProblemCode.HOME_NOT_WRITABLE, "PIPEWRIGHT_HOME=" + root + " is a file, not a folder.");
    }
    if (Files.exists(folder.marker())) {
      requireLayout(folder.marker());
      return true;
    }
    try (var entries = Files.newDirectoryStream(root)) {
      for (var entry : entries) {
        // A start that was cut off while it wrote the marker leaves this behind.
        if (!entry.getFileName().toString().startsWith("pipewright.json")) {
          throw new ProblemException(
              ProblemCode.HOME_NOT_OURS,
              "%s is not empty (it holds %s, for one) and was not made by Pipewright."
                  .formatted(root, entry.getFileName()),
              "Set PIPEWRIGHT_HOME to a new or empty folder.");
        }
      }
    }
    return false;
  }

  private static void requireLayout(Path file) throws IOException {
    Marker marker;
    try {
      marker = Json.MAPPER.readValue(Files.readString(file), Marker.class);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ProblemCode.HOME_DAMAGED, file + " cannot be read: " + e.getOriginalMessage() + ".");
    }
    if (marker.layout() > LAYOUT) {
      throw new ProblemException(
          ProblemCode.HOME_DAMAGED,
          "%s says layout %d, and this version knows layouts up to %d: a newer Pipewright wrote it."
              .formatted(file, marker.layout(), LAYOUT),
          "Use that newer version, or set another PIPEWRIGHT_HOME.");
    }
    if (marker.layout() < 1) {
      throw new ProblemException(
          ProblemCode.HOME_DAMAGED, file + " does not say which layout the folder has.");
    }
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    long deadline = System.nanoTime() + PEEKS.toNanos();
    while (true) {
      try {
        var lock = channel.tryLock();
        if (lock != null || System.nanoTime() > deadline) {
          return lock;
        }
      } catch (OverlappingFileLockException e) {
        return null;
      }
      // `pipewright status` holds it for an instant.
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }

  private static ProblemException alreadyRunning(HomeFolder folder) throws IOException {
    var running = folder.running();
    String who;
    if (running.isPresent()) {
      who = "process %d, at %s".formatted(running.get().pid(), running.get().url());
    } else {
      var pid = Files.readString(folder.lock()).strip();
      who = pid.isEmpty() ? "it is just starting" : "process " + pid + ", starting or stopping";
    }
    return new ProblemException(
        ProblemCode.ALREADY_RUNNING,
        "A server runs on %s already: %s.".formatted(folder.root(), who),
        "Use it, or stop it with ./pipewright down, or set another PIPEWRIGHT_HOME.");
  }

  private static ProblemException notWritable(HomeFolder folder, IOException e) {
    var why =
        switch (e) {
          case AccessDeniedException denied -> "no permission for " + denied.getFile();
          case NoSuchFileException missing -> missing.getFile() + " cannot be made";
          case FileAlreadyExistsException file -> file.getFile() + " is not a folder";
          case FileSystemException other when other.getReason() != null ->
              other.getFile() + ": " + other.getReason();
          default -> String.valueOf(e.getMessage());
        };
    return new ProblemException(
        ProblemCode.HOME_NOT_WRITABLE,
        "%s cannot be used as the home folder: %s.".formatted(folder.root(), why),
        "Set PIPEWRIGHT_HOME to a folder that can be written.");
  }

  private static void write(Path file, String text) throws IOException {
    var temporary = file.resolveSibling(file.getFileName() + ".tmp");
    Files.writeString(temporary, text + "\n");
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
