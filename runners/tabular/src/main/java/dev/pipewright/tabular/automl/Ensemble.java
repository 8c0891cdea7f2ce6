package dev.pipewright.tabular.automl;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Greedy ensemble selection with replacement (Caruana et al., 2004), over several bags of the
/// candidates (section 2.3 there), whose weights are averaged.
final class Ensemble {
  private static final int STEPS = 40;
  private static final int ROWS = 20_000;
  private static final double IN_BAG = 0.6;

  /// The best are in each bag: one without them would be made of what nobody would choose.
  private static final int ALWAYS_IN_BAG = 3;

  /// Of fewer, no bag leaves any out.
  private static final int MANY = 8;

  private Ensemble() {}

  /// Each candidate's weight; they add up to 1.
  ///
  /// @param candidates their predictions of the same rows, the best first
  /// @param bags 1 for all candidates at once
  static double[] weights(
      List<double[]> candidates, float[] labels, Goal goal, Measure measure, int bags, long seed) {
    var rows = some(labels.length, seed);
    var known = Encoder.pick(labels, rows);
    var predicted =
        candidates.stream().map(all -> pick(all, rows, goal.outputs())).toArray(double[][]::new);
    var sum = new double[candidates.size()];
    int most = candidates.size() < MANY ? 1 : bags;
    var random = new SplittableRandom(seed);
    for (int bag = 0; bag < most; bag++) {
      var in = new boolean[candidates.size()];
      for (int c = 0; c < in.length; c++) {
        in[c] = most == 1 || c < ALWAYS_IN_BAG || random.nextDouble() < IN_BAG;
      }
      var weights = greedy(predicted, in, known, goal, measure);
      for (int c = 0; c < sum.length; c++) {
        sum[c] += weights[c];
      }
    }
    double all = Arrays.stream(sum).sum();
    if (all == 0) {
      Arrays.fill(sum, 1.0 / sum.length);
      return sum;
    }
    for (int c = 0; c < sum.length; c++) {
      // What was chosen once in a bag or two is not worth its time to predict.
      sum[c] = sum[c] / all < 0.004 ? 0 : sum[c];
    }
    double kept = Arrays.stream(sum).sum();
    return Arrays.stream(sum).map(weight -> weight / kept).toArray();
  }

  private static double[] greedy(
      double[][] predicted, boolean[] in, float[] labels, Goal goal, Measure measure) {
    int size = labels.length * goal.outputs();
    var total = new double[size];
    var tried = new double[size];
    var counts = new int[predicted.length];
    var best = new int[predicted.length];
    double bestScore = Double.NEGATIVE_INFINITY;
    for (int step = 1; step <= STEPS; step++) {
      int chosen = -1;
      double chosenScore = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < predicted.length; c++) {
        if (!in[c]) {
          continue;
        }
        var own = predicted[c];
        for (int i = 0; i < size; i++) {
          tried[i] = (total[i] + own[i]) / step;
        }
        // Of equals, one that is used already.
        double score = measure.score(labels, tried, goal) + (counts[c] > 0 ? 1e-9 : 0);
        if (score > chosenScore) {
          chosenScore = score;
          chosen = c;
        }
      }
      if (chosen < 0) {
        break;
      }
      counts[chosen]++;
      for (int i = 0; i < size; i++) {
        total[i] += predicted[chosen][i];
      }
      if (chosenScore > bestScore) {
        bestScore = chosenScore;
        best = counts.clone();
      }
    }
    double sum = Arrays.stream(best).sum();
    return Arrays.stream(best).mapToDouble(count -> sum == 0 ? 0 : count / sum).toArray();
  }

  private static int[] some(int rows, long seed) {
    return rows <= ROWS
        ? java.util.stream.IntStream.range(0, rows).toArray()
        : new SplittableRandom(seed).ints(0, rows).distinct().limit(ROWS).sorted().toArray();
  }

  private static double[] pick(double[] values, int[] rows, int outputs) {
    var picked = new double[rows.length * outputs];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(values, rows[i] * outputs, picked, i * outputs, outputs);
    }
    return picked;
  }

  /// The weighted mean.
  static double[] blend(List<double[]> candidates, double[] weights) {
    var out = new double[candidates.getFirst().length];
    for (int c = 0; c < weights.length; c++) {
      if (weights[c] > 0) {
        var own = candidates.get(c);
        for (int i = 0; i < out.length; i++) {
          out[i] += weights[c] * own[i];
        }
      }
    }
    return out;
  }
}
