package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frame;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// Some of the rows, where all of them fit neither into the memory nor into the time.
final class Sample {
  /// The share of a process's heap that the rows may take, as 32-bit numbers.
  private static final double SHARE = 0.15;

  /// Columns become more numbers than one, on the whole.
  private static final double NUMBERS_A_COLUMN = 1.5;

  /// Of the one of two classes that has fewer rows, all are kept, and probabilities are corrected
  /// for that.
  private static final int RARE = 1_000;

  /// Of any other value of the target with fewer rows, all are kept: too few to be noticed.
  private static final int VERY_RARE = 20;

  private static final int MOST_VALUES = 1_000;

  private Sample() {}

  /// How many rows fit into a heap.
  static int fitting(long heap, int columns) {
    return (int) Math.clamp(SHARE * heap / (Float.BYTES * NUMBERS_A_COLUMN * columns), 1_000, 1e9);
  }

  /// About so many of these rows, in their order.
  static int[] of(int[] rows, Frame.Column target, int most, long seed) {
    var counts = new HashMap<Long, Integer>();
    for (int row : rows) {
      counts.merge(value(target, row), 1, Integer::sum);
      if (counts.size() > MOST_VALUES) {
        counts.clear();
        break;
      }
    }
    var random = new SplittableRandom(seed);
    double share = (double) most / rows.length;
    int rare = counts.size() == 2 ? RARE : VERY_RARE;
    return Arrays.stream(rows)
        .filter(row ->
            random.nextDouble() < share || counts.getOrDefault(value(target, row), rare) < rare)
        .toArray();
  }

  /// Of each of two classes, the share of its rows that were chosen.
  static double[] kept(int[] rows, int[] chosen, Frame.Column column, Target target) {
    var classes = new HashMap<Long, Integer>();
    var kept = new double[2];
    for (int row : chosen) {
      kept[label(row, column, target, classes)]++;
    }
    var all = new double[2];
    for (int row : rows) {
      all[label(row, column, target, classes)]++;
    }
    return new double[] {kept[0] / all[0], kept[1] / all[1]};
  }

  private static int label(
      int row, Frame.Column column, Target target, Map<Long, Integer> classes) {
    return classes.computeIfAbsent(
        value(column, row), _ -> target.classes().indexOf(target.label(column.text(row))));
  }

  private static long value(Frame.Column target, int row) {
    int code = target.code(row);
    return code >= 0 ? -1L - code : Double.doubleToLongBits(target.number(row));
  }
}
