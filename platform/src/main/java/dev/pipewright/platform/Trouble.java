package dev.pipewright.platform;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/// What is to be said of something that fails again and again: each failure once a minute, however
/// often it is tried, and when it is over.
public final class Trouble {
  private static final Duration QUIET = Duration.ofMinutes(1);

  private final Set<String> said = new HashSet<>();
  private boolean failing;
  private long since;
  private long saidSince;

  /// @param now as [System#nanoTime] has it
  /// @return whether to say it
  public synchronized boolean failed(String what, long now) {
    if (!failing) {
      failing = true;
      since = now;
    }
    if (now - saidSince >= QUIET.toNanos()) {
      said.clear();
      saidSince = now;
    }
    if (said.isEmpty()) {
      saidSince = now;
    }
    return said.add(what);
  }

  /// @return for how long it had failed; zero when it had not
  public synchronized Duration over(long now) {
    if (!failing) {
      return Duration.ZERO;
    }
    failing = false;
    said.clear();
    return Duration.ofNanos(now - since);
  }
}
