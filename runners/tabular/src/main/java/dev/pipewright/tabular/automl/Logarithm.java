package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.onnx.Graph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/// A model that learned `log(1 + y)` and says `y`: of prices, sums and times, whose few large
/// values would else decide what is learned.
///
/// @param most the largest logarithm that it may say: a little beyond the target's, as what grows
///   in logarithms has no end
record Logarithm(Fitted inner, double most) implements Fitted {
  /// Of a configuration's params; its value is [#most].
  private static final String PARAM = "log";

  private static final double SKEWED = 1;
  private static final double BEYOND = 0.1;

  /// The largest logarithm where it is worth trying: the values are positive, and their
  /// distribution has a long tail that their logarithms' has not.
  static OptionalDouble most(float[] labels) {
    var logs = new double[labels.length];
    var values = new double[labels.length];
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0) {
        return OptionalDouble.empty();
      }
      values[i] = labels[i];
      logs[i] = Math.log1p(labels[i]);
      least = Math.min(least, logs[i]);
      most = Math.max(most, logs[i]);
    }
    double skewness = skewness(values);
    return skewness > SKEWED && Math.abs(skewness(logs)) < skewness / 2
        ? OptionalDouble.of(most + BEYOND * (most - least))
        : OptionalDouble.empty();
  }

  private static double skewness(double[] values) {
    double mean = 0;
    for (double value : values) {
      mean += value / values.length;
    }
    double squares = 0;
    double cubes = 0;
    for (double value : values) {
      double off = value - mean;
      squares += off * off / values.length;
      cubes += off * off * off / values.length;
    }
    return squares > 0 ? cubes / Math.pow(squares, 1.5) : 0;
  }

  static Config on(Config config, double most) {
    return new Config(config.name() + "-log", config.family(), config.encoding(), config.params())
        .with(PARAM, most);
  }

  /// The configuration, learning what another one learns: the target or its logarithm.
  static Config as(Config config, Config other) {
    return of(other) ? config.with(PARAM, other.number(PARAM, 0)) : config;
  }

  static boolean of(Config config) {
    return config.params().containsKey(PARAM);
  }

  /// What the learner is told.
  static Config inner(Config config) {
    return config.without(PARAM);
  }

  static Fitted over(Fitted inner, Config config) {
    return of(config) ? new Logarithm(inner, config.number(PARAM, 0)) : inner;
  }

  static List<Fold> logs(List<Fold> folds) {
    return folds.stream()
        .map(fold ->
            new Fold(
                fold.encoder(),
                fold.train(),
                logs(fold.trainLabels()),
                fold.valid(),
                logs(fold.validLabels())))
        .toList();
  }

  private static float[] logs(float[] labels) {
    var logs = new float[labels.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (float) Math.log1p(labels[i]);
    }
    return logs;
  }

  static Learner.Fit over(Learner.Fit fit, Config config) {
    var model = new Logarithm(fit.model(), config.number(PARAM, 0));
    return new Learner.Fit(model, model.values(fit.predicted()), fit.rounds());
  }

  private double[] values(double[] logs) {
    var values = new double[logs.length];
    for (int i = 0; i < values.length; i++) {
      // Not through min(), which would hide what is not a number.
      values[i] = Math.expm1(logs[i] > most ? most : logs[i]);
    }
    return values;
  }

  @Override
  public double[] predict(Matrix matrix) {
    return values(inner.predict(matrix));
  }

  @Override
  public void save(Path file) throws IOException {
    inner.save(file);
  }

  @Override
  public String export(Graph graph, String matrix) {
    var logs = graph.op("Min", inner.export(graph, matrix), graph.exact(most));
    return graph.op("Sub", graph.op("Exp", logs), graph.exact(1));
  }

  @Override
  public void close() {
    inner.close();
  }
}
