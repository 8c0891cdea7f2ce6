package dev.pipewright.contract.api;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A run with more tasks than anybody can look at, from afar.
///
/// @param levels from the first on
/// @param criticalPath what the run waited for, first to last: from the task that ended last, back
///   over the need of each that ended last
public record RunOverview(List<Level> levels, List<Step> criticalPath) {

  /// The tasks of the document whose longest chain of needs has the same length.
  ///
  /// @param level from 0, the tasks that need no other
  /// @param counts how many are in each state; states without a task are left out
  /// @param startedAt when the first of them started
  /// @param endedAt when the last of them ended; null while one has not
  public record Level(
      int level,
      Map<TaskState, Integer> counts,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  /// One task of the critical path.
  public record Step(
      String task, TaskState state, @Nullable Instant startedAt, @Nullable Instant endedAt) {}
}
