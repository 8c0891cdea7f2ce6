package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.tabular.Boosters;
import dev.pipewright.tabular.onnx.Graph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/// Linear and logistic regression with an elastic net, by coordinate descent (XGBoost's
/// `gblinear`). Each fold takes the strength of [#STRENGTHS] and the number of passes with the
/// least loss. The param `l1` is the part of the penalty that is absolute.
final class Linear implements Learner {
  private static final List<Double> STRENGTHS = List.of(0.3, 0.1, 0.03, 0.01, 0.003, 0.0003);
  private static final int PASSES = 300;

  /// So many weaker penalties are tried though they are no better.
  private static final int IN_VAIN = 1;

  /// A pass that changes the loss by less has come to its end.
  private static final double SETTLED = 1e-4;

  @Override
  public Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline) {
    Boosters.load();
    var labels = new Scaled(fold.trainLabels(), goal);
    Weights best = null;
    var patience = new Patience(1e9, 1e9);
    var train = sparse(fold.train());
    var valid = sparse(fold.valid());
    try {
      train.setLabel(labels.scaled());
      int tried = 0;
      for (double strength : STRENGTHS) {
        if (best != null && (deadline.passed() || tried - patience.round() > IN_VAIN)) {
          break;
        }
        var params = params(config, goal, seed, strength);
        var booster = XGBoost.train(train, params, 0, Map.of("valid", valid), null, null);
        try {
          var found = descend(fold, goal, deadline, labels, train, valid, booster);
          tried++;
          if (patience.look(tried, found.loss, found.predicted) || best == null) {
            best = found.weights;
          }
        } finally {
          booster.dispose();
        }
      }
      if (best == null) {
        throw new IllegalStateException("no strength was tried");
      }
      return new Fit(best, patience.predicted(), 0);
    } catch (XGBoostError e) {
      throw new IllegalStateException("XGBoost: " + e.getMessage(), e);
    } finally {
      train.dispose();
      valid.dispose();
    }
  }

  private static Map<String, Object> params(Config config, Goal goal, long seed, double strength) {
    var params = XgboostTrees.params(config, goal, seed);
    params.remove("tree_method");
    params.remove("l1");
    params.put("booster", "gblinear");
    params.put("updater", "coord_descent");
    double l1 = config.number("l1", 0);
    params.put("alpha", strength * l1);
    params.put("lambda", strength * (1 - l1));
    params.put("eta", 1.0);
    params.put("base_score", goal.regression() ? 0.0 : 0.5);
    return params;
  }

  private record Found(Weights weights, double loss, double[] predicted) {}

  private static Found descend(
      Fold fold,
      Goal goal,
      Deadline deadline,
      Scaled labels,
      DMatrix train,
      DMatrix valid,
      Booster booster)
      throws XGBoostError {
    var patience = new Patience(8, 30);
    Weights best = null;
    double before = Double.POSITIVE_INFINITY;
    int look = 1;
    for (int pass = 1; pass <= PASSES && !(pass > 1 && deadline.passed()); pass++) {
      booster.update(train, pass - 1);
      if (pass < look) {
        continue;
      }
      look = pass + Math.max(1, pass / 8);
      var predicted = labels.unscaled(XgboostTrees.flat(booster.predict(valid), goal.outputs()));
      double loss = goal.loss(fold.validLabels(), predicted);
      if (patience.look(pass, loss, predicted)) {
        best = Weights.of(booster, fold.train().width(), goal, labels);
      }
      if (patience.exhausted(pass) || (pass > 8 && Math.abs(before - loss) < SETTLED * loss)) {
        break;
      }
      before = loss;
    }
    if (best == null) {
      best = Weights.of(booster, fold.train().width(), goal, labels);
    }
    return new Found(best, patience.best(), patience.predicted());
  }

  /// Without zeros, of which encoded categories are full and which take time as any number does. A
  /// missing cell counts as zero.
  private static DMatrix sparse(Matrix matrix) {
    int cells = 0;
    for (float cell : matrix.cells()) {
      cells += counts(cell) ? 1 : 0;
    }
    var starts = new long[matrix.rows() + 1];
    var columns = new int[cells];
    var values = new float[cells];
    int next = 0;
    for (int row = 0; row < matrix.rows(); row++) {
      for (int c = 0; c < matrix.width(); c++) {
        float cell = matrix.cells()[row * matrix.width() + c];
        if (counts(cell)) {
          columns[next] = c;
          values[next++] = cell;
        }
      }
      starts[row + 1] = next;
    }
    try {
      return new DMatrix(starts, columns, values, DMatrix.SparseType.CSR, matrix.width());
    } catch (XGBoostError e) {
      throw new IllegalStateException("XGBoost: " + e.getMessage(), e);
    }
  }

  private static boolean counts(float cell) {
    return cell != 0 && !Float.isNaN(cell);
  }

  /// A regression's labels with mean 0 and deviation 1, for which the strengths are meant.
  private record Scaled(float[] scaled, double mean, double deviation) {
    private Scaled(float[] labels, Goal goal) {
      this(labels, goal, moments(labels, goal));
    }

    private Scaled(float[] labels, Goal goal, double[] moments) {
      this(goal.regression() ? scale(labels, moments) : labels, moments[0], moments[1]);
    }

    private static double[] moments(float[] labels, Goal goal) {
      if (!goal.regression()) {
        return new double[] {0, 1};
      }
      double sum = 0;
      double squares = 0;
      for (float label : labels) {
        sum += label;
      }
      double mean = sum / labels.length;
      for (float label : labels) {
        squares += (label - mean) * (label - mean);
      }
      double deviation = Math.sqrt(squares / labels.length);
      return new double[] {mean, deviation > 0 ? deviation : 1};
    }

    private static float[] scale(float[] labels, double[] moments) {
      var scaled = new float[labels.length];
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] = (float) ((labels[i] - moments[0]) / moments[1]);
      }
      return scaled;
    }

    double[] unscaled(double[] predicted) {
      for (int i = 0; i < predicted.length; i++) {
        predicted[i] = predicted[i] * deviation + mean;
      }
      return predicted;
    }
  }

  @Override
  public Fitted load(Path file, Config config, Goal goal) throws IOException {
    return Json.MAPPER.readValue(named(file).toFile(), Weights.class);
  }

  private static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".linear.json");
  }

  /// `link(x · weights + bias)`, the link being the logistic function, softmax or a scale.
  ///
  /// @param weights of each column, one for each output
  record Weights(Goal goal, double[][] weights, double[] bias, double mean, double deviation)
      implements Fitted {
    static Weights of(Booster booster, int width, Goal goal, Scaled labels) throws XGBoostError {
      try {
        JsonNode model =
            Json.MAPPER.readTree(booster.toByteArray("json")).at("/learner/gradient_booster/model");
        var all = model.get("weights");
        int outputs = goal.outputs();
        var weights = new double[width][outputs];
        for (int c = 0; c < width; c++) {
          for (int k = 0; k < outputs; k++) {
            weights[c][k] = all.get(c * outputs + k).asDouble();
          }
        }
        var bias = new double[outputs];
        for (int k = 0; k < outputs; k++) {
          bias[k] = all.get(width * outputs + k).asDouble();
        }
        return new Weights(goal, weights, bias, labels.mean(), labels.deviation());
      } catch (IOException e) {
        throw new IllegalStateException("XGBoost's model is not JSON", e);
      }
    }

    @Override
    public double[] predict(Matrix matrix) {
      int outputs = goal.outputs();
      var out = new double[matrix.rows() * outputs];
      var cells = matrix.cells();
      for (int row = 0; row < matrix.rows(); row++) {
        for (int k = 0; k < outputs; k++) {
          double sum = bias[k];
          for (int c = 0; c < matrix.width(); c++) {
            float cell = cells[row * matrix.width() + c];
            sum += Float.isNaN(cell) ? 0 : cell * weights[c][k];
          }
          out[row * outputs + k] = goal.regression() ? sum * deviation + mean : sum;
        }
      }
      Links.apply(out, goal);
      return out;
    }

    @Override
    public String export(Graph graph, String matrix) {
      int outputs = goal.outputs();
      var flat = new double[weights.length * outputs];
      for (int c = 0; c < weights.length; c++) {
        System.arraycopy(weights[c], 0, flat, c * outputs, outputs);
      }
      var there = graph.op("Where", graph.op("IsNaN", matrix), graph.number(0), matrix);
      var product =
          graph.op(
              "MatMul",
              graph.cast(there, Graph.Type.DOUBLE),
              graph.doubles(flat, weights.length, outputs));
      var sum = graph.op("Add", product, graph.doubles(bias, outputs));
      if (goal.regression()) {
        sum = graph.op("Add", graph.op("Mul", sum, graph.exact(deviation)), graph.exact(mean));
      }
      return Links.export(graph, sum, goal);
    }

    @Override
    public void save(Path file) throws IOException {
      Json.MAPPER.writeValue(named(file).toFile(), this);
    }
  }
}
