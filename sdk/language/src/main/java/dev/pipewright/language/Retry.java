package dev.pipewright.language;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What happens after a failed attempt. Failures of the user's own and failures of the system have
/// budgets of their own.
///
/// @param limit how many more attempts there may be after failures of the user's
/// @param backoff the wait before the first of them
/// @param factor what each further wait is multiplied by
/// @param maxBackoff the longest wait
/// @param jitter the share of the wait that is left to chance, from 0 to 1
/// @param when which failures of the user's are worth another attempt; null for all
/// @param system how many more attempts there may be after failures of the system's
public record Retry(
    int limit,
    Duration backoff,
    double factor,
    Duration maxBackoff,
    double jitter,
    @Nullable Expression when,
    int system) {
  public static final Duration BACKOFF = Duration.ofSeconds(10);
  public static final Duration MAX_BACKOFF = Duration.ofMinutes(5);
  public static final double FACTOR = 2;
  public static final double JITTER = 0.1;
  public static final int SYSTEM = 3;

  /// No further attempt after a failure of the user's.
  public static final Retry NONE = new Retry(0, BACKOFF, FACTOR, MAX_BACKOFF, JITTER, null, SYSTEM);
}
