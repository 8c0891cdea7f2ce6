package dev.pipewright.tabular.evaluate;

import java.util.ArrayList;
import java.util.Arrays;

/// Cases in the order of their scores, the highest first: how well that order tells the positive
/// ones from the others. Sorted once, so that measuring it again with other weights is one pass.
public final class Ranking {
  private final boolean[] positive;
  private final double[] score;

  /// For each place, the case there.
  private final int[] order;

  /// Whether a score ends at a place: the next one is lower.
  private final boolean[] ends;

  private Ranking(boolean[] positive, double[] score, int[] order, boolean[] ends) {
    this.positive = positive;
    this.score = score;
    this.order = order;
    this.ends = ends;
  }

  /// @param score finite
  public static Ranking of(boolean[] positive, double[] score) {
    int n = score.length;
    var plain = new double[n];
    for (int i = 0; i < n; i++) {
      plain[i] = score[i] + 0.0; // -0 becomes 0, which it ties with
    }
    var sorted = plain.clone();
    Arrays.sort(sorted);
    var first = new int[n]; // of each value, at its first place: how many were placed
    var order = new int[n];
    for (int i = n - 1; i >= 0; i--) {
      int at = firstPlace(sorted, plain[i]);
      order[n - 1 - at - first[at]++] = i;
    }
    var ends = new boolean[n];
    for (int place = 0; place < n; place++) {
      ends[place] = place == n - 1 || plain[order[place]] > plain[order[place + 1]];
    }
    return new Ranking(positive, plain, order, ends);
  }

  /// The cases of one class against all others.
  public static Ranking of(int[] actual, int c, double[] score) {
    var positive = new boolean[actual.length];
    for (int i = 0; i < positive.length; i++) {
      positive[i] = actual[i] == c;
    }
    return of(positive, score);
  }

  /// Whether there are both positive cases and others; without, no measure here means anything.
  public boolean mixed() {
    boolean first = positive.length > 0 && positive[0];
    for (boolean p : positive) {
      if (p != first) {
        return true;
      }
    }
    return false;
  }

  /// `roc_auc_score` of a binary target; NaN unless [#mixed].
  public double auc() {
    return auc(Sums.ones(order.length));
  }

  public double auc(double[] weights) {
    double area = 0;
    double trues = 0;
    double falses = 0;
    double tiedTrues = 0;
    double tiedFalses = 0;
    for (int place = 0; place < order.length; place++) {
      int i = order[place];
      if (positive[i]) {
        tiedTrues += weights[i];
      } else {
        tiedFalses += weights[i];
      }
      if (ends[place]) {
        area += tiedFalses * (trues + tiedTrues / 2);
        trues += tiedTrues;
        falses += tiedFalses;
        tiedTrues = 0;
        tiedFalses = 0;
      }
    }
    return area / trues / falses;
  }

  /// `average_precision_score`: the area under the precision-recall curve as steps. NaN without
  /// positive cases.
  public double averagePrecision() {
    return averagePrecision(Sums.ones(order.length));
  }

  public double averagePrecision(double[] weights) {
    double sum = 0;
    double trues = 0;
    double all = 0;
    double before = 0;
    for (int place = 0; place < order.length; place++) {
      int i = order[place];
      all += weights[i];
      if (positive[i]) {
        trues += weights[i];
      }
      if (ends[place] && all > 0) {
        sum += (trues - before) * (trues / all);
        before = trues;
      }
    }
    return sum / trues;
  }

  /// The Kolmogorov-Smirnov distance between the scores of the positive cases and of the others.
  public double ks() {
    return ks(Sums.ones(order.length));
  }

  public double ks(double[] weights) {
    var roc = roc(weights);
    double most = 0;
    for (int i = 0; i < roc.fpr().length; i++) {
      most = Math.max(most, Math.abs(roc.tpr()[i] - roc.fpr()[i]));
    }
    return most;
  }

  /// A ROC curve: at each threshold, from the highest down, the rates when scores at or above it
  /// count as positive. The first point is (0, 0) at infinity.
  public record Roc(double[] fpr, double[] tpr, double[] threshold) {
    /// At most so many points, spread evenly along the curve; the ends are kept.
    public Roc thinned(int most) {
      var kept = Ranking.thinned(fpr, tpr, most);
      return new Roc(pick(fpr, kept), pick(tpr, kept), pick(threshold, kept));
    }
  }

  /// `roc_curve(drop_intermediate=False)`
  public Roc roc() {
    return roc(Sums.ones(order.length));
  }

  public Roc roc(double[] weights) {
    var sums = sums(weights);
    double positives = sums.trues[sums.trues.length - 1];
    double negatives = sums.falses[sums.falses.length - 1];
    return new Roc(
        Arrays.stream(sums.falses).map(v -> v / negatives).toArray(),
        Arrays.stream(sums.trues).map(v -> v / positives).toArray(),
        sums.threshold);
  }

  /// Precision and recall at each threshold, from the highest down. The first point is the recall 0
  /// at infinity with the precision 1, as convention has it.
  public record PrecisionRecall(double[] precision, double[] recall, double[] threshold) {
    /// At most so many points, spread evenly along the curve; the ends are kept.
    public PrecisionRecall thinned(int most) {
      var kept = Ranking.thinned(recall, precision, most);
      return new PrecisionRecall(pick(precision, kept), pick(recall, kept), pick(threshold, kept));
    }

    /// The highest precision where the recall is at least so high, and its place on the curve.
    public int precisionAtRecall(double least) {
      int best = precision.length - 1;
      for (int i = 1; i < precision.length; i++) {
        if (recall[i] >= least && precision[i] > precision[best]) {
          best = i;
        }
      }
      return best;
    }

    /// The place of the highest recall where the precision is at least so high; 0 where there is
    /// none.
    public int recallAtPrecision(double least) {
      int best = 0;
      for (int i = 1; i < precision.length; i++) {
        if (precision[i] >= least && recall[i] > recall[best]) {
          best = i;
        }
      }
      return best;
    }
  }

  /// `precision_recall_curve`, with the threshold falling
  public PrecisionRecall precisionRecall() {
    return precisionRecall(Sums.ones(order.length));
  }

  public PrecisionRecall precisionRecall(double[] weights) {
    var sums = sums(weights);
    int n = sums.trues.length;
    double positives = sums.trues[n - 1];
    var precision = new double[n];
    var recall = new double[n];
    precision[0] = 1;
    for (int i = 1; i < n; i++) {
      double all = sums.trues[i] + sums.falses[i];
      precision[i] = all > 0 ? sums.trues[i] / all : 0;
      recall[i] = positives > 0 ? sums.trues[i] / positives : 1;
    }
    return new PrecisionRecall(precision, recall, sums.threshold);
  }

  /// What taking only the cases with the highest scores finds.
  ///
  /// @param share of the cases that are taken, from 0 to 1
  /// @param found share of the positive cases among them
  public record Gain(double[] share, double[] found) {
    /// How many times more positive cases than among as many at random; NaN at 0.
    public double[] lift() {
      var lift = new double[share.length];
      for (int i = 0; i < lift.length; i++) {
        lift[i] = found[i] / share[i];
      }
      return lift;
    }

    /// What is found among so large a share, between the points along the straight line.
    public double foundAt(double wanted) {
      int i = Arrays.binarySearch(share, wanted);
      if (i >= 0) {
        return found[i];
      }
      int above = Math.min(-i - 1, share.length - 1);
      int below = Math.max(above - 1, 0);
      double width = share[above] - share[below];
      return width > 0
          ? found[below] + (found[above] - found[below]) * (wanted - share[below]) / width
          : found[above];
    }

    public Gain thinned(int most) {
      var kept = Ranking.thinned(share, found, most);
      return new Gain(pick(share, kept), pick(found, kept));
    }
  }

  /// The cumulative gain; cases with the same score are taken together.
  public Gain gain() {
    var sums = sums(Sums.ones(order.length));
    int n = sums.trues.length;
    double positives = sums.trues[n - 1];
    var share = new double[n];
    var found = new double[n];
    for (int i = 0; i < n; i++) {
      share[i] = (sums.trues[i] + sums.falses[i]) / order.length;
      found[i] = sums.trues[i] / positives;
    }
    return new Gain(share, found);
  }

  /// Sums at each threshold, the first of nothing at infinity.
  private record Cumulated(double[] trues, double[] falses, double[] threshold) {}

  /// Scores that only cases without weight have are no thresholds.
  private Cumulated sums(double[] weights) {
    int points = 1;
    for (boolean end : ends) {
      points += end ? 1 : 0;
    }
    var trues = new double[points];
    var falses = new double[points];
    var threshold = new double[points];
    threshold[0] = Double.POSITIVE_INFINITY;
    double t = 0;
    double f = 0;
    int at = 1;
    boolean weighs = false;
    for (int place = 0; place < order.length; place++) {
      int i = order[place];
      weighs |= weights[i] != 0;
      if (positive[i]) {
        t += weights[i];
      } else {
        f += weights[i];
      }
      if (ends[place] && weighs) {
        trues[at] = t;
        falses[at] = f;
        threshold[at++] = score[i];
        weighs = false;
      }
    }
    return new Cumulated(
        Arrays.copyOf(trues, at), Arrays.copyOf(falses, at), Arrays.copyOf(threshold, at));
  }

  private static int firstPlace(double[] sorted, double value) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static int[] thinned(double[] x, double[] y, int most) {
    int n = x.length;
    var along = new double[n];
    for (int i = 1; i < n; i++) {
      along[i] = along[i - 1] + Math.hypot(x[i] - x[i - 1], y[i] - y[i - 1]);
    }
    double step = n <= most ? 0 : along[n - 1] / (most - 1);
    var kept = new ArrayList<Integer>();
    for (int i = 0; i < n; i++) {
      boolean corner = i > 0 && i < n - 1 && straight(x, y, i);
      boolean due = along[i] >= kept.size() * step && (n <= most || kept.size() < most - 1);
      if (i == 0 || i == n - 1 || (due && !corner)) {
        kept.add(i);
      }
    }
    return kept.stream().mapToInt(i -> i).toArray();
  }

  /// Whether the point lies in the middle of a line along an axis, where it shows nothing.
  private static boolean straight(double[] x, double[] y, int i) {
    return (x[i - 1] == x[i] && x[i] == x[i + 1]) || (y[i - 1] == y[i] && y[i] == y[i + 1]);
  }

  private static double[] pick(double[] values, int[] kept) {
    return Arrays.stream(kept).mapToDouble(i -> values[i]).toArray();
  }
}
