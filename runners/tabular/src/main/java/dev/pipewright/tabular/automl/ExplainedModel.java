package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.Explainable;
import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.data.Frame;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// An ensemble with boosted trees among its members: these speak for it, each with its weight among
/// them. What the other members contribute is not seen, and neither is the calibration. Of each
/// member, only the models of its first [#FOLDS] folds are asked: they are much alike, and TreeSHAP
/// takes its time.
final class ExplainedModel extends AutomlModel implements Explainable {
  private static final int FOLDS = 3;

  ExplainedModel(
      ModelCard card, Manifest manifest, Map<String, Encoder> encoders, List<List<Fitted>> models) {
    super(card, manifest, encoders, models);
  }

  @Override
  public Contributions contributions(Frame frame) {
    var target = card().target();
    var outputs =
        switch (target.kind()) {
          case BINARY -> List.of(target.classes().getLast());
          case MULTICLASS -> target.classes();
          case REGRESSION -> List.of(target.column());
        };
    var columns =
        encoders.values().iterator().next().columns().stream().map(ColumnEncoder::column).toList();
    var values = new double[outputs.size()][frame.rows()][columns.size()];
    var expected = new double[outputs.size()];
    var rows = IntStream.range(0, frame.rows()).toArray();
    double all = 0;
    for (int m = 0; m < models.size(); m++) {
      if (models.get(m).getFirst() instanceof FittedTrees) {
        all += manifest.members().get(m).weight();
      }
    }
    for (int m = 0; m < models.size(); m++) {
      var parts = manifest.members().get(m).parts();
      int asked = Math.min(FOLDS, parts.size());
      double weight = manifest.members().get(m).weight() / all / asked;
      for (int p = 0; p < asked; p++) {
        if (models.get(m).get(p) instanceof FittedTrees trees) {
          var encoder = encoders.get(parts.get(p).encoder());
          add(trees.contributions(encoder.encode(frame, rows)), encoder, weight, values, expected);
        }
      }
    }
    var unit =
        target.regression()
            ? manifest.logarithmic() ? "log(1 + " + target.column() + ")" : target.column()
            : "log odds";
    return new Contributions(columns, outputs, unit, values, expected);
  }

  private static void add(
      double[] raw, Encoder encoder, double weight, double[][][] values, double[] expected) {
    var owners = encoder.owners();
    int each = owners.length + 1;
    int rows = values[0].length;
    for (int row = 0; row < rows; row++) {
      for (int output = 0; output < values.length; output++) {
        int from = (row * values.length + output) * each;
        for (int i = 0; i < owners.length; i++) {
          values[output][row][owners[i]] += weight * raw[from + i];
        }
        expected[output] += weight * raw[from + owners.length] / rows;
      }
    }
  }
}
