package dev.pipewright.tabular.unlabelled;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.SplittableRandom;

/// Rows of numbers.
final class Rows {
  private Rows() {}

  /// So many of them, none twice; all where there are no more. In an array of its own.
  static double[][] sample(double[][] rows, int size, SplittableRandom random) {
    return Arrays.stream(places(rows.length, size, random))
        .mapToObj(place -> rows[place])
        .toArray(double[][]::new);
  }

  /// So many different numbers below `rows`; all of them in order where there are no more.
  static int[] places(int rows, int size, SplittableRandom random) {
    var places = new int[rows];
    Arrays.setAll(places, i -> i);
    if (size >= rows) {
      return places;
    }
    for (int i = 0; i < size; i++) {
      int other = random.nextInt(i, rows);
      int swapped = places[i];
      places[i] = places[other];
      places[other] = swapped;
    }
    return Arrays.copyOf(places, size);
  }

  /// How many differ from all others; `most` where there are more.
  static int distinct(double[][] rows, int most) {
    var seen = new HashSet<DoubleBuffer>();
    for (var row : rows) {
      seen.add(DoubleBuffer.wrap(row));
      if (seen.size() == most) {
        break;
      }
    }
    return seen.size();
  }

  static double squaredDistance(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double off = a[i] - b[i];
      sum += off * off;
    }
    return sum;
  }
}
