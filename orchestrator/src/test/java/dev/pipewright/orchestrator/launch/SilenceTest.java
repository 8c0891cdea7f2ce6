package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SilenceTest {
  private static final UUID ATTEMPT = UUID.randomUUID();
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  private final Silence silence = new Silence(Duration.ofSeconds(60));
  private long now = System.nanoTime();

  /// Looks so long after the look before.
  private boolean isLost(Duration later, Instant beat) {
    now += later.toNanos();
    return silence.look(Map.of(ATTEMPT, beat), now).contains(ATTEMPT);
  }

  private int looksUntilLost(Instant beat) {
    for (int i = 0; i < 100; i++) {
      if (isLost(Duration.ofSeconds(2), beat)) {
        return i;
      }
    }
    return -1;
  }

  @Test
  void whatSaysNothingForSoLongIsLost() {
    assertThat(looksUntilLost(NOON)).isEqualTo(30);
  }

  @Test
  void whateverTimeAHeartbeatSaysItIsOne() {
    var beats = new Instant[] {NOON, NOON.minusSeconds(3_600), NOON.plusSeconds(3_600)};
    for (int i = 0; i < 60; i++) {
      assertThat(isLost(Duration.ofSeconds(2), beats[i / 20].plusSeconds(i))).isFalse();
    }
  }

  @Test
  void aClockThatIsAheadHidesNoSilence() {
    assertThat(looksUntilLost(NOON.plusSeconds(360_000))).isEqualTo(30);
  }

  /// The database was away: nobody could say anything.
  @Test
  void whatWasNotLookedAtIsNoSilence() {
    assertThat(isLost(Duration.ZERO, NOON)).isFalse();
    assertThat(isLost(Duration.ofMinutes(10), NOON)).isFalse();
    assertThat(looksUntilLost(NOON)).isGreaterThan(25);
  }
}
