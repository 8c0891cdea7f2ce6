package dev.pipewright.tabular.onnx;

import com.fasterxml.jackson.databind.JsonNode;

/// XGBoost's trees, out of its JSON, as an operation.
public final class XgboostGraph {
  private XgboostGraph() {}

  /// @param model XGBoost's JSON
  /// @param outputs trees of a round
  /// @return margins as doubles, a column for each output
  public static String over(Graph graph, String matrix, JsonNode model, int outputs) {
    var all = new TreeGraph();
    var part = model.at("/learner/gradient_booster/model");
    var owners = part.get("tree_info");
    int number = 0;
    for (var tree : part.get("trees")) {
      write(all, tree, owners.get(number++).asInt());
    }
    var sum = graph.cast(all.over(graph, matrix, outputs), Graph.Type.DOUBLE);
    return graph.op("Add", sum, graph.exact(base(model)));
  }

  private static void write(TreeGraph all, JsonNode tree, int output) {
    all.tree();
    var left = tree.get("left_children");
    var right = tree.get("right_children");
    var at = tree.get("split_conditions");
    for (int node = 0; node < left.size(); node++) {
      float value = (float) at.get(node).asDouble();
      if (left.get(node).asInt() < 0) {
        all.adds(all.leaf(), output, value);
      } else {
        boolean missingLeft = asBoolean(tree.get("default_left").get(node));
        int written =
            all.branch(
                "BRANCH_LT", tree.get("split_indices").get(node).asInt(), value, missingLeft);
        all.leads(written, left.get(node).asInt(), right.get(node).asInt());
      }
    }
  }

  private static boolean asBoolean(JsonNode node) {
    return node.isBoolean() ? node.asBoolean() : node.asInt() != 0;
  }

  /// The margin of a row of which nothing is known.
  private static double base(JsonNode model) {
    var text = model.at("/learner/learner_model_param/base_score").asText("0");
    double score = Double.parseDouble(text.replaceAll("[\\[\\]]", ""));
    return model.at("/learner/objective/name").asText().equals("binary:logistic")
        ? Math.log(score / (1 - score))
        : score;
  }
}
