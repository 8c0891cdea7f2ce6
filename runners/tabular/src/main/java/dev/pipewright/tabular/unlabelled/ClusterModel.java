package dev.pipewright.tabular.unlabelled;

import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.data.Frame;
import java.util.Arrays;

/// The model of `pipewright/clusters@v1`: gives each row the number of its cluster, from 0.
record ClusterModel(ModelCard card, Saved saved) implements Predictor {
  static final String FLAVOR = "clusters";

  /// `model.json`
  record Saved(Columns columns, double[][] centres) {}

  @Override
  public double[][] predict(Frame frame) {
    return Arrays.stream(saved.columns.encode(frame))
        .map(row -> new double[] {KMeans.nearest(saved.centres, row)})
        .toArray(double[][]::new);
  }

  @Override
  public void close() {}
}
