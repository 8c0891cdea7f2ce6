package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.report.Grid;
import dev.pipewright.tabular.report.Grid.Mark;
import dev.pipewright.tabular.report.Grid.Tone;
import dev.pipewright.tabular.report.Page;
import dev.pipewright.tabular.report.Text;
import java.util.ArrayList;
import java.util.List;

/// The evaluation as a page, for a reader who did not run it.
final class EvaluationPage {
  private static final double SURE = 0.05;

  private EvaluationPage() {}

  /// @param model how the model is called
  /// @param data how the table is called
  static Page of(Evaluation evaluation, String model, String data) {
    var judged = evaluation.judged();
    var page =
        new Page(
            "Evaluation of " + model,
            "How well it predicts '%s', measured on %,d rows of %s that it has not seen."
                .formatted(judged.target().column(), judged.rows(), data));
    verdict(page, evaluation);
    facts(page, evaluation);
    measures(page, evaluation);
    decision(page, evaluation);
    slices(page, evaluation);
    fairness(page, evaluation);
    explanation(page, evaluation);
    mistakes(page, evaluation);
    return page;
  }

  private static void verdict(Page page, Evaluation evaluation) {
    double score = evaluation.score();
    double baseline = evaluation.baselineScore();
    var interval = evaluation.intervals().get(evaluation.primary());
    double low = interval == null ? score : interval[0];
    var range = interval == null ? "" : ", from " + Text.interval(interval[0], interval[1]);
    var measured = "%s %s%s".formatted(evaluation.primary(), Text.number(score), range);
    var than = "a model that looks at no column (%s)".formatted(Text.number(baseline));
    if (low > baseline) {
      page.verdict(Tone.GOOD, "%s: better than %s.".formatted(measured, than));
    } else if (score > baseline) {
      page.verdict(
          Tone.WARNING,
          "%s: these rows are too few to tell whether it is better than %s."
              .formatted(measured, than));
    } else {
      page.verdict(Tone.BAD, "%s: no better than %s.".formatted(measured, than));
    }
  }

  private static void facts(Page page, Evaluation evaluation) {
    var shown =
        evaluation.judged().regression()
            ? List.of("r2", "rmse", "mae")
            : List.of("auc", "accuracy", "macroF1", "logLoss");
    for (var name : shown) {
      var value = evaluation.metrics().get(name);
      if (value != null) {
        var interval = evaluation.intervals().get(name);
        page.fact(
            name,
            Text.number(value),
            interval == null ? "" : Text.interval(interval[0], interval[1]));
      }
    }
    page.fact("rows", Text.number(evaluation.judged().rows()), "");
  }

  private static void measures(Page page, Evaluation evaluation) {
    var about =
        evaluation.resamples() == 0
            ? "Measured on all rows."
            : "Of 100 tables such as this one, 95 would have the measure between low and high (%,d resamples)."
                .formatted(evaluation.resamples());
    var section = page.section("How good it is", about);
    evaluation.warnings().forEach(warning -> section.note(Tone.WARNING, warning + "."));
    var grid = new Grid("measure", "value", "low", "high", "without looking");
    evaluation
        .metrics()
        .forEach((name, value) -> {
          var interval =
              evaluation.intervals().getOrDefault(name, new double[] {Double.NaN, Double.NaN});
          grid.row(
              name,
              value,
              interval[0],
              interval[1],
              evaluation.baseline().getOrDefault(name, Double.NaN));
        });
    section.table(grid);
    var charts = Charts.all(evaluation);
    for (var name :
        List.of(
            "roc.svg",
            "precision-recall.svg",
            "confusion.svg",
            "calibration.svg",
            "gain.svg",
            "predictions.svg",
            "residuals.svg",
            "residual-histogram.svg")) {
      section.chart(charts.get(name));
    }
    if (!evaluation.judged().regression()) {
      perClass(section, evaluation.judged());
    }
    if (evaluation.atRecall() != null) {
      section.text(
          "To find %s of the positive rows, %s of what it reports is right (threshold %s)."
              .formatted(
                  Text.percent(evaluation.atRecall().recall()),
                  Text.percent(evaluation.atRecall().precision()),
                  Text.number(evaluation.atRecall().threshold())));
    }
    if (evaluation.atPrecision() != null) {
      section.text(
          "Where %s of what it reports is right, it finds %s of the positive rows (threshold %s)."
              .formatted(
                  Text.percent(evaluation.atPrecision().precision()),
                  Text.percent(evaluation.atPrecision().recall()),
                  Text.number(evaluation.atPrecision().threshold())));
    }
  }

  private static void perClass(Page.Section section, Judged judged) {
    var confusion = Confusion.of(judged.actual(), judged.decided(), judged.classes().size());
    var grid = new Grid("class", "rows", "precision", "recall", "specificity", "f1");
    for (int c = 0; c < judged.classes().size(); c++) {
      grid.row(
          judged.classes().get(c),
          confusion.actual(c),
          confusion.precision(c),
          confusion.recall(c),
          confusion.specificity(c),
          confusion.f(1, c));
    }
    section.heading("By class").table(grid);
  }

  private static void decision(Page page, Evaluation evaluation) {
    var decision = evaluation.decision();
    if (decision == null) {
      return;
    }
    var unit = decision.currency().isEmpty() ? "" : " " + decision.currency();
    page.section(
            "The threshold by " + decision.by(),
            "From what probability on it pays to take a row for positive. Found on these rows, so it is a little too good for others.")
        .table(
            new Grid("decision", decision.by() + unit, "a row")
                .row(
                    "at the best threshold, " + Text.number(decision.threshold()),
                    decision.total(),
                    decision.perRow())
                .row(
                    "at the threshold of the measures above, "
                        + Text.number(evaluation.judged().cut()),
                    decision.atCut(),
                    decision.atCut() / evaluation.judged().rows())
                .row(
                    "no row is positive",
                    decision.never(),
                    decision.never() / evaluation.judged().rows())
                .row(
                    "every row is positive",
                    decision.always(),
                    decision.always() / evaluation.judged().rows()))
        .chart(Charts.all(evaluation).get("threshold.svg"));
  }

  private static void slices(Page page, Evaluation evaluation) {
    if (evaluation.slices().isEmpty()) {
      return;
    }
    var grid = new Grid("column", "value", "rows", "measure", "score", "low", "high", "");
    var whole = evaluation.score();
    for (var slice : evaluation.slices()) {
      var score = slice.score();
      boolean comparable = score != null && evaluation.primary().equals(slice.measure());
      boolean worse = comparable && slice.high() != null && slice.high() < whole;
      grid.row(
          slice.column(),
          slice.value(),
          slice.rows(),
          slice.measure() == null ? "too few rows" : slice.measure(),
          score == null ? Double.NaN : score,
          slice.low() == null ? Double.NaN : slice.low(),
          slice.high() == null ? Double.NaN : slice.high(),
          worse ? new Mark("worse than the whole", Tone.WARNING) : "");
    }
    page.section(
            "Where it is good and where not",
            "The same measure on parts of the rows, the worst first. %s on all rows is %s."
                .formatted(evaluation.primary(), Text.number(whole)))
        .table(grid);
  }

  private static void fairness(Page page, Evaluation evaluation) {
    if (evaluation.fairness().isEmpty()) {
      return;
    }
    var section =
        page.section(
            "Fairness between groups",
            "How often each group is taken for '%s', and how often rightly and wrongly so. The numbers show differences, not their causes."
                .formatted(evaluation.fairness().getFirst().favourable()));
    for (var fairness : evaluation.fairness()) {
      section.heading(fairness.column());
      if (fairness.warning() != null) {
        section.note(Tone.WARNING, fairness.warning() + ".");
      }
      var groups =
          new Grid(
              "group",
              "rows",
              "taken for it",
              "of those that are",
              "of those that are not",
              "accuracy");
      for (var group : fairness.groups()) {
        groups.row(
            group.value(),
            group.rows(),
            group.selectionRate(),
            number(group.truePositiveRate()),
            number(group.falsePositiveRate()),
            group.accuracy());
      }
      section.table(groups);
      section.table(
          new Grid("measure", "value")
              .row(
                  "disparate impact (lowest rate in parts of the highest)",
                  number(fairness.disparateImpact()))
              .row("demographic parity difference", number(fairness.demographicParityDifference()))
              .row("equal opportunity difference", number(fairness.equalOpportunityDifference()))
              .row("equalised odds difference", number(fairness.equalisedOddsDifference())));
    }
  }

  private static void explanation(Page page, Evaluation evaluation) {
    var explanation = evaluation.explanation();
    if (!explanation.importance().isEmpty()) {
      var grid = new Grid("column", "loss of " + evaluation.primary(), "deviation", "p", "");
      for (var one : explanation.importance()) {
        grid.row(
            one.column(),
            one.drop(),
            one.deviation(),
            one.p(),
            one.p() < SURE ? "" : new Mark("may be of no use", Tone.PLAIN));
      }
      page.section(
              "Which columns matter",
              "How much worse it gets when a column's cells are shuffled among %,d rows, with the deviation between shuffles. Of columns that say the same, each may look useless alone."
                  .formatted(explanation.shuffled()))
          .chart(Charts.importance(evaluation))
          .table(grid.showing(30));
    }
    var contributions = Charts.contributions(explanation);
    if (contributions != null) {
      page.section(
              "What moves its predictions",
              "What each column added to or took from single predictions (TreeSHAP), on %,d rows."
                  .formatted(explanation.explained().rows()))
          .chart(contributions);
    }
    if (!explanation.dependence().isEmpty()) {
      var section =
          page.section(
              "How predictions follow a column",
              "The mean prediction were the column's cell the same in all rows. Where columns go together, some of these rows could not exist.");
      explanation.dependence().forEach(one -> section.chart(Charts.dependence(one)));
    }
  }

  private static void mistakes(Page page, Evaluation evaluation) {
    if (evaluation.mistakes().isEmpty()) {
      return;
    }
    boolean regression = evaluation.judged().regression();
    var columns =
        new ArrayList<>(
            List.of("row", "actual", "predicted", regression ? "off by" : "probability"));
    var shown = evaluation.mistakes().getFirst().cells().keySet();
    columns.addAll(shown);
    var grid = new Grid(columns.toArray(String[]::new));
    for (var mistake : evaluation.mistakes()) {
      var cells =
          new ArrayList<Object>(List.of(mistake.row(), mistake.actual(), mistake.predicted()));
      cells.add(number(regression ? mistake.error() : mistake.probability()));
      cells.addAll(mistake.cells().values());
      grid.row(cells.toArray());
    }
    page.section(
            "Errors worth looking at",
            regression
                ? "The rows that it is off by most. Row 1 is the first below the header."
                : "The rows that it got wrong although it was sure. Row 1 is the first below the header.")
        .table(grid);
  }

  private static double number(@org.jspecify.annotations.Nullable Double value) {
    return value == null ? Double.NaN : value;
  }
}
