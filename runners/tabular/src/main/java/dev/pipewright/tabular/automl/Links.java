package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.onnx.Graph;

/// From margins to predictions.
final class Links {
  private Links() {}

  /// The same as an operation on doubles.
  static String export(Graph graph, String margins, Goal goal) {
    return switch (goal.kind()) {
      case BINARY -> graph.op("Sigmoid", margins);
      case MULTICLASS -> graph.op(new Graph.Op("Softmax").set("axis", 1), margins);
      case REGRESSION -> margins;
    };
  }

  /// The logistic function for two classes, softmax for more, nothing for a regression; in place.
  static void apply(double[] margins, Goal goal) {
    switch (goal.kind()) {
      case BINARY -> {
        for (int i = 0; i < margins.length; i++) {
          margins[i] = 1 / (1 + Math.exp(-margins[i]));
        }
      }
      case MULTICLASS -> {
        int k = goal.classes();
        for (int from = 0; from < margins.length; from += k) {
          double most = Double.NEGATIVE_INFINITY;
          for (int i = from; i < from + k; i++) {
            most = Math.max(most, margins[i]);
          }
          double sum = 0;
          for (int i = from; i < from + k; i++) {
            margins[i] = Math.exp(margins[i] - most);
            sum += margins[i];
          }
          for (int i = from; i < from + k; i++) {
            margins[i] /= sum;
          }
        }
      }
      case REGRESSION -> {}
    }
  }
}
