package dev.pipewright.platform;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.ZoneOffset;

/// The clock everything asks; tests give one they can move. Whole milliseconds: what the wire and
/// the database keep.
class SystemClock {
  @Produces
  @Singleton
  Clock clock() {
    return Clock.tickMillis(ZoneOffset.UTC);
  }
}
