package dev.pipewright.tabular.automl;

import static dev.pipewright.tabular.automl.Encoding.DENSE;
import static dev.pipewright.tabular.automl.Encoding.DENSE_QUANTILE;
import static dev.pipewright.tabular.automl.Encoding.TREES;
import static dev.pipewright.tabular.automl.Encoding.TREES_NATIVE;
import static dev.pipewright.tabular.automl.Encoding.TREES_TARGET;
import static dev.pipewright.tabular.automl.Family.FOREST;
import static dev.pipewright.tabular.automl.Family.LIGHTGBM;
import static dev.pipewright.tabular.automl.Family.LINEAR;
import static dev.pipewright.tabular.automl.Family.NEIGHBOURS;
import static dev.pipewright.tabular.automl.Family.NETWORK;
import static dev.pipewright.tabular.automl.Family.PRIOR;
import static dev.pipewright.tabular.automl.Family.XGBOOST;

import dev.pipewright.tabular.data.Profile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/// What is tried first, in this order: configurations that differ, the most useful for their time
/// before the others.
final class Portfolio {
  /// Neighbours are looked for among at most so many rows.
  private static final int FEW_ROWS = 20_000;

  /// A library's own handling of categories over-fits below.
  private static final int ENOUGH_FOR_NATIVE = 2_000;

  private Portfolio() {}

  /// @param folds a single one has larger forests
  /// @param log the largest logarithm of a target whose logarithm is worth learning
  static List<Config> of(
      int rows, List<Profile> columns, Set<Family> families, int folds, OptionalDouble log) {
    int trees = folds == 1 ? 300 : 100;
    boolean categories =
        columns.stream().anyMatch(column -> column.kind() == Profile.Kind.CATEGORY);
    int least = Math.clamp(rows / 150, 2, 20);
    var all = new ArrayList<Config>();
    all.add(config("prior", PRIOR, DENSE, Map.of()));
    all.add(
        config(
            "lightgbm",
            LIGHTGBM,
            TREES,
            Map.of(
                "learning_rate",
                0.05,
                "num_leaves",
                31,
                "min_data_in_leaf",
                least,
                "feature_fraction",
                0.8)));
    all.add(config("linear", LINEAR, DENSE, Map.of("l1", 0.0)));
    all.add(
        config(
            "network",
            NETWORK,
            DENSE,
            Map.of("layers", "128-128", "activation", "mish", "dropout", 0.1)));
    all.add(
        config(
            "xgboost",
            XGBOOST,
            TREES,
            Map.of(
                "eta", 0.05,
                "max_depth", 6,
                "subsample", 0.8,
                "colsample_bytree", 0.7,
                "min_child_weight", 1.0)));
    log.ifPresent(
        most -> List.of(2, 3, 1, 4).forEach(place -> all.add(Logarithm.on(all.get(place), most))));
    all.add(config("extra-trees", FOREST, TREES, Map.of("trees", trees, "leaf", 1)));
    all.add(
        config(
            "lightgbm-small-leaves",
            LIGHTGBM,
            TREES,
            Map.of(
                "learning_rate", 0.03,
                "num_leaves", 8,
                "min_data_in_leaf", 2 * least,
                "feature_fraction", 0.5,
                "bagging_fraction", 0.7,
                "bagging_freq", 1,
                "lambda_l2", 1.0)));
    all.add(
        config(
            "network-ranks",
            NETWORK,
            DENSE_QUANTILE,
            Map.of("layers", "96-96-96", "activation", "selu", "dropout", 0.05, "rate", 0.03)));
    all.add(
        config(
            "lightgbm-random-cuts",
            LIGHTGBM,
            TREES,
            Map.of(
                "learning_rate",
                0.05,
                "num_leaves",
                48,
                "min_data_in_leaf",
                least,
                "feature_fraction",
                0.7,
                "extra_trees",
                true)));
    all.add(config("linear-elastic-net", LINEAR, DENSE_QUANTILE, Map.of("l1", 0.5)));
    all.add(
        config(
            "random-forest",
            FOREST,
            TREES,
            Map.of("trees", trees, "leaf", 2, "random", false, "features", 0.35)));
    if (rows <= FEW_ROWS) {
      all.add(config("neighbours", NEIGHBOURS, DENSE, Map.of("weighted", true)));
    }
    all.add(
        config(
            "network-relu",
            NETWORK,
            DENSE,
            Map.of(
                "layers", "64-32",
                "activation", "relu",
                "dropout", 0.25,
                "rate", 0.02,
                "decay", 0.02)));
    all.add(
        config(
            "xgboost-deep",
            XGBOOST,
            TREES_TARGET,
            Map.of(
                "eta", 0.03,
                "max_depth", 10,
                "subsample", 0.7,
                "colsample_bytree", 0.6,
                "min_child_weight", 0.6)));
    all.add(
        config(
            "lightgbm-large",
            LIGHTGBM,
            TREES_TARGET,
            Map.of(
                "learning_rate",
                0.03,
                "num_leaves",
                128,
                "min_data_in_leaf",
                Math.max(3, least / 2),
                "feature_fraction",
                0.9)));
    all.add(
        config(
            "network-wide",
            NETWORK,
            DENSE,
            Map.of("layers", "256-128", "activation", "silu", "dropout", 0.2, "rate", 0.03)));
    all.add(
        config(
            "xgboost-shallow",
            XGBOOST,
            TREES,
            Map.of(
                "eta", 0.03,
                "max_depth", 3,
                "subsample", 0.7,
                "colsample_bytree", 0.5,
                "min_child_weight", 1.4)));
    all.add(
        config(
            "extra-trees-half",
            FOREST,
            TREES_TARGET,
            Map.of("trees", trees, "leaf", 3, "features", 0.5)));
    if (rows <= FEW_ROWS) {
      all.add(config("neighbours-ranks", NEIGHBOURS, DENSE_QUANTILE, Map.of("weighted", true)));
    }
    if (categories && rows >= ENOUGH_FOR_NATIVE) {
      all.add(
          config(
              "lightgbm-categories",
              LIGHTGBM,
              TREES_NATIVE,
              Map.of(
                  "learning_rate",
                  0.04,
                  "num_leaves",
                  31,
                  "min_data_in_leaf",
                  least,
                  "feature_fraction",
                  0.7)));
    }
    all.add(
        config(
            "lightgbm-slow",
            LIGHTGBM,
            TREES_TARGET,
            Map.of(
                "learning_rate",
                0.015,
                "num_leaves",
                24,
                "min_data_in_leaf",
                least,
                "feature_fraction",
                0.45,
                "bagging_fraction",
                0.8,
                "bagging_freq",
                1)));
    all.removeIf(config -> config.family() != PRIOR && !families.contains(config.family()));
    return all;
  }

  private static Config config(
      String name, Family family, Encoding encoding, Map<String, Object> params) {
    return new Config(name, family, encoding, params);
  }
}
