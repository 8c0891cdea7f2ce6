package dev.pipewright.client;

import java.time.Duration;

/// How a client calls.
///
/// @param timeout how long one call may wait for its answer to begin; an upload may take half an
///   hour
/// @param attempts how often a call that can be repeated without harm is made at most, the first
///   one included
public record ClientOptions(Duration timeout, int attempts) {
  /// 30 seconds, four attempts.
  public static final ClientOptions DEFAULT = new ClientOptions(Duration.ofSeconds(30), 4);

  public ClientOptions {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("timeout must be more than nothing: " + timeout);
    }
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be 1 at least: " + attempts);
    }
  }

  public ClientOptions withTimeout(Duration longest) {
    return new ClientOptions(longest, attempts);
  }

  public ClientOptions withAttempts(int most) {
    return new ClientOptions(timeout, most);
  }
}
