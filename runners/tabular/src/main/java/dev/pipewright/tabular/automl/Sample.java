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

  /// Of each of two classes, so many rows at least, if there are; probabilities are corrected for
  /// that.
  private static final int OF_TWO = 1_000;

  /// Of each of more classes: so few that nobody will notice.
  private static final int OF_MANY = 20;

  /// Of whole numbers with more values, nobody takes each for a class unless told to.
  private static final int MOST_NUMBERS = 20;

  private static final int MOST_CLASSES = 100;

  private Sample() {}

  /// How many rows fit into a heap.
  static int fitting(long heap, int columns) {
    return (int) Math.clamp(SHARE * heap / (Float.BYTES * NUMBERS_A_COLUMN * columns), 1_000, 1e9);
  }

  /// About so many of these rows, in their order. Where they are of classes, some of each.
  static int[] of(int[] rows, Frame.Column target, Target.Wish wish, int most, long seed) {
    var counts = new HashMap<Long, Integer>();
    boolean texts = false;
    for (int row : rows) {
      counts.merge(value(target, row), 1, Integer::sum);
      texts |= target.code(row) >= 0;
      if (counts.size() > MOST_CLASSES) {
        break;
      }
    }
    boolean classes =
        counts.size() <= MOST_CLASSES
            && switch (wish) {
              case CLASSIFICATION -> true;
              case REGRESSION -> false;
              case AUTO -> texts || counts.size() <= MOST_NUMBERS;
            };
    int least = !classes ? 0 : counts.size() == 2 ? OF_TWO : OF_MANY;
    double share = (double) most / rows.length;
    var random = new SplittableRandom(seed);
    return Arrays.stream(rows)
        .filter(row -> {
          double own =
              least == 0
                  ? share
                  : Math.max(share, (double) least / counts.getOrDefault(value(target, row), 1));
          return random.nextDouble() < own;
        })
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
      int label = label(row, column, target, classes);
      if (label >= 0) {
        all[label]++;
      }
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
