package dev.pipewright.tabular.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/// From what probability on a row is best taken for positive, by what the decisions cost on these
/// rows.
///
/// @param by `cost` or `profit`
/// @param threshold the best one
/// @param total at the best threshold, over all rows
/// @param perRow the same, for one row
/// @param atCut the total at the threshold that the measures were taken at
/// @param never the total when no row is taken for positive
/// @param always the total when every row is
/// @param confusion at the best threshold; rows are the actual classes
/// @param curve the total at each threshold
record Decision(
    String by,
    String currency,
    double threshold,
    double total,
    double perRow,
    double atCut,
    double never,
    double always,
    long[][] confusion,
    Curve curve) {
  private static final int POINTS = 300;

  /// @param threshold rising
  record Curve(double[] threshold, double[] total) {}

  /// @param amounts of each row; all 0 where prices need none
  static Decision of(Judged judged, Costs costs, double[] amounts) {
    int n = judged.rows();
    var score = judged.column(1);
    var positive = judged.is(1);
    var order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -score[i]))
            .mapToInt(i -> i)
            .toArray();
    double loss = Sums.sum(n, i -> costs.loss(positive[i], false, amounts[i]));
    double never = loss;
    double best = loss;
    double top = n == 0 ? 0 : score[order[0]];
    double threshold = top < 1 ? 1 : Math.nextUp(1.0);
    var thresholds = new ArrayList<Double>();
    var losses = new ArrayList<Double>();
    thresholds.add(threshold);
    losses.add(loss);
    for (int place = 0; place < n; place++) {
      int i = order[place];
      loss +=
          costs.loss(positive[i], true, amounts[i]) - costs.loss(positive[i], false, amounts[i]);
      boolean last = place == n - 1;
      if (!last && Double.compare(score[order[place + 1]], score[i]) == 0) {
        continue;
      }
      // Between two scores, so that it does not hang on the last digit of either.
      double below = last ? 0 : (score[i] + score[order[place + 1]]) / 2;
      thresholds.add(below);
      losses.add(loss);
      if (loss < best) {
        best = loss;
        threshold = below;
      }
    }
    var confusion = new long[2][2];
    var decided = judged.decided(threshold);
    for (int i = 0; i < n; i++) {
      confusion[positive[i] ? 1 : 0][decided[i]]++;
    }
    var atCut = judged.decided();
    return new Decision(
        costs.word(),
        costs.currency(),
        threshold,
        costs.told(best),
        costs.told(best) / n,
        costs.told(Sums.sum(n, i -> costs.loss(positive[i], atCut[i] == 1, amounts[i]))),
        costs.told(never),
        costs.told(losses.getLast()),
        confusion,
        curve(costs, thresholds, losses));
  }

  private static Curve curve(Costs costs, ArrayList<Double> thresholds, ArrayList<Double> losses) {
    int n = thresholds.size();
    var kept =
        n <= POINTS
            ? IntStream.range(0, n)
            : IntStream.range(0, POINTS).map(i -> (int) ((long) i * (n - 1) / (POINTS - 1)));
    var rising = kept.map(i -> n - 1 - i).sorted().map(i -> n - 1 - i).toArray();
    return new Curve(
        Arrays.stream(rising).mapToDouble(i -> Math.min(1, thresholds.get(i))).toArray(),
        Arrays.stream(rising).mapToDouble(i -> costs.told(losses.get(i))).toArray());
  }
}
