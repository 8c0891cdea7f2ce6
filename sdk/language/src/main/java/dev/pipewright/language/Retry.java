package dev.pipewright.language;

import java.time.Duration;

/// What happens after a failure of the user's own; failures of the system have a budget of their
/// own.
///
/// @param limit how many more attempts there may be
/// @param backoff the wait before the first of them
public record Retry(int limit, Duration backoff) {
  /// No further attempt.
  public static final Retry NONE = new Retry(0, Duration.ofSeconds(10));
}
