package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.onnx.Graph;
import java.util.stream.IntStream;

/// Probabilities made to mean what they say, by their logits: `slope · logit + offset` for two
/// classes (Platt, 1999), `slope · log p` for more (temperature scaling; Guo et al., 2017).
///
/// @param slope 1 and offset 0 leave all as it is
record Calibration(double slope, double offset) {
  static final Calibration NONE = new Calibration(1, 0);
  private static final int PARTS = 5;

  /// Learned from predictions of rows that were not trained on; [#NONE] unless it lowers the log
  /// loss of rows it was not learned from either.
  static Calibration fit(float[] labels, double[] predicted, Goal goal) {
    if (goal.regression() || labels.length < 50) {
      return NONE;
    }
    double before = 0;
    double after = 0;
    for (int part = 0; part < PARTS; part++) {
      int held = part;
      var train = IntStream.range(0, labels.length).filter(i -> i % PARTS != held).toArray();
      var valid = IntStream.range(0, labels.length).filter(i -> i % PARTS == held).toArray();
      var calibration =
          learned(Encoder.pick(labels, train), pick(predicted, train, goal.outputs()), goal);
      var known = Encoder.pick(labels, valid);
      var raw = pick(predicted, valid, goal.outputs());
      before += goal.loss(known, raw) * valid.length;
      after += goal.loss(known, calibration.apply(raw, goal)) * valid.length;
    }
    return after < before * 0.9995 ? learned(labels, predicted, goal) : NONE;
  }

  /// Newton's method on the log loss; it is convex in both numbers.
  private static Calibration learned(float[] labels, double[] predicted, Goal goal) {
    double slope = 1;
    double offset = 0;
    boolean two = goal.kind() == Goal.Kind.BINARY;
    for (int round = 0; round < 30; round++) {
      double gs = 0;
      double go = 0;
      double hss = 1e-6;
      double hso = 0;
      double hoo = 1e-6;
      for (int row = 0; row < labels.length; row++) {
        if (two) {
          double x = logit(predicted[row]);
          double p = 1 / (1 + Math.exp(-(slope * x + offset)));
          double error = p - labels[row];
          double weight = p * (1 - p);
          gs += error * x;
          go += error;
          hss += weight * x * x;
          hso += weight * x;
          hoo += weight;
        } else {
          int k = goal.classes();
          var z = new double[k];
          for (int c = 0; c < k; c++) {
            z[c] = slope * log(predicted[row * k + c]);
          }
          Links.apply(z, goal);
          double mean = 0;
          double square = 0;
          for (int c = 0; c < k; c++) {
            double x = log(predicted[row * k + c]);
            mean += z[c] * x;
            square += z[c] * x * x;
          }
          gs += mean - log(predicted[row * k + (int) labels[row]]);
          hss += square - mean * mean;
        }
      }
      double determinant = two ? hss * hoo - hso * hso : 1;
      double ds = two ? (hoo * gs - hso * go) / determinant : gs / hss;
      double dd = two ? (hss * go - hso * gs) / determinant : 0;
      slope = Math.clamp(slope - ds, 0.05, 20);
      offset = Math.clamp(offset - dd, -5, 5);
      if (Math.abs(ds) + Math.abs(dd) < 1e-9) {
        break;
      }
    }
    return new Calibration(slope, offset);
  }

  /// For two classes of which other shares were learned from than there are.
  Calibration moved(double logOdds) {
    return logOdds == 0 ? this : new Calibration(slope, offset + logOdds);
  }

  double[] apply(double[] predicted, Goal goal) {
    if (goal.regression() || equals(NONE)) {
      return predicted;
    }
    var out = new double[predicted.length];
    for (int i = 0; i < out.length; i++) {
      out[i] =
          goal.kind() == Goal.Kind.BINARY
              ? slope * logit(predicted[i]) + offset
              : slope * log(predicted[i]);
    }
    Links.apply(out, goal);
    return out;
  }

  /// The same as operations on doubles.
  String export(Graph graph, String predicted, Goal goal) {
    if (goal.regression() || equals(NONE)) {
      return predicted;
    }
    if (goal.kind() == Goal.Kind.BINARY) {
      var inside = graph.op("Clip", predicted, graph.exact(1e-7), graph.exact(1 - 1e-7));
      var odds = graph.op("Div", inside, graph.op("Sub", graph.exact(1), inside));
      var scaled = graph.op("Mul", graph.op("Log", odds), graph.exact(slope));
      return Links.export(graph, graph.op("Add", scaled, graph.exact(offset)), goal);
    }
    var logs = graph.op("Log", graph.op("Max", predicted, graph.exact(1e-7)));
    return Links.export(graph, graph.op("Mul", logs, graph.exact(slope)), goal);
  }

  private static double logit(double p) {
    double inside = Math.clamp(p, 1e-7, 1 - 1e-7);
    return Math.log(inside / (1 - inside));
  }

  private static double log(double p) {
    return Math.log(Math.max(p, 1e-7));
  }

  private static double[] pick(double[] values, int[] rows, int outputs) {
    var picked = new double[rows.length * outputs];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(values, rows[i] * outputs, picked, i * outputs, outputs);
    }
    return picked;
  }
}
