package dev.pipewright.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TroubleTest {
  private final Trouble trouble = new Trouble();
  private final long begin = System.nanoTime();

  private static long seconds(long count) {
    return Duration.ofSeconds(count).toNanos();
  }

  @Test
  void eachFailureIsToldOnceAMinute() {
    int told = 0;
    for (int second = 0; second < 600; second++) {
      told +=
          trouble.failed(second % 2 == 0 ? "refused" : "timed out", begin + seconds(second))
              ? 1
              : 0;
    }
    assertThat(told).isEqualTo(20);
  }

  @Test
  void anotherFailureIsToldAtOnce() {
    assertThat(trouble.failed("refused", begin)).isTrue();
    assertThat(trouble.failed("refused", begin + seconds(1))).isFalse();
    assertThat(trouble.failed("no such table", begin + seconds(2))).isTrue();
  }

  @Test
  void itsEndIsToldOnceAndTheNextTroubleIsNew() {
    assertThat(trouble.over(begin)).isZero();
    assertThat(trouble.failed("refused", begin)).isTrue();
    assertThat(trouble.over(begin + seconds(30))).isEqualTo(Duration.ofSeconds(30));
    assertThat(trouble.over(begin + seconds(31))).isZero();
    assertThat(trouble.failed("refused", begin + seconds(32))).isTrue();
  }
}
