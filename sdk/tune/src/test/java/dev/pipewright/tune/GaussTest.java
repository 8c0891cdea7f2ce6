package dev.pipewright.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GaussTest {
  /// From scipy.special.ndtr.
  @ParameterizedTest
  @CsvSource({
    "0, 0.5",
    "1, 0.8413447460685429",
    "-1.96, 0.024997895148220435",
    "-0.013, 0.4948138964304433",
    "2.9999, 0.998649658717045",
    "-5.51, 1.7941684935847086e-08",
    "-8.99, 1.2361521630761244e-19",
    "-9.5, 1.0494515075362604e-21",
    "-20, 2.7536241186061556e-89",
  })
  void theDistributionIsSciPys(double x, double expected) {
    assertThat(Gauss.cdf(x)).isCloseTo(expected, Percentage.withPercentage(1e-5));
    if (x > -9) {
      assertThat(Gauss.cdf(x)).isCloseTo(expected, Percentage.withPercentage(1e-9));
    }
  }

  /// From scipy.stats.truncnorm's log mass.
  @ParameterizedTest
  @CsvSource({
    "-1, 1, -0.38171514630212616",
    "-100, 100, 0",
    "3, 4, -6.631467786538225",
    "-4, -3, -6.631467786538225",
    "10, 11, -53.23131022558313",
    "0.1, 0.1001, -10.134283906843706",
    "-30, -29.9, -451.3740691386062",
    "2, 2.2, -4.727712530306535",
  })
  void massesAreSciPys(double a, double b, double expected) {
    assertThat(Gauss.logMass(a, b)).isCloseTo(expected, within(1e-6 * (1 + Math.abs(expected))));
  }

  @Property
  void massesAddUp(
      @ForAll @DoubleRange(min = -12, max = 12) double a,
      @ForAll @DoubleRange(min = 0.01, max = 3) double first,
      @ForAll @DoubleRange(min = 0.01, max = 3) double second) {
    double whole = Gauss.logMass(a, a + first + second);
    double parts =
        Math.exp(Gauss.logMass(a, a + first) - whole)
            + Math.exp(Gauss.logMass(a + first, a + first + second) - whole);
    assertThat(parts).isCloseTo(1, within(1e-6));
  }

  @Property
  void quantilesInvert(@ForAll @DoubleRange(min = -6, max = 6) double x) {
    assertThat(Gauss.quantile(Gauss.cdf(x))).isCloseTo(x, within(1e-6));
  }
}
