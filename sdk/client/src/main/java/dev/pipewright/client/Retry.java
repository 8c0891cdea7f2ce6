package dev.pipewright.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/// How often and with which pauses a repeatable call is made.
///
/// @param attempts how often at most, the first one included
/// @param firstPause the longest pause after the first attempt; each further one may be twice as
///   long
/// @param lost how long a stream of events may be broken before following it is given up
record Retry(int attempts, Duration firstPause, Duration lost) {
  static final Retry DEFAULT = new Retry(4, Duration.ofMillis(250), Duration.ofMinutes(2));

  private static final Duration LONGEST = Duration.ofSeconds(5);

  Retry withAttempts(int most) {
    return new Retry(most, firstPause, lost);
  }

  /// A random time up to the pause that is due: clients that failed together do not come back
  /// together.
  Duration pause(int failures) {
    long doubled = firstPause.toMillis() << Math.min(failures - 1, 10);
    long most = Math.min(LONGEST.toMillis(), doubled);
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(most / 2, most + 1));
  }
}
