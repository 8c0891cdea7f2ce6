package dev.pipewright.orchestrator.schedule;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Durations as documents write them.
final class Words {
  private Words() {}

  static String of(@Nullable Duration duration) {
    if (duration == null) {
      return "none";
    }
    long millis = duration.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds % 3600 == 0) {
      return seconds / 3600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }
}
