package dev.pipewright.orchestrator.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {
  private static List<Instant> next(Times times, Instant after, int count) {
    var found = new ArrayList<Instant>();
    var at = after;
    while (found.size() < count) {
      at = times.after(at).orElseThrow();
      found.add(at);
    }
    return found;
  }

  private static List<Instant> instants(String text) {
    return Stream.of(text.split(" +")).map(Instant::parse).toList();
  }

  /// The clock goes forward: a time that does not exist gives way to the end of the gap.
  @ParameterizedTest
  @CsvSource({
    "Europe/Berlin,       30 2 * * *,     2026-03-28T12:00:00Z, 2026-03-29T01:00:00Z 2026-03-30T00:30:00Z",
    "America/New_York,    15 2 * * *,     2026-03-07T12:00:00Z, 2026-03-08T07:00:00Z 2026-03-09T06:15:00Z",
    // both 02:00 and 03:00 are that instant; it comes once
    "Europe/Berlin,       '0 2,3 * * *',  2026-03-28T12:00:00Z, 2026-03-29T01:00:00Z 2026-03-30T00:00:00Z",
    "Europe/Berlin,       '0,30 2 * * *', 2026-03-28T12:00:00Z, 2026-03-29T01:00:00Z 2026-03-30T00:00:00Z",
    // by half an hour
    "Australia/Lord_Howe, 15 2 * * *,     2026-10-03T00:00:00Z, 2026-10-03T15:30:00Z 2026-10-04T15:15:00Z",
    // at midnight
    "America/Santiago,    0 0 * * *,      2026-09-05T12:00:00Z, 2026-09-06T04:00:00Z 2026-09-07T03:00:00Z",
    // by a whole day
    "Pacific/Apia,        0 12 * * *,     2011-12-29T00:00:00Z, 2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z",
  })
  void aTimeThatDoesNotExistComesOnceAfterTheGap(
      String zone, String cron, Instant after, String expected) {
    var wanted = instants(expected);
    assertThat(next(Times.Calendar.of(cron, ZoneId.of(zone)), after, wanted.size()))
        .isEqualTo(wanted);
  }

  /// The clock goes back: the first of the two.
  @ParameterizedTest
  @CsvSource({
    "Europe/Berlin,       30 2 * * *, 2026-10-24T12:00:00Z, 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z",
    // asked between the two
    "Europe/Berlin,       30 2 * * *, 2026-10-25T00:45:00Z, 2026-10-26T01:30:00Z",
    "America/New_York,    30 1 * * *, 2026-10-31T12:00:00Z, 2026-11-01T05:30:00Z 2026-11-02T06:30:00Z",
    "Australia/Lord_Howe, 45 1 * * *, 2026-04-04T00:00:00Z, 2026-04-04T14:45:00Z 2026-04-05T15:15:00Z",
  })
  void aTimeThatExistsTwiceComesOnce(String zone, String cron, Instant after, String expected) {
    var wanted = instants(expected);
    assertThat(next(Times.Calendar.of(cron, ZoneId.of(zone)), after, wanted.size()))
        .isEqualTo(wanted);
  }

  /// What comes every hour neither stops for an hour nor comes early.
  @ParameterizedTest
  @CsvSource({
    "Europe/Berlin, */30 * * * *, 2026-03-29T00:29:00Z, 2026-03-29T00:30:00Z 2026-03-29T01:00:00Z 2026-03-29T01:30:00Z",
    "Europe/Berlin, 30 * * * *,   2026-03-29T00:00:00Z, 2026-03-29T00:30:00Z 2026-03-29T01:30:00Z",
    "Europe/Berlin, 0 * * * *,    2026-10-24T23:30:00Z, 2026-10-25T00:00:00Z 2026-10-25T01:00:00Z 2026-10-25T02:00:00Z",
    "Europe/Berlin, 0 */1 * * *,  2026-10-24T23:30:00Z, 2026-10-25T00:00:00Z 2026-10-25T01:00:00Z 2026-10-25T02:00:00Z",
    // on one day only, and the change is on another
    "Europe/Berlin, 0 * * * MON,  2026-03-29T00:00:00Z, 2026-03-29T22:00:00Z 2026-03-29T23:00:00Z",
  })
  void everyHourGoesOnEvenly(String zone, String cron, Instant after, String expected) {
    var wanted = instants(expected);
    assertThat(next(Times.Calendar.of(cron, ZoneId.of(zone)), after, wanted.size()))
        .isEqualTo(wanted);
  }

  @ParameterizedTest
  @CsvSource({
    "0 9 * * MON-FRI,   2026-01-01T09:00:00Z 2026-01-02T09:00:00Z 2026-01-05T09:00:00Z",
    "0 9-17/4 * * *,    2026-01-01T09:00:00Z 2026-01-01T13:00:00Z 2026-01-01T17:00:00Z 2026-01-02T09:00:00Z",
    "0 0 L * *,         2026-01-31T00:00:00Z 2026-02-28T00:00:00Z",
    "0 0 15W * *,       2026-01-15T00:00:00Z 2026-02-16T00:00:00Z",
    "0 9 * * MON#1,     2026-01-05T09:00:00Z 2026-02-02T09:00:00Z",
    "0 9 * * 5L,        2026-01-30T09:00:00Z 2026-02-27T09:00:00Z",
    "0 0 29 2 *,        2028-02-29T00:00:00Z 2032-02-29T00:00:00Z",
    // day of the month or of the week, as cron has it
    "0 0 13 * FRI,      2026-01-02T00:00:00Z 2026-01-09T00:00:00Z 2026-01-13T00:00:00Z",
    "0 0 * * 7,         2026-01-04T00:00:00Z 2026-01-11T00:00:00Z",
    "'0 0 1 JAN,jul *', 2026-07-01T00:00:00Z 2027-01-01T00:00:00Z",
    "@daily,            2026-01-02T00:00:00Z 2026-01-03T00:00:00Z",
  })
  void readsCron(String cron, String expected) {
    var wanted = instants(expected);
    var after = Instant.parse("2026-01-01T08:59:59Z");
    assertThat(next(Times.Calendar.of(cron, ZoneId.of("UTC")), after, wanted.size()))
        .isEqualTo(wanted);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "0 0 * * MON#6",
        "0 0 31 2 *",
        "0 0 ? * MON"
      })
  void refusesWhatIsNoCron(String cron) {
    assertThatThrownBy(() -> Times.Calendar.of(cron, ZoneId.of("UTC")))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .isNotBlank();
  }

  @Test
  void everyTimeIsLaterThanTheOneBefore() {
    for (var zone :
        List.of("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Gaza")) {
      for (var cron : List.of("*/20 * * * *", "*/20 1-3 * * *", "59 23 * * *", "0 0 * * *")) {
        var times = Times.Calendar.of(cron, ZoneId.of(zone));
        var at = Instant.parse("2026-01-01T00:00:00Z");
        var end = Instant.parse("2027-01-01T00:00:00Z");
        var longest = Duration.ZERO;
        while (at.isBefore(end)) {
          var next = times.after(at).orElseThrow();
          assertThat(next).as("%s in %s after %s", cron, zone, at).isAfter(at);
          var step = Duration.between(at, next);
          longest = longest.compareTo(step) > 0 ? longest : step;
          at = next;
        }
        assertThat(longest).as("%s in %s", cron, zone).isLessThanOrEqualTo(Duration.ofHours(26));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PT15M, 1970-01-01T00:00:00Z, 2026-01-01T00:00:00Z, 2026-01-01T00:15:00Z",
    "PT15M, 1970-01-01T00:00:00Z, 2026-01-01T00:14:59.999Z, 2026-01-01T00:15:00Z",
    "PT1S,  1970-01-01T00:00:00Z, 2026-01-01T00:00:00.5Z, 2026-01-01T00:00:01Z",
    "PT7H,  2026-01-01T01:00:00Z, 2026-01-01T08:00:00Z, 2026-01-01T15:00:00Z",
    "PT7H,  2026-01-01T01:00:00Z, 2025-12-31T00:00:00Z, 2026-01-01T01:00:00Z",
  })
  void anIntervalIsCountedFromItsAnchor(
      Duration every, Instant anchor, Instant after, Instant expected) {
    assertThat(new Times.Interval(every, anchor).after(after)).contains(expected);
  }
}
