package dev.pipewright.tabular.automl;

import dev.pipewright.contract.Json;
import dev.pipewright.tabular.Boosters;
import dev.pipewright.tabular.onnx.Graph;
import dev.pipewright.tabular.onnx.XgboostGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/// XGBoost, stopped early. Params are XGBoost's own (`eta`, `max_depth`, …) beside `rounds`.
final class XgboostTrees implements Learner {
  private static final int MOST_ROUNDS = 10_000;

  @Override
  public Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline) {
    Boosters.load();
    double rate = config.number("eta", 0.1);
    var patience = new Patience(Math.clamp(3 / rate, 25, 150), 300);
    int most = config.whole("rounds", MOST_ROUNDS);
    try (var train = new Rows(fold.train(), fold.trainLabels());
        var valid = new Rows(fold.valid(), fold.validLabels())) {
      var watches = new HashMap<String, DMatrix>();
      watches.put("valid", valid.matrix);
      var booster = XGBoost.train(train.matrix, params(config, goal, seed), 0, watches, null, null);
      boolean watched = fold.valid().rows() > 0;
      int round = 0;
      while (round < most && !(round > 0 && deadline.passed())) {
        booster.update(train.matrix, round);
        round++;
        if (watched) {
          var predicted = flat(booster.predict(valid.matrix), goal.outputs());
          patience.look(round, goal.loss(fold.validLabels(), predicted), predicted);
          if (patience.exhausted(round)) {
            break;
          }
        }
      }
      int rounds = watched ? Math.max(1, patience.round()) : round;
      return new Fit(new Trees(booster, goal, rounds), patience.predicted(), watched ? rounds : 0);
    } catch (XGBoostError e) {
      throw new IllegalStateException("XGBoost: " + e.getMessage(), e);
    }
  }

  static Map<String, Object> params(Config config, Goal goal, long seed) {
    var params = new LinkedHashMap<String, Object>();
    switch (goal.kind()) {
      case BINARY -> params.put("objective", "binary:logistic");
      case MULTICLASS -> {
        params.put("objective", "multi:softprob");
        params.put("num_class", goal.classes());
      }
      case REGRESSION ->
          params.put("objective", goal.absolute() ? "reg:absoluteerror" : "reg:squarederror");
    }
    params.put("tree_method", "hist");
    params.put("nthread", 1);
    params.put("verbosity", 0);
    params.put("seed", seed & 0x7fff_ffff);
    params.putAll(config.params());
    params.remove("rounds");
    return params;
  }

  static double[] flat(float[][] rows, int outputs) {
    var out = new double[rows.length * outputs];
    for (int row = 0; row < rows.length; row++) {
      for (int k = 0; k < outputs; k++) {
        out[row * outputs + k] = rows[row][k];
      }
    }
    return out;
  }

  @Override
  public Fitted load(Path file, Config config, Goal goal) throws IOException {
    Boosters.load();
    try {
      var booster = XGBoost.loadModel(named(file).toString());
      booster.setParam("nthread", 1);
      return new Trees(booster, goal, 0);
    } catch (XGBoostError e) {
      throw new IOException("%s cannot be loaded".formatted(named(file).getFileName()), e);
    }
  }

  private static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".xgboost.ubj");
  }

  /// A matrix of XGBoost's, which is outside the heap.
  static final class Rows implements AutoCloseable {
    final DMatrix matrix;

    Rows(Matrix cells, float[] labels) throws XGBoostError {
      // It refuses an empty one; a row of nothing is not looked at.
      boolean empty = cells.rows() == 0;
      matrix =
          empty
              ? new DMatrix(new float[Math.max(1, cells.width())], 1, cells.width(), Float.NaN)
              : new DMatrix(cells.cells(), cells.rows(), cells.width(), Float.NaN);
      matrix.setLabel(empty ? new float[1] : labels);
    }

    @Override
    public void close() {
      matrix.dispose();
    }
  }

  /// @param rounds to predict with; 0 for all
  record Trees(Booster booster, Goal goal, int rounds) implements FittedTrees {
    @Override
    public double[] predict(Matrix matrix) {
      try (var rows = new Rows(matrix, new float[matrix.rows()])) {
        return flat(booster.predict(rows.matrix, false, rounds), goal.outputs());
      } catch (XGBoostError e) {
        throw new IllegalStateException("XGBoost: " + e.getMessage(), e);
      }
    }

    @Override
    public double[] contributions(Matrix matrix) {
      try (var rows = new Rows(matrix, new float[matrix.rows()])) {
        var raw = booster.predictContrib(rows.matrix, rounds);
        return flat(raw, goal.outputs() * (matrix.width() + 1));
      } catch (XGBoostError e) {
        throw new IllegalStateException("XGBoost: " + e.getMessage(), e);
      }
    }

    @Override
    public String export(Graph graph, String matrix) {
      try {
        var model =
            rounds == 0
                ? Json.MAPPER.readTree(booster.toByteArray("json"))
                : Boosters.firstRounds(booster, rounds, goal.outputs());
        return Links.export(graph, XgboostGraph.over(graph, matrix, model, goal.outputs()), goal);
      } catch (XGBoostError | IOException e) {
        throw new IllegalStateException("XGBoost: " + e.getMessage(), e);
      }
    }

    @Override
    public void save(Path file) throws IOException {
      try {
        var cut =
            rounds == 0
                ? booster
                : Boosters.fromJson(Boosters.firstRounds(booster, rounds, goal.outputs()));
        cut.saveModel(named(file).toString());
        if (rounds != 0) {
          cut.dispose();
        }
      } catch (XGBoostError e) {
        throw new IOException("the model cannot be written", e);
      }
    }

    @Override
    public void close() {
      booster.dispose();
    }
  }
}
