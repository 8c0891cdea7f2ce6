package dev.pipewright.embedded;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Starting, seeing and ending processes that are not bound to the life of this JVM.
final class Processes {
  private static final long LOG_LIMIT = 10L << 20;

  private Processes() {}

  /// Starts a command in a session of its own: a Ctrl-C in the terminal is for us, not for it.
  static ProcessHandle detached(List<String> command, Path folder, Path log) throws IOException {
    var full = new ArrayList<String>();
    // macOS has no setsid; there the terminal's Ctrl-C reaches the child too.
    onPath("setsid").ifPresent(setsid -> full.add(setsid.toString()));
    full.addAll(command);
    var builder =
        new ProcessBuilder(full)
            .directory(folder.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().keySet().removeIf(Processes::misleading);
    return builder.start().toHandle();
  }

  /// Runs a short command to its end, and returns what it printed.
  ///
  /// @throws IOException with its output when it fails or takes longer than a minute
  static String run(List<String> command, Path folder, String input) throws IOException {
    var output = Files.createTempFile("pipewright", ".out");
    try {
      var builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      builder.environment().keySet().removeIf(Processes::misleading);
      var process = builder.start();
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // It ended without reading; its exit status and output say more than the broken pipe.
        process.onExit().join();
      }
      if (!process.waitFor(1, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IOException(command.getFirst() + " did not end within a minute");
      }
      var printed = Files.readString(output);
      if (process.exitValue() != 0) {
        throw new IOException(
            "%s ended with exit code %d: %s"
                .formatted(String.join(" ", command), process.exitValue(), printed.strip()));
      }
      return printed;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while running " + command.getFirst(), e);
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /// Whether it runs. Where nobody reaps orphans (a container without an init), a dead process
  /// stays listed as a zombie and the JDK calls it alive; we do not.
  static boolean alive(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    var proc = Path.of("/proc", Long.toString(process.pid()));
    try {
      var stat = Files.readString(proc.resolve("stat"));
      int afterName = stat.lastIndexOf(')') + 2;
      if (afterName >= stat.length() || stat.charAt(afterName) != 'Z') {
        return true;
      }
      // The first thread is gone, but until the others are too, files and ports are still held.
      try (var threads = Files.list(proc.resolve("task"))) {
        return threads.count() > 1;
      }
    } catch (IOException | UncheckedIOException e) {
      // No /proc to ask (macOS), or the process went away while we were reading.
      return process.isAlive();
    }
  }

  /// Sends a signal by name; Java itself knows only SIGTERM and SIGKILL.
  static void signal(ProcessHandle process, String signal) {
    try {
      run(
          List.of("sh", "-c", "kill -" + signal + " " + process.pid() + " 2>/dev/null || true"),
          Path.of("/"),
          "");
    } catch (IOException e) {
      // Without a shell there is no gentler way left.
      process.destroy();
    }
  }

  /// Waits for the process to end; false when it still runs after the time given.
  static boolean ended(ProcessHandle process, Duration within) {
    long deadline = System.nanoTime() + within.toNanos();
    while (alive(process)) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      pause(Duration.ofMillis(20));
    }
    return true;
  }

  /// Sleeps; an interrupt ends the sleep and stays set.
  static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a process", e);
    }
  }

  static Optional<Path> onPath(String command) {
    var path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    for (var folder : List.of(path.split(":", -1))) {
      var file = Path.of(folder, command);
      if (!folder.isEmpty() && Files.isExecutable(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  /// Prepares the log for another start, and returns how long it is now: what comes after belongs
  /// to that start.
  static long openLog(Path log) throws IOException {
    Files.createDirectories(log.getParent());
    if (Files.exists(log) && Files.size(log) > LOG_LIMIT) {
      Files.move(
          log, log.resolveSibling(log.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
    }
    return Files.exists(log) ? Files.size(log) : 0;
  }

  /// What was written to the log from an offset on; at most its last 64 KiB.
  static String logSince(Path log, long offset) {
    try (var file = new RandomAccessFile(log.toFile(), "r")) {
      long from = Math.max(offset, file.length() - (64 << 10));
      var bytes = new byte[(int) Math.max(0, file.length() - from)];
      file.seek(from);
      file.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "(its log " + log + " cannot be read: " + e.getMessage() + ")";
    }
  }

  static String lastLines(String text, int count) {
    var lines = text.strip().lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - count), lines.size()));
  }

  /// Variables that would make PostgreSQL or a JVM behave otherwise than we tell it to.
  private static boolean misleading(String variable) {
    return variable.startsWith("PG")
        || variable.equals("JAVA_TOOL_OPTIONS")
        || variable.equals("JDK_JAVA_OPTIONS")
        || variable.equals("LD_PRELOAD");
  }
}
