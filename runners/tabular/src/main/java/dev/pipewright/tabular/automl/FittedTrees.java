package dev.pipewright.tabular.automl;

/// Trees that say what each number of a row contributed to its prediction, by TreeSHAP.
sealed interface FittedTrees extends Fitted permits LightgbmTrees.Trees, XgboostTrees.Trees {
  /// For each row and output, one value of each number of the row and the expected value, before
  /// the link.
  double[] contributions(Matrix matrix);
}
