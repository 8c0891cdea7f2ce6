package dev.pipewright.tabular.model;

import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frame;
import java.util.List;

/// A model ready to predict. Close it: some live outside the heap.
public interface Model extends AutoCloseable {
  /// What is predicted.
  Target target();

  /// Each class's share of the training rows, in the order of the target's classes; empty for a
  /// regression.
  List<Double> priors();

  /// The target's mean in the training rows; 0 for a classification.
  double mean();

  /// The columns that it looks at.
  List<String> columns();

  /// What made it, for people: `xgboost`.
  String flavor();

  /// A row of probabilities for each row of the table, in the order of the target's classes; or, of
  /// a regression, a single number. The same rows give the same predictions, whatever stands beside
  /// them.
  ///
  /// @throws dev.pipewright.contract.ProblemException COLUMN_NOT_FOUND
  double[][] predict(Frame frame);

  @Override
  void close();
}
