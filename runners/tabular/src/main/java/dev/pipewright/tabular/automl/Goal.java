package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.annotation.JsonProperty;

/// What is learned: the kind of target and its size.
///
/// @param classes of a classification; 0 for a regression
/// @param absolute whether a regression is to lower the absolute error, not the squared one
record Goal(Kind kind, int classes, boolean absolute) {
  enum Kind {
    @JsonProperty("binary")
    BINARY,
    @JsonProperty("multiclass")
    MULTICLASS,
    @JsonProperty("regression")
    REGRESSION
  }

  /// How many numbers a prediction has: a probability of each class, the positive class's alone
  /// where there are two, or a value.
  int outputs() {
    return kind == Kind.MULTICLASS ? classes : 1;
  }

  boolean regression() {
    return kind == Kind.REGRESSION;
  }

  /// What early stopping watches: log loss of a classification, the root of the mean squared error
  /// or the mean absolute error of a regression.
  ///
  /// @param predicted row after row, [#outputs] numbers each
  double loss(float[] labels, double[] predicted) {
    double sum = 0;
    for (int row = 0; row < labels.length; row++) {
      sum +=
          switch (kind) {
            case BINARY -> -log(labels[row] > 0.5 ? predicted[row] : 1 - predicted[row]);
            case MULTICLASS -> -log(predicted[row * classes + (int) labels[row]]);
            case REGRESSION -> {
              double error = predicted[row] - labels[row];
              yield absolute ? Math.abs(error) : error * error;
            }
          };
    }
    double mean = sum / labels.length;
    return regression() && !absolute ? Math.sqrt(mean) : mean;
  }

  private static double log(double probability) {
    return Math.log(Math.max(probability, 1e-15));
  }
}
