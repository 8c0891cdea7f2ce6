package dev.pipewright.runner;

import dev.pipewright.contract.task.TaskLaunch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Limits of memory and cores by the kernel's control groups (version 2), below a group that was
/// delegated to us.
final class Cgroups {
  private static final List<String> CONTROLLERS = List.of("cpu", "memory");
  private static final long PERIOD_MICROS = 100_000;

  private final @Nullable Path root;
  private final String noLimits;

  private Cgroups(@Nullable Path root, String noLimits) {
    this.root = root;
    this.noLimits = noLimits;
  }

  static Cgroups none(String why) {
    return new Cgroups(null, why);
  }

  /// Looks whether limits can be set.
  ///
  /// @param delegated the group that the settings name; empty for the one this process is in
  static Cgroups find(String delegated) {
    try {
      var group = delegated.isBlank() ? own() : Path.of(delegated);
      return group == null ? none("this machine has no control groups of version 2") : below(group);
    } catch (IOException e) {
      return none("the control groups cannot be used: " + e.getMessage());
    }
  }

  static Cgroups below(Path group) throws IOException {
    var offered = words(group.resolve("cgroup.controllers"));
    if (!offered.containsAll(CONTROLLERS)) {
      return none("the control group " + group + " has no controllers for cpu and memory");
    }
    if (!Files.isWritable(group) || !Files.isWritable(group.resolve("cgroup.subtree_control"))) {
      return none("the control group " + group + " is not delegated to this user");
    }
    var control = group.resolve("cgroup.subtree_control");
    if (!words(control).containsAll(CONTROLLERS)) {
      try {
        Files.writeString(control, "+cpu +memory");
      } catch (IOException e) {
        return none(
            "the control group "
                + group
                + " has processes of its own; name an empty one with PIPEWRIGHT_LAUNCHER_CGROUP");
      }
    }
    return new Cgroups(group, "");
  }

  /// Why limits are not enforced; empty where they are.
  String noLimits() {
    return noLimits;
  }

  private static @Nullable Path own() throws IOException {
    var membership = Path.of("/proc/self/cgroup");
    var mounts = Path.of("/proc/self/mounts");
    if (!Files.exists(membership) || !Files.exists(mounts)) {
      return null;
    }
    var path =
        Files.readAllLines(membership).stream()
            .filter(line -> line.startsWith("0::"))
            .map(line -> line.substring(3))
            .findFirst();
    var mount =
        Files.readAllLines(mounts).stream()
            .map(line -> line.split(" ", -1))
            .filter(fields -> fields.length > 2 && fields[2].equals("cgroup2"))
            .map(fields -> Path.of(fields[1]))
            .findFirst();
    return path.isPresent() && mount.isPresent()
        ? mount.get().resolve(path.get().substring(1))
        : null;
  }

  /// Makes an attempt's group; null where there is nothing to limit, or nothing to limit it with.
  @Nullable Path create(String attempt, TaskLaunch.Limits limits) throws IOException {
    if (root == null || (limits.memory() == null && limits.cpu() == null)) {
      return null;
    }
    var group = Files.createDirectories(root.resolve("pipewright-" + attempt));
    if (limits.memory() != null) {
      Files.writeString(group.resolve("memory.max"), Long.toString(limits.memory()));
      // One that swaps instead would only be slow.
      write(group.resolve("memory.swap.max"), "0");
      // All of it or none: half a task is of no use.
      write(group.resolve("memory.oom.group"), "1");
    }
    if (limits.cpu() != null) {
      Files.writeString(
          group.resolve("cpu.max"),
          String.format(
              Locale.ROOT, "%d %d", (long) (limits.cpu() * PERIOD_MICROS), PERIOD_MICROS));
    }
    return group;
  }

  /// A file that not every kernel has.
  private static void write(Path file, String text) throws IOException {
    if (Files.exists(file)) {
      Files.writeString(file, text);
    }
  }

  /// Whether the kernel killed in this group for want of memory.
  static boolean killedForMemory(Path group) {
    try {
      for (var line : Files.readAllLines(group.resolve("memory.events"))) {
        if (line.startsWith("oom_kill ")) {
          return Long.parseLong(line.substring("oom_kill ".length()).strip()) > 0;
        }
      }
    } catch (IOException e) {
      System.err.println("what happened in " + group + " cannot be read: " + e);
    }
    return false;
  }

  /// Ends all that is in the group, and the group.
  static void remove(Path group) throws InterruptedException {
    try {
      write(group.resolve("cgroup.kill"), "1");
      for (int i = 0; i < 50; i++) {
        try {
          Files.deleteIfExists(group);
          return;
        } catch (IOException e) {
          TimeUnit.MILLISECONDS.sleep(20); // what was killed is still on its way out
        }
      }
      System.err.println("the control group " + group + " cannot be removed");
    } catch (IOException e) {
      System.err.println("the control group " + group + " cannot be removed: " + e);
    }
  }

  private static List<String> words(Path file) throws IOException {
    return Files.isReadable(file)
        ? List.of(Files.readString(file).strip().split("\\s+", -1))
        : List.of();
  }
}
