package dev.pipewright.tabular.evaluate;

import dev.pipewright.contract.Json;
import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.Settings;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// `pipewright/evaluate@v1`: measures a model on rows it has not seen.
///
/// Inputs: `model`, `data` (dataset), and those of [Wishes] and [Costs]. Outputs: `report`
/// (`evaluation.json`, see [EvaluationJson]), `page` (the same for people), `score` (higher is
/// better: auc of a binary target, accuracy of a multiclass one, r2 of a regression) with its
/// interval `scoreLow` and `scoreHigh`, `baseline` (the same measure of a model that knows only how
/// often each class, or what mean, was in the training rows), every measure of [Measures] that
/// fits, and what the optional inputs ask for.
///
/// A class that training never saw counts as always wrong. Where the rows hold one class only,
/// there is no auc, and a binary model's score is its accuracy.
public final class Evaluate implements BuiltinTask {
  private static final int AT_ONCE = 1 << 17;

  @Override
  public String uses() {
    return "pipewright/evaluate@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    var wishes = Wishes.of(new Settings(context));
    var data = context.data("data");
    try (var model = Predictor.open(context.staged("model"))) {
      var frame = Frames.of(context, "data");
      var rows = Truth.rows(model.card().target(), frame);
      context.logDataset(data, "test", rows.length);
      if (rows.length < frame.rows()) {
        System.out.printf(
            "Left out %,d rows without a value in column '%s'%n",
            frame.rows() - rows.length, model.card().target().column());
      }
      var kept = rows.length < frame.rows() ? frame.rows(rows) : frame;
      refuseWrongColumns(wishes, kept);
      var judged = Judged.of(model.card().target(), kept, predict(model, kept), wishes.cut());
      var evaluation = evaluate(model, kept, rows, judged, wishes, context);
      if (context.cancelled()) {
        // What explains the model may have been cut short.
        throw new InterruptedException("stopped as asked");
      }
      write(context, evaluation, context.data("model").modelId());
      EvaluationPage.of(evaluation, context.data("model").name(), data.name())
          .write(context.outputs().resolve("page.html"));
      for (var headline : headlines(evaluation)) {
        log(context, headline, evaluation.metrics().get(headline), context.data("model").modelId());
      }
    }
  }

  /// Before the long work.
  private static void refuseWrongColumns(Wishes wishes, Frame frame) {
    wishes.slices().forEach(frame::column);
    wishes.groups().forEach(frame::column);
    wishes
        .costs()
        .filter(costs -> !costs.amount().isEmpty())
        .ifPresent(costs -> frame.column(costs.amount()));
  }

  /// In parts, so that a large table's numbers need not all be there at once.
  static double[][] predict(Predictor model, Frame frame) {
    if (frame.rows() <= AT_ONCE) {
      return model.predict(frame);
    }
    var all = new double[frame.rows()][];
    for (int from = 0; from < all.length; from += AT_ONCE) {
      int to = Math.min(all.length, from + AT_ONCE);
      var part = model.predict(frame.rows(IntStream.range(from, to).toArray()));
      System.arraycopy(part, 0, all, from, part.length);
    }
    return all;
  }

  private static Evaluation evaluate(
      Predictor model, Frame frame, int[] rows, Judged judged, Wishes wishes, TaskContext context) {
    // First what may refuse its input, then what takes long.
    var decision = decision(judged, frame, wishes);
    var fairness = fairness(judged, frame, wishes);
    var explanation = Explanation.of(model, frame, judged, wishes, context::cancelled);
    var measures = new Measures(judged, wishes.quantile());
    var bootstrap = Bootstrap.of(wishes.resamples(), judged.rows(), wishes.seed());
    var intervals = new LinkedHashMap<String, double[]>();
    if (wishes.resamples() > 0) {
      var found = bootstrap.intervals(judged.rows(), measures::of);
      for (int m = 0; m < found.length; m++) {
        if (Double.isFinite(found[m][0])) {
          intervals.put(measures.names().get(m), found[m]);
        }
      }
    }
    var slices = wishes.slices().stream().map(column -> Groups.of(frame.column(column))).toList();
    int parts =
        (int) Math.min(Integer.MAX_VALUE, (long) judged.rows() * Math.max(1, slices.size()));
    return new Evaluation(
        judged,
        measures.primary(),
        measures.all(),
        intervals,
        wishes.resamples() == 0 ? 0 : bootstrap.resamples(),
        Evaluation.baseline(judged, model),
        judged.regression() ? List.of() : Curve.of(judged).stream().map(Curve::thinned).toList(),
        Evaluation.atRecall(judged, wishes.atRecall()),
        Evaluation.atPrecision(judged, wishes.atPrecision()),
        judged.regression() ? List.of() : measures.reliability(Measures.BINS),
        decision,
        Slice.of(
            judged, slices, Bootstrap.of(Math.max(100, wishes.resamples()), parts, wishes.seed())),
        fairness,
        explanation,
        Mistake.of(judged, frame, rows, explanation.leading()));
  }

  private static @Nullable Decision decision(Judged judged, Frame frame, Wishes wishes) {
    if (wishes.costs().isEmpty()) {
      return null;
    }
    var costs = wishes.costs().get();
    if (!judged.binary()) {
      throw Settings.invalid(
          costs.profits() ? "profits" : "costs",
          "given, but '%s' is %s"
              .formatted(judged.target().column(), judged.target().kind().word()),
          "it for a target of two classes only");
    }
    var amounts = new double[judged.rows()];
    if (!costs.amount().isEmpty()) {
      var column = frame.column(costs.amount());
      Arrays.setAll(amounts, column::number);
      for (int row = 0; row < amounts.length; row++) {
        if (!Double.isFinite(amounts[row])) {
          throw Settings.invalid(
              "amount",
              "'%s', which has no number in row %d of the rows judged"
                  .formatted(costs.amount(), row + 1),
              "a column with a number in every row");
        }
      }
    }
    return Decision.of(judged, costs, amounts);
  }

  private static List<Fairness> fairness(Judged judged, Frame frame, Wishes wishes) {
    if (wishes.groups().isEmpty()) {
      return List.of();
    }
    if (judged.regression()) {
      throw Settings.invalid(
          "groups",
          "given, but '%s' is a number".formatted(judged.target().column()),
          "it for classes only; 'slices' compares errors of numbers");
    }
    var wanted = wishes.favourable().orElse(judged.target().positive());
    if (wanted == null) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "the input 'groups' is given, but not which of %d classes is the good one"
              .formatted(judged.classes().size()),
          "Give the class in the input 'favourable'.");
    }
    int favourable = judged.classes().indexOf(wanted);
    if (favourable < 0) {
      throw Settings.invalid(
          "favourable",
          "'%s', which is no class of '%s'".formatted(wanted, judged.target().column()),
          "one of the classes; did you mean %s?"
              .formatted(Nearest.of(wanted, judged.classes(), 3)));
    }
    return wishes.groups().stream()
        .map(column -> Fairness.of(judged, Groups.of(frame.column(column)), favourable))
        .toList();
  }

  private static void write(TaskContext context, Evaluation evaluation, @Nullable String modelId)
      throws IOException {
    var outputs = outputs(evaluation);
    var headlines = headlines(evaluation);
    outputs.forEach((key, value) -> {
      if (!headlines.contains(key)) {
        log(context, key, value, modelId);
      }
      context.output(key, value);
      System.out.printf(Locale.ROOT, "%s %.5f%n", key, value);
    });
    context.output("score", evaluation.score());
    context.output("baseline", evaluation.baselineScore());
    var text = Json.MAPPER.writeValueAsString(EvaluationJson.of(evaluation)) + "\n";
    Files.createDirectories(context.artifacts());
    Files.writeString(context.artifacts().resolve("evaluation.json"), text);
    for (var picture : Charts.all(evaluation).entrySet()) {
      Files.writeString(context.artifacts().resolve(picture.getKey()), picture.getValue().svg());
    }
    Files.writeString(context.outputs().resolve("report.json"), text);
    evaluation.warnings().forEach(System.out::println);
    System.out.printf(
        Locale.ROOT,
        "%s on %,d rows: %.4f, against %.4f of a model that looks at no column%n",
        evaluation.primary(),
        evaluation.judged().rows(),
        evaluation.score(),
        evaluation.baselineScore());
  }

  /// The measures that say most, which a look at the newest ones is to find: logged last, the
  /// primary one at the very end.
  private static List<String> headlines(Evaluation evaluation) {
    return Stream.of("mae", "rmse", "macroF1", "logLoss", evaluation.primary())
        .filter(evaluation.metrics()::containsKey)
        .toList();
  }

  private static void log(TaskContext context, String key, double value, @Nullable String modelId) {
    if (modelId == null) {
      context.logMetric(key, 0, value);
    } else {
      context.logMetric(key, 0, value, modelId);
    }
  }

  /// The measures, and what a gate may ask for beside them.
  private static Map<String, Double> outputs(Evaluation evaluation) {
    var outputs = new LinkedHashMap<>(evaluation.metrics());
    var interval = evaluation.intervals().get(evaluation.primary());
    if (interval != null) {
      outputs.put("scoreLow", interval[0]);
      outputs.put("scoreHigh", interval[1]);
    }
    if (evaluation.atRecall() != null) {
      outputs.put("precisionAtRecall", evaluation.atRecall().precision());
      outputs.put(
          "recallAtPrecision",
          evaluation.atPrecision() == null ? 0 : evaluation.atPrecision().recall());
    }
    var decision = evaluation.decision();
    if (decision != null) {
      outputs.put("threshold", decision.threshold());
      outputs.put(decision.by(), decision.total());
    }
    evaluation.slices().stream()
        .filter(slice -> evaluation.primary().equals(slice.measure()))
        .findFirst()
        .ifPresent(worst -> outputs.put("worstSlice", worst.score()));
    worst(outputs, "disparateImpact", evaluation, true, Fairness::disparateImpact);
    worst(
        outputs,
        "demographicParityDifference",
        evaluation,
        false,
        Fairness::demographicParityDifference);
    worst(
        outputs,
        "equalOpportunityDifference",
        evaluation,
        false,
        Fairness::equalOpportunityDifference);
    worst(outputs, "equalisedOddsDifference", evaluation, false, Fairness::equalisedOddsDifference);
    return outputs;
  }

  private interface Measure {
    @Nullable Double of(Fairness fairness);
  }

  /// The worst of all columns that have it.
  private static void worst(
      Map<String, Double> outputs,
      String name,
      Evaluation evaluation,
      boolean lowest,
      Measure measure) {
    var values =
        evaluation.fairness().stream().map(measure::of).filter(v -> v != null).mapToDouble(v -> v);
    (lowest ? values.min() : values.max()).ifPresent(value -> outputs.put(name, value));
  }
}
