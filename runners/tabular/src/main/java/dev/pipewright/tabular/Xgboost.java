package dev.pipewright.tabular;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/// `pipewright/xgboost@v1`: boosted trees on a table.
///
/// Inputs: `train` (dataset), `target` (string), `task` (`auto`, `classification` or `regression`;
/// see [Target] for what `auto` finds), `rounds` (300), `earlyStopping` (rounds without a better
/// validation score, 30; 0 for never), `validation` (share of the rows held out to watch, 0.2; 0
/// for none), `learningRate` (0.05), `maxDepth` (5), `minChildWeight` (1), `subsample` (0.8),
/// `columnSample` (0.6), `lambda` (1), `seed` (42), `threads` (1). Outputs: `model`, `task`
/// (`binary`, `multiclass` or `regression`) and `bestScore`.
///
/// Each round logs `train-…` and `validation-…`: logloss and auc, mlogloss and accuracy, or rmse.
/// The model keeps the rounds up to the best one.
///
/// One thread is the default on purpose: OpenMP's threads spin while they wait for each other, and
/// on a machine that also runs the server two of them were measured to be far slower than one.
public final class Xgboost implements BuiltinTask {
  private static final int LEAST_ROWS = 8;
  private static final String LIBRARY = "xgboost4j 2.1.4";

  @Override
  public String uses() {
    return "pipewright/xgboost@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException, XGBoostError {
    Boosters.load();
    var plan = Plan.of(new Settings(context));
    var labelled = Labelled.of(Table.of(context, "train"), plan.column(), plan.wish(), LEAST_ROWS);
    var table = labelled.table();
    var target = labelled.target();
    context.logDataset(context.data("train"), "train", table.rows().size());
    var held =
        plan.validation() > 0
            ? Strata.holdOut(labelled.strata(), plan.validation(), plan.seed())
            : new boolean[table.rows().size()];
    var labels = labels(labelled);
    var train = Part.of(table, labels, held, false);
    var validation = Part.of(table, labels, held, true);
    // From the rows learned from only: what validation measures must not leak into the encoding.
    var features = Features.find(train.table(), labelled.index());
    describe(labelled, features, train, validation);

    var params = plan.params(target);
    context.logParam("target", target.column());
    context.logParam("task", target.kind().word());
    context.logParam("rounds", plan.rounds());
    context.logParam("earlyStopping", plan.earlyStopping());
    context.logParam("validation", plan.validation());
    params.forEach(context::logParam);

    var fit = fit(context, plan, target, features, train, validation);
    var settings = new LinkedHashMap<String, String>();
    params.forEach((key, value) -> settings.put(key, value.toString()));
    settings.put("rounds", Integer.toString(plan.rounds()));
    settings.put("earlyStopping", Integer.toString(plan.earlyStopping()));
    settings.put("validation", Double.toString(plan.validation()));
    var card =
        new ModelCard(
            ModelCard.FORMAT,
            "xgboost",
            LIBRARY,
            target,
            priors(labelled),
            target.regression() ? mean(labels) : 0,
            features.used(),
            features.dropped(),
            table.rows().size(),
            fit.bestRound() + 1,
            fit.metric(),
            fit.bestScore(),
            settings);
    keep(context, card, fit.model(), table);
    context.output("task", target.kind().word());
    context.output("bestScore", fit.bestScore());
  }

  /// What the inputs ask for.
  private record Plan(
      String column,
      Target.Wish wish,
      int rounds,
      int earlyStopping,
      double validation,
      long seed,
      Map<String, Object> booster) {
    static Plan of(Settings settings) {
      var booster = new LinkedHashMap<String, Object>();
      booster.put("eta", settings.number("learningRate", 0.05, 1e-6, 1));
      booster.put("max_depth", settings.whole("maxDepth", 5, 1, 20));
      booster.put("min_child_weight", settings.number("minChildWeight", 1, 0, 1e9));
      booster.put("subsample", settings.number("subsample", 0.8, 0.01, 1));
      booster.put("colsample_bytree", settings.number("columnSample", 0.6, 0.01, 1));
      booster.put("lambda", settings.number("lambda", 1, 0, 1e9));
      booster.put("tree_method", "hist");
      long seed = settings.whole("seed", 42, 0, Integer.MAX_VALUE);
      booster.put("seed", seed);
      booster.put("nthread", settings.whole("threads", 1, 1, 256));
      return new Plan(
          settings.required("target"),
          wish(settings),
          (int) settings.whole("rounds", 300, 1, 100_000),
          (int) settings.whole("earlyStopping", 30, 0, 100_000),
          settings.number("validation", 0.2, 0, 0.9),
          seed,
          booster);
    }

    private static Target.Wish wish(Settings settings) {
      var text = settings.context().text("task").map(String::strip).orElse("auto");
      return switch (text) {
        case "auto" -> Target.Wish.AUTO;
        case "classification" -> Target.Wish.CLASSIFICATION;
        case "regression" -> Target.Wish.REGRESSION;
        default ->
            throw Settings.invalid(
                "task", "'" + text + "'", "'auto', 'classification' or 'regression'");
      };
    }

    Map<String, Object> params(Target target) {
      var params = new LinkedHashMap<String, Object>();
      switch (target.kind()) {
        case BINARY -> params.put("objective", "binary:logistic");
        case MULTICLASS -> {
          params.put("objective", "multi:softprob");
          params.put("num_class", target.classes().size());
        }
        case REGRESSION -> params.put("objective", "reg:squarederror");
      }
      params.putAll(booster);
      return params;
    }
  }

  /// Some of the rows, with what is to be predicted: the class's position or the number.
  private record Part(Table table, float[] labels) {
    static Part of(Table table, float[] labels, boolean[] held, boolean which) {
      var rows = new ArrayList<List<String>>();
      var chosen = new float[labels.length];
      for (int row = 0; row < held.length; row++) {
        if (held[row] == which) {
          chosen[rows.size()] = labels[row];
          rows.add(table.rows().get(row));
        }
      }
      return new Part(table.with(rows), Arrays.copyOf(chosen, rows.size()));
    }

    int size() {
      return labels.length;
    }

    DMatrix matrix(Features features) throws XGBoostError {
      var matrix = Boosters.matrix(features.encode(table), features.width());
      matrix.setLabel(labels);
      return matrix;
    }
  }

  /// @param model XGBoost's JSON, up to the best round
  /// @param bestRound from 0
  private record Fit(ObjectNode model, int bestRound, String metric, double bestScore) {}

  /// Boosts round by round.
  private static Fit fit(
      TaskContext context, Plan plan, Target target, Features features, Part train, Part validation)
      throws XGBoostError, IOException, InterruptedException {
    var metrics =
        switch (target.kind()) {
          case BINARY -> List.of("logloss", "auc");
          case MULTICLASS -> List.of("mlogloss", "merror");
          case REGRESSION -> List.of("rmse");
        };
    var matrices = new LinkedHashMap<String, DMatrix>();
    Booster booster = null;
    try {
      matrices.put("train", train.matrix(features));
      if (validation.size() > 0) {
        matrices.put("validation", validation.matrix(features));
      }
      var watched = matrices.lastEntry().getKey() + "-" + metrics.getFirst();
      // No rounds: the loop here lets every round be logged, and stopped at.
      booster = XGBoost.train(matrices.get("train"), plan.params(target), 0, matrices, null, null);
      for (var metric : metrics) {
        booster.setParam("eval_metric", metric);
      }
      var sets = matrices.values().toArray(DMatrix[]::new);
      var names = matrices.keySet().toArray(String[]::new);
      int bestRound = 0;
      double best = Double.POSITIVE_INFINITY;
      for (int round = 0; round < plan.rounds(); round++) {
        if (context.cancelled()) {
          throw new InterruptedException("stopped as asked");
        }
        booster.update(sets[0], round);
        var scores = scores(booster.evalSet(sets, names, round));
        for (var score : scores.entrySet()) {
          if (Double.isFinite(score.getValue())) {
            context.logMetric(score.getKey(), round, score.getValue());
          }
        }
        double now = scores.getOrDefault(watched, Double.NaN);
        if (now < best) {
          best = now;
          bestRound = round;
        }
        boolean stop =
            validation.size() > 0
                && plan.earlyStopping() > 0
                && round - bestRound >= plan.earlyStopping();
        if (round % 25 == 0 || stop || round == plan.rounds() - 1) {
          System.out.println("Round " + round + ": " + line(scores));
        }
        if (stop) {
          System.out.printf("No better %s for %d rounds: stopped%n", watched, plan.earlyStopping());
          break;
        }
      }
      if (!Double.isFinite(best)) {
        throw new IllegalStateException("XGBoost gave no usable " + watched);
      }
      System.out.printf(Locale.ROOT, "Best round %d: %s %.5f%n", bestRound, watched, best);
      context.logMetric("best-round", 0, bestRound);
      int outputs =
          Math.max(1, target.kind() == Target.Kind.MULTICLASS ? target.classes().size() : 1);
      return new Fit(
          Boosters.firstRounds(booster, bestRound + 1, outputs), bestRound, watched, best);
    } finally {
      if (booster != null) {
        booster.dispose();
      }
      matrices.values().forEach(DMatrix::dispose);
    }
  }

  /// Reads `[7]⇥train-logloss:0.51⇥validation-logloss:0.55`. An error rate is turned into an
  /// accuracy.
  static Map<String, Double> scores(String evaluated) {
    var scores = new LinkedHashMap<String, Double>();
    for (var part : evaluated.strip().split("\t", -1)) {
      int colon = part.lastIndexOf(':');
      if (colon < 0) {
        continue;
      }
      var key = part.substring(0, colon);
      var text = part.substring(colon + 1);
      double value =
          text.contains("nan")
              ? Double.NaN
              : text.contains("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
      if (key.endsWith("-merror")) {
        scores.put(key.replace("-merror", "-accuracy"), 1 - value);
      } else {
        scores.put(key, value);
      }
    }
    return scores;
  }

  private static String line(Map<String, Double> scores) {
    return scores.entrySet().stream()
        .map(score -> String.format(Locale.ROOT, "%s %.4f", score.getKey(), score.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static void describe(Labelled labelled, Features features, Part train, Part validation) {
    var target = labelled.target();
    if (labelled.dropped() > 0) {
      System.out.printf(
          "Left out %,d rows without a value in column '%s'%n",
          labelled.dropped(), target.column());
    }
    System.out.printf(
        "Predicting '%s': %s%s%n",
        target.column(),
        target.kind().word(),
        target.regression() ? "" : " of " + String.join(", ", target.classes()));
    features
        .dropped()
        .forEach((column, why) -> System.out.printf("Left out column '%s': %s%n", column, why));
    var encodings = new HashMap<String, Integer>();
    for (var feature : features.used()) {
      var word =
          switch (feature) {
            case Feature.Number _ -> "numbers";
            case Feature.OneHot _ -> "categories";
            case Feature.Frequency _ -> "categories by frequency";
          };
      encodings.merge(word, 1, Integer::sum);
    }
    System.out.printf(
        "Learning from %,d rows, watching %,d; %d columns become %d features (%s)%n",
        train.size(),
        validation.size(),
        features.used().size(),
        features.width(),
        encodings.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(entry -> entry.getValue() + " of " + entry.getKey())
            .collect(Collectors.joining(", ")));
  }

  private static void keep(TaskContext context, ModelCard card, ObjectNode json, Table table)
      throws IOException, XGBoostError {
    var folder = Files.createTempDirectory("pipewright-model");
    try {
      var booster = Boosters.fromJson(json);
      try {
        booster.saveModel(folder.resolve(Boosters.FILE).toString());
      } finally {
        booster.dispose();
      }
      card.write(folder);
      var columns = new LinkedHashMap<String, Boolean>();
      card.features()
          .forEach(feature -> columns.put(feature.column(), feature instanceof Feature.Number));
      var data = context.data("train");
      var examples = table.with(table.rows().subList(0, Math.min(3, table.rows().size())));
      var described =
          ModelFolder.of(
                  card,
                  columns,
                  examples.frame(),
                  new ModelFolder.Data(data.name(), data.digest(), table.rows().size()),
                  String.format(Locale.ROOT, "%s %.5f", card.metric(), card.bestScore()))
              .with(
                  "xgboost",
                  new TreeMap<>(
                      Map.of(
                          "data",
                          Boosters.FILE,
                          "model_class",
                          "xgboost.core.Booster",
                          "model_format",
                          "ubj")),
                  "xgboost>=2.1");
      if (context.flag("onnx").orElse(false)) {
        FeatureGraph.of(card, json).write(folder);
        described = described.withOnnx(true);
      }
      described.write(folder, context);
      var model = context.logModel("model", card.flavor(), folder, card.params());
      context.output("model", model);
    } finally {
      try (var files = Files.list(folder)) {
        for (var file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
    importance(context.artifacts(), card, json);
  }

  /// One column's part in the model.
  ///
  /// @param gain how much the splits on it lowered the loss
  /// @param share of all columns' gain
  record Importance(String column, double gain, double share) {}

  private static void importance(Path artifacts, ModelCard card, ObjectNode json)
      throws IOException {
    var encoding = card.encoding();
    var gains = Boosters.gains(json, encoding.width());
    var owners = encoding.owners();
    var byFeature = new double[encoding.used().size()];
    double all = 0;
    for (int i = 0; i < gains.length; i++) {
      byFeature[owners[i]] += gains[i];
      all += gains[i];
    }
    var list = new ArrayList<Importance>();
    for (int f = 0; f < byFeature.length; f++) {
      list.add(
          new Importance(
              encoding.used().get(f).column(), byFeature[f], all > 0 ? byFeature[f] / all : 0));
    }
    list.sort(Comparator.comparingDouble(Importance::gain).reversed());
    Files.createDirectories(artifacts);
    Files.writeString(
        artifacts.resolve("importance.json"),
        Json.MAPPER
                .writerWithDefaultPrettyPrinter()
                .writeValueAsString(Map.of("measure", "total gain", "columns", list))
            + "\n");
    Files.writeString(artifacts.resolve("importance.svg"), Pictures.importance(list));
  }

  private static float[] labels(Labelled labelled) {
    if (labelled.target().regression()) {
      var values = labelled.values();
      var labels = new float[values.length];
      for (int i = 0; i < values.length; i++) {
        labels[i] = (float) values[i];
      }
      return labels;
    }
    var classes = Strata.byClass(labelled.labels(), labelled.target());
    var labels = new float[classes.length];
    for (int i = 0; i < classes.length; i++) {
      labels[i] = classes[i];
    }
    return labels;
  }

  private static List<Double> priors(Labelled labelled) {
    var counts =
        labelled.target().regression()
            ? Map.<String, Integer>of()
            : Table.counts(labelled.labels());
    return labelled.target().classes().stream()
        .map(label -> counts.getOrDefault(label, 0) / (double) labelled.table().rows().size())
        .toList();
  }

  private static double mean(float[] labels) {
    double sum = 0;
    for (float label : labels) {
      sum += label;
    }
    return sum / labels.length;
  }
}
