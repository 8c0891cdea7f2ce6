package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.evaluate.Confusion.Average;
import dev.pipewright.tabular.evaluate.Confusion.Distance;
import dev.pipewright.tabular.evaluate.Probabilities.Cut;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// All measures that fit what is predicted, by the names under which they are logged. What does not
/// depend on weights is worked out once, so that resamples are cheap.
final class Measures {
  /// Bins of the calibration error, about equally full.
  static final int BINS = 15;

  /// Neither better when it is lower nor when it is higher.
  static final String BIAS = "bias";

  /// Those that are better when they are lower.
  private static final Set<String> ERRORS =
      Set.of(
          "logLoss",
          "brier",
          "calibrationError",
          "rmse",
          "mae",
          "mse",
          "mape",
          "rmsle",
          "medianError",
          "maxError",
          "pinball");

  private final Judged judged;
  private final double quantile;
  private final int[] decided;
  private final double[] losses;
  private final double[] distances;
  private final List<Ranking> rankings = new ArrayList<>();
  private final List<String> names = new ArrayList<>();

  /// @param quantile for the pinball loss of a regression; NaN for none
  Measures(Judged judged, double quantile) {
    this.judged = judged;
    this.quantile = quantile;
    if (judged.regression()) {
      decided = new int[0];
      losses = new double[0];
      distances = new double[0];
    } else {
      decided = judged.decided();
      losses = Probabilities.losses(judged.actual(), judged.predicted());
      distances = Probabilities.distances(judged.actual(), judged.predicted());
      // Against classes that training never saw there is nothing to rank by.
      int classes = judged.target().classes().size();
      for (int c = judged.binary() ? 1 : 0; c < classes; c++) {
        var ranking = Ranking.of(judged.actual(), c, judged.column(c));
        if (ranking.mixed()) {
          rankings.add(ranking);
        }
      }
    }
    weighted(Sums.ones(judged.rows()), (name, _) -> names.add(name));
  }

  Measures(Judged judged) {
    this(judged, Double.NaN);
  }

  static boolean lowerIsBetter(String name) {
    return ERRORS.contains(name);
  }

  /// What a model is judged by: the higher, the better.
  String primary() {
    return judged.regression() ? "r2" : judged.binary() && !rankings.isEmpty() ? "auc" : "accuracy";
  }

  /// The primary measure.
  double score() {
    return judged.regression()
        ? judged.errors().r2()
        : primary().equals("auc")
            ? rankings.getFirst().auc()
            : Confusion.of(judged.actual(), decided, judged.classes().size()).accuracy();
  }

  /// The names of [#of].
  List<String> names() {
    return names;
  }

  /// Those that can be measured with weights, in the order of [#names].
  double[] of(double[] weights) {
    var values = new double[names.size()];
    var at = new int[1];
    weighted(weights, (_, value) -> values[at[0]++] = value);
    return values;
  }

  /// All, those that have no weights too.
  Map<String, Double> all() {
    var all = new LinkedHashMap<String, Double>();
    weighted(Sums.ones(judged.rows()), all::put);
    if (judged.regression()) {
      var errors = judged.errors();
      all.put("medianError", errors.medianError());
      all.put("maxError", errors.maxError());
    } else {
      if (judged.binary() && !rankings.isEmpty()) {
        all.put("ks", rankings.getFirst().ks());
      }
      all.put("calibrationError", Probabilities.calibrationError(reliability(BINS)));
    }
    all.values().removeIf(value -> !Double.isFinite(value));
    return all;
  }

  /// Of a binary target, how often rows were positive against their probability; of several
  /// classes, how often the most probable one was right against its probability.
  List<Probabilities.Bin> reliability(int bins) {
    int n = judged.rows();
    var cameTrue = new boolean[n];
    var probability = new double[n];
    for (int i = 0; i < n; i++) {
      int c = judged.binary() ? 1 : decided[i];
      cameTrue[i] = judged.actual()[i] == c;
      probability[i] = judged.predicted()[i][c];
    }
    return Probabilities.reliability(cameTrue, probability, bins, Cut.QUANTILE);
  }

  private interface Sink {
    void put(String name, double value);
  }

  private void weighted(double[] weights, Sink sink) {
    if (judged.regression()) {
      regression(weights, sink);
    } else {
      classification(weights, sink);
    }
  }

  private void classification(double[] weights, Sink sink) {
    var confusion = Confusion.of(judged.actual(), decided, judged.classes().size(), weights);
    if (!rankings.isEmpty()) {
      double auc =
          rankings.stream()
              .mapToDouble(ranking -> ranking.auc(weights))
              .filter(Double::isFinite)
              .average()
              .orElse(Double.NaN);
      sink.put("auc", auc);
      if (judged.binary()) {
        sink.put("averagePrecision", rankings.getFirst().averagePrecision(weights));
      }
    }
    sink.put("accuracy", confusion.accuracy());
    sink.put("balancedAccuracy", confusion.balancedAccuracy());
    if (judged.binary()) {
      sink.put("precision", confusion.precision(1));
      sink.put("recall", confusion.recall(1));
      sink.put("specificity", confusion.specificity(1));
      sink.put("f1", confusion.f(1, 1));
    } else {
      sink.put("macroPrecision", confusion.precision(Average.MACRO));
      sink.put("macroRecall", confusion.recall(Average.MACRO));
      sink.put("weightedF1", confusion.f(1, Average.WEIGHTED));
    }
    sink.put("macroF1", confusion.f(1, Average.MACRO));
    sink.put("mcc", confusion.mcc());
    sink.put("kappa", confusion.kappa(Distance.NONE));
    sink.put("logLoss", mean(losses, weights));
    sink.put("brier", mean(distances, weights));
  }

  private void regression(double[] weights, Sink sink) {
    var errors = new Errors(judged.values(), judged.column(0), weights);
    sink.put("rmse", errors.rmse());
    sink.put("mae", errors.mae());
    sink.put("r2", errors.r2());
    sink.put("mse", errors.mse());
    sink.put("explainedVariance", errors.explainedVariance());
    sink.put(BIAS, errors.bias());
    if (!errors.hasZero()) {
      sink.put("mape", errors.mape());
    }
    if (above(judged.values()) && above(judged.column(0))) {
      sink.put("rmsle", errors.rmsle());
    }
    if (!Double.isNaN(quantile)) {
      sink.put("pinball", errors.pinball(quantile));
    }
  }

  /// Whether the logarithm of each number and 1 means something.
  private static boolean above(double[] values) {
    return Arrays.stream(values).allMatch(v -> v >= 0);
  }

  private static double mean(double[] values, double[] weights) {
    double sum = 0;
    double all = 0;
    for (int i = 0; i < values.length; i++) {
      sum += weights[i] * values[i];
      all += weights[i];
    }
    return sum / all;
  }
}
