package dev.pipewright.client.pipeline;

import java.util.Locale;

/// When a task starts, once all that it needs has ended.
public enum Trigger {
  /// When all succeeded.
  ALL_SUCCEEDED,
  /// When one succeeded at least, and none failed: joins branches.
  ANY_SUCCEEDED,
  /// Whatever came of them.
  ALL_ENDED;

  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
