package dev.pipewright.contract.api;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A schedule as it stands.
///
/// @param spec what it was applied with
/// @param paused whether nothing starts for now
/// @param next the next times runs are for, at most five; none when it is paused or has ended
/// @param last the newest time that was dealt with
public record Schedule(
    String name,
    ScheduleSpec spec,
    boolean paused,
    List<Instant> next,
    @Nullable Fire last,
    Instant createdAt,
    Instant updatedAt) {
  public Schedule {
    next = List.copyOf(next);
  }
}
