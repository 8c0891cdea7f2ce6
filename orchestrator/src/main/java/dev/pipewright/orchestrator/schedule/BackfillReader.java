package dev.pipewright.orchestrator.schedule;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.orchestrator.fire.Fields;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads what a backfill asks for.
final class BackfillReader {
  static final int MOST_TIMES = 10_000;
  private static final int EARLIEST = 1900;
  private static final int LATEST = 9999;
  private static final int MOST_PARALLEL = 1_000;

  /// What a schedule says that a backfill may say otherwise.
  private static final List<String> OF_SCHEDULE =
      List.of("pipeline", "version", "params", "priority", "cron", "every", "timeZone");

  private BackfillReader() {}

  /// In which order and how many at once.
  record Pace(int parallel, boolean newestFirst, boolean again) {
    static Pace of(JsonNode asked) {
      return new Pace(
          asked.path("parallel").asInt(1),
          asked.path("newestFirst").asBoolean(),
          asked.path("again").asBoolean());
    }
  }

  /// A backfill that was read.
  ///
  /// @param spec as that of a schedule
  record Read(JsonNode spec, Rules rules, List<Instant> times, String name) {}

  /// What is wrong is added to the fields' errors.
  static Read read(
      Fields fields, JsonNode body, Function<String, Optional<ScheduleStore.Row>> schedules) {
    var spec = Json.MAPPER.createObjectNode();
    var schedule = fields.text("schedule");
    var row = schedule == null ? Optional.<ScheduleStore.Row>empty() : schedules.apply(schedule);
    if (schedule != null && row.isEmpty()) {
      fields.error(
          "UNKNOWN_SCHEDULE",
          "schedule",
          "there is no schedule '" + schedule + "'",
          "List them with GET /api/v1/schedules.");
      spec.put("every", "1d").put("pipeline", "");
    }
    row.ifPresent(found -> spec.setAll((ObjectNode) found.json()));
    // Its limits, deadlines and delays are for runs by the clock; its start stays, as an interval
    // is
    // counted from there.
    spec.remove(List.of("end", "catchUp", "catchUpLimit", "startDeadline", "jitter"));
    if (body.hasNonNull("cron") || body.hasNonNull("every")) {
      spec.remove(List.of("cron", "every", "start"));
    }
    for (var key : OF_SCHEDULE) {
      fields.has(key);
      if (body.hasNonNull(key)) {
        spec.set(key, body.get(key));
      }
    }
    var inner = Fields.of(spec);
    var rules = ScheduleReader.read(inner);
    fields.errors().addAll(inner.errors());
    fields.integer("parallel", 1, MOST_PARALLEL);
    fields.flag("newestFirst");
    fields.flag("again");
    var from = boundary(fields, "from", rules.zone(), false);
    var to = boundary(fields, "to", rules.zone(), true);
    var times = new ArrayList<Instant>();
    if (from != null && to != null && fields.errors().isEmpty()) {
      times(fields, rules, from, to, times);
    }
    return new Read(spec, rules, times, schedule == null ? "backfill" : schedule);
  }

  private static void times(
      Fields fields, Rules rules, Instant from, Instant to, List<Instant> times) {
    if (from.isAfter(to)) {
      fields.error("INVALID_RANGE", "to", "'to' is before 'from'", null);
      return;
    }
    var next = rules.times().after(from.minusNanos(1));
    while (next.isPresent() && !next.get().isAfter(to) && times.size() <= MOST_TIMES) {
      times.add(next.get());
      next = rules.times().after(next.get());
    }
    if (times.isEmpty()) {
      fields.error("NO_TIMES", "from", "there is no time from %s to %s".formatted(from, to), null);
    } else if (times.size() > MOST_TIMES) {
      fields.error(
          "TOO_MANY_TIMES",
          "to",
          "there are more than %d times in the range".formatted(MOST_TIMES),
          "Take a part of it first; times that succeeded are not run again.");
    }
  }

  private static @Nullable Instant boundary(Fields fields, String key, ZoneId zone, boolean last) {
    var text = fields.requireText(key);
    if (text.isEmpty()) {
      return null;
    }
    try {
      if (!text.contains("T")) {
        var date = LocalDate.parse(text);
        if (date.getYear() < EARLIEST || date.getYear() > LATEST) {
          throw new DateTimeException("out of range");
        }
        return last
            ? date.plusDays(1).atStartOfDay(zone).toInstant().minusNanos(1)
            : date.atStartOfDay(zone).toInstant();
      }
      return fields.instant(key);
    } catch (DateTimeException e) {
      fields.error(
          "INVALID_TIME",
          key,
          "'%s' is '%s', which is neither a date nor a time".formatted(key, text),
          "Write it as 2026-01-31 or 2026-01-31T02:30:00Z.");
      return null;
    }
  }
}
