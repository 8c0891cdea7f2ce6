package dev.pipewright.tabular.evaluate;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/// How far a measure would differ on other rows such as these: measured again on resamples, each as
/// many rows drawn with replacement. A row counts as often as it was drawn, so nothing is copied.
///
/// @param resamples how many; see [#of]
public record Bootstrap(int resamples, long seed) {
  public static final int USUAL = 1000;

  /// So many draws in all; of large tables there are fewer resamples, whose measures spread less.
  private static final long DRAWS = 100_000_000;

  private static final int LEAST = 100;

  /// As many resamples as are wanted, or as the number of rows allows.
  public static Bootstrap of(int wanted, int rows, long seed) {
    return new Bootstrap((int) Math.min(wanted, Math.max(LEAST, DRAWS / Math.max(1, rows))), seed);
  }

  /// Every measure on every resample, by measure.
  ///
  /// @param measures from each row's weight to the measures; NaN where there is none
  public double[][] samples(int rows, UnaryOperator<double[]> measures) {
    var random = new SplittableRandom(seed);
    var weights = new double[rows];
    double[][] samples = {};
    for (int r = 0; r < resamples; r++) {
      Arrays.fill(weights, 0);
      for (int i = 0; i < rows; i++) {
        weights[random.nextInt(rows)]++;
      }
      var measured = measures.apply(weights);
      if (r == 0) {
        samples = new double[measured.length][resamples];
      }
      for (int m = 0; m < measured.length; m++) {
        samples[m][r] = measured[m];
      }
    }
    return samples;
  }

  /// For each measure the range that 95 of 100 resamples lie in, from the 2.5th to the 97.5th
  /// percentile of those that have it; NaN where none has.
  public double[][] intervals(int rows, UnaryOperator<double[]> measures) {
    return Arrays.stream(samples(rows, measures)).map(Bootstrap::interval).toArray(double[][]::new);
  }

  static double[] interval(double[] samples) {
    var sorted = Arrays.stream(samples).filter(Double::isFinite).sorted().toArray();
    return sorted.length == 0
        ? new double[] {Double.NaN, Double.NaN}
        : new double[] {Sums.quantile(sorted, 0.025), Sums.quantile(sorted, 0.975)};
  }
}
