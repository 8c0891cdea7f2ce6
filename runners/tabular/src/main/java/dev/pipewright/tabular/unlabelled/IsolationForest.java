package dev.pipewright.tabular.unlabelled;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Trees that cut a few rows at random until each is alone: what is odd is alone sooner (Liu, Ting
/// and Zhou, "Isolation Forest", 2008).
///
/// @param sample rows that each tree was grown from
record IsolationForest(int sample, List<Tree> trees) {
  private static final double EULER = 0.5772156649015329;

  /// Nodes by number, the first being the root; the children of `i` are `below[i]` and the next.
  ///
  /// @param column what a node asks for; -1 in a leaf
  /// @param cut smaller values go to the first child
  /// @param length in a leaf, of the way there, and of the way on that its rows would need
  record Tree(int[] column, double[] cut, int[] below, double[] length) {
    double length(double[] row) {
      int node = 0;
      while (column[node] >= 0) {
        node = below[node] + (row[column[node]] < cut[node] ? 0 : 1);
      }
      return length[node];
    }
  }

  /// @param sample at least 2
  static IsolationForest grow(double[][] rows, int trees, int sample, long seed) {
    int size = Math.min(sample, rows.length);
    var seeds = new SplittableRandom(seed);
    var grown = new ArrayList<Tree>();
    for (int tree = 0; tree < trees; tree++) {
      var random = seeds.split();
      grown.add(new Growing(size, random).grow(Rows.sample(rows, size, random)));
    }
    return new IsolationForest(size, grown);
  }

  /// From 0 to 1: near 1 what is alone at once, below a half what is not odd.
  double score(double[] row) {
    double sum = 0;
    for (var tree : trees) {
      sum += tree.length(row);
    }
    return Math.pow(2, -sum / trees.size() / expected(sample));
  }

  double[] scores(double[][] rows) {
    return Arrays.stream(rows).mapToDouble(this::score).toArray();
  }

  /// The mean length of the way to one of so many rows in a tree that is cut at random until all
  /// are alone: that of an unsuccessful search in a binary search tree.
  static double expected(int rows) {
    return switch (rows) {
      case 0, 1 -> 0;
      case 2 -> 1;
      default -> 2 * (Math.log(rows - 1.0) + EULER) - 2 * (rows - 1.0) / rows;
    };
  }

  private static final class Growing {
    private final SplittableRandom random;
    private final int deepest;
    private final int[] column;
    private final double[] cut;
    private final int[] below;
    private final double[] length;
    private int nodes = 1;

    Growing(int rows, SplittableRandom random) {
      this.random = random;
      this.deepest = (int) Math.ceil(Math.log(rows) / Math.log(2));
      int most = 2 * rows - 1;
      this.column = new int[most];
      this.cut = new double[most];
      this.below = new int[most];
      this.length = new double[most];
    }

    Tree grow(double[][] rows) {
      grow(0, rows, 0, rows.length, 0);
      return new Tree(
          Arrays.copyOf(column, nodes),
          Arrays.copyOf(cut, nodes),
          Arrays.copyOf(below, nodes),
          Arrays.copyOf(length, nodes));
    }

    private void grow(int node, double[][] rows, int from, int to, int depth) {
      int chosen = to - from < 2 || depth == deepest ? -1 : choose(rows, from, to);
      column[node] = chosen;
      if (chosen < 0) {
        length[node] = depth + expected(to - from);
        return;
      }
      double low = low(rows, from, to, chosen);
      double high = high(rows, from, to, chosen);
      // Never the lowest value itself, below which no row would be.
      cut[node] = high - random.nextDouble() * (high - low);
      if (cut[node] <= low) {
        cut[node] = high;
      }
      int middle = from;
      for (int i = from; i < to; i++) {
        if (rows[i][chosen] < cut[node]) {
          var swapped = rows[i];
          rows[i] = rows[middle];
          rows[middle++] = swapped;
        }
      }
      int children = nodes;
      below[node] = children;
      nodes += 2;
      grow(children, rows, from, middle, depth + 1);
      grow(children + 1, rows, middle, to, depth + 1);
    }

    /// One of the columns that differ, at random; -1 where all rows are the same.
    private int choose(double[][] rows, int from, int to) {
      int width = rows[from].length;
      var order = new int[width];
      Arrays.setAll(order, i -> i);
      for (int left = width; left > 0; left--) {
        int at = random.nextInt(left);
        int tried = order[at];
        if (low(rows, from, to, tried) < high(rows, from, to, tried)) {
          return tried;
        }
        order[at] = order[left - 1];
      }
      return -1;
    }

    private static double low(double[][] rows, int from, int to, int column) {
      return Arrays.stream(rows, from, to).mapToDouble(row -> row[column]).min().orElseThrow();
    }

    private static double high(double[][] rows, int from, int to, int column) {
      return Arrays.stream(rows, from, to).mapToDouble(row -> row[column]).max().orElseThrow();
    }
  }
}
