package dev.pipewright.tabular.onnx;

import dev.pipewright.tabular.onnx.Graph.Op;
import dev.pipewright.tabular.onnx.Graph.Type;
import java.util.List;

/// What a model says of each row, by the names that it has in its signature.
public final class Answers {
  private Answers() {}

  /// The likeliest class, and a probability for each.
  ///
  /// @param probabilities doubles, a row for each row and a column for each class
  public static void classes(Graph graph, List<String> classes, String probabilities) {
    var best = graph.op(new Op("ArgMax").set("axis", 1).set("keepdims", 0), probabilities);
    graph.output(
        "prediction", graph.op("Gather", graph.strings(classes), best), Type.STRING, "rows");
    var each =
        classes.size() == 1
            ? List.of(probabilities)
            : graph.ops(new Op("Split").set("axis", 1), classes.size(), probabilities);
    for (int c = 0; c < classes.size(); c++) {
      graph.output(
          "probability_" + classes.get(c),
          graph.op("Squeeze", each.get(c), graph.list(1)),
          Type.DOUBLE,
          "rows");
    }
  }

  /// A number.
  ///
  /// @param value doubles, one column
  public static void number(Graph graph, String value) {
    graph.output("prediction", graph.op("Squeeze", value, graph.list(1)), Type.DOUBLE, "rows");
  }

  /// The probabilities of both classes out of that of the second.
  public static String both(Graph graph, String second) {
    return graph.concat(1, List.of(graph.op("Sub", graph.exact(1), second), second));
  }
}
