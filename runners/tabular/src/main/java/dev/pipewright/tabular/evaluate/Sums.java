package dev.pipewright.tabular.evaluate;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/// Sums that don't lose small terms beside large ones, and what is made of them.
final class Sums {
  private Sums() {}

  /// The sum of the values at 0 to n - 1, with Neumaier's correction.
  static double sum(int n, IntToDoubleFunction value) {
    double sum = 0;
    double lost = 0;
    for (int i = 0; i < n; i++) {
      double next = value.applyAsDouble(i);
      double total = sum + next;
      if (Double.isFinite(total)) {
        lost += Math.abs(sum) >= Math.abs(next) ? (sum - total) + next : (next - total) + sum;
      }
      sum = total;
    }
    return sum + lost;
  }

  static double sum(double[] values) {
    return sum(values.length, i -> values[i]);
  }

  /// The mean, each value counting as much as its weight.
  static double mean(double[] weights, IntToDoubleFunction value) {
    return sum(weights.length, i -> weights[i] * value.applyAsDouble(i)) / sum(weights);
  }

  static double mean(double[] values) {
    return sum(values) / values.length;
  }

  /// The standard deviation of a sample, by n - 1; 0 of a single value.
  static double deviation(double[] values) {
    if (values.length < 2) {
      return 0;
    }
    double mean = mean(values);
    double squares = sum(values.length, i -> (values[i] - mean) * (values[i] - mean));
    return Math.sqrt(squares / (values.length - 1));
  }

  static double[] ones(int n) {
    var ones = new double[n];
    Arrays.fill(ones, 1);
    return ones;
  }

  /// `numpy.quantile` with its default, linear interpolation.
  ///
  /// @param sorted ascending, not empty
  /// @param share from 0 to 1
  static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int below = (int) Math.floor(at);
    int above = Math.min(below + 1, sorted.length - 1);
    double part = at - below;
    double step = sorted[above] - sorted[below];
    return part < 0.5 ? sorted[below] + step * part : sorted[above] - step * (1 - part);
  }
}
