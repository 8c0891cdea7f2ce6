package dev.pipewright.deep;

import dev.pipewright.contract.Json;
import dev.pipewright.tabular.ModelFolder;
import dev.pipewright.tabular.report.Grid;
import dev.pipewright.tabular.report.Grid.Tone;
import dev.pipewright.tabular.report.Page;
import dev.pipewright.tabular.report.Page.Section;
import dev.pipewright.tabular.report.Picture;
import dev.pipewright.tabular.report.Plot;
import dev.pipewright.tabular.report.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A training as a page, for a reader who did not run it.
///
/// @param samples what a language model writes, by how it was asked; empty for others
record TrainingPage(
    Plan plan,
    Card card,
    Training.Result result,
    Curves curves,
    ModelFolder.Data data,
    Map<String, String> samples) {
  private static final String LOSS = "loss";

  Page page(Predictor predictor) throws IOException {
    var page = new Page("Training: " + subject(), subtitle());
    var judged = Judged.of(plan, predictor);
    verdict(page, judged);
    facts(page);
    curves(page);
    if (judged != null) {
      judged.show(page, plan);
    }
    if (plan.validation() instanceof Interactions held
        && card.preparation() instanceof Preparation.Choices choices) {
      ranking(page, predictor, held, choices);
    }
    if (card.preparation() instanceof Preparation.Language(var tokens)) {
      language(page, tokens);
    }
    learnedFrom(page);
    use(page);
    made(page);
    return page;
  }

  private String subject() {
    return switch (card.preparation()) {
      case Preparation.Language _ -> "a language model";
      case Preparation.Choices choices -> choices.item() + " for " + choices.user();
      default -> card.goal() == null ? "" : card.goal().column();
    };
  }

  private String kind() {
    return switch (card.architecture()) {
      case Architecture.Mlp _ -> "network of layers";
      case Architecture.Cnn _ -> "convolutional network";
      case Architecture.Recurrent recurrent -> recurrent.cell().toUpperCase(Locale.ROOT);
      case Architecture.Transformer _ -> "transformer";
      case Architecture.Gpt _ -> "language model (GPT)";
      case Architecture.Factors _ -> "recommender";
    };
  }

  private long weights() {
    return result.weights().values().stream().mapToLong(SafeTensors.Tensor::size).sum();
  }

  private String subtitle() {
    var unit = plan.train().unit().equals("tokens") ? "windows of text" : "examples";
    return "A %s of %,d weights, trained on %,d %s of %s%s: %d epochs, %,d steps."
        .formatted(
            kind(),
            weights(),
            plan.train().size(),
            unit,
            data.name(),
            plan.validation() == null
                ? ""
                : " and watched on %,d others".formatted(plan.validation().size()),
            result.epochs().size(),
            result.steps());
  }

  private Map<String, Double> best() {
    return result.epochs().get(result.bestEpoch()).measures();
  }

  private void verdict(Page page, @Nullable Judged judged) {
    var reached =
        "%s %s in epoch %d of %d"
            .formatted(
                words(result.metric()),
                Text.number(result.bestScore()),
                result.bestEpoch() + 1,
                result.epochs().size());
    if (judged == null) {
      page.verdict(Tone.PLAIN, "It reached " + reached + ".");
      return;
    }
    page.verdict(
        judged.betterThanNothing() ? Tone.GOOD : Tone.WARNING,
        judged.betterThanNothing()
            ? "It reached %s, on examples that it did not learn from; without looking at them it would be %s."
                .formatted(reached, judged.withoutLooking())
            : "Little was learned: %s, and without looking at the examples it would be %s."
                .formatted(reached, judged.withoutLooking()));
  }

  private static String words(String metric) {
    return metric.replace('-', ' ');
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  private void facts(Page page) {
    page.fact(words(result.metric()), Text.number(result.bestScore()), "at its best");
    page.fact(
        "best epoch",
        Integer.toString(result.bestEpoch() + 1),
        "of %d; the model has its weights".formatted(result.epochs().size()));
    page.fact("training loss", Text.number(best().get("train-loss")), "in that epoch");
    page.fact("weights", Text.number(weights()), kind());
    var speed = curves.values(plan.train().unit() + "-per-second");
    if (speed.length > 0) {
      Arrays.sort(speed);
      page.fact(
          "throughput",
          Text.number(Math.rint(speed[speed.length / 2])),
          plan.train().unit() + " a second");
    }
  }

  private void curves(Page page) {
    var section =
        page.section(
            "How it learned",
            "The loss is what the training makes small. Where it falls on the training examples alone, the network learns them by heart.");
    var losses = Plot.of("epoch", LOSS);
    byEpoch(losses, "training", "train-loss");
    byEpoch(losses, "validation", "validation-loss");
    section.chart(marked(losses).picture("Loss by epoch"));
    for (var name : best().keySet()) {
      if (!name.equals("train-loss") && !name.equals("validation-loss")) {
        var plot = Plot.of("epoch", words(name));
        byEpoch(plot, words(name), name);
        section.chart(marked(plot).picture(capital(words(name))));
      }
    }
    section.chart(byStep(LOSS, "Loss of each step"));
    section.chart(byStep("learning-rate", "Learning rate"));
    section.chart(byStep("gradient-norm", "Norm of the gradients, before it is cut"));
    section.chart(byStep(plan.train().unit() + "-per-second", "Throughput"));
    var advice = advice();
    if (!advice.isEmpty()) {
      section.note(Tone.WARNING, advice);
    }
  }

  private Plot marked(Plot plot) {
    return plot.mark("best", result.bestEpoch() + 1.0);
  }

  private void byEpoch(Plot plot, String name, String measure) {
    var with =
        result.epochs().stream().filter(epoch -> epoch.measures().containsKey(measure)).toList();
    if (with.isEmpty()) {
      return;
    }
    var x = with.stream().mapToDouble(epoch -> epoch.epoch() + 1.0).toArray();
    var y = with.stream().mapToDouble(epoch -> epoch.measures().get(measure)).toArray();
    plot.points("", x, y).line(name, x, y);
  }

  private @Nullable Picture byStep(String key, String title) {
    return curves.has(key)
        ? Plot.of("step", words(key))
            .line(words(key), curves.steps(key), curves.values(key))
            .picture(title)
        : null;
  }

  /// What the curves say about the next training; empty for nothing.
  private String advice() {
    int last = result.epochs().size() - 1;
    var loss = result.epochs().get(last).measures().get("validation-loss");
    var atBest = best().get("validation-loss");
    if (loss != null && atBest != null && loss > 1.2 * atBest) {
      return "After epoch %d the validation loss rose again, to %s: more dropout or weightDecay, more data or a smaller network may help."
          .formatted(result.bestEpoch() + 1, Text.number(loss));
    }
    if (last > 0 && result.bestEpoch() == last) {
      return "The last epoch was the best: with more epochs it may get further.";
    }
    return "";
  }

  private void ranking(
      Page page, Predictor predictor, Interactions held, Preparation.Choices choices) {
    var section =
        page.section(
            "How well it ranks",
            "Of each user one choice was held out. Where is it among all %,d, leaving out what the user had chosen before?"
                .formatted(choices.items().size()));
    var grid = new Grid("measure", "in the best epoch");
    best()
        .forEach((name, value) -> {
          if (name.startsWith("validation-") && !name.endsWith(LOSS)) {
            grid.row(words(name.substring("validation-".length())), Text.number(value));
          }
        });
    section.table(grid);
    section.heading("Some users");
    var some = new Grid(choices.user(), "chose, held out", "its place", "first suggestions");
    for (int i = 0; i < Math.min(8, held.size()); i++) {
      int at = (int) ((long) i * held.size() / Math.min(8, held.size()));
      var user = choices.users().get(held.users()[at]);
      var item = choices.items().get(held.items()[at]);
      var seen = new ArrayList<String>();
      if (held.seen() != null) {
        for (int each : held.seen()[held.users()[at]]) {
          seen.add(choices.items().get(each));
        }
      }
      seen.remove(item);
      var ranked = new ArrayList<>(predictor.recommend(user, choices.items().size()));
      ranked.removeAll(seen);
      some.row(
          user,
          item,
          Integer.toString(ranked.indexOf(item) + 1),
          ranked.stream().limit(5).collect(Collectors.joining(", ")));
    }
    section.table(some);
  }

  private void language(Page page, Bpe tokens) {
    var perplexity = best().get("validation-perplexity");
    var section = page.section("What it writes", "");
    if (perplexity != null) {
      section.text(
          String.format(
              Locale.ROOT,
              "Its perplexity is %s: before each token of text that it has not seen it is as unsure as between that many tokens, of %,d in all. That is %.2f bits a token.",
              Text.number(perplexity),
              tokens.size(),
              Math.log(perplexity) / Math.log(2)));
    }
    samples.forEach((how, text) -> {
      section.heading(how);
      section.code(text);
    });
  }

  private void learnedFrom(Page page) {
    var section = page.section("What it learned from", "");
    var grid = new Grid("", "");
    grid.row("data", data.name());
    grid.row("digest", data.digest());
    grid.row("learned from", "%,d".formatted(plan.train().size()));
    if (plan.validation() != null) {
      grid.row("held out to watch", "%,d".formatted(plan.validation().size()));
    }
    prepared(grid);
    section.table(grid);
    var goal = card.goal();
    if (goal != null && !goal.regression() && goal.shares().size() == goal.classes().size()) {
      var classes = new Grid("class", "share");
      for (int c = 0; c < goal.classes().size(); c++) {
        classes.row(goal.classes().get(c), new Grid.Share(goal.shares().get(c)));
      }
      section.heading("Classes").table(classes.showing(40));
    }
  }

  private void prepared(Grid grid) {
    switch (card.preparation()) {
      case Preparation.Rows(var numbers, var categories) -> {
        grid.row("numbers", names(numbers.stream().map(Preparation.Number::column).toList()));
        grid.row("texts", names(categories.stream().map(Preparation.Category::column).toList()));
      }
      case Images images ->
          grid.row(
              "images",
              "%d by %d, %s"
                  .formatted(
                      images.width(),
                      images.height(),
                      images.channels() == 1 ? "grey" : "colours"));
      case Preparation.Steps steps -> {
        grid.row("a sequence is", "the rows with the same " + steps.sequence());
        grid.row("steps looked at", Integer.toString(steps.length()));
        grid.row(
            "numbers", names(steps.numbers().stream().map(Preparation.Number::column).toList()));
      }
      case Preparation.Words words -> {
        grid.row("column of texts", words.column());
        grid.row("tokens looked at", Integer.toString(words.length()));
        grid.row("different tokens", "%,d".formatted(words.tokens().size()));
      }
      case Preparation.Language(var tokens) ->
          grid.row("different tokens", "%,d".formatted(tokens.size()));
      case Preparation.Choices choices -> {
        grid.row("users", "%,d".formatted(choices.users().size()));
        grid.row("items", "%,d".formatted(choices.items().size()));
      }
    }
  }

  private static String names(List<String> names) {
    return names.isEmpty()
        ? "none"
        : names.stream().limit(20).collect(Collectors.joining(", "))
            + (names.size() > 20 ? " and %d more".formatted(names.size() - 20) : "");
  }

  private void use(Page page) {
    var section = page.section("How to use it", "");
    if (card.goal() != null && card.preparation().readsRows()) {
      section.text("In a pipeline, for tables:");
      section.code(
          """
          predict:
            uses: pipewright/predict@v1
            with:
              model: "${{ tasks.train.outputs.model }}"
              data: "${{ params.rows }}"\
          """);
    }
    section.text("In Java:");
    section.code(
        "try (var predictor = Predictor.open(folder)) {\n  %s\n}"
            .formatted(
                switch (card.preparation()) {
                  case Preparation.Language _ ->
                      "String text = predictor.write(\"Once\", 100, 0.8, 42);";
                  case Preparation.Choices _ ->
                      "List<String> items = predictor.recommend(\"someone\", 10);";
                  case Images images when images.columns().isEmpty() ->
                      "double[][] probabilities = predictor.predictImages(images);";
                  default ->
                      "double[][] predicted = predictor.predict(Frames.read(file, \"new rows\"));";
                }));
    if (Boolean.parseBoolean(card.params().get("onnx"))) {
      section.text("With ONNX Runtime, in Python and other languages:");
      section.code(
          "session = onnxruntime.InferenceSession(\"model.onnx\")\nprint([(each.name, each.type, each.shape) for each in session.get_inputs()])");
    }
    section.text("In Python, the weights by name:");
    section.code(
        "from safetensors.numpy import load_file\nweights = load_file(\"weights.safetensors\")");
  }

  private void made(Page page) {
    Section section = page.section("How it was made", "");
    section.text("The network:");
    section.code(lines(Json.MAPPER.valueToTree(card.architecture()).properties()));
    section.text("The settings:");
    section.code(lines(card.params().entrySet()));
  }

  private static String lines(Set<? extends Map.Entry<String, ?>> entries) {
    return entries.stream()
        .map(entry -> entry.getKey() + ": " + entry.getValue().toString().replace("\"", ""))
        .collect(Collectors.joining("\n"));
  }
}
