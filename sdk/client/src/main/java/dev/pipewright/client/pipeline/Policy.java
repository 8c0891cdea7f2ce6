package dev.pipewright.client.pipeline;

import java.util.Locale;

/// What becomes of one run more than there may be at once.
public enum Policy {
  /// It starts: there is no limit.
  ALLOW,
  /// It waits.
  QUEUE,
  /// It is refused.
  FORBID,
  /// It takes the place of the oldest, which is cancelled.
  REPLACE;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
