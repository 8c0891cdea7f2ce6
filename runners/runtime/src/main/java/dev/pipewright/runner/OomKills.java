package dev.pipewright.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How often the kernel has killed a process of this machine for want of memory.
final class OomKills {
  private static final Path COUNTERS = Path.of("/proc/vmstat");
  private static final String NAME = "oom_kill ";

  private OomKills() {}

  /// 0 where the system does not tell.
  static long count() {
    if (!Files.isReadable(COUNTERS)) {
      return 0;
    }
    try (var lines = Files.lines(COUNTERS)) {
      return lines
          .filter(line -> line.startsWith(NAME))
          .mapToLong(line -> Long.parseLong(line.substring(NAME.length()).strip()))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
