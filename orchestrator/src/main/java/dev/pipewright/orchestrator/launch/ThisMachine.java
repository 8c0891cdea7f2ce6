package dev.pipewright.orchestrator.launch;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/// What this machine has for tasks, unless the settings say otherwise.
final class ThisMachine {
  private static final Path GPUS = Path.of("/proc/driver/nvidia/gpus");

  private ThisMachine() {}

  static Room.Machine of(LaunchConfig config) {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return new Room.Machine(
        config.cpus().orElse(Math.max(2, Runtime.getRuntime().availableProcessors())),
        config.memory().map(Quantity::bytes).orElse(system.getTotalMemorySize()),
        config.gpus().orElseGet(ThisMachine::gpus));
  }

  private static int gpus() {
    if (!Files.isDirectory(GPUS)) {
      return 0;
    }
    try (var found = Files.list(GPUS)) {
      return (int) found.count();
    } catch (IOException e) {
      return 0;
    }
  }
}
