package dev.pipewright.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A command and everything it started. On Linux it has a session of its own, so that a signal
/// reaches all of it, even what lost its parent.
final class ProcessTree {
  private static final Path SETSID =
      Files.isExecutable(Path.of("/usr/bin/setsid"))
          ? Path.of("/usr/bin/setsid")
          : Path.of("/bin/setsid");

  private final ProcessHandle root;

  private ProcessTree(ProcessHandle root) {
    this.root = root;
  }

  static ProcessTree of(Process process) {
    return new ProcessTree(process.toHandle());
  }

  /// Puts what starts a session in front of a command where the system has it.
  static List<String> command(List<String> command) {
    if (!Files.isExecutable(SETSID)) {
      return command;
    }
    var all = new ArrayList<String>();
    all.add(SETSID.toString());
    all.addAll(command);
    return all;
  }

  /// What identifies a process for ever: its number and when it started.
  void remember(Path file) throws IOException {
    Files.writeString(
        file, root.pid() + " " + root.info().startInstant().map(Instant::toString).orElse(""));
  }

  /// Kills the tree that was remembered here, if it is still there.
  static void killRemembered(Path file) throws IOException, InterruptedException {
    if (!Files.exists(file)) {
      return;
    }
    var parts = Files.readString(file).strip().split(" ", 2);
    var process = ProcessHandle.of(Long.parseLong(parts[0]));
    boolean same =
        process.isPresent()
            && parts.length == 2
            && process
                .get()
                .info()
                .startInstant()
                .map(Instant::toString)
                .orElse("")
                .equals(parts[1]);
    if (same) {
      new ProcessTree(process.get()).signal("KILL");
    } else if (process.isEmpty()) {
      // The leader is gone, but what it started may live on in its session, whose number cannot be
      // reused meanwhile.
      killGroup(Long.parseLong(parts[0]), "KILL");
    }
    Files.deleteIfExists(file);
  }

  /// SIGTERM, then SIGKILL to what is left.
  void stop(Duration grace) throws InterruptedException {
    signal("TERM");
    long deadline = System.nanoTime() + grace.toNanos();
    while (root.isAlive() && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    signal("KILL");
  }

  private void signal(String signal) throws InterruptedException {
    var descendants = root.descendants().toList();
    if (Files.isExecutable(SETSID)) {
      killGroup(root.pid(), signal);
    }
    for (var each : descendants) {
      end(each, signal);
    }
    end(root, signal);
  }

  private static void end(ProcessHandle process, String signal) {
    boolean unused = signal.equals("KILL") ? process.destroyForcibly() : process.destroy();
  }

  private static void killGroup(long leader, String signal) throws InterruptedException {
    try {
      new ProcessBuilder("kill", "-" + signal, "--", "-" + leader)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      System.err.println("the process group " + leader + " cannot be signalled: " + e);
    }
  }
}
