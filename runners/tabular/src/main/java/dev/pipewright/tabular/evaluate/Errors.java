package dev.pipewright.tabular.evaluate;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/// How far predicted numbers are off, as `sklearn.metrics` defines it.
///
/// @param weights how much each case counts
public record Errors(double[] actual, double[] predicted, double[] weights) {
  /// All cases count the same.
  public static Errors of(double[] actual, double[] predicted) {
    return new Errors(actual, predicted, Sums.ones(actual.length));
  }

  /// `mean_absolute_error`
  public double mae() {
    return Sums.mean(weights, i -> Math.abs(off(i)));
  }

  /// `mean_squared_error`
  public double mse() {
    return Sums.mean(weights, i -> off(i) * off(i));
  }

  /// `root_mean_squared_error`
  public double rmse() {
    return Math.sqrt(mse());
  }

  /// `mean_absolute_percentage_error`, as a share and not in percent. Where a number is 0 it says
  /// nothing: see [#hasZero].
  public double mape() {
    return Sums.mean(weights, i -> Math.abs(off(i)) / Math.max(Math.abs(actual[i]), Math.ulp(1.0)));
  }

  /// Whether a number is so near to 0 that being off by a share of it means nothing.
  public boolean hasZero() {
    return Arrays.stream(actual).anyMatch(v -> Math.abs(v) <= Math.ulp(1.0));
  }

  /// `median_absolute_error`; weights don't count.
  public double medianError() {
    var off =
        IntStream.range(0, actual.length).mapToDouble(i -> Math.abs(off(i))).sorted().toArray();
    int half = off.length / 2;
    return off.length % 2 == 1 ? off[half] : (off[half - 1] + off[half]) / 2;
  }

  /// `max_error`
  public double maxError() {
    return IntStream.range(0, actual.length).mapToDouble(i -> Math.abs(off(i))).max().orElse(0);
  }

  /// `r2_score`: 1 less the squared errors in parts of the target's own spread. Where the target
  /// has no spread, 1 when every prediction is right and 0 otherwise.
  public double r2() {
    double mean = Sums.mean(weights, i -> actual[i]);
    return explained(Sums.mean(weights, i -> off(i) * off(i)), mean);
  }

  /// `explained_variance_score`: as [#r2], but being off by the same everywhere costs nothing.
  public double explainedVariance() {
    double bias = bias();
    double mean = Sums.mean(weights, i -> actual[i]);
    return explained(Sums.mean(weights, i -> (off(i) - bias) * (off(i) - bias)), mean);
  }

  /// `mean_pinball_loss`: of predictions of a quantile.
  ///
  /// @param quantile from 0 to 1
  public double pinball(double quantile) {
    return Sums.mean(weights, i -> off(i) >= 0 ? quantile * off(i) : (quantile - 1) * off(i));
  }

  /// `root_mean_squared_log_error`; NaN where a number is -1 or less.
  public double rmsle() {
    DoubleUnaryOperator log = v -> v > -1 ? Math.log1p(v) : Double.NaN;
    return Math.sqrt(
        Sums.mean(
            weights,
            i -> {
              double off = log.applyAsDouble(actual[i]) - log.applyAsDouble(predicted[i]);
              return off * off;
            }));
  }

  /// The mean of actual less predicted: above 0 the predictions are too low.
  public double bias() {
    return Sums.mean(weights, this::off);
  }

  /// Actual less predicted.
  public double[] residuals() {
    return IntStream.range(0, actual.length).mapToDouble(this::off).toArray();
  }

  private double off(int i) {
    return actual[i] - predicted[i];
  }

  private double explained(double errors, double mean) {
    double spread = Sums.mean(weights, i -> (actual[i] - mean) * (actual[i] - mean));
    if (spread == 0) {
      return errors == 0 ? 1 : 0;
    }
    return 1 - errors / spread;
  }
}
