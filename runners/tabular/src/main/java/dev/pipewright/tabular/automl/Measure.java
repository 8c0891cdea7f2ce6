package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.Locale;

/// What the search is to make good, by scikit-learn's formulas.
enum Measure {
  @JsonProperty("auc")
  AUC("auc", true, true),
  @JsonProperty("logLoss")
  LOG_LOSS("logLoss", false, true),
  @JsonProperty("accuracy")
  ACCURACY("accuracy", true, true),
  @JsonProperty("balancedAccuracy")
  BALANCED_ACCURACY("balancedAccuracy", true, true),
  @JsonProperty("f1")
  F1("f1", true, true),
  @JsonProperty("rmse")
  RMSE("rmse", false, false),
  @JsonProperty("mae")
  MAE("mae", false, false),
  @JsonProperty("rmsle")
  RMSLE("rmsle", false, false),
  @JsonProperty("r2")
  R2("r2", true, false);

  private final String word;
  private final boolean higherIsBetter;
  private final boolean classification;

  Measure(String word, boolean higherIsBetter, boolean classification) {
    this.word = word;
    this.higherIsBetter = higherIsBetter;
    this.classification = classification;
  }

  String word() {
    return word;
  }

  boolean higherIsBetter() {
    return higherIsBetter;
  }

  boolean fits(Goal.Kind kind) {
    return classification == (kind != Goal.Kind.REGRESSION);
  }

  static Measure usual(Goal.Kind kind) {
    return switch (kind) {
      case BINARY -> AUC;
      case MULTICLASS -> LOG_LOSS;
      case REGRESSION -> RMSE;
    };
  }

  static java.util.Optional<Measure> named(String word) {
    var plain = word.replaceAll("[-_ ]", "").toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(measure -> measure.word.toLowerCase(Locale.ROOT).equals(plain))
        .findFirst();
  }

  /// The measure with the sign that makes higher better.
  double score(float[] labels, double[] predicted, Goal goal) {
    double value = of(labels, predicted, goal);
    return higherIsBetter ? value : -value;
  }

  /// @param predicted row after row, as many numbers each as the goal has outputs
  double of(float[] labels, double[] predicted, Goal goal) {
    return switch (this) {
      case AUC -> auc(labels, predicted, goal);
      case LOG_LOSS, RMSE, MAE ->
          new Goal(goal.kind(), goal.classes(), this == MAE).loss(labels, predicted);
      case ACCURACY -> {
        int right = 0;
        for (int row = 0; row < labels.length; row++) {
          right += best(predicted, row, goal) == (int) labels[row] ? 1 : 0;
        }
        yield right / (double) labels.length;
      }
      case BALANCED_ACCURACY -> {
        var counts = counts(labels, predicted, goal);
        double sum = 0;
        int present = 0;
        for (int k = 0; k < goal.classes(); k++) {
          if (counts[k][0] + counts[k][1] > 0) {
            sum += counts[k][0] / (counts[k][0] + counts[k][1]);
            present++;
          }
        }
        yield sum / present;
      }
      case F1 -> {
        var counts = counts(labels, predicted, goal);
        if (goal.kind() == Goal.Kind.BINARY) {
          yield f1(counts[1]);
        }
        double sum = 0;
        for (var count : counts) {
          sum += f1(count);
        }
        yield sum / counts.length;
      }
      case RMSLE -> {
        double sum = 0;
        for (int row = 0; row < labels.length; row++) {
          double error = Math.log1p(Math.max(0, predicted[row])) - Math.log1p(labels[row]);
          sum += error * error;
        }
        yield Math.sqrt(sum / labels.length);
      }
      case R2 -> {
        double mean = 0;
        for (float label : labels) {
          mean += label / (double) labels.length;
        }
        double errors = 0;
        double spread = 0;
        for (int row = 0; row < labels.length; row++) {
          errors += Math.pow(predicted[row] - labels[row], 2);
          spread += Math.pow(labels[row] - mean, 2);
        }
        yield spread == 0 ? 0 : 1 - errors / spread;
      }
    };
  }

  private static double f1(double[] count) {
    double all = 2 * count[0] + count[1] + count[2];
    return all == 0 ? 0 : 2 * count[0] / all;
  }

  /// Of each class: found, missed, wrongly found.
  private static double[][] counts(float[] labels, double[] predicted, Goal goal) {
    var counts = new double[goal.classes()][3];
    for (int row = 0; row < labels.length; row++) {
      int actual = (int) labels[row];
      int best = best(predicted, row, goal);
      if (best == actual) {
        counts[actual][0]++;
      } else {
        counts[actual][1]++;
        counts[best][2]++;
      }
    }
    return counts;
  }

  private static int best(double[] predicted, int row, Goal goal) {
    if (goal.kind() == Goal.Kind.BINARY) {
      return predicted[row] > 0.5 ? 1 : 0;
    }
    int best = 0;
    for (int k = 1; k < goal.classes(); k++) {
      if (predicted[row * goal.classes() + k] > predicted[row * goal.classes() + best]) {
        best = k;
      }
    }
    return best;
  }

  /// Of two classes; of more, the mean of each against the rest.
  private static double auc(float[] labels, double[] predicted, Goal goal) {
    if (goal.kind() == Goal.Kind.BINARY) {
      return auc(labels, 1, predicted, 1, 0);
    }
    double sum = 0;
    int present = 0;
    for (int k = 0; k < goal.classes(); k++) {
      double one = auc(labels, k, predicted, goal.classes(), k);
      if (!Double.isNaN(one)) {
        sum += one;
        present++;
      }
    }
    return present == 0 ? 0.5 : sum / present;
  }

  /// By ranks: the chance that a row of the class has a higher value than one of the others, ties
  /// counting half. NaN where there is only one side.
  private static double auc(float[] labels, int positive, double[] values, int stride, int offset) {
    int n = labels.length;
    var keys = new long[n];
    long positives = 0;
    for (int row = 0; row < n; row++) {
      int bits = Float.floatToIntBits((float) values[row * stride + offset]);
      // Floats in the order of whole numbers.
      long ordered = bits >= 0 ? bits : ~bits ^ 0x8000_0000;
      boolean own = (int) labels[row] == positive;
      positives += own ? 1 : 0;
      keys[row] = ordered << 1 | (own ? 1 : 0);
    }
    long negatives = n - positives;
    if (positives == 0 || negatives == 0) {
      return Double.NaN;
    }
    Arrays.sort(keys);
    double sum = 0;
    long below = 0;
    for (int from = 0; from < n; ) {
      int to = from;
      long own = 0;
      while (to < n && keys[to] >> 1 == keys[from] >> 1) {
        own += keys[to] & 1;
        to++;
      }
      long others = to - from - own;
      sum += own * (below + others / 2.0);
      below += others;
      from = to;
    }
    return sum / positives / negatives;
  }
}
