package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Json;
import dev.pipewright.tabular.onnx.Graph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Each class's share, or the mean (the median where the absolute error counts), for every row:
/// what any other model must beat.
final class Prior implements Learner {
  @Override
  public Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline) {
    var model = new Constant(values(fold.trainLabels(), goal));
    return new Fit(model, model.predict(fold.valid()), 0);
  }

  static double[] values(float[] labels, Goal goal) {
    var values = new double[goal.outputs()];
    if (goal.kind() == Goal.Kind.MULTICLASS) {
      for (float label : labels) {
        values[(int) label] += 1.0 / labels.length;
      }
    } else if (goal.absolute()) {
      var sorted = labels.clone();
      Arrays.sort(sorted);
      values[0] = (sorted[(labels.length - 1) / 2] + sorted[labels.length / 2]) / 2.0;
    } else {
      for (float label : labels) {
        values[0] += label;
      }
      values[0] /= labels.length;
    }
    return values;
  }

  @Override
  public Fitted load(Path file, Config config, Goal goal) throws IOException {
    return new Constant(
        Json.MAPPER.readValue(named(file).toFile(), new TypeReference<double[]>() {}));
  }

  private static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".json");
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Constant(double[] values) implements Fitted {
    @Override
    public double[] predict(Matrix matrix) {
      var out = new double[matrix.rows() * values.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = values[i % values.length];
      }
      return out;
    }

    @Override
    public String export(Graph graph, String matrix) {
      var rows = graph.op("Gather", graph.op("Shape", matrix), graph.list(0));
      return graph.op(
          "Expand",
          graph.doubles(values, 1, values.length),
          graph.concat(0, List.of(rows, graph.list(values.length))));
    }

    @Override
    public void save(Path file) throws IOException {
      Json.MAPPER.writeValue(named(file).toFile(), values);
    }
  }
}
