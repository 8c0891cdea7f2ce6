package dev.pipewright.platform;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;

/// The clock everything asks; tests give one they can move.
class SystemClock {
  @Produces
  @Singleton
  Clock clock() {
    return new SteadyClock(Clock.systemUTC(), System::nanoTime);
  }
}
