package dev.pipewright.client.xgboost;

import dev.pipewright.client.tracking.ActiveRun;
import java.util.LinkedHashMap;
import java.util.Map;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/// Trains with XGBoost and logs every round as it is evaluated. XGBoost4J has no callback that sees
/// a round, so the rounds are made here, as its own `XGBoost.train` makes them.
public final class XgboostTracking {
  private XgboostTracking() {}

  /// Trains, logs `params` as the run's params, and after each round the metrics of the watched
  /// sets as `<set>-<metric>`, with the round, from 0, as step.
  ///
  /// @param params of XGBoost; several `eval_metric`s are a list
  /// @param watches the sets to evaluate, by name
  /// @return the caller disposes of it
  public static Booster train(
      ActiveRun run,
      DMatrix train,
      Map<String, Object> params,
      int rounds,
      Map<String, DMatrix> watches)
      throws XGBoostError {
    params.forEach(run::param);
    run.param("num_boost_round", rounds);
    var sets = watches.values().toArray(DMatrix[]::new);
    var names = watches.keySet().toArray(String[]::new);
    var single = new LinkedHashMap<>(params);
    var metrics = single.remove("eval_metric");
    // No rounds: a booster that knows the sets.
    var booster = XGBoost.train(train, single, 0, watches, null, null);
    try {
      if (metrics instanceof Iterable<?> several) {
        for (var metric : several) {
          booster.setParam("eval_metric", metric);
        }
      } else if (metrics != null) {
        booster.setParam("eval_metric", metrics);
      }
      for (int round = 0; round < rounds; round++) {
        booster.update(train, round);
        if (sets.length > 0) {
          log(run, round, booster.evalSet(sets, names, round));
        }
      }
      return booster;
    } catch (XGBoostError | RuntimeException e) {
      booster.dispose();
      throw e;
    }
  }

  /// Logs what [Booster#evalSet] says, such as `[7]⇥train-rmse:0.51⇥test-rmse:0.55`: for those who
  /// make the rounds themselves.
  public static void log(ActiveRun run, int round, String evaluated) {
    var parts = evaluated.split("\t", -1);
    for (int i = 1; i < parts.length; i++) {
      int colon = parts[i].lastIndexOf(':');
      run.log(parts[i].substring(0, colon), round, number(parts[i].substring(colon + 1).strip()));
    }
  }

  /// As C++ writes numbers.
  private static double number(String text) {
    return switch (text) {
      case "nan", "-nan" -> Double.NaN;
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }
}
