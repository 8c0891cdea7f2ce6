package dev.pipewright.tabular.evaluate;

import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/// How often each class was taken for each, and what follows from it, as `sklearn.metrics` defines
/// it with `zero_division=0`: a share of nothing is 0. A case without weight is as if it were not
/// there.
///
/// @param counts rows are the actual classes, columns the predicted ones; with weights, their sums
public record Confusion(double[][] counts) {
  /// How measures of single classes become one.
  public enum Average {
    /// The mean over the classes that are there, actually or predicted.
    MACRO,
    /// Of all classes' counts together.
    MICRO,
    /// The mean, each class as often as it is actually there.
    WEIGHTED
  }

  /// How far two classes are apart in Cohen's kappa.
  public enum Distance {
    NONE,
    LINEAR,
    QUADRATIC
  }

  public static Confusion of(int[] actual, int[] predicted, int classes) {
    return of(actual, predicted, classes, Sums.ones(actual.length));
  }

  public static Confusion of(int[] actual, int[] predicted, int classes, double[] weights) {
    var counts = new double[classes][classes];
    for (int i = 0; i < actual.length; i++) {
      counts[actual[i]][predicted[i]] += weights[i];
    }
    return new Confusion(counts);
  }

  public int classes() {
    return counts.length;
  }

  /// `accuracy_score`
  public double accuracy() {
    return share(trace(), total());
  }

  /// `balanced_accuracy_score`: the mean recall of the classes that are actually there.
  public double balancedAccuracy() {
    return IntStream.range(0, classes())
        .filter(c -> actual(c) > 0)
        .mapToDouble(this::recall)
        .average()
        .orElse(0);
  }

  /// `precision_score` of one class
  public double precision(int c) {
    return share(counts[c][c], predicted(c));
  }

  /// `recall_score` of one class
  public double recall(int c) {
    return share(counts[c][c], actual(c));
  }

  /// The share of the cases of other classes that were not taken for this one.
  public double specificity(int c) {
    double others = total() - actual(c);
    return share(others - (predicted(c) - counts[c][c]), others);
  }

  /// `fbeta_score` of one class; F1 with a beta of 1.
  public double f(double beta, int c) {
    return f(beta, counts[c][c], actual(c), predicted(c));
  }

  public double precision(Average average) {
    return average == Average.MICRO ? share(trace(), total()) : mean(average, this::precision);
  }

  public double recall(Average average) {
    return average == Average.MICRO ? share(trace(), total()) : mean(average, this::recall);
  }

  public double specificity(Average average) {
    if (average != Average.MICRO) {
      return mean(average, this::specificity);
    }
    int k = (int) IntStream.range(0, classes()).filter(this::there).count();
    double others = (k - 1) * total();
    return share(others - (total() - trace()), others);
  }

  public double f(double beta, Average average) {
    return average == Average.MICRO
        ? f(beta, trace(), total(), total())
        : mean(average, c -> f(beta, c));
  }

  /// `matthews_corrcoef`; 0 where all cases are, or are taken for, one class.
  public double mcc() {
    double n = total();
    double both = 0;
    double actual = 0;
    double predicted = 0;
    for (int c = 0; c < classes(); c++) {
      both += actual(c) * predicted(c);
      actual += actual(c) * actual(c);
      predicted += predicted(c) * predicted(c);
    }
    double spread = (n * n - predicted) * (n * n - actual);
    return spread <= 0 ? 0 : (trace() * n - both) / Math.sqrt(spread);
  }

  /// `cohen_kappa_score`; NaN where all cases are, and are taken for, one class.
  public double kappa(Distance distance) {
    double seen = 0;
    double chance = 0;
    double n = total();
    var there = IntStream.range(0, classes()).filter(this::there).toArray();
    for (int i = 0; i < there.length; i++) {
      for (int j = 0; j < there.length; j++) {
        double apart =
            switch (distance) {
              case NONE -> i == j ? 0 : 1;
              case LINEAR -> Math.abs(i - j);
              case QUADRATIC -> (i - j) * (double) (i - j);
            };
        seen += apart * counts[there[i]][there[j]];
        chance += apart * actual(there[i]) * predicted(there[j]) / n;
      }
    }
    return chance > 0 ? 1 - seen / chance : Double.NaN;
  }

  /// How many cases are of this class.
  public double actual(int c) {
    double sum = 0;
    for (double count : counts[c]) {
      sum += count;
    }
    return sum;
  }

  /// How many cases were taken for this class.
  public double predicted(int c) {
    double sum = 0;
    for (var row : counts) {
      sum += row[c];
    }
    return sum;
  }

  public double total() {
    double sum = 0;
    for (int c = 0; c < classes(); c++) {
      sum += actual(c);
    }
    return sum;
  }

  private double trace() {
    double sum = 0;
    for (int c = 0; c < classes(); c++) {
      sum += counts[c][c];
    }
    return sum;
  }

  private boolean there(int c) {
    return actual(c) + predicted(c) > 0;
  }

  private double mean(Average average, IntToDoubleFunction measure) {
    double sum = 0;
    double weights = 0;
    for (int c = 0; c < classes(); c++) {
      double weight = average == Average.WEIGHTED ? actual(c) : there(c) ? 1 : 0;
      sum += weight * measure.applyAsDouble(c);
      weights += weight;
    }
    return share(sum, weights);
  }

  private static double f(double beta, double right, double actual, double predicted) {
    double b = beta * beta;
    return share((1 + b) * right, b * actual + predicted);
  }

  private static double share(double part, double whole) {
    return whole > 0 ? part / whole : 0;
  }
}
