package dev.pipewright.tabular.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import java.util.Arrays;
import java.util.Map;

/// `evaluation.json`. Its fields are a promise: the pages of a run read them, and scripts do. The
/// guide `evaluation.md` says what each holds.
final class EvaluationJson {
  private static final int SAMPLE = 2000;

  private EvaluationJson() {}

  static ObjectNode of(Evaluation evaluation) {
    var judged = evaluation.judged();
    var json = Json.MAPPER.createObjectNode();
    json.put("task", judged.target().kind().word());
    json.put("target", judged.target().column());
    if (!judged.regression()) {
      set(json, "classes", judged.classes());
      json.put("positive", judged.target().positive());
    }
    json.put("rows", judged.rows());
    json.put("primary", evaluation.primary());
    set(json, "metrics", evaluation.metrics());
    set(json, "intervals", evaluation.intervals());
    json.put("resamples", evaluation.resamples());
    set(json, "baseline", evaluation.baseline());
    if (judged.regression()) {
      regression(json, judged);
    } else {
      classification(json, evaluation);
    }
    set(json, "slices", evaluation.slices());
    set(json, "fairness", evaluation.fairness());
    explanation(json, evaluation.explanation());
    set(json, "mistakes", evaluation.mistakes());
    set(json, "warnings", evaluation.warnings());
    return json;
  }

  private static void classification(ObjectNode json, Evaluation evaluation) {
    var judged = evaluation.judged();
    var confusion = Confusion.of(judged.actual(), judged.decided(), judged.classes().size());
    set(json, "confusion", counts(confusion));
    var classes = json.putArray("perClass");
    for (int c = 0; c < judged.classes().size(); c++) {
      classes
          .addObject()
          .put("label", judged.classes().get(c))
          .put("rows", (long) confusion.actual(c))
          .put("precision", confusion.precision(c))
          .put("recall", confusion.recall(c))
          .put("specificity", confusion.specificity(c))
          .put("f1", confusion.f(1, c));
    }
    var roc = json.putArray("roc");
    var precisionRecall = json.putArray("precisionRecall");
    var gain = json.putArray("gain");
    for (var curve : evaluation.curves()) {
      roc.addObject()
          .put("label", curve.label())
          .put("auc", curve.auc())
          .setAll((ObjectNode) Json.MAPPER.valueToTree(curve.roc()));
      precisionRecall
          .addObject()
          .put("label", curve.label())
          .put("averagePrecision", curve.averagePrecision())
          .setAll((ObjectNode) Json.MAPPER.valueToTree(curve.precisionRecall()));
      gain.addObject()
          .put("label", curve.label())
          .setAll(
              (ObjectNode)
                  Json.MAPPER.valueToTree(
                      Map.of("share", curve.gain().share(), "found", curve.gain().found())));
    }
    if (judged.binary()) {
      // The default lies a hair above a half, which is not worth telling.
      json.put("threshold", judged.cut() == Judged.HALF ? 0.5 : judged.cut());
    }
    set(json, "reliability", evaluation.bins());
    if (evaluation.atRecall() != null) {
      set(json, "atRecall", evaluation.atRecall());
    }
    if (evaluation.atPrecision() != null) {
      set(json, "atPrecision", evaluation.atPrecision());
    }
    if (evaluation.decision() != null) {
      set(json, "decision", evaluation.decision());
    }
  }

  private static void regression(ObjectNode json, Judged judged) {
    var chosen = Explanation.sample(judged.rows(), SAMPLE);
    var shown = judged.pick(chosen);
    var predictions = json.putObject("predictions");
    set(predictions, "actual", shown.values());
    set(predictions, "predicted", shown.column(0));
    var off = judged.errors().residuals();
    Arrays.sort(off);
    var residuals = json.putObject("residuals");
    residuals.put("mean", Sums.mean(off));
    residuals.put("deviation", Sums.deviation(off));
    var quantiles = residuals.putObject("quantiles");
    for (double share : new double[] {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1}) {
      quantiles.put(Double.toString(share), Sums.quantile(off, share));
    }
  }

  private static void explanation(ObjectNode json, Explanation explanation) {
    set(json, "importance", explanation.importance());
    set(json, "dependence", explanation.dependence());
    var contributions = explanation.contributions();
    if (contributions != null) {
      var node = json.putObject("contributions");
      node.put("unit", contributions.unit());
      set(node, "outputs", contributions.outputs());
      set(node, "expected", contributions.expected());
      var columns = node.putArray("columns");
      var strength = contributions.strength();
      for (var column : Explanation.byStrength(contributions)) {
        columns
            .addObject()
            .put("column", column)
            .put("strength", strength[contributions.columns().indexOf(column)]);
      }
    }
  }

  static long[][] counts(Confusion confusion) {
    return Arrays.stream(confusion.counts())
        .map(row -> Arrays.stream(row).mapToLong(v -> (long) v).toArray())
        .toArray(long[][]::new);
  }

  private static void set(ObjectNode json, String name, Object value) {
    json.set(name, Json.MAPPER.valueToTree(value));
  }
}
