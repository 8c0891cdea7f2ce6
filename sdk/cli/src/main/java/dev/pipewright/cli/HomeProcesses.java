package dev.pipewright.cli;

import dev.pipewright.contract.home.HomeFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// The processes that belong to a home folder, found by what they wrote there.
final class HomeProcesses {
  private HomeProcesses() {}

  /// Whoever holds the folder's lock.
  static Optional<ProcessHandle> server(HomeFolder home) {
    return handle(home.lock());
  }

  static Optional<ProcessHandle> postgres(HomeFolder home) {
    return handle(home.postgres().resolve("data/postmaster.pid"))
        .filter(process -> mentions(process, home.postgres()));
  }

  static Optional<ProcessHandle> kafka(HomeFolder home) {
    return handle(home.kafka().resolve("pid")).filter(process -> mentions(process, home.kafka()));
  }

  static List<ProcessHandle> backends(HomeFolder home) {
    return Stream.of(postgres(home), kafka(home)).flatMap(Optional::stream).toList();
  }

  /// Whether the process ended within the time.
  static boolean awaitEnd(ProcessHandle process, Duration within) {
    var deadline = Instant.now().plus(within);
    while (alive(process)) {
      if (Instant.now().isAfter(deadline)) {
        return false;
      }
      LocalServer.pause();
    }
    return true;
  }

  /// The memory of the processes and all their children in bytes, what they share counted once;
  /// empty where the system does not tell.
  static Optional<Long> memory(List<ProcessHandle> processes) {
    long kibibytes = 0;
    for (var process :
        processes.stream()
            .flatMap(parent -> Stream.concat(Stream.of(parent), parent.descendants()))
            .distinct()
            .toList()) {
      var proc = Path.of("/proc", Long.toString(process.pid()));
      var own =
          field(proc.resolve("smaps_rollup"), "Pss:")
              .or(() -> field(proc.resolve("status"), "VmRSS:"));
      if (own.isEmpty() && alive(process)) {
        return Optional.empty();
      }
      kibibytes += own.orElse(0L);
    }
    return Optional.of(kibibytes * 1024);
  }

  static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%d MiB", Math.round(bytes / 1048576.0));
  }

  private static Optional<Long> field(Path file, String name) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(name))
          .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // it ended in the meantime, or there is no /proc
    }
  }

  private static Optional<ProcessHandle> handle(Path pidFile) {
    try (var lines = Files.lines(pidFile)) {
      return lines
          .findFirst()
          .map(String::strip)
          .filter(pid -> pid.matches("[0-9]{1,18}"))
          .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)))
          .filter(HomeProcesses::alive);
    } catch (IOException e) {
      return Optional.empty(); // there is none
    }
  }

  /// A process whose end nobody has taken note of is dead all the same.
  private static boolean alive(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    try {
      var status = Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"));
      return !status.contains("State:\tZ");
    } catch (IOException e) {
      return process.isAlive();
    }
  }

  private static boolean mentions(ProcessHandle process, Path folder) {
    return process.info().commandLine().map(line -> line.contains(folder.toString())).orElse(false);
  }
}
