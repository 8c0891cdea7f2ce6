package dev.pipewright.tabular;

import java.io.IOException;
import java.nio.file.Path;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.XGBoostError;

/// A model ready to predict. Close it: its trees live outside the heap.
final class Predictor implements AutoCloseable {
  private final ModelCard card;
  private final Booster booster;

  private Predictor(ModelCard card, Booster booster) {
    this.card = card;
    this.booster = booster;
  }

  /// @throws dev.pipewright.contract.ProblemException MODEL_UNREADABLE or LIBRARY_MISSING
  static Predictor open(Path folder) throws IOException {
    var card = ModelCard.read(folder);
    Boosters.load();
    return new Predictor(card, Boosters.read(folder));
  }

  ModelCard card() {
    return card;
  }

  /// A row of probabilities for each row of the table, in the order of the classes; or, for a
  /// regression, a single number.
  double[][] predict(Table table) throws XGBoostError {
    var features = card.encoding();
    var matrix = Boosters.matrix(features.encode(table), features.width());
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
