package dev.pipewright.orchestrator.schedule;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Decides what becomes of the times of a schedule that have come. Knows no clock and no database.
final class SchedulePlanner {
  /// More at once than this are planned in several steps.
  static final int MOST = 10_000;

  private SchedulePlanner() {}

  /// One run, or several times that are skipped for one reason.
  ///
  /// @param until the last time it stands for
  /// @param skipped why there is no run; null for a run
  record Planned(
      Instant time,
      Instant until,
      int times,
      Instant due,
      @Nullable Instant deadline,
      @Nullable String skipped) {}

  /// @param next the first time that was not dealt with; null when there is none
  record Plan(List<Planned> fires, @Nullable Instant next) {}

  /// @param next the first time that was not dealt with before
  static Plan plan(Rules rules, long seed, Instant next, Instant now) {
    var passed = new ArrayList<Instant>();
    @Nullable Instant time = next;
    while (time != null && !time.isAfter(now) && passed.size() < MOST) {
      passed.add(time);
      time = rules.after(time).orElse(null);
    }
    var fires = new ArrayList<Planned>();
    int late = firstInTime(rules, seed, passed, now);
    skip(
        fires,
        passed.subList(0, late),
        "The start deadline of " + Words.of(rules.startDeadline()) + " had passed.");
    int wanted =
        switch (rules.catchUp()) {
          case NONE -> 1;
          case ALL -> rules.catchUpLimit();
          case SKIP -> Integer.MAX_VALUE;
        };
    int first = Math.max(late, passed.size() - wanted);
    skip(
        fires,
        passed.subList(late, first),
        rules.catchUp() == Rules.CatchUp.NONE
            ? "A newer time had passed too, and catchUp is none."
            : "More times than catchUpLimit, " + rules.catchUpLimit() + ", had passed.");
    for (var each : passed.subList(first, passed.size())) {
      fires.add(
          new Planned(each, each, 1, rules.due(seed, each), deadline(rules, seed, each), null));
    }
    return new Plan(fires, time);
  }

  private static int firstInTime(Rules rules, long seed, List<Instant> passed, Instant now) {
    for (int i = 0; i < passed.size(); i++) {
      var deadline = deadline(rules, seed, passed.get(i));
      if (deadline == null || !now.isAfter(deadline)) {
        return i;
      }
    }
    return passed.size();
  }

  private static @Nullable Instant deadline(Rules rules, long seed, Instant time) {
    var deadline = rules.startDeadline();
    return deadline == null ? null : rules.due(seed, time).plus(deadline);
  }

  private static void skip(List<Planned> fires, List<Instant> times, String why) {
    if (!times.isEmpty()) {
      var first = times.getFirst();
      fires.add(new Planned(first, times.getLast(), times.size(), first, null, why));
    }
  }
}
