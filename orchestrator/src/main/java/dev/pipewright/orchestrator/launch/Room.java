package dev.pipewright.orchestrator.launch;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/// What of the machine is taken, and by which attempt.
///
/// Attempts are let in strictly in order: one that does not fit holds back those behind it that
/// want any of what it is short of, so that many small ones never keep a large one out. One that
/// asks for more cores or memory than there are gets all of them. May be asked by any thread.
final class Room {
  /// What there is.
  ///
  /// @param memory in bytes
  /// @param gpus how many
  record Machine(double cpus, long memory, int gpus) {}

  /// What an attempt takes.
  record Share(double cpus, long memory, int gpus) {}

  private enum Part {
    CPUS,
    MEMORY,
    GPUS
  }

  private record Taken(Share share, List<Integer> gpus) {}

  /// Shares are sums of small parts.
  private static final double TOLERANCE = 1e-9;

  private final Machine machine;
  private final Map<UUID, Taken> taken = new HashMap<>();
  private final Set<Integer> freeGpus = new TreeSet<>();
  private double cpus;
  private long memory;

  Room(Machine machine) {
    this.machine = machine;
    for (int i = 0; i < machine.gpus; i++) {
      freeGpus.add(i);
    }
  }

  Machine machine() {
    return machine;
  }

  /// Lets attempts in, one after the other.
  final class Queue {
    private final Set<Part> held = EnumSet.noneOf(Part.class);

    /// @return whether there is room for it, which it then has
    boolean letIn(UUID attempt, Share wanted) {
      synchronized (Room.this) {
        return letInNow(attempt, wanted);
      }
    }

    private boolean letInNow(UUID attempt, Share wanted) {
      if (taken.containsKey(attempt)) {
        return true;
      }
      var share = clamped(wanted);
      var lacking = EnumSet.noneOf(Part.class);
      lack(lacking, Part.CPUS, share.cpus > 0, cpus + share.cpus > machine.cpus + TOLERANCE);
      lack(lacking, Part.MEMORY, share.memory > 0, memory + share.memory > machine.memory);
      lack(lacking, Part.GPUS, share.gpus > 0, share.gpus > freeGpus.size());
      if (!lacking.isEmpty()) {
        held.addAll(lacking);
        return false;
      }
      take(attempt, share, freeGpus.stream().limit(share.gpus).toList());
      return true;
    }

    private void lack(Set<Part> lacking, Part part, boolean wants, boolean tooMuch) {
      if (wants && (tooMuch || held.contains(part))) {
        lacking.add(part);
      }
    }

    /// Whether nothing can be let in any more.
    boolean isClosed() {
      return held.contains(Part.CPUS);
    }
  }

  synchronized boolean has(UUID attempt) {
    return taken.containsKey(attempt);
  }

  /// Takes an attempt's share although it may not fit: it runs already.
  ///
  /// @param devices the GPUs it was given
  synchronized void adopt(UUID attempt, Share wanted, List<Integer> devices) {
    if (!taken.containsKey(attempt)) {
      take(attempt, clamped(wanted), devices);
    }
  }

  private void take(UUID attempt, Share share, List<Integer> devices) {
    devices.forEach(freeGpus::remove);
    taken.put(attempt, new Taken(share, List.copyOf(devices)));
    cpus += share.cpus;
    memory += share.memory;
  }

  /// The devices that an attempt has for itself.
  synchronized List<Integer> gpus(UUID attempt) {
    var its = taken.get(attempt);
    return its == null ? List.of() : its.gpus;
  }

  /// @return whether it had anything
  synchronized boolean leave(UUID attempt) {
    var its = taken.remove(attempt);
    if (its == null) {
      return false;
    }
    cpus = taken.isEmpty() ? 0 : cpus - its.share.cpus;
    memory -= its.share.memory;
    its.gpus.stream().filter(device -> device < machine.gpus).forEach(freeGpus::add);
    return true;
  }

  /// Drops whoever is not among these.
  synchronized void keepOnly(Set<UUID> attempts) {
    for (var each : List.copyOf(taken.keySet())) {
      if (!attempts.contains(each)) {
        leave(each);
      }
    }
  }

  private Share clamped(Share wanted) {
    return new Share(
        Math.min(wanted.cpus, machine.cpus), Math.min(wanted.memory, machine.memory), wanted.gpus);
  }
}
