package dev.pipewright.language;

/// When a task starts, of what came of the tasks it needs. It waits for all of them to end.
public enum Trigger {
  /// All succeeded. A failed one fails it too, a skipped one skips it.
  ALL_SUCCEEDED,

  /// One succeeded at least, and none failed: joins branches.
  ANY_SUCCEEDED,

  /// Whatever came of them.
  ALL_ENDED;

  /// As it is written in a pipeline.
  public String word() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }
}
