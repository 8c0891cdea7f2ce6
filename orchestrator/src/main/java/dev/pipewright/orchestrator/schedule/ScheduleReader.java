package dev.pipewright.orchestrator.schedule;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.orchestrator.fire.Fields;
import dev.pipewright.orchestrator.fire.Mapping;
import dev.pipewright.orchestrator.schedule.Rules.CatchUp;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads what a schedule or a backfill says.
final class ScheduleReader {
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(366);
  private static final Duration SKIP_DEADLINE = Duration.ofMinutes(1);
  private static final int CATCH_UP_LIMIT = 100;
  private static final int MOST_CATCH_UP = 1_000;
  private static final Times NEVER = new Times.Interval(LONGEST, Instant.EPOCH);

  /// Compiling is costly, and thread-safe.
  private static final Mapping MAPPING = new Mapping("schedule");

  private ScheduleReader() {}

  /// Reads one that was stored.
  static Rules stored(JsonNode spec) {
    var fields = Fields.of(spec);
    var rules = read(fields);
    if (!fields.errors().isEmpty()) {
      throw new IllegalStateException("a stored schedule is damaged: " + fields.errors());
    }
    return rules;
  }

  /// What is wrong is added to the fields' errors, but for unknown keys.
  static Rules read(Fields fields) {
    var start = fields.instant("start");
    var end = fields.instant("end");
    if (start != null && end != null && !start.isBefore(end)) {
      fields.error("INVALID_RANGE", "end", "'end' is not after 'start'", null);
    }
    var zone = zone(fields);
    var catchUp = fields.word("catchUp", List.of("none", "all", "skip"));
    var limit = fields.integer("catchUpLimit", 1, MOST_CATCH_UP);
    if (limit != null && !"all".equals(catchUp)) {
      fields.error(
          "NOT_APPLICABLE",
          "catchUpLimit",
          "'catchUpLimit' is for catchUp: all only",
          "Leave it out, or set catchUp to all.");
    }
    var deadline = fields.duration("startDeadline");
    if (deadline == null && "skip".equals(catchUp)) {
      deadline = SKIP_DEADLINE;
    }
    if (deadline != null && deadline.compareTo(LONGEST) > 0) {
      fields.error("OUT_OF_RANGE", "startDeadline", "'startDeadline' is more than 366 days", null);
    }
    var jitter = fields.duration("jitter");
    if (jitter != null && jitter.compareTo(Duration.ofDays(1)) > 0) {
      fields.error("OUT_OF_RANGE", "jitter", "'jitter' is more than a day", null);
    }
    fields.text("description");
    fields.flag("paused");
    return new Rules(
        fields.requireText("pipeline"),
        fields.integer("version", 1, Integer.MAX_VALUE),
        MAPPING.params(fields.map("params"), fields),
        fields.priority(),
        times(fields, zone, start),
        zone,
        start,
        end,
        catchUp == null ? CatchUp.NONE : CatchUp.valueOf(catchUp.toUpperCase(Locale.ROOT)),
        limit == null ? CATCH_UP_LIMIT : limit,
        deadline,
        jitter == null ? Duration.ZERO : jitter);
  }

  static ZoneId zone(Fields fields) {
    var text = fields.text("timeZone");
    try {
      return text == null ? ZoneOffset.UTC : ZoneId.of(text);
    } catch (DateTimeException e) {
      fields.error(
          "UNKNOWN_TIME_ZONE",
          "timeZone",
          "there is no time zone '" + text + "'",
          "Name it as the IANA database does, such as Europe/Berlin.");
      return ZoneOffset.UTC;
    }
  }

  private static Times times(Fields fields, ZoneId zone, @Nullable Instant start) {
    var cron = fields.text("cron");
    var every = fields.duration("every");
    if (fields.has("cron") == fields.has("every")) {
      fields.error(
          "EXACTLY_ONE",
          fields.has("cron") ? "every" : "cron",
          fields.has("cron") ? "both 'cron' and 'every' are given" : "no 'cron' and no 'every'",
          "Give one of them.");
      return NEVER;
    }
    if (every != null) {
      if (every.compareTo(SHORTEST) < 0 || every.compareTo(LONGEST) > 0) {
        fields.error(
            "OUT_OF_RANGE", "every", "'every' is not between 1s and 366d", "Choose one that is.");
        return NEVER;
      }
      return new Times.Interval(every, start == null ? Instant.EPOCH : start);
    }
    if (cron == null) {
      return NEVER;
    }
    try {
      return Times.Calendar.of(cron, zone);
    } catch (IllegalArgumentException e) {
      fields.error(
          "INVALID_CRON",
          "cron",
          "'cron' is '%s': %s".formatted(cron, reason(e)),
          "Write minute, hour, day of the month, month and day of the week, such as 30 2 * * MON-FRI.");
      return NEVER;
    }
  }

  private static String reason(IllegalArgumentException e) {
    var text =
        String.valueOf(e.getMessage()).replaceFirst("^Failed to parse cron expression\\. ", "");
    return text.isEmpty() ? "not a cron expression" : text.replaceFirst("\\.$", "");
  }
}
