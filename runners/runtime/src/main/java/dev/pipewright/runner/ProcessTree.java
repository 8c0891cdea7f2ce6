package dev.pipewright.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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

  /// Where the kernel tells when a process started in its own ticks. The time of day that
  /// [ProcessHandle.Info] makes of them is another one after the clock was set.
  private static final boolean PROC = Files.isReadable(Path.of("/proc/self/stat"));

  private final ProcessHandle root;

  private ProcessTree(ProcessHandle root) {
    this.root = root;
  }

  static ProcessTree of(Process process) {
    return new ProcessTree(process.toHandle());
  }

  /// Starts a command, remembered in a file: what identifies it for ever is written there. Where
  /// the system has it, the command gets a session of its own, and is remembered by a shell that
  /// then becomes it, so that there is no instant at which it runs and a later runner could not
  /// find it.
  static Process start(ProcessBuilder builder, Path file) throws IOException {
    if (!PROC || !Files.isExecutable(SETSID)) {
      var process = builder.start();
      Files.writeString(file, identity(process.toHandle()));
      return process;
    }
    var command =
        new ArrayList<>(
            List.of(
                SETSID.toString(),
                "/bin/sh",
                "-c",
                "read -r stat </proc/$$/stat && echo \"$stat\" >\"$0\" && exec \"$@\"",
                file.toString()));
    command.addAll(builder.command());
    return builder.command(command).start();
  }

  /// Kills the tree that was remembered here, if it is still there.
  static void killRemembered(Path file) throws IOException, InterruptedException {
    var remembered = Files.exists(file) ? Files.readString(file).strip() : "";
    if (remembered.isEmpty()) {
      return;
    }
    long pid = Long.parseLong(remembered.substring(0, remembered.indexOf(' ')));
    var process = ProcessHandle.of(pid);
    if (process.isEmpty()) {
      // The leader is gone, but what it started may live on in its session, whose number cannot be
      // reused meanwhile.
      killGroup(pid, "KILL");
    } else if (start(identity(process.get())).equals(start(remembered))) {
      new ProcessTree(process.get()).signal("KILL");
    }
    Files.deleteIfExists(file);
  }

  /// The number, and when it started.
  private static String identity(ProcessHandle process) throws IOException {
    if (!PROC) {
      return process.pid() + " " + process.info().startInstant().map(Instant::toString).orElse("");
    }
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat")).strip();
    } catch (NoSuchFileException e) {
      return process.pid() + " ended"; // just now
    }
  }

  /// In `/proc/PID/stat`, field 22. The second one is the program's name in parentheses, which may
  /// hold anything.
  private static String start(String identity) {
    int name = identity.lastIndexOf(')');
    if (name < 0) {
      return identity.substring(identity.indexOf(' ') + 1);
    }
    return List.of(identity.substring(name + 2).split(" ", -1)).get(22 - 3);
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

  /// SIGKILL to all of it.
  void kill() throws InterruptedException {
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
