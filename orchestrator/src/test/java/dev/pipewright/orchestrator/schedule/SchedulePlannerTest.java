package dev.pipewright.orchestrator.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.orchestrator.schedule.SchedulePlanner.Planned;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulePlannerTest {
  private static final Instant NINE = Instant.parse("2026-01-01T09:00:00Z");

  private static Rules rules(String more) {
    try {
      return ScheduleReader.stored(
          Json.MAPPER.readTree("{\"pipeline\": \"p\", \"every\": \"10m\"" + more + "}"));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(more, e);
    }
  }

  private static Instant minute(int minute) {
    return NINE.plus(Duration.ofMinutes(minute));
  }

  /// Runs as their minute, skipped times as `first-last*count`.
  private static String words(List<Planned> fires) {
    return fires.stream()
        .map(fire -> {
          var at = String.valueOf(Duration.between(NINE, fire.time()).toMinutes());
          return fire.skipped() == null
              ? at
              : at + "-" + Duration.between(NINE, fire.until()).toMinutes() + "*" + fire.times();
        })
        .collect(Collectors.joining(" "));
  }

  /// The first time is 9:00, and it is so many minutes past that.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``                                              | 0   | 0                | 10",
        "``                                              | 9   | 0                | 10",
        // only the newest that was missed
        "``                                              | 35  | 0-20*3 30        | 40",
        ", \"catchUp\": \"all\"                          | 35  | 0 10 20 30       | 40",
        ", \"catchUp\": \"all\", \"catchUpLimit\": 2     | 35  | 0-10*2 20 30     | 40",
        // a minute late is the most
        ", \"catchUp\": \"skip\"                         | 30  | 0-20*3 30        | 40",
        ", \"catchUp\": \"skip\"                         | 35  | 0-30*4           | 40",
        ", \"catchUp\": \"skip\", \"startDeadline\": \"15m\" | 35 | 0-10*2 20 30   | 40",
        ", \"catchUp\": \"all\", \"startDeadline\": \"15m\"  | 35 | 0-10*2 20 30   | 40",
        ", \"startDeadline\": \"15m\"                    | 35  | 0-10*2 20-20*1 30 | 40",
        ", \"startDeadline\": \"1m\"                     | 35  | 0-30*4           | 40",
        // the jitter puts off the deadline too
        ", \"end\": \"2026-01-01T09:20:00Z\"             | 35  | 0-10*2 20        | -1",
      })
  void decidesWhatBecomesOfTimesThatCame(String more, int now, String expected, int next) {
    var plan = SchedulePlanner.plan(rules(more == null ? "" : more), 1, NINE, minute(now));
    assertThat(words(plan.fires())).isEqualTo(expected);
    assertThat(plan.next()).isEqualTo(next < 0 ? null : minute(next));
  }

  @Test
  void everyTimeIsStartedOrSkippedOnce() {
    var plan = SchedulePlanner.plan(rules(""), 1, NINE, NINE.plus(Duration.ofDays(365)));
    // More than are planned at once: the rest is the next step's.
    assertThat(plan.fires().stream().mapToInt(Planned::times).sum())
        .isEqualTo(SchedulePlanner.MOST);
    assertThat(plan.next()).isEqualTo(NINE.plus(Duration.ofMinutes(10L * SchedulePlanner.MOST)));
  }

  @Test
  void theJitterOfATimeIsAlwaysTheSameAndWithinItsBound() {
    var rules = rules(", \"jitter\": \"5m\", \"startDeadline\": \"1m\"");
    var dues =
        java.util.stream.IntStream.range(0, 100)
            .mapToObj(i -> rules.due(7, minute(10 * i)))
            .toList();
    for (int i = 0; i < dues.size(); i++) {
      var time = minute(10 * i);
      assertThat(dues.get(i)).isBetween(time, time.plus(Duration.ofMinutes(5)));
      assertThat(rules.due(7, time)).isEqualTo(dues.get(i));
    }
    assertThat(
            dues.stream().map(due -> Duration.between(NINE, due).toMillis() % 600_000).distinct())
        .hasSizeGreaterThan(90);
    var plan = SchedulePlanner.plan(rules, 7, NINE, NINE);
    assertThat(plan.fires().getFirst().due()).isEqualTo(dues.getFirst());
    assertThat(plan.fires().getFirst().deadline())
        .isEqualTo(dues.getFirst().plus(Duration.ofMinutes(1)));
  }
}
