package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.report.Bars;
import dev.pipewright.tabular.report.Matrix;
import dev.pipewright.tabular.report.Picture;
import dev.pipewright.tabular.report.Plot;
import dev.pipewright.tabular.report.Swarm;
import dev.pipewright.tabular.report.Text;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The pictures of an evaluation.
final class Charts {
  private static final int COLUMNS = 15;
  private static final int CLASSES = 6;
  private static final int BARS = 24;

  private Charts() {}

  /// Those that there are, by file name.
  static Map<String, Picture> all(Evaluation evaluation) {
    var all = new LinkedHashMap<String, Picture>();
    var judged = evaluation.judged();
    if (judged.regression()) {
      all.put("predictions.svg", predictions(judged));
      all.put("residuals.svg", residuals(judged));
      all.put("residual-histogram.svg", histogram(judged));
    } else {
      var confusion = Confusion.of(judged.actual(), judged.decided(), judged.classes().size());
      all.put(
          "confusion.svg",
          Matrix.confusion("Confusion matrix", judged.classes(), confusion.counts()));
      if (!evaluation.curves().isEmpty()) {
        all.put("roc.svg", roc(evaluation.curves()));
        all.put("precision-recall.svg", precisionRecall(evaluation));
        all.put("calibration.svg", calibration(evaluation));
        all.put("gain.svg", gain(evaluation.curves()));
      }
      if (evaluation.decision() != null) {
        all.put("threshold.svg", threshold(evaluation.decision()));
      }
    }
    var explanation = evaluation.explanation();
    if (!explanation.importance().isEmpty()) {
      all.put("permutation-importance.svg", importance(evaluation));
    }
    var contributions = contributions(explanation);
    if (contributions != null) {
      all.put("contributions.svg", contributions);
    }
    return all;
  }

  static Picture roc(List<Curve> curves) {
    var plot =
        Plot.of("false positive rate", "true positive rate").x(0, 1).y(0, 1).guide(0, 0, 1, 1);
    curves.stream()
        .limit(CLASSES)
        .forEach(curve ->
            plot.line(
                named(curve.label(), "AUC", curve.auc()), curve.roc().fpr(), curve.roc().tpr()));
    return plot.picture("ROC curve");
  }

  private static Picture precisionRecall(Evaluation evaluation) {
    var plot = Plot.of("recall", "precision").x(0, 1).y(0, 1);
    evaluation.curves().stream()
        .limit(CLASSES)
        .forEach(curve ->
            plot.line(
                named(curve.label(), "area", curve.averagePrecision()),
                curve.precisionRecall().recall(),
                curve.precisionRecall().precision()));
    return plot.picture("Precision and recall");
  }

  private static Picture calibration(Evaluation evaluation) {
    var bins = evaluation.bins();
    var predicted = bins.stream().mapToDouble(Probabilities.Bin::predicted).toArray();
    var actual = bins.stream().mapToDouble(Probabilities.Bin::actual).toArray();
    return Plot.of("probability given", "share that came true")
        .x(0, 1)
        .y(0, 1)
        .guide(0, 0, 1, 1)
        .line("", predicted, actual)
        .points("", predicted, actual)
        .picture("Calibration");
  }

  private static Picture gain(List<Curve> curves) {
    var plot =
        Plot.of("share of rows, the most probable first", "share of the class found")
            .x(0, 1)
            .y(0, 1)
            .guide(0, 0, 1, 1);
    curves.stream()
        .limit(CLASSES)
        .forEach(curve -> plot.line(curve.label(), curve.gain().share(), curve.gain().found()));
    return plot.picture("Gain");
  }

  private static Picture threshold(Decision decision) {
    var unit =
        decision.currency().isEmpty() ? decision.by() : decision.by() + ", " + decision.currency();
    return Plot.of("threshold", unit)
        .x(0, 1)
        .steps("", decision.curve().threshold(), decision.curve().total())
        .mark("best " + Text.number(decision.threshold()), decision.threshold())
        .picture("What each threshold " + (decision.by().equals("cost") ? "costs" : "earns"));
  }

  private static Picture predictions(Judged judged) {
    var shown = judged.pick(Explanation.sample(judged.rows(), 2000));
    var all = DoubleRange.of(shown.values(), shown.column(0));
    return Plot.of("actual", "predicted")
        .x(all.low, all.high)
        .y(all.low, all.high)
        .guide(all.low, all.low, all.high, all.high)
        .points("", shown.values(), shown.column(0))
        .picture("Predicted and actual");
  }

  private static Picture residuals(Judged judged) {
    var shown = judged.pick(Explanation.sample(judged.rows(), 2000));
    var range = DoubleRange.of(shown.column(0));
    return Plot.of("predicted", "actual less predicted")
        .guide(range.low, 0, range.high, 0)
        .points("", shown.column(0), shown.errors().residuals())
        .picture("Residuals");
  }

  private static Picture histogram(Judged judged) {
    var off = judged.errors().residuals();
    var range = DoubleRange.of(off);
    double width = Math.max((range.high - range.low) / BARS, Double.MIN_NORMAL);
    var edges = IntStream.rangeClosed(0, BARS).mapToDouble(i -> range.low + i * width).toArray();
    var counts = new double[BARS];
    for (double v : off) {
      counts[(int) Math.clamp((v - range.low) / width, 0, BARS - 1)]++;
    }
    return Plot.of("actual less predicted", "rows")
        .columns("", edges, counts)
        .picture("Residuals by size");
  }

  static Picture importance(Evaluation evaluation) {
    var bars = Bars.of("loss of " + evaluation.primary() + " when shuffled");
    evaluation.explanation().importance().stream()
        .limit(COLUMNS)
        .forEach(one ->
            bars.interval(
                one.column(),
                one.drop(),
                one.drop() - one.deviation(),
                one.drop() + one.deviation()));
    return bars.reference("no loss", 0).picture("Permutation importance");
  }

  static @Nullable Picture contributions(Explanation explanation) {
    var contributions = explanation.contributions();
    if (contributions == null || explanation.explained() == null) {
      return null;
    }
    var leading = Explanation.byStrength(contributions).stream().limit(COLUMNS).toList();
    if (contributions.outputs().size() > 1) {
      var strength = contributions.strength();
      var bars = Bars.of("mean size of the contribution, " + contributions.unit());
      for (var column : leading) {
        double size = strength[contributions.columns().indexOf(column)];
        bars.bar(column, size, Text.number(size));
      }
      return bars.picture("Contributions");
    }
    var swarm =
        Swarm.of(
            "contribution to '"
                + contributions.outputs().getFirst()
                + "', "
                + contributions.unit());
    for (var column : leading) {
      int c = contributions.columns().indexOf(column);
      var effects = Arrays.stream(contributions.values()[0]).mapToDouble(row -> row[c]).toArray();
      swarm.row(column, effects, Explanation.places(explanation.explained().column(column)));
    }
    return swarm.picture("Contributions");
  }

  static Picture dependence(Dependence dependence) {
    int shown = Math.min(CLASSES, dependence.outputs().size());
    if (dependence.values() == null) {
      var bars = Bars.of("mean prediction of '" + dependence.outputs().getLast() + "'");
      var means = dependence.means()[dependence.outputs().size() - 1];
      var categories =
          dependence.categories() == null ? List.<String>of() : dependence.categories();
      for (int i = 0; i < categories.size(); i++) {
        bars.bar(categories.get(i), means[i], Text.number(means[i]));
      }
      return bars.picture(dependence.column());
    }
    var plot = Plot.of(dependence.column(), "mean prediction").size(420, 260);
    for (int o = 0; o < shown; o++) {
      plot.line(dependence.outputs().get(o), dependence.values(), dependence.means()[o]);
    }
    return plot.picture(dependence.column());
  }

  private record DoubleRange(double low, double high) {
    static DoubleRange of(double[]... all) {
      double low = Arrays.stream(all).flatMapToDouble(Arrays::stream).min().orElse(0);
      double high = Arrays.stream(all).flatMapToDouble(Arrays::stream).max().orElse(1);
      return new DoubleRange(low, high > low ? high : low + 1);
    }
  }

  private static String named(String label, String measure, double value) {
    return "%s, %s %s".formatted(Text.shortened(label, 24), measure, Text.number(value));
  }
}
