package dev.pipewright.tabular;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// `pipewright/evaluate@v1`: measures a model on rows it has not seen.
///
/// Inputs: `model`, `data` (dataset). Outputs: `report` (`evaluation.json`), `score` (higher is
/// better: auc of a binary target, accuracy of a multiclass one, r2 of a regression), `baseline`
/// (the same measure of a model that knows only how often each class, or what mean, was in the
/// training rows), and those of `accuracy`, `macroF1`, `logLoss`, `auc`, `rmse`, `mae`, `r2` that
/// fit the task. [Scores] has the formulas; what the positive class is, [Target].
///
/// A class that training never saw counts as always wrong. Where the rows hold one class only,
/// there is no auc, and a binary model's score is its accuracy.
public final class Evaluate implements BuiltinTask {
  private static final int CURVE_POINTS = 500;
  private static final int SAMPLE = 2000;

  @Override
  public String uses() {
    return "pipewright/evaluate@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException {
    var model = context.data("model");
    try (var predictor = Predictor.open(context.staged("model"))) {
      var target = predictor.card().target();
      var labelled = Labelled.of(Table.of(context, "data"), target);
      context.logDataset(context.data("data"), "test", labelled.table().rows().size());
      if (labelled.dropped() > 0) {
        System.out.printf(
            "Left out %,d rows without a value in column '%s'%n",
            labelled.dropped(), target.column());
      }
      var predicted = predictor.predict(labelled.table().frame());
      var report =
          target.regression()
              ? regression(predictor.card(), labelled, predicted)
              : classification(predictor.card(), labelled, predicted);
      write(context, report, model.modelId());
    }
  }

  /// @param pictures by file name
  record Report(
      ObjectNode json,
      Map<String, Double> metrics,
      double score,
      double baseline,
      Map<String, String> pictures) {}

  static Report classification(ModelCard card, Labelled labelled, double[][] probabilities) {
    var target = card.target();
    var labels = labelled.labels();
    var classes = new ArrayList<>(target.classes());
    var unseen = new TreeSet<>(labels);
    target.classes().forEach(unseen::remove);
    classes.addAll(unseen);
    if (!unseen.isEmpty()) {
      System.out.printf(
          "The model has never seen these classes, so they count as wrong: %s%n",
          String.join(", ", unseen));
    }
    int n = labels.size();
    var actual = labels.stream().mapToInt(classes::indexOf).toArray();
    var rows =
        Arrays.stream(probabilities)
            .map(row -> Arrays.copyOf(row, classes.size()))
            .toArray(double[][]::new);
    var predicted = Arrays.stream(rows).mapToInt(Evaluate::best).toArray();
    var metrics = new LinkedHashMap<String, Double>();
    metrics.put("accuracy", Scores.accuracy(actual, predicted));
    metrics.put("macroF1", Scores.macroF1(actual, predicted, classes.size()));
    metrics.put("logLoss", Scores.logLoss(actual, rows));

    boolean binary = target.kind() == Target.Kind.BINARY;
    var curves = new ArrayList<Pictures.Curve>();
    var wanted = binary ? IntStream.of(1) : IntStream.range(0, target.classes().size());
    wanted.forEach(c -> {
      var positive = new boolean[n];
      var score = new double[n];
      for (int row = 0; row < n; row++) {
        positive[row] = actual[row] == c;
        score[row] = rows[row][c];
      }
      long count = IntStream.range(0, n).filter(row -> positive[row]).count();
      if (count > 0 && count < n) {
        var roc = Scores.roc(positive, score);
        curves.add(new Pictures.Curve(classes.get(c), roc.auc(), roc.thinned(CURVE_POINTS)));
      }
    });
    if (curves.isEmpty()) {
      System.out.println("The rows hold one class only, so there is no ROC curve");
    } else {
      metrics.put("auc", curves.stream().mapToDouble(Pictures.Curve::auc).average().orElseThrow());
    }

    int majority = best(card.priors().stream().mapToDouble(p -> p).toArray());
    var prior = Arrays.copyOf(card.priors().stream().mapToDouble(p -> p).toArray(), classes.size());
    var always = new double[n][];
    Arrays.fill(always, prior);
    var constant = new int[n];
    Arrays.fill(constant, majority);
    double baseAccuracy = Scores.accuracy(actual, constant);

    var json = Json.MAPPER.createObjectNode();
    json.put("task", target.kind().word());
    json.set("classes", Json.MAPPER.valueToTree(classes));
    json.put("positive", target.positive());
    json.put("rows", n);
    json.set("metrics", Json.MAPPER.valueToTree(metrics));
    var baseline = json.putObject("baseline");
    baseline.put("accuracy", baseAccuracy);
    baseline.put("logLoss", Scores.logLoss(actual, always));
    if (metrics.containsKey("auc")) {
      baseline.put("auc", 0.5);
    }
    var confusion = Scores.confusion(actual, predicted, classes.size());
    json.set("confusion", Json.MAPPER.valueToTree(confusion));
    var roc = json.putArray("roc");
    for (var curve : curves) {
      var one = roc.addObject();
      one.put("label", curve.name());
      one.put("auc", curve.auc());
      one.set("fpr", Json.MAPPER.valueToTree(curve.roc().fpr()));
      one.set("tpr", Json.MAPPER.valueToTree(curve.roc().tpr()));
      one.set("threshold", Json.MAPPER.valueToTree(curve.roc().threshold()));
    }
    boolean byAuc = binary && metrics.containsKey("auc");
    json.put("primary", byAuc ? "auc" : "accuracy");
    var pictures = new LinkedHashMap<String, String>();
    pictures.put("confusion.svg", Pictures.confusion(classes, confusion));
    if (!curves.isEmpty()) {
      pictures.put("roc.svg", Pictures.roc(curves));
    }
    return new Report(
        json,
        metrics,
        byAuc ? metrics.get("auc") : metrics.get("accuracy"),
        byAuc ? 0.5 : baseAccuracy,
        pictures);
  }

  static Report regression(ModelCard card, Labelled labelled, double[][] predictions) {
    var actual = labelled.values();
    var predicted = Arrays.stream(predictions).mapToDouble(row -> row[0]).toArray();
    var metrics = new LinkedHashMap<String, Double>();
    metrics.put("rmse", Scores.rmse(actual, predicted));
    metrics.put("mae", Scores.mae(actual, predicted));
    metrics.put("r2", Scores.r2(actual, predicted));
    var mean = new double[actual.length];
    Arrays.fill(mean, card.mean());

    var json = Json.MAPPER.createObjectNode();
    json.put("task", card.target().kind().word());
    json.put("rows", actual.length);
    json.set("metrics", Json.MAPPER.valueToTree(metrics));
    var baseline = json.putObject("baseline");
    baseline.put("rmse", Scores.rmse(actual, mean));
    baseline.put("mae", Scores.mae(actual, mean));
    baseline.put("r2", 0);
    var chosen = sample(actual.length);
    var shownActual = Arrays.stream(chosen).mapToDouble(i -> actual[i]).toArray();
    var shownPredicted = Arrays.stream(chosen).mapToDouble(i -> predicted[i]).toArray();
    var shown = json.putObject("predictions");
    shown.set("actual", Json.MAPPER.valueToTree(shownActual));
    shown.set("predicted", Json.MAPPER.valueToTree(shownPredicted));
    json.put("primary", "r2");
    return new Report(
        json,
        metrics,
        metrics.get("r2"),
        0,
        Map.of("residuals.svg", Pictures.residuals(shownActual, shownPredicted)));
  }

  private static void write(TaskContext context, Report report, @Nullable String modelId)
      throws IOException {
    report
        .metrics()
        .forEach((key, value) -> {
          if (modelId == null) {
            context.logMetric(key, 0, value);
          } else {
            context.logMetric(key, 0, value, modelId);
          }
          context.output(key, value);
          System.out.printf(Locale.ROOT, "%s %.5f%n", key, value);
        });
    context.output("score", report.score());
    context.output("baseline", report.baseline());
    var text = Json.MAPPER.writeValueAsString(report.json()) + "\n";
    Files.createDirectories(context.artifacts());
    Files.writeString(context.artifacts().resolve("evaluation.json"), text);
    for (var picture : report.pictures().entrySet()) {
      Files.writeString(context.artifacts().resolve(picture.getKey()), picture.getValue());
    }
    Files.writeString(context.outputs().resolve("report.json"), text);
    System.out.printf(
        Locale.ROOT,
        "%s on %,d rows: %.4f, against %.4f of a model that looks at no column%n",
        report.json().get("primary").asText(),
        report.json().get("rows").asInt(),
        report.score(),
        report.baseline());
  }

  /// The first of the largest values.
  private static int best(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  /// Rows spread evenly over all.
  private static int[] sample(int rows) {
    return rows <= SAMPLE
        ? IntStream.range(0, rows).toArray()
        : IntStream.range(0, SAMPLE).map(i -> (int) ((long) i * rows / SAMPLE)).toArray();
  }
}
