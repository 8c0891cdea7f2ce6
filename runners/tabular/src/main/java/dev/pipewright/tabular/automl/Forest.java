package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.onnx.Graph;
import dev.pipewright.tabular.onnx.TreeGraph;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Extremely randomised trees (Geurts, Ernst, Wehenkel, 2006), or a random forest (Breiman, 2001),
/// over columns cut into at most [#BINS] ranges.
///
/// Params: `random` (true: each column offers one random cut; false: its best), `trees`, `features`
/// (the share of the columns looked at for a cut; 0 for their square root), `leaf` (the least rows
/// in a leaf). A missing value goes to a side chosen by chance at each cut.
final class Forest implements Learner {
  private static final int BINS = 128;
  private static final int MOST_LEAVES = 20_000;

  /// In each fold; a prediction is the mean over all folds' trees.
  private static final int TREES = 100;

  @Override
  public Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline) {
    var bins = Bins.of(fold.train());
    var targets = targets(fold.trainLabels(), goal);
    int width = fold.train().width();
    double share = config.number("features", 0);
    int tried = Math.clamp(Math.round(share > 0 ? share * width : Math.sqrt(width)), 1, width);
    int leaf = Math.max(config.whole("leaf", 1), fold.train().rows() / MOST_LEAVES);
    var grower =
        new Grower(bins, targets, goal.outputs(), config.flag("random", true), tried, leaf);
    var trees = new ArrayList<Tree>();
    var sum = new double[fold.valid().rows() * goal.outputs()];
    var random = new SplittableRandom(seed);
    for (int t = 0; t < config.whole("trees", TREES) && !(t > 0 && deadline.passed()); t++) {
      var tree = grower.grow(random.split());
      tree.addTo(fold.valid(), sum);
      trees.add(tree);
    }
    for (int i = 0; i < sum.length; i++) {
      sum[i] /= trees.size();
    }
    return new Fit(new Trees(goal.outputs(), trees), sum, 0);
  }

  private static float[] targets(float[] labels, Goal goal) {
    if (goal.kind() != Goal.Kind.MULTICLASS) {
      return labels;
    }
    var targets = new float[labels.length * goal.classes()];
    for (int i = 0; i < labels.length; i++) {
      targets[i * goal.classes() + (int) labels[i]] = 1;
    }
    return targets;
  }

  /// The columns in ranges of about as many rows each.
  ///
  /// @param of each column, each row's range from 1, 0 for a missing cell
  /// @param edges each column's upper ends of all ranges but the last
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Bins(byte[][] of, float[][] edges, int rows) {
    static Bins of(Matrix matrix) {
      var of = new byte[matrix.width()][matrix.rows()];
      var edges = new float[matrix.width()][];
      var values = new float[matrix.rows()];
      for (int c = 0; c < matrix.width(); c++) {
        int present = 0;
        for (int row = 0; row < matrix.rows(); row++) {
          float value = matrix.cells()[row * matrix.width() + c];
          if (!Float.isNaN(value)) {
            values[present++] = value;
          }
        }
        edges[c] = edges(Arrays.copyOf(values, present));
        for (int row = 0; row < matrix.rows(); row++) {
          float value = matrix.cells()[row * matrix.width() + c];
          of[c][row] = (byte) (Float.isNaN(value) ? 0 : 1 + below(edges[c], value));
        }
      }
      return new Bins(of, edges, matrix.rows());
    }

    private static float[] edges(float[] values) {
      Arrays.sort(values);
      var edges = new float[BINS];
      int count = 0;
      double step = Math.max(1, values.length / (double) BINS);
      double next = step;
      for (int i = 1; i < values.length && count < BINS - 1; i++) {
        if (values[i] > values[i - 1] && i >= next) {
          edges[count++] = (values[i] + values[i - 1]) / 2;
          next = i + step;
        }
      }
      return Arrays.copyOf(edges, count);
    }

    /// How many edges are below the value.
    private static int below(float[] edges, float value) {
      int from = 0;
      int to = edges.length;
      while (from < to) {
        int middle = (from + to) >>> 1;
        if (edges[middle] < value) {
          from = middle + 1;
        } else {
          to = middle;
        }
      }
      return from;
    }
  }

  private static final class Grower {
    private final Bins bins;
    private final float[] targets;
    private final int outputs;
    private final boolean random;
    private final int tried;
    private final int leaf;
    private final int[] rows;
    private final int[] spare;
    private final int[] columns;
    private final double[] left;
    private final double[] all;
    private final double[] histogram;

    Grower(Bins bins, float[] targets, int outputs, boolean random, int tried, int leaf) {
      this.bins = bins;
      this.targets = targets;
      this.outputs = outputs;
      this.random = random;
      this.tried = tried;
      this.leaf = leaf;
      this.rows = new int[bins.rows()];
      this.spare = new int[bins.rows()];
      this.columns = new int[bins.of().length];
      this.left = new double[outputs];
      this.all = new double[outputs];
      this.histogram = new double[(BINS + 2) * (outputs + 1)];
    }

    Tree grow(SplittableRandom chance) {
      for (int i = 0; i < rows.length; i++) {
        // A random forest draws its rows with replacement; random cuts see all of them.
        rows[i] = random ? i : chance.nextInt(rows.length);
      }
      for (int c = 0; c < columns.length; c++) {
        columns[c] = c;
      }
      var tree = new Tree.Builder(outputs);
      grow(tree, 0, rows.length, chance, 0);
      return tree.build();
    }

    private int grow(Tree.Builder tree, int from, int to, SplittableRandom chance, int depth) {
      Arrays.fill(all, 0);
      double squares = 0;
      for (int i = from; i < to; i++) {
        for (int k = 0; k < outputs; k++) {
          double target = targets[rows[i] * outputs + k];
          all[k] += target;
          squares += target * target;
        }
      }
      int n = to - from;
      double base = 0;
      for (double sum : all) {
        base += sum * sum / n;
      }
      boolean pure = squares - base < 1e-9 * Math.max(1, squares);
      Cut cut = n < 2 * leaf || pure || depth > 60 ? null : cut(from, to, chance, base);
      if (cut == null) {
        return tree.leaf(all, n);
      }
      int middle = partition(from, to, cut);
      int node = tree.node(cut.column, bins.edges()[cut.column][cut.bin - 1], cut.missingLeft);
      int low = grow(tree, from, middle, chance, depth + 1);
      int high = grow(tree, middle, to, chance, depth + 1);
      tree.children(node, low, high);
      return node;
    }

    /// @param bin the last one that goes left
    private record Cut(int column, int bin, boolean missingLeft, double gain) {}

    private Cut cut(int from, int to, SplittableRandom chance, double base) {
      Cut best = null;
      int found = 0;
      for (int c = 0; c < columns.length && found < tried; c++) {
        int other = c + chance.nextInt(columns.length - c);
        int column = columns[other];
        columns[other] = columns[c];
        columns[c] = column;
        boolean missingLeft = chance.nextBoolean();
        var cut =
            random
                ? randomCut(column, from, to, missingLeft, chance)
                : bestCut(column, from, to, missingLeft);
        if (CONSTANT.equals(cut)) {
          continue;
        }
        found++;
        if (cut != null && cut.gain > base + 1e-12 && (best == null || cut.gain > best.gain)) {
          best = cut;
        }
      }
      return best;
    }

    /// The column has one value here.
    private static final Cut CONSTANT = new Cut(-1, 0, false, 0);

    private Cut randomCut(
        int column, int from, int to, boolean missingLeft, SplittableRandom chance) {
      var bin = bins.of()[column];
      int least = Integer.MAX_VALUE;
      int most = 0;
      for (int i = from; i < to; i++) {
        int b = bin[rows[i]];
        if (b > 0) {
          least = Math.min(least, b);
          most = Math.max(most, b);
        }
      }
      if (least >= most) {
        return CONSTANT;
      }
      int at = least + chance.nextInt(most - least);
      Arrays.fill(left, 0);
      int count = 0;
      for (int i = from; i < to; i++) {
        int b = bin[rows[i]];
        if (b == 0 ? missingLeft : b <= at) {
          count++;
          for (int k = 0; k < outputs; k++) {
            left[k] += targets[rows[i] * outputs + k];
          }
        }
      }
      int rest = to - from - count;
      return count < leaf || rest < leaf
          ? null
          : new Cut(column, at, missingLeft, gain(count, rest));
    }

    private Cut bestCut(int column, int from, int to, boolean missingLeft) {
      var bin = bins.of()[column];
      int cell = outputs + 1;
      int last = bins.edges()[column].length + 1;
      Arrays.fill(histogram, 0, (last + 1) * cell, 0);
      for (int i = from; i < to; i++) {
        int at = bin[rows[i]] * cell;
        histogram[at]++;
        for (int k = 0; k < outputs; k++) {
          histogram[at + 1 + k] += targets[rows[i] * outputs + k];
        }
      }
      Arrays.fill(left, 0);
      int count = 0;
      int levels = 0;
      Cut best = null;
      for (int b = missingLeft ? 0 : 1; b < last; b++) {
        count += (int) histogram[b * cell];
        levels += b > 0 && histogram[b * cell] > 0 ? 1 : 0;
        for (int k = 0; k < outputs; k++) {
          left[k] += histogram[b * cell + 1 + k];
        }
        int rest = to - from - count;
        if (b > 0 && histogram[b * cell] > 0 && count >= leaf && rest >= leaf) {
          double gain = gain(count, rest);
          if (best == null || gain > best.gain) {
            best = new Cut(column, b, missingLeft, gain);
          }
        }
      }
      levels += histogram[last * cell] > 0 ? 1 : 0;
      return levels < 2 ? CONSTANT : best;
    }

    private double gain(int count, int rest) {
      double gain = 0;
      for (int k = 0; k < outputs; k++) {
        double other = all[k] - left[k];
        gain += left[k] * left[k] / count + other * other / rest;
      }
      return gain;
    }

    private int partition(int from, int to, Cut cut) {
      var bin = bins.of()[cut.column];
      int low = from;
      int high = 0;
      for (int i = from; i < to; i++) {
        int b = bin[rows[i]];
        if (b == 0 ? cut.missingLeft : b <= cut.bin) {
          rows[low++] = rows[i];
        } else {
          spare[high++] = rows[i];
        }
      }
      System.arraycopy(spare, 0, rows, low, high);
      return low;
    }
  }

  /// @param column of each node; -1 for a leaf
  /// @param threshold what goes left is not above it
  /// @param low the left child; of a leaf, where its values begin
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Tree(
      int outputs,
      int[] column,
      float[] threshold,
      boolean[] missingLow,
      int[] low,
      int[] high,
      float[] values) {
    void addTo(Matrix matrix, double[] sum) {
      for (int row = 0; row < matrix.rows(); row++) {
        int node = 0;
        while (column[node] >= 0) {
          float value = matrix.cells()[row * matrix.width() + column[node]];
          boolean left = Float.isNaN(value) ? missingLow[node] : value <= threshold[node];
          node = left ? low[node] : high[node];
        }
        for (int k = 0; k < outputs; k++) {
          sum[row * outputs + k] += values[low[node] + k];
        }
      }
    }

    void export(TreeGraph all, int trees) {
      all.tree();
      for (int i = 0; i < column.length; i++) {
        if (column[i] < 0) {
          int leaf = all.leaf();
          for (int k = 0; k < outputs; k++) {
            all.adds(leaf, k, values[low[i] + k] / trees);
          }
        } else {
          int node = all.branch("BRANCH_LEQ", column[i], threshold[i], missingLow[i]);
          all.leads(node, low[i], high[i]);
        }
      }
    }

    /// Node by node, each before what is left of it, and that before what is right of it: so a left
    /// child is the next node, and leaves have their values in their order.
    void write(DataOutputStream out) throws IOException {
      out.writeInt(column.length);
      for (int i = 0; i < column.length; i++) {
        out.writeInt(column[i]);
        if (column[i] < 0) {
          for (int k = 0; k < outputs; k++) {
            out.writeFloat(values[low[i] + k]);
          }
        } else {
          out.writeFloat(threshold[i]);
          out.writeBoolean(missingLow[i]);
          out.writeInt(high[i]);
        }
      }
    }

    static Tree read(DataInputStream in, int outputs) throws IOException {
      int nodes = in.readInt();
      var tree =
          new Tree(
              outputs,
              new int[nodes],
              new float[nodes],
              new boolean[nodes],
              new int[nodes],
              new int[nodes],
              new float[(nodes + 1) / 2 * outputs]);
      int filled = 0;
      for (int i = 0; i < nodes; i++) {
        tree.column[i] = in.readInt();
        if (tree.column[i] < 0) {
          tree.low[i] = filled;
          for (int k = 0; k < outputs; k++) {
            tree.values[filled++] = in.readFloat();
          }
        } else {
          tree.threshold[i] = in.readFloat();
          tree.missingLow[i] = in.readBoolean();
          tree.low[i] = i + 1;
          tree.high[i] = in.readInt();
        }
      }
      return tree;
    }

    private static final class Builder {
      private final int outputs;
      private int[] column = new int[64];
      private float[] threshold = new float[64];
      private boolean[] missingLow = new boolean[64];
      private int[] low = new int[64];
      private int[] high = new int[64];
      private float[] values = new float[64];
      private int nodes;
      private int filled;

      Builder(int outputs) {
        this.outputs = outputs;
      }

      int node(int of, float at, boolean missing) {
        if (nodes == column.length) {
          column = Arrays.copyOf(column, nodes * 2);
          threshold = Arrays.copyOf(threshold, nodes * 2);
          missingLow = Arrays.copyOf(missingLow, nodes * 2);
          low = Arrays.copyOf(low, nodes * 2);
          high = Arrays.copyOf(high, nodes * 2);
        }
        column[nodes] = of;
        threshold[nodes] = at;
        missingLow[nodes] = missing;
        return nodes++;
      }

      void children(int node, int left, int right) {
        low[node] = left;
        high[node] = right;
      }

      int leaf(double[] sums, int rows) {
        int node = node(-1, 0, false);
        if (filled + outputs > values.length) {
          values = Arrays.copyOf(values, Math.max(values.length * 2, filled + outputs));
        }
        low[node] = filled;
        for (int k = 0; k < outputs; k++) {
          values[filled++] = (float) (sums[k] / rows);
        }
        return node;
      }

      Tree build() {
        return new Tree(
            outputs,
            Arrays.copyOf(column, nodes),
            Arrays.copyOf(threshold, nodes),
            Arrays.copyOf(missingLow, nodes),
            Arrays.copyOf(low, nodes),
            Arrays.copyOf(high, nodes),
            Arrays.copyOf(values, filled));
      }
    }
  }

  private static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".forest.bin");
  }

  private record Trees(int outputs, List<Tree> trees) implements Fitted {
    @Override
    public double[] predict(Matrix matrix) {
      var sum = new double[matrix.rows() * outputs];
      for (var tree : trees) {
        tree.addTo(matrix, sum);
      }
      for (int i = 0; i < sum.length; i++) {
        sum[i] /= trees.size();
      }
      return sum;
    }

    @Override
    public String export(Graph graph, String matrix) {
      var all = new TreeGraph();
      trees.forEach(tree -> tree.export(all, trees.size()));
      return graph.cast(all.over(graph, matrix, outputs), Graph.Type.DOUBLE);
    }

    @Override
    public void save(Path file) throws IOException {
      try (var out =
          new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(named(file))))) {
        out.writeInt(outputs);
        out.writeInt(trees.size());
        for (var tree : trees) {
          tree.write(out);
        }
      }
    }
  }

  @Override
  public Fitted load(Path file, Config config, Goal goal) throws IOException {
    try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(named(file))))) {
      int outputs = in.readInt();
      var trees = new ArrayList<Tree>();
      for (int left = in.readInt(); left > 0; left--) {
        trees.add(Tree.read(in, outputs));
      }
      return new Trees(outputs, trees);
    }
  }
}
