package dev.pipewright.orchestrator.launch;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// Learns how long built-in tasks take, so that many of those that take no time share a core.
final class UsualTimes {
  /// Tasks that take far less than this are on their way for most of the time.
  private static final double QUICK_MILLIS = 100;

  private static final double SMALLEST_SHARE = 1 / 64.0;

  private final Map<UUID, String> tasks = new ConcurrentHashMap<>();
  private final Map<UUID, Instant> began = new ConcurrentHashMap<>();
  private final Map<String, Double> millis = new ConcurrentHashMap<>();

  void launched(UUID attempt, String uses) {
    tasks.put(attempt, uses);
  }

  void began(UUID attempt, Instant at) {
    began.put(attempt, at);
  }

  void ended(UUID attempt, Instant at) {
    var from = began.remove(attempt);
    var uses = tasks.remove(attempt);
    if (from != null && uses != null) {
      double took = Math.max(0, Duration.between(from, at).toNanos() / 1e6);
      millis.merge(uses, took, (before, now) -> 0.8 * before + 0.2 * now);
    }
  }

  /// The cores that a built-in task is to be given that does not say how many it needs.
  double cpus(String uses) {
    return Math.clamp(millis.getOrDefault(uses, QUICK_MILLIS) / QUICK_MILLIS, SMALLEST_SHARE, 1);
  }

  void keepOnly(Set<UUID> attempts) {
    tasks.keySet().retainAll(attempts);
    began.keySet().retainAll(attempts);
  }
}
