package dev.pipewright.orchestrator.schedule;

import com.cronutils.model.Cron;
import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.field.CronFieldName;
import com.cronutils.model.field.expression.Always;
import com.cronutils.model.field.expression.Every;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The times of a schedule.
sealed interface Times {
  /// The first time after this one; empty when there is none.
  Optional<Instant> after(Instant instant);

  /// Every so often, counted from an anchor, whatever the clocks on the walls do.
  record Interval(Duration every, Instant anchor) implements Times {
    @Override
    public Optional<Instant> after(Instant instant) {
      if (instant.isBefore(anchor)) {
        return Optional.of(anchor);
      }
      long passed = Duration.between(anchor, instant).dividedBy(every);
      return Optional.of(anchor.plus(every.multipliedBy(passed + 1)));
    }
  }

  /// A cron expression by the clock on the wall of a time zone.
  ///
  /// The library is asked in a zone without changes of the clock; what becomes of times that do not
  /// exist or exist twice is decided here. At a certain hour, a time that does not exist gives way
  /// to the first instant after the gap, and one that exists twice is taken the first time. An
  /// expression of every hour goes on evenly: nothing is moved to another hour, and the repeated
  /// hour has its times too.
  final class Calendar implements Times {
    private static final CronDefinition DEFINITION =
        CronDefinitionBuilder.defineCron()
            .withMinutes()
            .withStrictRange()
            .and()
            .withHours()
            .withStrictRange()
            .and()
            .withDayOfMonth()
            .supportsL()
            .supportsW()
            .supportsLW()
            .and()
            .withMonth()
            .withStrictRange()
            .and()
            .withDayOfWeek()
            .withValidRange(0, 7)
            .withMondayDoWValue(1)
            .withIntMapping(7, 0)
            .supportsHash()
            .supportsL()
            .and()
            .withSupportedNicknameHourly()
            .withSupportedNicknameDaily()
            .withSupportedNicknameWeekly()
            .withSupportedNicknameMonthly()
            .withSupportedNicknameYearly()
            .instance();

    private final ExecutionTime cron;
    private final ZoneId zone;
    private final boolean everyHour;

    private Calendar(Cron cron, ZoneId zone) {
      this.cron = ExecutionTime.forCron(cron);
      this.zone = zone;
      this.everyHour = everyHour(cron);
    }

    /// @throws IllegalArgumentException when it is no cron expression, or has no time ever
    static Calendar of(String expression, ZoneId zone) {
      var cron = new CronParser(DEFINITION).parse(expression.strip());
      cron.validate();
      var calendar = new Calendar(cron, zone);
      if (calendar.following(LocalDateTime.of(2000, 1, 1, 0, 0)) == null) {
        throw new IllegalArgumentException("it never comes to pass");
      }
      return calendar;
    }

    private static boolean everyHour(Cron cron) {
      var hours = cron.retrieve(CronFieldName.HOUR).getExpression();
      return hours instanceof Always
          || hours instanceof Every every
              && every.getPeriod().getValue() == 1
              && every.getExpression() instanceof Always;
    }

    private @Nullable LocalDateTime following(LocalDateTime local) {
      return cron.nextExecution(local.atZone(ZoneOffset.UTC))
          .map(next -> next.toLocalDateTime())
          .orElse(null);
    }

    @Override
    public Optional<Instant> after(Instant instant) {
      return Optional.ofNullable(everyHour ? evenly(instant) : once(instant));
    }

    private @Nullable Instant once(Instant instant) {
      var rules = zone.getRules();
      var local = following(LocalDateTime.ofInstant(instant, zone));
      while (local != null) {
        var offsets = rules.getValidOffsets(local);
        var next =
            offsets.isEmpty()
                ? rules.getTransition(local).getInstant()
                : local.toInstant(offsets.getFirst());
        if (next.isAfter(instant)) {
          return next;
        }
        local = following(local);
      }
      return null;
    }

    /// From one change of the clock to the next, as if there were none.
    private @Nullable Instant evenly(Instant instant) {
      var rules = zone.getRules();
      var from = LocalDateTime.ofInstant(instant, zone);
      var offset = rules.getOffset(instant);
      var change = rules.nextTransition(instant);
      while (true) {
        var local = following(from);
        if (local == null) {
          return null;
        }
        var next = local.toInstant(offset);
        if (change == null || next.isBefore(change.getInstant())) {
          return next;
        }
        offset = change.getOffsetAfter();
        from = change.getDateTimeAfter().minusNanos(1);
        change = rules.nextTransition(change.getInstant());
      }
    }
  }
}
