package dev.pipewright.tabular;

import dev.pipewright.tabular.data.Frame;
import java.util.List;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoostError;

/// The model of `pipewright/xgboost@v1`. It explains itself by TreeSHAP, which the library does.
final class XgboostPredictor implements Predictor, Explainable {
  private final ModelCard card;
  private final Features features;
  private final Booster booster;

  XgboostPredictor(ModelCard card, Booster booster) {
    this.card = card;
    this.features = card.encoding();
    this.booster = booster;
  }

  @Override
  public ModelCard card() {
    return card;
  }

  @Override
  public double[][] predict(Frame frame) {
    var raw = ask(frame, booster::predict);
    var predicted = new double[raw.length][];
    for (int row = 0; row < raw.length; row++) {
      predicted[row] =
          switch (card.target().kind()) {
            case BINARY -> new double[] {1.0 - raw[row][0], raw[row][0]};
            case MULTICLASS, REGRESSION -> widened(raw[row]);
          };
    }
    return predicted;
  }

  @Override
  public Contributions contributions(Frame frame) {
    var raw = ask(frame, matrix -> booster.predictContrib(matrix, 0));
    var owners = features.owners();
    var target = card.target();
    var outputs =
        switch (target.kind()) {
          case BINARY -> List.of(target.classes().getLast());
          case MULTICLASS -> target.classes();
          case REGRESSION -> List.of(target.column());
        };
    int width = owners.length + 1; // the last number of each output is the expected value
    var values = new double[outputs.size()][raw.length][features.used().size()];
    var expected = new double[outputs.size()];
    for (int row = 0; row < raw.length; row++) {
      for (int output = 0; output < values.length; output++) {
        for (int i = 0; i < owners.length; i++) {
          values[output][row][owners[i]] += raw[row][output * width + i];
        }
        expected[output] = raw[row][output * width + width - 1];
      }
    }
    var unit = target.regression() ? target.column() : "log odds";
    var columns = features.used().stream().map(Feature::column).toList();
    return new Contributions(columns, outputs, unit, values, expected);
  }

  @Override
  public void close() {
    booster.dispose();
  }

  private interface Question {
    float[][] of(DMatrix matrix) throws XGBoostError;
  }

  private float[][] ask(Frame frame, Question question) {
    try {
      var matrix = Boosters.matrix(FrameEncoding.of(features, frame), features.width());
      try {
        return question.of(matrix);
      } finally {
        matrix.dispose();
      }
    } catch (XGBoostError e) {
      throw new IllegalStateException("XGBoost cannot predict", e);
    }
  }

  private static double[] widened(float[] values) {
    var wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }
}
