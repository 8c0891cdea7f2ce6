package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.onnx.Graph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.stream.Collectors;

/// LightGBM, stopped early. Params are LightGBM's own (`learning_rate`, `num_leaves`, …) beside
/// `rounds`, the most there may be.
final class LightgbmTrees implements Learner {
  private static final int MOST_ROUNDS = 10_000;

  @Override
  public Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline) {
    var lightgbm = Lightgbm.get();
    var params = params(fold, config, goal, seed);
    boolean watched = fold.valid().rows() > 0;
    int most = config.whole("rounds", MOST_ROUNDS);
    double rate = config.number("learning_rate", 0.1);
    var patience = new Patience(Math.clamp(3 / rate, 25, 150), 300);
    try (var train = lightgbm.new Dataset(fold.train(), fold.trainLabels(), params, null)) {
      var booster = lightgbm.new Booster(train, params);
      try {
        int round = 0;
        if (watched) {
          try (var valid = lightgbm.new Dataset(fold.valid(), fold.validLabels(), params, train)) {
            booster.watch(valid);
            var raw = new double[fold.valid().rows() * goal.outputs()];
            while (round < most && !patience.exhausted(round) && !over(deadline, round)) {
              if (!booster.update()) {
                break;
              }
              round++;
              booster.watched(raw);
              var predicted = rowMajor(raw, fold.valid().rows(), goal.outputs());
              patience.look(round, goal.loss(fold.validLabels(), predicted), predicted);
            }
            if (patience.round() == 0) {
              booster.watched(raw);
              patience.look(1, 0, rowMajor(raw, fold.valid().rows(), goal.outputs()));
            }
            // The booster knows its datasets by address until it is gone: keep only the trees.
            var model = lightgbm.new Booster(booster.text(patience.round()));
            return new Fit(new Trees(model, goal), patience.predicted(), patience.round());
          }
        }
        while (round < most && !over(deadline, round) && booster.update()) {
          round++;
        }
        var model = lightgbm.new Booster(booster.text(-1));
        return new Fit(new Trees(model, goal), new double[0], 0);
      } finally {
        booster.close();
      }
    }
  }

  private static boolean over(Deadline deadline, int round) {
    return round > 0 && deadline.passed();
  }

  private static double[] rowMajor(double[] classMajor, int rows, int outputs) {
    if (outputs == 1) {
      return classMajor;
    }
    var out = new double[classMajor.length];
    for (int k = 0; k < outputs; k++) {
      for (int row = 0; row < rows; row++) {
        out[row * outputs + k] = classMajor[k * rows + row];
      }
    }
    return out;
  }

  private static String params(Fold fold, Config config, Goal goal, long seed) {
    var params = new ArrayList<String>();
    params.add(
        switch (goal.kind()) {
          case BINARY -> "objective=binary";
          case MULTICLASS -> "objective=multiclass num_class=" + goal.classes();
          case REGRESSION -> goal.absolute() ? "objective=regression_l1" : "objective=regression";
        });
    params.add("verbosity=-1 num_threads=1 deterministic=true force_row_wise=true metric=None");
    params.add("seed=" + (seed & 0x7fff_ffff));
    // A table of few rows is small beside the library's own defaults.
    params.add("min_data_in_bin=1");
    config
        .params()
        .forEach((key, value) -> {
          if (!key.equals("rounds")) {
            params.add(key + "=" + value);
          }
        });
    var categories = fold.encoder().categories();
    if (categories.length > 0) {
      params.add(
          "categorical_feature="
              + Arrays.stream(categories)
                  .mapToObj(Integer::toString)
                  .collect(Collectors.joining(",")));
    }
    return String.join(" ", params);
  }

  @Override
  public Fitted load(Path file, Config config, Goal goal) throws IOException {
    var text = Files.readString(named(file));
    return new Trees(Lightgbm.get().new Booster(text), goal);
  }

  private static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".lightgbm.txt");
  }

  /// Also gives TreeSHAP values.
  record Trees(Lightgbm.Booster booster, Goal goal) implements FittedTrees {
    @Override
    public double[] predict(Matrix matrix) {
      var said = booster.margins(matrix, goal.outputs());
      Links.apply(said, goal);
      return said;
    }

    @Override
    public double[] contributions(Matrix matrix) {
      return booster.contributions(matrix, goal.outputs());
    }

    @Override
    public String export(Graph graph, String matrix) {
      return Links.export(
          graph, LightgbmGraph.over(graph, matrix, booster.text(-1), goal.outputs()), goal);
    }

    @Override
    public void save(Path file) throws IOException {
      Files.writeString(named(file), booster.text(-1));
    }

    @Override
    public void close() {
      booster.close();
    }
  }
}
