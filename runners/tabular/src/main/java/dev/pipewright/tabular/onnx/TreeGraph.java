package dev.pipewright.tabular.onnx;

import dev.pipewright.tabular.onnx.Graph.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Trees being written as one operation, which adds up what their leaves say.
public final class TreeGraph {
  private static final String LEAF = "LEAF";

  private final Longs trees = new Longs();
  private final Longs nodes = new Longs();
  private final Longs features = new Longs();
  private final Floats values = new Floats();
  private final List<String> modes = new ArrayList<>();
  private final Longs yes = new Longs();
  private final Longs no = new Longs();
  private final Longs missing = new Longs();
  private final Longs leafTrees = new Longs();
  private final Longs leafNodes = new Longs();
  private final Longs leafTargets = new Longs();
  private final Floats leafWeights = new Floats();
  private int tree = -1;
  private int node;
  private int first;

  /// Begins with the next tree; its first node is the root.
  public void tree() {
    tree++;
    node = 0;
    first = modes.size();
  }

  /// A question; where the answers lead says [#leads].
  ///
  /// @param mode such as `BRANCH_LEQ`
  /// @param missingYes whether a missing number counts as a yes
  /// @return the node
  public int branch(String mode, int feature, float value, boolean missingYes) {
    return add(mode, feature, value, missingYes);
  }

  public int leaf() {
    return add(LEAF, 0, 0, false);
  }

  private int add(String mode, int feature, float value, boolean missingYes) {
    trees.add(tree);
    nodes.add(node);
    features.add(feature);
    values.add(value);
    modes.add(mode);
    yes.add(0);
    no.add(0);
    missing.add(missingYes ? 1 : 0);
    return node++;
  }

  public void leads(int node, int whenYes, int whenNo) {
    yes.set(first + node, whenYes);
    no.set(first + node, whenNo);
  }

  /// What a leaf adds to one of the results.
  public void adds(int leaf, int target, float weight) {
    leafTrees.add(tree);
    leafNodes.add(leaf);
    leafTargets.add(target);
    leafWeights.add(weight);
  }

  /// @param matrix rows of floats
  /// @return floats, a column for each result
  public String over(Graph graph, String matrix, int results) {
    return graph.op(
        Op.ml("TreeEnsembleRegressor")
            .set("n_targets", results)
            .set("nodes_treeids", trees.all())
            .set("nodes_nodeids", nodes.all())
            .set("nodes_featureids", features.all())
            .set("nodes_values", values.all())
            .set("nodes_modes", modes)
            .set("nodes_truenodeids", yes.all())
            .set("nodes_falsenodeids", no.all())
            .set("nodes_missing_value_tracks_true", missing.all())
            .set("target_treeids", leafTrees.all())
            .set("target_nodeids", leafNodes.all())
            .set("target_ids", leafTargets.all())
            .set("target_weights", leafWeights.all()),
        matrix);
  }

  private static final class Longs {
    private long[] values = new long[64];
    private int size;

    void add(long value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size * 2);
      }
      values[size++] = value;
    }

    void set(int at, long value) {
      values[at] = value;
    }

    long[] all() {
      return Arrays.copyOf(values, size);
    }
  }

  private static final class Floats {
    private float[] values = new float[64];
    private int size;

    void add(float value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size * 2);
      }
      values[size++] = value;
    }

    float[] all() {
      return Arrays.copyOf(values, size);
    }
  }
}
