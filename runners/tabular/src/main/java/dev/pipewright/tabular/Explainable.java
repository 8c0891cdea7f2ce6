package dev.pipewright.tabular;

import dev.pipewright.tabular.data.Frame;
import java.util.List;

/// A [Predictor] that can say what each column contributed to each prediction.
public interface Explainable {
  /// @throws dev.pipewright.contract.ProblemException COLUMN_NOT_FOUND
  Contributions contributions(Frame frame);

  /// What each column contributed to each prediction. Of one row and output, the contributions and
  /// the expected value add up to what the model says in [#unit].
  ///
  /// @param columns of the table
  /// @param outputs what is explained: the classes, the positive class alone of a binary target, or
  ///   the target's name
  /// @param unit in what contributions are measured: `log odds`, or the target's name
  /// @param values by output, row and column
  /// @param expected of each output, before looking at any column
  record Contributions(
      List<String> columns,
      List<String> outputs,
      String unit,
      double[][][] values,
      double[] expected) {
    public Contributions {
      columns = List.copyOf(columns);
      outputs = List.copyOf(outputs);
    }

    /// How much a column moves predictions: the mean size of its contributions, over all outputs.
    public double[] strength() {
      var strength = new double[columns.size()];
      for (var output : values) {
        for (var row : output) {
          for (int c = 0; c < strength.length; c++) {
            strength[c] += Math.abs(row[c]) / output.length / values.length;
          }
        }
      }
      return strength;
    }
  }
}
