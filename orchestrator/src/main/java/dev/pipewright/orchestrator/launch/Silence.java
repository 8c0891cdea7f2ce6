package dev.pipewright.orchestrator.launch;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/// Which attempts of other servers nobody has said anything of for too long.
///
/// The time of a heartbeat is another machine's, and is never compared with a clock of ours: what
/// counts is for how long we have seen that it stays the same. While we did not look, because the
/// database was away or the machine slept, the others could not say anything either, so little of
/// that time counts.
final class Silence {
  /// Of the time between two looks, what counts at most.
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(4);

  private final Duration lostAfter;
  private final Map<UUID, Heard> heard = new HashMap<>();
  private long lastLook;

  private record Heard(Instant beat, long silentNanos) {}

  Silence(Duration lostAfter) {
    this.lostAfter = lostAfter;
  }

  /// @param beats the last heartbeats of all attempts of other servers that are not over
  /// @param now as [System#nanoTime] has it
  /// @return those that count as lost
  Set<UUID> look(Map<UUID, Instant> beats, long now) {
    long passed = Math.min(now - lastLook, LONGEST_LOOK.toNanos());
    lastLook = now;
    heard.keySet().retainAll(beats.keySet());
    var lost = new HashSet<UUID>();
    beats.forEach((attempt, beat) -> {
      var before = heard.get(attempt);
      boolean silent = before != null && before.beat.equals(beat);
      long nanos = silent ? before.silentNanos + passed : 0;
      heard.put(attempt, new Heard(beat, nanos));
      if (nanos >= lostAfter.toNanos()) {
        lost.add(attempt);
      }
    });
    return lost;
  }
}
