package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.Predictor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All that was found out about a model.
///
/// @param primary the name of the measure that it is judged by
/// @param intervals of those measures that have one
/// @param baseline the measures of a model that knows only how often each class, or what mean, was
///   in the training rows
/// @param curves thinned, for drawing
/// @param atRecall the place on the whole precision-recall curve with the highest precision at the
///   recall asked for; null unless binary
/// @param atPrecision the same with the highest recall; null where the precision is never reached
/// @param bins of the reliability curve
record Evaluation(
    Judged judged,
    String primary,
    Map<String, Double> metrics,
    Map<String, double[]> intervals,
    int resamples,
    Map<String, Double> baseline,
    List<Curve> curves,
    @Nullable Point atRecall,
    @Nullable Point atPrecision,
    List<Probabilities.Bin> bins,
    @Nullable Decision decision,
    List<Slice> slices,
    List<Fairness> fairness,
    Explanation explanation,
    List<Mistake> mistakes) {
  /// One threshold and what comes of it.
  record Point(double threshold, double precision, double recall) {}

  double score() {
    return metrics.get(primary);
  }

  double baselineScore() {
    return baseline.get(primary);
  }

  /// What is to be heeded.
  List<String> warnings() {
    var warnings = new ArrayList<String>();
    if (!judged.unseen().isEmpty()) {
      warnings.add(
          "The model has never seen these classes, so their rows count as wrong: "
              + String.join(", ", judged.unseen()));
    }
    if (!judged.regression() && curves.isEmpty()) {
      warnings.add("The rows hold one class only, so there is no ROC curve");
    }
    fairness.stream().map(Fairness::warning).filter(w -> w != null).forEach(warnings::add);
    return warnings;
  }

  /// The measures of a model that looks at no column.
  static Map<String, Double> baseline(Judged judged, Predictor model) {
    int n = judged.rows();
    var same = new double[n][];
    var baseline = new LinkedHashMap<String, Double>();
    if (judged.regression()) {
      Arrays.fill(same, new double[] {model.card().mean()});
      var errors = judged.with(same).errors();
      baseline.put("rmse", errors.rmse());
      baseline.put("mae", errors.mae());
      baseline.put("r2", 0.0);
      return baseline;
    }
    var priors = model.card().priors().stream().mapToDouble(p -> p).toArray();
    Arrays.fill(same, priors);
    var always = judged.with(same);
    int majority = Judged.best(priors);
    long right = Arrays.stream(judged.actual()).filter(c -> c == majority).count();
    baseline.put("accuracy", right / (double) n);
    baseline.put("logLoss", Probabilities.logLoss(judged.actual(), always.predicted()));
    baseline.put("brier", Probabilities.brier(judged.actual(), always.predicted()));
    baseline.put("auc", 0.5);
    return baseline;
  }

  static @Nullable Point atRecall(Judged judged, double least) {
    var ranking = judged.binary() ? Ranking.of(judged.actual(), 1, judged.column(1)) : null;
    if (ranking == null || !ranking.mixed()) {
      return null;
    }
    var curve = ranking.precisionRecall();
    return point(curve, curve.precisionAtRecall(least));
  }

  static @Nullable Point atPrecision(Judged judged, double least) {
    var ranking = judged.binary() ? Ranking.of(judged.actual(), 1, judged.column(1)) : null;
    if (ranking == null || !ranking.mixed()) {
      return null;
    }
    var curve = ranking.precisionRecall();
    int at = curve.recallAtPrecision(least);
    return at == 0 ? null : point(curve, at);
  }

  private static Point point(Ranking.PrecisionRecall curve, int at) {
    return new Point(curve.threshold()[at], curve.precision()[at], curve.recall()[at]);
  }
}
