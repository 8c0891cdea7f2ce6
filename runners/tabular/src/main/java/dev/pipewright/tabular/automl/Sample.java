package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.data.Frame;
import java.util.Arrays;
import java.util.HashMap;
import java.util.SplittableRandom;

/// Some of the rows, where all of them fit neither into the memory nor into the time.
final class Sample {
  /// The share of a process's heap that the rows may take, as 32-bit numbers.
  private static final double SHARE = 0.15;

  /// Columns become more numbers than one, on the whole.
  private static final double NUMBERS_A_COLUMN = 1.5;

  /// Of a value of the target with fewer rows, all are kept.
  private static final int RARE = 1_000;

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
    return Arrays.stream(rows)
        .filter(row ->
            random.nextDouble() < share || counts.getOrDefault(value(target, row), RARE) < RARE)
        .toArray();
  }

  private static long value(Frame.Column target, int row) {
    int code = target.code(row);
    return code >= 0 ? -1L - code : Double.doubleToLongBits(target.number(row));
  }
}
