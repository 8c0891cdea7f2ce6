package dev.pipewright.tabular;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.tabular.onnx.Answers;
import dev.pipewright.tabular.onnx.Graph;
import dev.pipewright.tabular.onnx.Graph.Op;
import dev.pipewright.tabular.onnx.Graph.Type;
import dev.pipewright.tabular.onnx.XgboostGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The model of `pipewright/xgboost@v1` as an ONNX graph, from a table's columns on.
final class FeatureGraph {
  private FeatureGraph() {}

  /// @param model XGBoost's JSON
  static Graph of(ModelCard card, JsonNode model) {
    var graph = new Graph("xgboost");
    var parts = new ArrayList<String>();
    for (var feature : card.features()) {
      parts.add(encoded(graph, feature));
    }
    var target = card.target();
    int outputs = target.kind() == Target.Kind.MULTICLASS ? target.classes().size() : 1;
    var margins = XgboostGraph.over(graph, graph.concat(1, parts), model, outputs);
    switch (target.kind()) {
      case BINARY ->
          Answers.classes(
              graph, target.classes(), Answers.both(graph, graph.op("Sigmoid", margins)));
      case MULTICLASS ->
          Answers.classes(
              graph, target.classes(), graph.op(new Op("Softmax").set("axis", 1), margins));
      case REGRESSION -> Answers.number(graph, margins);
    }
    return graph;
  }

  private static String encoded(Graph graph, Feature feature) {
    return switch (feature) {
      case Feature.Number(var column) -> {
        var x = graph.cast(graph.column(column, Type.DOUBLE), Type.FLOAT);
        yield graph.op("Where", graph.op("IsInf", x), graph.number(Float.NaN), x);
      }
      case Feature.OneHot(var column, var categories) -> {
        int width = categories.size();
        // A row for each category, and one for all else.
        var rows = new float[(width + 1) * width];
        for (int i = 0; i < width; i++) {
          rows[i * width + i] = 1;
        }
        Arrays.fill(rows, width * width, rows.length, Float.NaN);
        yield looked(graph, column, categories, rows, width);
      }
      case Feature.Frequency(var column, var shares) -> {
        var categories = shares.keySet().stream().sorted().toList();
        var rows = new float[categories.size() + 1];
        for (int i = 0; i < categories.size(); i++) {
          rows[i] = shares.get(categories.get(i)).floatValue();
        }
        rows[categories.size()] = Float.NaN;
        yield looked(graph, column, categories, rows, 1);
      }
    };
  }

  private static String looked(
      Graph graph, String column, List<String> categories, float[] rows, int width) {
    int count = categories.size();
    var at = graph.position(graph.column(column, Type.STRING), categories, count);
    var found = graph.op("Gather", graph.floats(rows, count + 1L, width), at);
    return graph.op("Reshape", found, graph.list(-1, width));
  }
}
