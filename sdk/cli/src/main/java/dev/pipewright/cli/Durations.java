package dev.pipewright.cli;

import java.time.Duration;
import java.util.Locale;

/// Durations for people: `0.4 s`, `12.3 s`, `2 min 5 s`, `3 h 2 min`.
final class Durations {
  private Durations() {}

  static String text(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds < 60) {
      return String.format(Locale.ROOT, "%.1f s", Math.max(0, duration.toMillis()) / 1000.0);
    }
    if (seconds < 3600) {
      return seconds / 60 + " min " + seconds % 60 + " s";
    }
    return seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
  }
}
