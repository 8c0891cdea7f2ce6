package dev.pipewright.tabular;

import dev.pipewright.tabular.data.Frame;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.XGBoostError;

/// The model of `pipewright/xgboost@v1`.
record XgboostPredictor(ModelCard card, Booster booster) implements Predictor {
  @Override
  public double[][] predict(Frame frame) {
    var features = card.encoding();
    try {
      var matrix = Boosters.matrix(features.encode(Table.of(frame)), features.width());
      try {
        var raw = booster.predict(matrix);
        var predicted = new double[raw.length][];
        for (int row = 0; row < raw.length; row++) {
          predicted[row] =
              switch (card.target().kind()) {
                case BINARY -> new double[] {1.0 - raw[row][0], raw[row][0]};
                case MULTICLASS -> widened(raw[row]);
                case REGRESSION -> new double[] {raw[row][0]};
              };
        }
        return predicted;
      } finally {
        matrix.dispose();
      }
    } catch (XGBoostError e) {
      throw new IllegalStateException("XGBoost: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    booster.dispose();
  }

  private static double[] widened(float[] values) {
    var wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }
}
