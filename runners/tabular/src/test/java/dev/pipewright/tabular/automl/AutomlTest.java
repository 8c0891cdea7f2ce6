package dev.pipewright.tabular.automl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.Json;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.data.Frames;
import dev.pipewright.tabular.onnx.Graph;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The whole task, with its worker processes.
class AutomlTest {
  @TempDir Path folder;

  /// Rows of a bank: a number with gaps, a category with missing cells, a date, an id.
  private static String bank(int from, int to, String kind) {
    var text = new StringBuilder("id,age,balance,job,opened,same,target\n");
    for (int i = from; i < to; i++) {
      var random = new Random(1000 + i);
      double age = 20 + 50 * random.nextDouble();
      double balance = random.nextGaussian();
      int job = random.nextInt(5);
      double value = 0.05 * age + balance + (job == 2 ? 2 : 0) + 0.3 * random.nextGaussian();
      var target =
          switch (kind) {
            case "binary" -> value > 2.5 ? "yes" : "no";
            case "multiclass" -> value < 1.7 ? "low" : value < 3.2 ? "mid" : "high";
            default -> String.format(Locale.ROOT, "%.3f", Math.exp(value));
          };
      text.append(
          String.format(
              Locale.ROOT,
              "%d,%s,%.4f,%s,2024-%02d-%02d,x,%s%n",
              i,
              i % 10 == 0 ? "" : String.format(Locale.ROOT, "%.1f", age),
              balance,
              job == 4 ? "?" : "job" + job,
              1 + i % 12,
              1 + i % 28,
              target));
    }
    return text.toString();
  }

  private FakeContext context(String name) throws IOException {
    return new FakeContext(folder.resolve(name));
  }

  private Path csv(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private FakeContext run(String name, Path train, Object... inputs) throws Exception {
    var context = context(name).with("train", train).with("target", "target").with("workers", 2);
    for (int i = 0; i < inputs.length; i += 2) {
      context.with((String) inputs[i], inputs[i + 1]);
    }
    new Automl().run(context);
    return context;
  }

  @ParameterizedTest
  @CsvSource({"binary, auc, 0.9", "multiclass, logLoss, 0.6", "regression, rmsle, 0.5"})
  void findsAModelThatTheSeedDecides(String kind, String metric, double bar) throws Exception {
    var train = csv("train.csv", bank(0, 300, kind));
    var test = Frames.read(csv("test.csv", bank(300, 500, kind)), "test.csv");
    var one = run("one", train, "trials", 6, "metric", metric, "folds", 3);
    assertThat(one.outputs).containsEntry("task", kind).containsEntry("metric", metric);
    boolean higher = metric.equals("auc");
    assertThat(one.gave("score")).matches(score -> higher ? score > bar : score < bar);
    assertThat(one.gave("baseline"))
        .matches(base -> higher ? base < one.gave("score") : base > one.gave("score"));
    var board = one.artifact("leaderboard.json");
    assertThat(board.get("trials")).hasSize(6);
    double weights =
        StreamSupport.stream(board.get("trials").spliterator(), false)
            .mapToDouble(trial -> trial.get("weight").asDouble())
            .sum();
    assertThat(weights).isBetween(0.999, 1.001);
    assertThat(one.metrics).containsKeys("trial-" + metric, "best-" + metric);

    var two = run("two", train, "trials", 6, "metric", metric, "folds", 3, "workers", 1);
    try (var first = Predictor.open(one.model());
        var second = Predictor.open(two.model())) {
      assertThat(first.card().dropped()).containsOnlyKeys("id", "same");
      var predicted = first.predict(test);
      assertThat(predicted).isDeepEqualTo(second.predict(test));
      assertThat(right(predicted, test, kind)).isGreaterThan(kind.equals("regression") ? 0.8 : 0.7);
    }
  }

  /// The share of rows predicted rightly, or within a half of the value.
  private static double right(
      double[][] predicted, dev.pipewright.tabular.data.Frame test, String kind) {
    var target = test.column("target");
    var classes =
        kind.equals("binary")
            ? java.util.List.of("no", "yes")
            : java.util.List.of("high", "low", "mid");
    int right = 0;
    for (int row = 0; row < test.rows(); row++) {
      var own = predicted[row];
      if (kind.equals("regression")) {
        double actual = target.number(row);
        right += Math.abs(Math.log(own[0] / actual)) < 0.5 ? 1 : 0;
      } else {
        double most = Arrays.stream(own).max().orElseThrow();
        right += own[classes.indexOf(target.text(row))] == most ? 1 : 0;
      }
    }
    return right / (double) test.rows();
  }

  /// Trees stand for themselves then, one for each configuration and not one for each fold.
  @ParameterizedTest
  @CsvSource({"binary, auc", "multiclass, logLoss", "regression, rmsle"})
  void whatIsFittedAgainHasOneModelOfAllRows(String kind, String metric) throws Exception {
    var train = csv("train.csv", bank(0, 300, kind));
    var test = Frames.read(csv("test.csv", bank(300, 500, kind)), "test.csv");
    var context =
        run(
            "refit",
            train,
            "trials",
            6,
            "metric",
            metric,
            "folds",
            3,
            "refit",
            true,
            "models",
            "lightgbm, xgboost, forest, linear");
    var members =
        Json.MAPPER.readTree(context.model().resolve("automl.json").toFile()).get("members");
    assertThat(members).isNotEmpty();
    for (var member : members) {
      boolean linear = member.at("/config/family").asText().equals("linear");
      assertThat(member.get("parts")).as(member.toString()).hasSize(linear ? 3 : 1);
    }
    try (var predictor = Predictor.open(context.model())) {
      assertThat(right(predictor.predict(test), test, kind)).isGreaterThan(0.7);
    }
  }

  /// What it says is the target again, also after it was written and read.
  @Test
  void aSkewedTargetIsLearnedByItsLogarithmToo() throws Exception {
    var train = csv("train.csv", bank(0, 300, "regression"));
    var test = Frames.read(csv("test.csv", bank(300, 500, "regression")), "test.csv");
    var plain = run("plain", train, "trials", 5, "folds", 3, "metric", "mae");
    var logs = run("logs", train, "trials", 9, "folds", 3, "metric", "mae");
    assertThat(logs.gave("score")).isLessThan(plain.gave("score"));
    var board = logs.artifact("leaderboard.json").get("trials");
    assertThat(board.findValuesAsText("name"))
        .contains("linear-log", "network-log", "lightgbm-log", "xgboost-log");
    try (var predictor = Predictor.open(logs.model())) {
      assertThat(right(predictor.predict(test), test, "regression")).isGreaterThan(0.8);
    }
  }

  @Test
  void keepsToItsTime() throws Exception {
    var train = csv("train.csv", bank(0, 400, "binary"));
    long began = System.nanoTime();
    var context = run("timed", train, "budget", "8s");
    assertThat(context.outputs).containsKey("model");
    assertThat(context.gave("score")).isGreaterThanOrEqualTo(0.45);
    // Not a measurement: without a deadline it would try configurations for many minutes.
    assertThat((System.nanoTime() - began) / 1e9).isLessThan(120);
  }

  @Test
  void whatIsInHandWhenItIsStoppedIsTriedAgain() throws Exception {
    var train = csv("train.csv", bank(0, 600, "binary"));
    Object[] inputs = {"trials", 5, "folds", 3, "workers", 2, "models", "linear, lightgbm, forest"};
    // Stopped as soon as one of the two workers has begun.
    var trials = folder.resolve("stopped/checkpoints/automl/trials");
    var stopping =
        new FakeContext(folder.resolve("stopped")) {
          @Override
          public boolean cancelled() {
            return Files.exists(trials.resolve("0"));
          }
        };
    var context = context("stopped").with("train", train).with("target", "target");
    for (int i = 0; i < inputs.length; i += 2) {
      context.with((String) inputs[i], inputs[i + 1]);
    }
    stopping.inputs.putAll(context.inputs);
    stopping.data.putAll(context.data);
    new Automl().run(stopping);
    try (var kept = Files.walk(trials)) {
      var failed =
          kept.filter(file -> file.endsWith("trial.json"))
              .filter(file -> read(file).get("problem").isTextual())
              .toList();
      assertThat(failed).isEmpty();
    }

    new Automl().run(context);
    var whole = run("whole", train, inputs);
    assertThat(names(context)).isEqualTo(names(whole)).hasSize(5);
    assertThat(context.gave("score")).isEqualTo(whole.gave("score"));
  }

  private static com.fasterxml.jackson.databind.JsonNode read(Path file) {
    try {
      return Json.MAPPER.readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> names(FakeContext context) throws IOException {
    return StreamSupport.stream(
            context.artifact("leaderboard.json").get("trials").spliterator(), false)
        .map(trial -> trial.get("name").asText())
        .sorted()
        .toList();
  }

  /// As many trials as are asked for, though a portfolio of one family is short.
  @ParameterizedTest
  @CsvSource({"forest, 7", "xgboost, 6"})
  void oneFamilyIsTunedToo(String family, int trials) throws Exception {
    var train = csv("train.csv", bank(0, 200, "binary"));
    var context = run("one", train, "trials", trials, "folds", 3, "models", family, "workers", 3);
    assertThat(names(context))
        .hasSize(trials)
        .anyMatch(name -> name.startsWith(family + "-tuned-"));
    // Each of them by one worker.
    assertThat(context.metrics.get("trial-auc")).hasSize(trials);
  }

  @Test
  void theTimeThatIsLeftIsForOtherFoldsWhereNothingIsTuned() throws Exception {
    var train = csv("train.csv", bank(0, 200, "binary"));
    var context = run("linear", train, "budget", "8s", "models", "linear");
    assertThat(context.artifact("leaderboard.json").get("trials"))
        .anyMatch(trial -> trial.get("repeats").asInt() > 1);
  }

  /// What was learned before half of the rows were there would say too little of the newest.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void inTimeTheModelHasLearnedFromTheNewestRows(boolean refit) throws Exception {
    var text = new StringBuilder("day,noise,target\n");
    var random = new Random(3);
    for (int day = 0; day < 420; day++) {
      text.append(
          "%s,%.3f,%.2f%n"
              .formatted(
                  java.time.LocalDate.of(2024, 1, 1).plusDays(day),
                  random.nextDouble(),
                  100.0 + day));
    }
    var train = csv("train.csv", text.toString());
    var context =
        run("time", train, "trials", 3, "time", "day", "models", "lightgbm", "refit", refit);
    try (var model = Predictor.open(context.model())) {
      var last = Frames.read(csv("last.csv", "day,noise\n2025-02-22,0.5\n"), "last");
      // The newest row's is 519. What the past of all blocks says can be 339 at most on average.
      assertThat(model.predict(last)[0][0]).isGreaterThan(refit ? 480 : 400);
    }
  }

  @Test
  void anAttemptAfterOneThatWasStoppedGoesOn() throws Exception {
    var train = csv("train.csv", bank(0, 200, "binary"));
    var context =
        context("stopped")
            .with("train", train)
            .with("target", "target")
            .with("trials", 6)
            .with("folds", 3)
            .with("workers", 1)
            .with("models", "linear, lightgbm, xgboost, forest");
    // Stopped as soon as three trials are on the disk.
    var trials = context.checkpoints().resolve("automl/trials");
    var stopping =
        new FakeContext(folder.resolve("stopped")) {
          @Override
          public boolean cancelled() {
            return Files.exists(trials.resolve("2/trial.json"));
          }
        };
    stopping.inputs.putAll(context.inputs);
    stopping.data.putAll(context.data);
    new Automl().run(stopping);
    assertThat(stopping.outputs).doesNotContainKey("model");
    assertThat(stopping.metrics.get("trial-auc"))
        .extracting(FakeContext.Point::step)
        .contains(0L, 1L, 2L);

    new Automl().run(context);
    assertThat(context.artifact("leaderboard.json").get("trials")).hasSize(6);
    assertThat(context.metrics.get("trial-auc"))
        .extracting(FakeContext.Point::step)
        .contains(5L)
        .doesNotContain(0L, 1L, 2L);
    assertThat(trials).doesNotExist();
    var whole =
        run(
            "whole",
            train,
            "trials",
            6,
            "folds",
            3,
            "workers",
            1,
            "models",
            "linear, lightgbm, xgboost, forest");
    assertThat(context.gave("score")).isEqualTo(whole.gave("score"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "metric|acu|INPUT_INVALID|did you mean 'auc'",
        "metric|rmse|INPUT_INVALID|not for a binary target",
        "budget|soon|INPUT_INVALID|has to be a duration such as 60s",
        "budget|1s|INPUT_INVALID|less than 5s",
        "models|lightgmb|INPUT_INVALID|did you mean 'lightgbm'",
        "task|guess|INPUT_INVALID|'auto', 'classification' or 'regression'",
        "types|age number|INPUT_INVALID|'zip: category'",
        "types|agee: number|COLUMN_NOT_FOUND|'agee'",
        "ignore|nothing|COLUMN_NOT_FOUND|'nothing'",
        "group|same|INPUT_INVALID|only 1 values",
        "time|job|INPUT_INVALID|to order the rows",
        "target|tarjet|TARGET_NOT_A_COLUMN|'target'",
      })
  void saysWhatIsWrong(String input, String value, String code, String message) throws Exception {
    var train = csv("train.csv", bank(0, 60, "binary"));
    assertThatThrownBy(() -> run("wrong", train, input, value))
        .hasMessageContaining(code)
        .satisfies(e -> assertThat(e.toString() + remedy(e)).contains(message));
  }

  private static String remedy(Throwable e) {
    return e instanceof dev.pipewright.contract.ProblemException problem
        ? String.valueOf(problem.problem().remedy())
        : "";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a,target\\n1,x\\n2,x\\n3,x\\n4,x\\n5,x\\n6,x\\n7,x\\n8,x|TARGET_ONE_CLASS",
        "a,target\\n1,x\\n2,y|TABLE_TOO_SMALL",
        "a,target\\n1,\\n2,|TARGET_UNUSABLE",
        "a,target\\n,1\\n,2\\n,1\\n,2\\n,1\\n,2\\n,1\\n,2|NO_FEATURES",
        "a,target\\n1,b\\n2,c\\n3,d\\n4,e\\n5,f\\n6,g\\n7,h\\n8,i|TARGET_UNUSABLE",
      })
  void refusesTablesThatNothingCanBeLearnedFrom(String text, String code) throws Exception {
    var train = csv("train.csv", text.replace("\\n", "\n"));
    assertThatThrownBy(() -> run("bad", train)).hasMessageContaining(code);
  }

  @Test
  void whatCannotBeOnnxIsSaidBeforeAnythingIsSearchedFor() throws Exception {
    var words = new StringBuilder("note,size,target\n");
    for (int i = 0; i < 80; i++) {
      words.append(
          "row %d has words of its own %d,%d.5,%s%n".formatted(i, i * 7, i % 9, i % 2 == 0));
    }
    var train = csv("words.csv", words.toString());
    assertThatThrownBy(() -> run("words", train, "onnx", true, "types", "note: text"))
        .hasMessageContaining("ONNX_UNSUPPORTED")
        .hasMessageContaining("column 'note' is read as a text");
    assertThatThrownBy(() -> run("near", train, "onnx", true, "models", "linear, neighbours"))
        .hasMessageContaining("INPUT_INVALID")
        .hasMessageContaining("'neighbours', which cannot be written as ONNX");
    var model =
        run("left-out", train, "onnx", true, "ignore", "note", "trials", 2, "folds", 2).model();
    assertThat(model.resolve("model.onnx")).isNotEmptyFile();
    assertThat(Files.readString(model.resolve("MLmodel")))
        .contains("  onnx:\n    data: \"model.onnx\"");
  }

  @Test
  void aPartThatCannotBeOnnxIsNamed() {
    var goal = new Goal(Goal.Kind.REGRESSION, 0, false);
    var fold = LearnersTest.fold(goal, Encoding.DENSE, 0);
    var config = new Config("n", Family.NEIGHBOURS, Encoding.DENSE, Map.of());
    var model = new Neighbours().fit(fold, config, goal, 1, Deadline.in(9)).model();
    assertThatThrownBy(() -> model.export(new Graph("none"), "rows"))
        .hasMessageContaining("ONNX_UNSUPPORTED")
        .hasMessageContaining("a model of neighbours");
  }
}
