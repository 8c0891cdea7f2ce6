package dev.pipewright.tabular.evaluate;

import dev.pipewright.contract.Json;
import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.Settings;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;

/// `pipewright/compare@v1`: whether a challenger is better than the champion, on the same rows.
///
/// Inputs: `champion` and `challenger` (models), `data` (dataset), `metric` (a measure of
/// [Measures]; else the primary one), `margin` (by how much it must be better, 0), `alpha` (0.05),
/// `resamples` (1,000), `seed` (42). Outputs: `better`, `difference` (above 0 where the challenger
/// is better, whichever way the measure goes), `low`, `high`, `pValue`, `champion`, `challenger`
/// and `metric`; `report` ([Comparison]) and `page`.
public final class Compare implements BuiltinTask {
  @Override
  public String uses() {
    return "pipewright/compare@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException {
    var settings = new Settings(context);
    double margin = settings.number("margin", 0, 0, Double.MAX_VALUE);
    double alpha = settings.number("alpha", 0.05, 1e-6, 0.5);
    int resamples = (int) settings.whole("resamples", Bootstrap.USUAL, 100, 100_000);
    long seed = settings.whole("seed", 42, Long.MIN_VALUE / 1024, Long.MAX_VALUE / 1024);
    try (var champion = Predictor.open(context.staged("champion"));
        var challenger = Predictor.open(context.staged("challenger"))) {
      var target = champion.card().target();
      refuseOtherTarget(target, challenger.card().target());
      var frame = Frames.of(context, "data");
      var rows = Truth.rows(target, frame);
      context.logDataset(context.data("data"), "test", rows.length);
      var kept = rows.length < frame.rows() ? frame.rows(rows) : frame;
      var first = Judged.of(target, kept, Evaluate.predict(champion, kept), Judged.HALF);
      var second = first.with(Evaluate.predict(challenger, kept));
      var metric = context.text("metric").filter(text -> !text.isBlank()).orElse(null);
      if (metric != null) {
        refuseOtherMetric(metric, new Measures(first).names(), new Measures(second).names());
      }
      var comparison =
          Comparison.of(
              first, second, metric, margin, alpha, Bootstrap.of(resamples, rows.length, seed));
      write(context, comparison);
      ComparisonPage.of(
              comparison,
              context.data("champion").name(),
              context.data("challenger").name(),
              context.data("data").name())
          .write(context.outputs().resolve("page.html"));
    }
  }

  private static void refuseOtherTarget(Target champion, Target challenger) {
    if (!champion.equals(challenger)) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          "the champion predicts %s, the challenger %s".formatted(said(champion), said(challenger)),
          "Give two models of the same target.");
    }
  }

  private static String said(Target target) {
    return target.regression()
        ? "'%s' as a number".formatted(target.column())
        : "'%s' of %s".formatted(target.column(), String.join(", ", target.classes()));
  }

  /// A bias is better the nearer it is to 0, which no difference of two says.
  static void refuseOtherMetric(String metric, List<String> champion, List<String> challenger) {
    var names =
        champion.stream()
            .filter(name -> challenger.contains(name) && !name.equals(Measures.BIAS))
            .toList();
    if (names.contains(metric)) {
      return;
    }
    boolean one = champion.contains(metric);
    boolean other = challenger.contains(metric);
    var why =
        one && other
            ? ", which says in which direction a model errs, not how much"
            : one || other
                ? ", which the %s's predictions do not have"
                    .formatted(one ? "challenger" : "champion")
                : "";
    throw new ProblemException(
        ProblemCode.INPUT_INVALID,
        "the input 'metric' is '%s'%s".formatted(metric, why),
        "Did you mean %s? There are %s."
            .formatted(Nearest.of(metric, names, 2), String.join(", ", names)));
  }

  private static void write(TaskContext context, Comparison comparison) throws IOException {
    context.output("better", comparison.better());
    context.output("difference", comparison.difference());
    context.output("low", comparison.low());
    context.output("high", comparison.high());
    context.output("pValue", comparison.pValue());
    context.output("metric", comparison.metric());
    context.output("champion", comparison.champion());
    context.output("challenger", comparison.challenger());
    context.logMetric("champion-" + comparison.metric(), 0, comparison.champion());
    context.logMetric("challenger-" + comparison.metric(), 0, comparison.challenger());
    context.logMetric("difference", 0, comparison.difference());
    context.logMetric("p-value", 0, comparison.pValue());
    var text = Json.MAPPER.writeValueAsString(comparison) + "\n";
    Files.createDirectories(context.artifacts());
    Files.writeString(context.artifacts().resolve("comparison.json"), text);
    Files.writeString(
        context.artifacts().resolve("comparison.svg"), ComparisonPage.picture(comparison).svg());
    Files.writeString(context.outputs().resolve("report.json"), text);
    System.out.printf(
        Locale.ROOT,
        "%s on %,d rows: %.4f of the challenger, %.4f of the champion, p %.3f: the challenger is %s%n",
        comparison.metric(),
        comparison.rows(),
        comparison.challenger(),
        comparison.champion(),
        comparison.pValue(),
        comparison.better() ? "better" : "not shown to be better");
  }
}
