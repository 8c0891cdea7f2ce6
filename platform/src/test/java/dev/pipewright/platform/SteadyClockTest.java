package dev.pipewright.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SteadyClockTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  private Instant machine = NOON;
  private long nanos = 17;
  private final SteadyClock clock = new SteadyClock(() -> machine, () -> nanos);

  private void pass(Duration time) {
    nanos += time.toNanos();
    machine = machine.plus(time);
  }

  @Test
  void itIsTheMachinesClockWhileThatGoesAsItShould() {
    for (int i = 1; i <= 10; i++) {
      pass(Duration.ofMinutes(7));
      assertThat(clock.instant()).isEqualTo(machine);
    }
  }

  @Test
  void aClockThatGoesForwardIsFollowed() {
    machine = machine.plusSeconds(3_600);
    assertThat(clock.instant()).isEqualTo(NOON.plusSeconds(3_600));
    pass(Duration.ofSeconds(5));
    assertThat(clock.instant()).isEqualTo(machine);
  }

  @Test
  void aClockThatIsSetBackIsCaughtUpWith() {
    machine = machine.minusSeconds(3_600);
    assertThat(clock.instant()).isEqualTo(NOON);
    pass(Duration.ofSeconds(10));
    assertThat(clock.instant()).isEqualTo(NOON.plusSeconds(5));
    for (int minute = 0; minute < 60; minute++) {
      var before = clock.instant();
      pass(Duration.ofMinutes(1));
      assertThat(clock.instant()).isEqualTo(before.plusSeconds(30));
    }
    pass(Duration.ofHours(2));
    assertThat(clock.instant()).isEqualTo(machine);
    pass(Duration.ofSeconds(3));
    assertThat(clock.instant()).isEqualTo(machine);
  }

  @Test
  void aClockThatWasWrongAltogetherIsFollowedBack() {
    machine = machine.minus(Duration.ofDays(400));
    assertThat(clock.instant()).isEqualTo(machine);
  }

  @Test
  void whatTheMachineCorrectsItselfIsNoJump() {
    machine = machine.minusMillis(300);
    assertThat(clock.instant()).isEqualTo(machine);
  }
}
