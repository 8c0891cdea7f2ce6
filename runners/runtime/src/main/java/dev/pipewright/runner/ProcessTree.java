package dev.pipewright.runner;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A command and everything it started. On Linux it has a session of its own, so that a signal
/// reaches all of it, even what lost its parent; and a mark in its surroundings, which what it
/// starts inherits, so that even what left the session is found.
final class ProcessTree {
  /// The variable that marks what belongs to an attempt.
  static final String MARK = "PIPEWRIGHT_ATTEMPT_ID";

  private static final Path SETSID =
      Files.isExecutable(Path.of("/usr/bin/setsid"))
          ? Path.of("/usr/bin/setsid")
          : Path.of("/bin/setsid");

  /// Where the kernel tells when a process started in its own ticks. The time of day that
  /// [ProcessHandle.Info] makes of them is another one after the clock was set.
  private static final boolean PROC = Files.isReadable(Path.of("/proc/self/stat"));

  private final Process process;
  private final String attempt;

  private ProcessTree(Process process, String attempt) {
    this.process = process;
    this.attempt = attempt;
  }

  /// Starts a command, remembered in a file: what identifies it for ever is written there.
  ///
  /// @param attempt the id of the attempt it belongs to
  /// @param cgroup its own group of processes, which it enters before it begins; null for none
  static ProcessTree start(ProcessBuilder builder, String attempt, Path file, @Nullable Path cgroup)
      throws IOException {
    var command = new ArrayList<String>();
    if (Files.isExecutable(SETSID)) {
      command.add(SETSID.toString());
    }
    if (cgroup != null) {
      command.addAll(
          List.of(
              "/bin/sh",
              "-c",
              "echo $$ >\"$0\" && exec \"$@\"",
              cgroup.resolve("cgroup.procs").toString()));
    }
    command.addAll(builder.command());
    builder.environment().put(MARK, attempt);
    var process = builder.command(command).start();
    Files.writeString(file, identity(process.toHandle()));
    return new ProcessTree(process, attempt);
  }

  Process process() {
    return process;
  }

  /// Kills what an attempt has left behind, if anything of it is still there.
  ///
  /// @param file where its command was remembered
  static void killRemembered(String attempt, Path file) throws IOException {
    var remembered = Files.exists(file) ? Files.readString(file).strip() : "";
    if (!remembered.isEmpty()) {
      long pid = Long.parseLong(remembered.substring(0, remembered.indexOf(' ')));
      var process = ProcessHandle.of(pid);
      // When the leader is gone, what it started may live on in its session, whose number cannot be
      // reused meanwhile.
      if (process.isEmpty() || start(identity(process.get())).equals(start(remembered))) {
        process.ifPresent(leader -> leader.descendants().forEach(ProcessHandle::destroyForcibly));
        boolean unused = Files.isExecutable(SETSID) && Signals.toGroup(pid, Signals.KILL);
        process.ifPresent(ProcessHandle::destroyForcibly);
      }
    }
    // What is killed cannot start another: after a few rounds nothing is left.
    for (var left = marked(attempt); !left.isEmpty(); left = marked(attempt)) {
      left.forEach(pid -> Signals.toProcess(pid, Signals.KILL));
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
    } catch (IOException e) {
      // It may end before its file is opened, or between that and the reading.
      if (process.isAlive()) {
        throw e;
      }
      return process.pid() + " ended";
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

  /// The living processes with the attempt's mark.
  static Set<Long> marked(String attempt) {
    var found = new LinkedHashSet<Long>();
    if (!PROC) {
      return found;
    }
    var mark = MARK + "=" + attempt;
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (var each : processes) {
        try {
          var environment =
              new String(Files.readAllBytes(each.resolve("environ")), StandardCharsets.ISO_8859_1);
          // A zombie has no surroundings any more.
          if (environment.contains(mark)) {
            found.add(Long.parseLong(each.getFileName().toString()));
          }
        } catch (IOException e) {
          continue; // ended in the meantime, or another user's
        }
      }
    } catch (IOException e) {
      System.err.println("the processes of attempt " + attempt + " cannot be found: " + e);
    }
    return found;
  }

  /// Asks all of it to end.
  void terminate() {
    signal(Signals.TERM);
  }

  /// Ends all of it, however it was asked before.
  void kill() {
    signal(Signals.KILL);
    for (var left = marked(attempt); !left.isEmpty(); left = marked(attempt)) {
      left.forEach(pid -> Signals.toProcess(pid, Signals.KILL));
    }
  }

  /// Ends what is left of its session after its end.
  ///
  /// @return whether anything was
  boolean killLeft() {
    return Files.isExecutable(SETSID) && Signals.toGroup(process.pid(), Signals.KILL);
  }

  /// Each process once: a second signal could disturb what the first one began.
  private void signal(int signal) {
    long leader = process.pid();
    var others = new LinkedHashSet<Long>();
    process.descendants().forEach(each -> others.add(each.pid()));
    others.addAll(marked(attempt));
    if (Files.isExecutable(SETSID) && Signals.toGroup(leader, signal)) {
      others.removeIf(pid -> isInGroup(pid, leader));
    } else {
      others.add(leader);
    }
    others.forEach(pid -> Signals.toProcess(pid, signal));
  }

  /// By field 5 of `/proc/PID/stat`.
  private static boolean isInGroup(long pid, long leader) {
    try {
      var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return stat.substring(stat.lastIndexOf(')') + 2)
          .split(" ", -1)[5 - 3]
          .equals(Long.toString(leader));
    } catch (IOException e) {
      return true; // ended in the meantime
    }
  }
}
