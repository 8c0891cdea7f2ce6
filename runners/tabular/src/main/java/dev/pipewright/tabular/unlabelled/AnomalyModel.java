package dev.pipewright.tabular.unlabelled;

import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.data.Frame;
import java.util.Arrays;
import java.util.OptionalDouble;

/// The model of `pipewright/anomalies@v1`: gives each row its score.
record AnomalyModel(ModelCard card, Saved saved) implements Predictor {
  static final String FLAVOR = "anomalies";

  /// `model.json`
  ///
  /// @param threshold rows with a higher score are anomalies
  record Saved(Columns columns, IsolationForest forest, double threshold) {}

  @Override
  public double[][] predict(Frame frame) {
    return Arrays.stream(saved.forest.scores(saved.columns.encode(frame)))
        .mapToObj(score -> new double[] {score})
        .toArray(double[][]::new);
  }

  @Override
  public OptionalDouble threshold() {
    return OptionalDouble.of(saved.threshold);
  }

  @Override
  public void close() {}
}
