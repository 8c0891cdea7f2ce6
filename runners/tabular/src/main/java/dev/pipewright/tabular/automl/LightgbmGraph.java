package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.onnx.Graph;
import dev.pipewright.tabular.onnx.TreeGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// LightGBM's trees, out of its text, as an operation.
final class LightgbmGraph {
  private static final int CATEGORICAL = 1;
  private static final int DEFAULT_LEFT = 2;

  /// As the bits above those say: nothing is missing, or NaN is. (The third, zeros, is never asked
  /// for.)
  private static final int MISSING_NAN = 2;

  private final TreeGraph all = new TreeGraph();

  private LightgbmGraph() {}

  /// @return margins as doubles, a column for each output
  static String over(Graph graph, String matrix, String text, int outputs) {
    var written = new LightgbmGraph();
    int number = 0;
    for (var tree : trees(text)) {
      written.write(tree, number++ % outputs);
    }
    return graph.cast(written.all.over(graph, matrix, outputs), Graph.Type.DOUBLE);
  }

  private static List<Map<String, String>> trees(String text) {
    var trees = new ArrayList<Map<String, String>>();
    for (var line : text.lines().toList()) {
      int equals = line.indexOf('=');
      if (line.startsWith("Tree=")) {
        trees.add(new HashMap<>());
      } else if (line.startsWith("end of trees")) {
        break;
      } else if (equals > 0 && !trees.isEmpty()) {
        trees.getLast().put(line.substring(0, equals), line.substring(equals + 1));
      }
    }
    return trees;
  }

  private record Tree(
      int[] feature,
      double[] threshold,
      int[] decision,
      int[] left,
      int[] right,
      double[] leaves,
      int[] boundaries,
      long[] members) {}

  private static String[] words(Map<String, String> tree, String key) {
    var text = tree.getOrDefault(key, "").strip();
    return text.isEmpty() ? new String[0] : text.split(" ");
  }

  private static int[] ints(Map<String, String> tree, String key) {
    return java.util.Arrays.stream(words(tree, key)).mapToInt(Integer::parseInt).toArray();
  }

  private static double[] doubles(Map<String, String> tree, String key) {
    return java.util.Arrays.stream(words(tree, key)).mapToDouble(LightgbmGraph::number).toArray();
  }

  /// As C writes numbers.
  private static double number(String word) {
    return switch (word) {
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case "nan", "-nan" -> Double.NaN;
      default -> Double.parseDouble(word);
    };
  }

  private void write(Map<String, String> lines, int output) {
    var tree =
        new Tree(
            ints(lines, "split_feature"),
            doubles(lines, "threshold"),
            ints(lines, "decision_type"),
            ints(lines, "left_child"),
            ints(lines, "right_child"),
            doubles(lines, "leaf_value"),
            ints(lines, "cat_boundaries"),
            java.util.Arrays.stream(words(lines, "cat_threshold"))
                .mapToLong(Long::parseLong)
                .toArray());
    all.tree();
    int unused = write(tree, tree.feature.length == 0 ? -1 : 0, output);
  }

  /// @param node negative for a leaf: -1 is the first
  /// @return as what it was written
  private int write(Tree tree, int node, int output) {
    if (node < 0) {
      int leaf = all.leaf();
      all.adds(leaf, output, (float) tree.leaves[-node - 1]);
      return leaf;
    }
    int kind = tree.decision[node];
    if ((kind & CATEGORICAL) != 0) {
      return writeCategories(tree, node, output);
    }
    boolean nan = (kind >> 2 & 3) == MISSING_NAN;
    // Where nothing was missing in training, a missing number counts as 0.
    boolean missingLeft = nan ? (kind & DEFAULT_LEFT) != 0 : 0 <= tree.threshold[node];
    int written =
        all.branch("BRANCH_LEQ", tree.feature[node], below(tree.threshold[node]), missingLeft);
    int left = write(tree, tree.left[node], output);
    all.leads(written, left, write(tree, tree.right[node], output));
    return written;
  }

  /// One question after the other: each category of the set leads to the left, the rest and what is
  /// missing to the right.
  private int writeCategories(Tree tree, int node, int output) {
    int set = (int) tree.threshold[node];
    var questions = new ArrayList<Integer>();
    for (int word = tree.boundaries[set]; word < tree.boundaries[set + 1]; word++) {
      for (int bit = 0; bit < Integer.SIZE; bit++) {
        if ((tree.members[word] >> bit & 1) != 0) {
          int category = (word - tree.boundaries[set]) * Integer.SIZE + bit;
          questions.add(all.branch("BRANCH_EQ", tree.feature[node], category, false));
        }
      }
    }
    int left = write(tree, tree.left[node], output);
    int right = write(tree, tree.right[node], output);
    for (int i = 0; i < questions.size(); i++) {
      all.leads(questions.get(i), left, i + 1 < questions.size() ? questions.get(i + 1) : right);
    }
    return questions.getFirst();
  }

  /// The largest float that is not above it: a float is below one exactly if it is below the other.
  private static float below(double threshold) {
    float rounded = (float) threshold;
    return rounded > threshold ? Math.nextDown(rounded) : rounded;
  }
}
