package dev.pipewright.runner;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Processor, memory, disk and network of the machine, under MLflow's names and in its units. From
/// the JDK and `/proc`, which cost a task's start nothing; what a system does not tell is left out.
final class Machine {
  private static final double MEGABYTE = 1e6;
  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final Path NETWORK = Path.of("/proc/net/dev");

  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final Traffic before;

  /// @param received bytes since the machine started; likewise sent
  record Traffic(long received, long sent) {}

  /// @param total bytes
  /// @param available bytes that can be had without swapping
  record Memory(long total, long available) {}

  /// Traffic is counted from now on.
  Machine() throws IOException {
    before = traffic();
    // Counted from the call before.
    double unused = system.getCpuLoad();
  }

  Map<String, Double> read() throws IOException {
    var readings = new LinkedHashMap<String, Double>();
    double load = system.getCpuLoad();
    if (load >= 0) {
      readings.put("system/cpu_utilization_percentage", 100 * load);
    }
    var memory = memory();
    double used = memory.total - memory.available;
    readings.put("system/system_memory_usage_megabytes", used / MEGABYTE);
    readings.put("system/system_memory_usage_percentage", 100 * used / memory.total);
    var disk = Files.getFileStore(Path.of("/"));
    double free = disk.getUsableSpace();
    double taken = (double) disk.getTotalSpace() - disk.getUnallocatedSpace();
    readings.put("system/disk_usage_megabytes", taken / MEGABYTE);
    readings.put("system/disk_usage_percentage", 100 * taken / (taken + free));
    readings.put("system/disk_available_megabytes", free / MEGABYTE);
    if (Files.exists(NETWORK)) {
      var now = traffic();
      readings.put("system/network_receive_megabytes", (now.received - before.received) / MEGABYTE);
      readings.put("system/network_transmit_megabytes", (now.sent - before.sent) / MEGABYTE);
    }
    return readings;
  }

  private Memory memory() throws IOException {
    return Files.exists(MEMORY)
        ? memory(Files.readAllLines(MEMORY))
        : new Memory(system.getTotalMemorySize(), system.getFreeMemorySize());
  }

  /// Of `/proc/meminfo`, in kibibytes there.
  static Memory memory(List<String> lines) throws IOException {
    return new Memory(kibibytes(lines, "MemTotal:"), kibibytes(lines, "MemAvailable:"));
  }

  private static long kibibytes(List<String> lines, String name) throws IOException {
    for (var line : lines) {
      if (line.startsWith(name)) {
        return 1024 * Long.parseLong(line.split("\\s+", -1)[1]);
      }
    }
    throw new IOException(MEMORY + " does not tell " + name);
  }

  private static Traffic traffic() throws IOException {
    return Files.exists(NETWORK) ? traffic(Files.readAllLines(NETWORK)) : new Traffic(0, 0);
  }

  /// Of `/proc/net/dev`, over all interfaces.
  static Traffic traffic(List<String> lines) {
    long received = 0;
    long sent = 0;
    for (var line : lines) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        var fields = line.substring(colon + 1).strip().split("\\s+", -1);
        received += Long.parseLong(fields[0]);
        sent += Long.parseLong(fields[8]);
      }
    }
    return new Traffic(received, sent);
  }
}
