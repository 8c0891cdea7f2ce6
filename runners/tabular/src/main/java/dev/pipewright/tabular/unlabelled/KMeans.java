package dev.pipewright.tabular.unlabelled;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Lloyd's algorithm from centres that are spread out (Arthur and Vassilvitskii, "k-means++",
/// 2007).
///
/// @param centres the largest cluster's first
/// @param labels the cluster of each row
/// @param inertia the sum of squared distances of rows to their centres
record KMeans(double[][] centres, int[] labels, double inertia) {
  private static final int MOST_ROUNDS = 300;

  /// The best of several starts.
  ///
  /// @param k no more than there are different rows
  static KMeans fit(double[][] rows, int k, int starts, SplittableRandom random) {
    return IntStream.range(0, starts)
        .mapToObj(_ -> once(rows, k, random))
        .min(Comparator.comparingDouble(KMeans::inertia))
        .orElseThrow()
        .bySize();
  }

  static int nearest(double[][] centres, double[] row) {
    int nearest = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int c = 0; c < centres.length; c++) {
      double distance = Rows.squaredDistance(centres[c], row);
      if (distance < least) {
        least = distance;
        nearest = c;
      }
    }
    return nearest;
  }

  int[] sizes() {
    var sizes = new int[centres.length];
    for (int label : labels) {
      sizes[label]++;
    }
    return sizes;
  }

  private static KMeans once(double[][] rows, int k, SplittableRandom random) {
    var centres = spread(rows, k, random);
    var labels = new int[rows.length];
    Arrays.fill(labels, -1);
    boolean moved = true;
    for (int round = 0; moved && round < MOST_ROUNDS; round++) {
      moved = false;
      for (int i = 0; i < rows.length; i++) {
        int nearest = nearest(centres, rows[i]);
        moved |= nearest != labels[i];
        labels[i] = nearest;
      }
      if (moved) {
        centres = means(rows, labels, centres);
      }
    }
    double inertia = 0;
    for (int i = 0; i < rows.length; i++) {
      labels[i] = nearest(centres, rows[i]);
      inertia += Rows.squaredDistance(centres[labels[i]], rows[i]);
    }
    return new KMeans(centres, labels, inertia);
  }

  /// Each next centre is a row, likelier the farther it is from those before.
  private static double[][] spread(double[][] rows, int k, SplittableRandom random) {
    var centres = new double[k][];
    var distances = new double[rows.length];
    Arrays.fill(distances, Double.POSITIVE_INFINITY);
    int next = random.nextInt(rows.length);
    for (int c = 0; c < k; c++) {
      centres[c] = rows[next].clone();
      double sum = 0;
      for (int i = 0; i < rows.length; i++) {
        distances[i] = Math.min(distances[i], Rows.squaredDistance(rows[i], centres[c]));
        sum += distances[i];
      }
      double left = random.nextDouble() * sum;
      for (int i = 0; i < rows.length && left >= 0; i++) {
        if (distances[i] > 0) {
          next = i;
          left -= distances[i];
        }
      }
    }
    return centres;
  }

  /// A cluster that lost all rows begins again at the row that is farthest from its centre.
  private static double[][] means(double[][] rows, int[] labels, double[][] before) {
    var means = new double[before.length][before[0].length];
    var counts = new int[before.length];
    for (int i = 0; i < rows.length; i++) {
      counts[labels[i]]++;
      for (int column = 0; column < rows[i].length; column++) {
        means[labels[i]][column] += rows[i][column];
      }
    }
    for (int c = 0; c < means.length; c++) {
      if (counts[c] == 0) {
        int farthest =
            IntStream.range(0, rows.length)
                .boxed()
                .max(
                    Comparator.comparingDouble(
                        i -> Rows.squaredDistance(rows[i], before[labels[i]])))
                .orElseThrow();
        means[c] = rows[farthest].clone();
      } else {
        for (int column = 0; column < means[c].length; column++) {
          means[c][column] /= counts[c];
        }
      }
    }
    return means;
  }

  private KMeans bySize() {
    var sizes = sizes();
    var order =
        IntStream.range(0, centres.length)
            .boxed()
            .sorted(Comparator.comparingInt((Integer c) -> sizes[c]).reversed())
            .mapToInt(Integer::intValue)
            .toArray();
    var places = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      places[order[i]] = i;
    }
    return new KMeans(
        Arrays.stream(order).mapToObj(c -> centres[c]).toArray(double[][]::new),
        Arrays.stream(labels).map(label -> places[label]).toArray(),
        inertia);
  }
}
