package dev.pipewright.deep;

import ai.djl.ndarray.types.DataType;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// `pipewright/train@v1`: neural networks on tables, images, sequences, texts and choices. The
/// inputs and their defaults are in [Options].
///
/// Each step logs `loss`, `learning-rate` and `gradient-norm`, each epoch `train-loss` and
/// `validation-…`. The model has the weights of the best epoch.
public final class Train implements BuiltinTask {
  private static final String REPORT = "report.json";
  private static final String PAGE = "page.html";
  private static final double TEMPERATURE = 0.8;

  @Override
  public String uses() {
    return "pipewright/train@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    boolean goesOn = context.text("from").isPresent();
    boolean foreign = context.text("weights").isPresent();
    if (goesOn && foreign) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          "both 'from' and 'weights' are given",
          "Give 'from' for a model of this task, 'weights' for a file of another library.");
    }
    var options = Options.of(context, goesOn);
    var from = goesOn ? Card.read(context.staged("from")) : null;
    var scratch = Files.createTempDirectory("pipewright-train");
    try {
      var plan = new Recipes(context, options, from).plan(scratch);
      options.said().forEach(context::logParam);
      say(plan);
      var block = plan.architecture().block();
      var training =
          Training.of(block, plan.architecture().inputs())
              .objective(plan.objective())
              .measures(plan.measures().toArray(Measure[]::new))
              .epochs(options.epochs())
              .batch(options.batch())
              .accumulate(options.accumulate())
              .optimizer(options.optimizer())
              .learningRate(options.learningRate())
              .schedule(options.schedule(), options.warmup())
              .weightDecay(options.weightDecay())
              .clip(options.clip())
              .earlyStopping(options.earlyStopping())
              .seed(options.seed())
              .precision(options.half() ? DataType.FLOAT16 : DataType.FLOAT32)
              .settings(options.settings())
              .checkpoints(context.checkpoints(), options.checkpointEvery());
      if (options.budget() != null) {
        training.budget(options.budget());
      }
      if (options.findLearningRate()) {
        training.findLearningRate();
      }
      if (from != null) {
        training.from(context.staged("from").resolve(Card.WEIGHTS));
      } else if (foreign) {
        training.from(Foreign.weights(context, plan.architecture()));
      }
      if ((from != null || foreign) && options.freeze() > 0) {
        var head = plan.architecture().head();
        training.freeze(name -> !name.startsWith(head), options.freeze(), options.unfrozenRate());
      }
      var curves = new Curves(Journal.of(context), context.checkpoints(), options.settings());
      var result = training.fit(plan.train(), plan.validation(), curves);
      curves.save();
      if (!result.finished()) {
        // Its outputs are not there, and nobody is to look for them.
        throw new InterruptedException("stopped as asked");
      }
      keep(context, options, plan, result, curves, scratch);
    } finally {
      remove(scratch);
    }
  }

  private static void say(Plan plan) {
    System.out.printf(
        Locale.ROOT,
        "Learning from %,d examples, watching %,d; %s%n",
        plan.train().size(),
        plan.validation() == null ? 0 : plan.validation().size(),
        plan.architecture());
  }

  private static void keep(
      TaskContext context,
      Options options,
      Plan plan,
      Training.Result result,
      Curves curves,
      Path scratch)
      throws IOException {
    var folder = scratch.resolve("model");
    var card =
        Card.of(
            plan.architecture(),
            plan.preparation(),
            plan.goal(),
            plan.train().size(),
            result,
            said(context, options));
    card.write(folder, result.weights());
    var named = context.data("train");
    var data = new ModelFolder.Data(named.name(), named.digest(), plan.train().size());
    var described = Described.folder(card, plan.example(), data);
    if (options.onnx()) {
      NetworkGraph.of(card, result.weights()).write(folder);
      described = described.withOnnx(card.preparation() instanceof Preparation.Rows);
    }
    described.write(folder, context);
    try (var predictor = Predictor.open(folder)) {
      var samples = samples(context, options, plan, predictor);
      new TrainingPage(plan, card, result, curves, data, samples)
          .page(predictor)
          .write(context.outputs().resolve(PAGE));
    }
    context.output("model", context.logModel("model", Card.FLAVOR, folder, card.params()));
    var best = result.epochs().get(result.bestEpoch());
    context.output("metric", result.metric());
    context.output("bestScore", result.bestScore());
    context.output("epochs", result.epochs().size());
    best.measures()
        .forEach((name, value) -> {
          switch (name) {
            case "validation-accuracy" -> context.output("accuracy", value);
            case "validation-rmse" -> context.output("rmse", value);
            case "validation-perplexity" -> context.output("perplexity", value);
            case "validation-ndcg-at-10" -> context.output("ndcg", value);
            case "validation-recall-at-10" -> context.output("recall", value);
            default -> {}
          }
        });
    context.logMetric("best-epoch", 0, result.bestEpoch());
    report(context, result, plan);
  }

  /// The settings, and what it began with.
  private static Map<String, String> said(TaskContext context, Options options) {
    var said = new TreeMap<>(options.said());
    for (var input : List.of("from", "weights")) {
      if (context.text(input).isPresent()) {
        var data = context.data(input);
        said.put(input, data.name() + ", " + data.digest());
      }
    }
    return said;
  }

  /// What a language model writes, by how it was asked.
  private static Map<String, String> samples(
      TaskContext context, Options options, Plan plan, Predictor predictor) throws IOException {
    if (!(plan.architecture() instanceof Architecture.Gpt) || options.sample() == 0) {
      return Map.of();
    }
    var text = predictor.write(options.prompt(), options.sample(), TEMPERATURE, options.seed());
    Files.writeString(context.artifacts().resolve("sample.txt"), text);
    System.out.println("A sample of what it writes:\n" + text);
    var samples = new LinkedHashMap<String, String>();
    samples.put("Drawn by its probabilities, a little sharpened (temperature 0.8)", text);
    samples.put(
        "Always the likeliest token",
        predictor.write(options.prompt(), options.sample(), 0, options.seed()));
    return samples;
  }

  private static void report(TaskContext context, Training.Result result, Plan plan)
      throws IOException {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("architecture", plan.architecture());
    report.put("metric", result.metric());
    report.put("bestScore", result.bestScore());
    report.put("bestEpoch", result.bestEpoch());
    report.put("steps", result.steps());
    report.put("learningRate", result.learningRate());
    report.put("epochs", result.epochs());
    Files.writeString(
        context.outputs().resolve(REPORT),
        Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n");
  }

  private static void remove(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
