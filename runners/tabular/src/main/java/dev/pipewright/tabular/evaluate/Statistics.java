package dev.pipewright.tabular.evaluate;

import java.util.Arrays;
import java.util.stream.IntStream;

/// Tests of whether a difference may be chance, and the distributions that they need. Values equal
/// those of `scipy.stats`.
public final class Statistics {
  private static final double[] LANCZOS = {
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
    -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
    1.5056327351493116e-7
  };

  private Statistics() {}

  /// The chance of a mean above that of the differences or as high, were the true mean 0: the
  /// one-sided t-test. Where all are the same: 1, or 0 when they are above 0.
  public static double meanAboveZero(double[] differences) {
    double t = t(differences);
    return Double.isNaN(t) ? 1 : studentAbove(t, differences.length - 1);
  }

  /// The chance of a mean as far from 0 as that of the differences, were the true mean 0: the
  /// two-sided paired t-test.
  public static double meanNotZero(double[] differences) {
    double t = t(differences);
    return Double.isNaN(t) ? 1 : 2 * studentAbove(Math.abs(t), differences.length - 1);
  }

  /// NaN where all differences are 0.
  private static double t(double[] differences) {
    double mean = Sums.mean(differences);
    return mean / (Sums.deviation(differences) / Math.sqrt(differences.length));
  }

  private static double studentAbove(double t, double freedom) {
    if (Double.isInfinite(t)) {
      return t > 0 ? 0 : 1;
    }
    double half = 0.5 * beta(freedom / 2, 0.5, freedom / (freedom + t * t));
    return t > 0 ? half : 1 - half;
  }

  /// McNemar's test: the chance that two models which are right on different cases are so unequal,
  /// were they equally good. Exact below 25 such cases; chi-squared with the continuity correction
  /// from there on.
  ///
  /// @param first how many cases only the first model has right
  /// @param second how many cases only the second one has right
  public static double mcNemar(int first, int second) {
    int both = first + second;
    if (both == 0) {
      return 1;
    }
    if (both < 25) {
      int less = Math.min(first, second);
      // Of as many throws of a coin, less heads at most.
      return Math.min(1, 2 * beta(both - less, less + 1.0, 0.5));
    }
    double off = Math.max(0, Math.abs(first - second) - 1.0);
    return gammaAbove(0.5, off * off / both / 2);
  }

  /// The chance of a value as far from 0 as this, of the normal distribution.
  public static double normalBeyond(double z) {
    return gammaAbove(0.5, z * z / 2);
  }

  /// DeLong's test of two areas under the ROC curve of the same cases.
  ///
  /// @param difference of the second to the first
  /// @param error its standard error
  public record AucTest(double difference, double error, double p) {}

  /// NaN where a class has fewer than two cases.
  public static AucTest deLong(boolean[] positive, double[] first, double[] second) {
    var one = placements(positive, first);
    var two = placements(positive, second);
    var ofPositive = minus(two[0], one[0]);
    var ofNegative = minus(two[1], one[1]);
    double difference = Sums.mean(ofPositive);
    double error =
        Math.sqrt(
            square(Sums.deviation(ofPositive)) / ofPositive.length
                + square(Sums.deviation(ofNegative)) / ofNegative.length);
    double p = error == 0 ? (difference == 0 ? 1 : 0) : normalBeyond(difference / error);
    return new AucTest(difference, error, p);
  }

  /// For each positive case the share of the others that it is above, and for each other case the
  /// share of the positive ones that are above it; ties count half.
  private static double[][] placements(boolean[] positive, double[] score) {
    var ups =
        IntStream.range(0, score.length)
            .filter(i -> positive[i])
            .mapToDouble(i -> score[i])
            .toArray();
    var downs =
        IntStream.range(0, score.length)
            .filter(i -> !positive[i])
            .mapToDouble(i -> score[i])
            .toArray();
    var sortedUps = ups.clone();
    var sortedDowns = downs.clone();
    Arrays.sort(sortedUps);
    Arrays.sort(sortedDowns);
    var above = Arrays.stream(ups).map(v -> below(sortedDowns, v) / downs.length).toArray();
    var under = Arrays.stream(downs).map(v -> 1 - below(sortedUps, v) / ups.length).toArray();
    return new double[][] {above, under};
  }

  /// How many of the sorted values are below, those that are equal half.
  private static double below(double[] sorted, double value) {
    return (bound(sorted, value, false) + bound(sorted, value, true)) / 2.0;
  }

  private static int bound(double[] sorted, double value, boolean after) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < value || (after && sorted[middle] == value)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static double[] minus(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).toArray();
  }

  private static double square(double value) {
    return value * value;
  }

  /// The regularised incomplete beta function, by its continued fraction (Lentz).
  static double beta(double a, double b, double x) {
    if (x <= 0 || x >= 1) {
      return x <= 0 ? 0 : 1;
    }
    if (x > (a + 1) / (a + b + 2)) {
      return 1 - beta(b, a, 1 - x);
    }
    double front =
        Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
    double c = 1;
    double d = 1 / kept(1 - (a + b) * x / (a + 1));
    double fraction = d;
    for (int m = 1; m < 1000; m++) {
      double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
      d = 1 / kept(1 + even * d);
      c = kept(1 + even / c);
      fraction *= d * c;
      double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 / kept(1 + odd * d);
      c = kept(1 + odd / c);
      fraction *= d * c;
      if (Math.abs(d * c - 1) < 1e-16) {
        break;
      }
    }
    return front * fraction / a;
  }

  /// The upper regularised incomplete gamma function: by its series near 0, else by its continued
  /// fraction.
  static double gammaAbove(double a, double x) {
    if (x <= 0) {
      return 1;
    }
    double front = Math.exp(a * Math.log(x) - x - lnGamma(a));
    if (x < a + 1) {
      double term = 1 / a;
      double sum = term;
      for (int n = 1; n < 1000 && term > sum * 1e-17; n++) {
        term *= x / (a + n);
        sum += term;
      }
      return 1 - front * sum;
    }
    double b = x + 1 - a;
    double c = 1e300;
    double d = 1 / b;
    double fraction = d;
    for (int n = 1; n < 1000; n++) {
      double step = -n * (n - a);
      b += 2;
      d = 1 / kept(step * d + b);
      c = kept(b + step / c);
      fraction *= d * c;
      if (Math.abs(d * c - 1) < 1e-16) {
        break;
      }
    }
    return front * fraction;
  }

  private static double kept(double value) {
    return Math.abs(value) < 1e-300 ? 1e-300 : value;
  }

  /// The logarithm of the gamma function, by Lanczos' approximation.
  private static double lnGamma(double x) {
    if (x < 0.5) {
      return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
    }
    double at = x - 1;
    double sum = LANCZOS[0];
    for (int i = 1; i < LANCZOS.length; i++) {
      sum += LANCZOS[i] / (at + i);
    }
    double base = at + 7.5;
    return 0.5 * Math.log(2 * Math.PI) + (at + 0.5) * Math.log(base) - base + Math.log(sum);
  }
}
