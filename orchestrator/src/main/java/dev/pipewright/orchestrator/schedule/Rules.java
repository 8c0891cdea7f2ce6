package dev.pipewright.orchestrator.schedule;

import dev.pipewright.orchestrator.fire.Mapping;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// What a schedule says, read and checked.
///
/// @param params mappings over `schedule`
/// @param startDeadline null for none
record Rules(
    String pipeline,
    @Nullable Integer version,
    Map<String, Mapping.Checked> params,
    int priority,
    Times times,
    ZoneId zone,
    @Nullable Instant start,
    @Nullable Instant end,
    CatchUp catchUp,
    int catchUpLimit,
    @Nullable Duration startDeadline,
    Duration jitter) {

  enum CatchUp {
    NONE,
    ALL,
    SKIP
  }

  /// The first time after an instant, within the schedule's start and end.
  Optional<Instant> after(Instant instant) {
    var from = start != null && start.isAfter(instant) ? start.minusNanos(1) : instant;
    return times.after(from).filter(next -> end == null || !next.isAfter(end));
  }

  /// The next few times.
  List<Instant> next(Instant instant, int count) {
    var found = new ArrayList<Instant>();
    var next = after(instant);
    while (next.isPresent() && found.size() < count) {
      found.add(next.get());
      next = after(next.get());
    }
    return found;
  }

  /// When the run for a time is to start: put off by the jitter, always by the same.
  ///
  /// @param seed tells schedules apart, so that they do not all start together after all
  Instant due(long seed, Instant time) {
    if (jitter.isZero()) {
      return time;
    }
    var random = new SplittableRandom(seed * 31 + time.toEpochMilli());
    return time.plusMillis(random.nextLong(jitter.toMillis() + 1));
  }

  /// What the mappings see.
  Map<String, Object> variables(String name, Instant time) {
    return Map.of(
        "schedule",
        Map.of(
            "name",
            name,
            "time",
            time.toString(),
            "date",
            LocalDate.ofInstant(time, zone).toString()));
  }
}
