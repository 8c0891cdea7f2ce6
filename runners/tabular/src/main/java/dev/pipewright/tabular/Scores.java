package dev.pipewright.tabular;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Measures of predictions, each as scikit-learn defines it (`sklearn.metrics`, version 1.9).
final class Scores {
  /// `log_loss` keeps probabilities this far from 0 and 1: the machine epsilon of a double.
  private static final double EPSILON = Math.ulp(1.0);

  private Scores() {}

  /// `accuracy_score`
  static double accuracy(int[] actual, int[] predicted) {
    long right = IntStream.range(0, actual.length).filter(i -> actual[i] == predicted[i]).count();
    return right / (double) actual.length;
  }

  /// `confusion_matrix`: rows are the actual classes, columns the predicted ones.
  static int[][] confusion(int[] actual, int[] predicted, int classes) {
    var matrix = new int[classes][classes];
    for (int i = 0; i < actual.length; i++) {
      matrix[actual[i]][predicted[i]]++;
    }
    return matrix;
  }

  /// `f1_score(average="macro")`: the mean over the classes that are there, actually or predicted;
  /// 0 for a class that is never right.
  static double macroF1(int[] actual, int[] predicted, int classes) {
    var confusion = confusion(actual, predicted, classes);
    double sum = 0;
    int there = 0;
    for (int c = 0; c < classes; c++) {
      int k = c;
      int is = Arrays.stream(confusion[c]).sum();
      int said = IntStream.range(0, classes).map(row -> confusion[row][k]).sum();
      if (is + said > 0) {
        there++;
        sum += 2.0 * confusion[c][c] / (is + said);
      }
    }
    return sum / there;
  }

  /// `log_loss`: the mean of -ln of the probability given to the actual class.
  ///
  /// @param probabilities a row for each case, a column for each class
  static double logLoss(int[] actual, double[][] probabilities) {
    double sum = 0;
    for (int i = 0; i < actual.length; i++) {
      double p = probabilities[i][actual[i]];
      sum -= Math.log(Math.min(Math.max(p, EPSILON), 1 - EPSILON));
    }
    return sum / actual.length;
  }

  /// A ROC curve: at each threshold, from the highest down, the rates when scores at or above it
  /// count as positive. The first point is (0, 0) at infinity.
  record Roc(double[] fpr, double[] tpr, double[] threshold) {
    /// Area under the curve by trapezia; `roc_auc_score`.
    double auc() {
      double area = 0;
      for (int i = 1; i < fpr.length; i++) {
        area += (fpr[i] - fpr[i - 1]) * (tpr[i] + tpr[i - 1]) / 2;
      }
      return area;
    }

    /// At most so many points, spread evenly along the curve; the ends are kept.
    Roc thinned(int most) {
      int n = fpr.length;
      if (n <= most) {
        return this;
      }
      var along = new double[n];
      for (int i = 1; i < n; i++) {
        along[i] = along[i - 1] + Math.hypot(fpr[i] - fpr[i - 1], tpr[i] - tpr[i - 1]);
      }
      var kept = new ArrayList<Integer>();
      double step = along[n - 1] / (most - 1);
      for (int i = 0; i < n; i++) {
        boolean due = along[i] >= (kept.size()) * step;
        if (i == 0 || i == n - 1 || (due && kept.size() < most - 1)) {
          kept.add(i);
        }
      }
      return pick(kept);
    }

    private Roc pick(List<Integer> kept) {
      return new Roc(
          kept.stream().mapToDouble(i -> fpr[i]).toArray(),
          kept.stream().mapToDouble(i -> tpr[i]).toArray(),
          kept.stream().mapToDouble(i -> threshold[i]).toArray());
    }
  }

  /// `roc_curve`: points in the middle of a straight line are left out. Needs both positive and
  /// negative cases.
  static Roc roc(boolean[] positive, double[] score) {
    int n = positive.length;
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted((a, b) -> Double.compare(score[b], score[a]))
            .mapToInt(i -> i)
            .toArray();
    long positives = IntStream.range(0, n).filter(i -> positive[i]).count();
    long negatives = n - positives;
    var falses = new ArrayList<Long>(List.of(0L));
    var trues = new ArrayList<Long>(List.of(0L));
    var thresholds = new ArrayList<Double>(List.of(Double.POSITIVE_INFINITY));
    long f = 0;
    long t = 0;
    for (int i = 0; i < n; i++) {
      if (positive[order[i]]) {
        t++;
      } else {
        f++;
      }
      if (i + 1 < n && Double.compare(score[order[i + 1]], score[order[i]]) == 0) {
        continue;
      }
      int last = falses.size() - 1;
      if (last >= 1 && straight(falses, trues, f, t)) {
        falses.removeLast();
        trues.removeLast();
        thresholds.removeLast();
      }
      falses.add(f);
      trues.add(t);
      thresholds.add(score[order[i]]);
    }
    return new Roc(
        falses.stream().mapToDouble(v -> v / (double) negatives).toArray(),
        trues.stream().mapToDouble(v -> v / (double) positives).toArray(),
        thresholds.stream().mapToDouble(v -> v).toArray());
  }

  private static boolean straight(List<Long> falses, List<Long> trues, long f, long t) {
    int last = falses.size() - 1;
    long dx1 = falses.get(last) - falses.get(last - 1);
    long dy1 = trues.get(last) - trues.get(last - 1);
    return dx1 * (t - trues.get(last)) == dy1 * (f - falses.get(last));
  }

  /// `root_mean_squared_error`
  static double rmse(double[] actual, double[] predicted) {
    return Math.sqrt(squares(actual, predicted) / actual.length);
  }

  /// `mean_absolute_error`
  static double mae(double[] actual, double[] predicted) {
    return IntStream.range(0, actual.length)
            .mapToDouble(i -> Math.abs(actual[i] - predicted[i]))
            .sum()
        / actual.length;
  }

  /// `r2_score`: 1 less the squared errors in parts of the target's own spread. Where the target
  /// has no spread, 1 when every prediction is right and 0 otherwise.
  static double r2(double[] actual, double[] predicted) {
    double mean = Arrays.stream(actual).average().orElse(0);
    double spread = Arrays.stream(actual).map(v -> (v - mean) * (v - mean)).sum();
    double errors = squares(actual, predicted);
    if (spread == 0) {
      return errors == 0 ? 1 : 0;
    }
    return 1 - errors / spread;
  }

  private static double squares(double[] actual, double[] predicted) {
    return IntStream.range(0, actual.length)
        .mapToDouble(i -> (actual[i] - predicted[i]) * (actual[i] - predicted[i]))
        .sum();
  }
}
