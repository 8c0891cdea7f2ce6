package dev.pipewright.tabular.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Measures of the probabilities given to the classes, as `sklearn.metrics` defines them. A row for
/// each case, a column for each class.
public final class Probabilities {
  /// `log_loss` keeps probabilities this far from 0 and 1: the machine epsilon of a double.
  private static final double EPSILON = Math.ulp(1.0);

  private Probabilities() {}

  /// Each case's part in the log loss: -ln of the probability given to the actual class.
  public static double[] losses(int[] actual, double[][] probabilities) {
    var losses = new double[actual.length];
    for (int i = 0; i < losses.length; i++) {
      double p = probabilities[i][actual[i]];
      losses[i] = -Math.log(Math.min(Math.max(p, EPSILON), 1 - EPSILON));
    }
    return losses;
  }

  /// `log_loss`
  public static double logLoss(int[] actual, double[][] probabilities, double[] weights) {
    var losses = losses(actual, probabilities);
    return Sums.mean(weights, i -> losses[i]);
  }

  public static double logLoss(int[] actual, double[][] probabilities) {
    return logLoss(actual, probabilities, Sums.ones(actual.length));
  }

  /// Each case's part in the Brier score: the squared distances from 1 of the actual class and from
  /// 0 of the others; half of that with two classes, as is usual.
  public static double[] distances(int[] actual, double[][] probabilities) {
    var distances = new double[actual.length];
    for (int i = 0; i < distances.length; i++) {
      var row = probabilities[i];
      double sum = 0;
      for (int c = 0; c < row.length; c++) {
        double off = (c == actual[i] ? 1 : 0) - row[c];
        sum += off * off;
      }
      distances[i] = row.length < 3 ? sum / 2 : sum;
    }
    return distances;
  }

  /// `brier_score_loss`
  public static double brier(int[] actual, double[][] probabilities, double[] weights) {
    var distances = distances(actual, probabilities);
    return Sums.mean(weights, i -> distances[i]);
  }

  public static double brier(int[] actual, double[][] probabilities) {
    return brier(actual, probabilities, Sums.ones(actual.length));
  }

  /// `roc_auc_score(multi_class="ovr")`: each class against all others. NaN where a class is not
  /// there.
  public static double aucOneVsRest(
      int[] actual, double[][] probabilities, double[] weights, Confusion.Average average) {
    int classes = probabilities[0].length;
    double sum = 0;
    double counted = 0;
    for (int c = 0; c < classes; c++) {
      double there = 0;
      for (int i = 0; i < actual.length; i++) {
        there += actual[i] == c ? weights[i] : 0;
      }
      double weight = average == Confusion.Average.WEIGHTED ? there : 1;
      if (weight == 0) {
        continue;
      }
      sum += weight * Ranking.of(actual, c, column(probabilities, c)).auc(weights);
      counted += weight;
    }
    return sum / counted;
  }

  /// `roc_auc_score(multi_class="ovo")`: the mean over all pairs of classes that are there, each
  /// both ways (Hand and Till).
  public static double aucOneVsOne(
      int[] actual, double[][] probabilities, Confusion.Average average) {
    var there = Arrays.stream(actual).distinct().sorted().toArray();
    double sum = 0;
    double weights = 0;
    for (int a = 0; a < there.length; a++) {
      for (int b = a + 1; b < there.length; b++) {
        int first = there[a];
        int second = there[b];
        var rows =
            IntStream.range(0, actual.length)
                .filter(i -> actual[i] == first || actual[i] == second)
                .toArray();
        double weight = average == Confusion.Average.WEIGHTED ? rows.length : 1;
        double both =
            pair(actual, probabilities, rows, first) + pair(actual, probabilities, rows, second);
        sum += weight * both / 2;
        weights += weight;
      }
    }
    return sum / weights;
  }

  private static double pair(int[] actual, double[][] probabilities, int[] rows, int c) {
    var labels = Arrays.stream(rows).map(i -> actual[i]).toArray();
    var score = Arrays.stream(rows).mapToDouble(i -> probabilities[i][c]).toArray();
    return Ranking.of(labels, c, score).auc();
  }

  /// Cases with about the same probability.
  ///
  /// @param cases how many
  /// @param predicted their mean probability
  /// @param actual the share of them that came true
  public record Bin(int cases, double predicted, double actual) {}

  /// How the bins of a reliability curve are cut.
  public enum Cut {
    /// All as wide.
    UNIFORM,
    /// All about as full.
    QUANTILE
  }

  /// `calibration_curve`: of the probabilities given to something, how often it came true.
  public static List<Bin> reliability(boolean[] cameTrue, double[] probability, int bins, Cut cut) {
    var edges = new double[bins + 1];
    var sorted = probability.clone();
    Arrays.sort(sorted);
    for (int i = 0; i <= bins; i++) {
      double share = i == bins ? 1 : i * (1.0 / bins);
      // By way of percent, as numpy goes: a case exactly on an edge must fall to the same side.
      edges[i] = cut == Cut.UNIFORM ? share : Sums.quantile(sorted, share * 100 / 100);
    }
    var cases = new int[bins];
    var predicted = new double[bins];
    var actual = new double[bins];
    for (int i = 0; i < probability.length; i++) {
      int bin = 0;
      while (bin < bins - 1 && edges[bin + 1] < probability[i]) {
        bin++;
      }
      cases[bin]++;
      predicted[bin] += probability[i];
      actual[bin] += cameTrue[i] ? 1 : 0;
    }
    var curve = new ArrayList<Bin>();
    for (int b = 0; b < bins; b++) {
      if (cases[b] > 0) {
        curve.add(new Bin(cases[b], predicted[b] / cases[b], actual[b] / cases[b]));
      }
    }
    return curve;
  }

  /// The expected calibration error: how far the bins of a reliability curve are off on average.
  public static double calibrationError(List<Bin> bins) {
    double off = 0;
    double cases = 0;
    for (var bin : bins) {
      off += bin.cases() * Math.abs(bin.actual() - bin.predicted());
      cases += bin.cases();
    }
    return off / cases;
  }

  public static double[] column(double[][] probabilities, int c) {
    var column = new double[probabilities.length];
    for (int i = 0; i < column.length; i++) {
      column[i] = probabilities[i][c];
    }
    return column;
  }
}
