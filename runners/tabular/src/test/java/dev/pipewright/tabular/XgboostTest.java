package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import ml.dmlc.xgboost4j.java.XGBoost;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XgboostTest {
  @TempDir Path folder;

  @Test
  void the_tasks_are_found_by_name() {
    assertThat(ServiceLoader.load(BuiltinTask.class))
        .extracting(BuiltinTask::uses)
        .contains(
            "pipewright/split@v1",
            "pipewright/xgboost@v1",
            "pipewright/evaluate@v1",
            "pipewright/register@v1");
  }

  @Test
  void logs_every_round_and_keeps_the_best_ones() throws Exception {
    var task = train(loans(600));
    var watched = task.metrics.get("validation-logloss");
    assertThat(task.metrics.keySet())
        .contains("train-logloss", "train-auc", "validation-logloss", "validation-auc");
    for (int round = 0; round < watched.size(); round++) {
      assertThat(watched.get(round).step()).isEqualTo(round);
    }
    int best = (int) task.last("best-round");
    assertThat(watched).as("stopped 30 rounds after the best").hasSize(best + 31);
    double least = watched.stream().mapToDouble(FakeContext.Point::value).min().orElseThrow();
    assertThat(watched.get(best).value()).isEqualTo(least);
    assertThat(task.outputs).containsEntry("task", "binary").containsEntry("bestScore", least);
    assertThat(task.params).containsEntry("eta", "0.05").containsEntry("task", "binary");
    assertThat(task.datasets).containsEntry("train", 600L);

    var card = ModelCard.read(task.model());
    assertThat(card.rounds()).isEqualTo(best + 1);
    assertThat(card.target().classes()).containsExactly("no", "yes");
    assertThat(card.priors().stream().mapToDouble(p -> p).sum()).isCloseTo(1, within(1e-9));
    var booster = XGBoost.loadModel(task.model().resolve("model.ubj").toString());
    assertThat(booster.getNumBoostedRound()).isEqualTo(best + 1);
    var importance = task.artifact("importance.json").get("columns");
    assertThat(importance.findValuesAsText("column")).contains("credit_used", "late_payments");
    assertThat(task.artifacts().resolve("importance.svg")).content().contains("credit_used");
  }

  @Test
  void a_model_cut_off_predicts_as_its_first_rounds_did() throws Exception {
    var random = new Random(3);
    int rows = 300;
    int width = 4;
    var values = new float[rows * width];
    var labels = new float[rows];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < width; j++) {
        values[i * width + j] = random.nextInt(9) == 0 ? Float.NaN : (float) random.nextGaussian();
      }
      labels[i] = random.nextInt(3);
    }
    var matrix = Boosters.matrix(values, width);
    matrix.setLabel(labels);
    Map<String, Object> params =
        Map.of("objective", "multi:softprob", "num_class", 3, "nthread", 1, "seed", 1);
    var booster = XGBoost.train(matrix, params, 12, new LinkedHashMap<>(), null, null);
    var cut = Boosters.fromJson(Boosters.firstRounds(booster, 5, 3));
    assertThat(cut.getNumBoostedRound()).isEqualTo(5);
    assertThat(cut.predict(matrix)).isDeepEqualTo(booster.predict(matrix, false, 5));
    assertThat(cut.predict(matrix))
        .as("and not as all of them")
        .isNotEqualTo(booster.predict(matrix));
  }

  @Test
  void the_same_seed_gives_the_same_model() throws Exception {
    var data = loans(400);
    var one = train(data, "one");
    var two = train(data, "two");
    assertThat(Files.readAllBytes(one.model().resolve("model.ubj")))
        .isEqualTo(Files.readAllBytes(two.model().resolve("model.ubj")));
  }

  @Test
  void stops_when_asked_and_keeps_nothing() throws Exception {
    var task = context(loans(400), "task").with("rounds", 100_000).with("earlyStopping", 0);
    task.patience = 5;
    assertThatThrownBy(() -> new Xgboost().run(task)).isInstanceOf(InterruptedException.class);
    assertThat(task.metrics.get("train-logloss")).hasSize(5);
    assertThat(task.outputs).isEmpty();
    assertThat(task.model()).doesNotExist();
  }

  @Test
  void without_validation_all_rows_are_learned_from() throws Exception {
    var task = context(loans(300), "task").with("validation", 0).with("rounds", 10);
    new Xgboost().run(task);
    assertThat(task.metrics).doesNotContainKey("validation-logloss").containsKey("train-logloss");
    assertThat(ModelCard.read(task.model()).metric()).isEqualTo("train-logloss");
  }

  @ParameterizedTest
  @CsvSource({
    "regression, regression, validation-rmse",
    "classification, multiclass, validation-accuracy",
    "auto, multiclass, validation-accuracy"
  })
  void the_task_can_be_asked_for(String wish, String found, String metric) throws Exception {
    var csv = new StringBuilder("x,z,target\n");
    var random = new Random(5);
    for (int i = 0; i < 200; i++) {
      int x = random.nextInt(1000);
      csv.append(x / 10.0).append(",k").append(i % 3).append(',').append(x / 200).append('\n');
    }
    var data = Files.writeString(folder.resolve("t.csv"), csv);
    var task = context(data, "task").with("target", "target").with("task", wish).with("rounds", 30);
    new Xgboost().run(task);
    assertThat(task.outputs).containsEntry("task", found);
    assertThat(task.metrics).containsKey(metric);
  }

  @ParameterizedTest
  @CsvSource({
    "task, ranking, INPUT_INVALID, the input 'task' is 'ranking'",
    "rounds, 0, INPUT_INVALID, the input 'rounds' is 0",
    "rounds, 1.5, INPUT_INVALID, the input 'rounds' is 1.5",
    "learningRate, 2, INPUT_INVALID, the input 'learningRate' is 2",
    "target, nothing, TARGET_NOT_A_COLUMN, no column 'nothing'"
  })
  void refuses(String input, String value, String code, String message) throws IOException {
    Object given = value.matches("[0-9.]+") ? (Object) Double.valueOf(value) : value;
    var task = context(loans(100), "task").with(input, given);
    assertThatThrownBy(() -> new Xgboost().run(task))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({
    "libgomp.so.1: cannot open shared object file, apt-get install libgomp1",
    "Library not loaded: @rpath/libomp.dylib, brew install libomp",
    "Unsupported platform: sunos, Linux with glibc"
  })
  void says_what_to_install(String message, String remedy) {
    var e =
        new ExceptionInInitializerError(new RuntimeException(new UnsatisfiedLinkError(message)));
    var problem = Boosters.unloadable(e).problem();
    assertThat(problem.code()).isEqualTo("LIBRARY_MISSING");
    assertThat(problem.detail()).contains(message);
    assertThat(problem.remedy()).contains(remedy);
  }

  @Test
  void reads_the_scores_of_a_round() {
    assertThat(Xgboost.scores("[3]\ttrain-mlogloss:0.5\ttrain-merror:0.25\tvalidation-auc:nan"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("train-mlogloss", 0.5, "train-accuracy", 0.75, "validation-auc", Double.NaN));
  }

  private FakeContext train(Path data) throws Exception {
    return train(data, "task");
  }

  private FakeContext train(Path data, String name) throws Exception {
    var task = context(data, name);
    new Xgboost().run(task);
    return task;
  }

  private FakeContext context(Path data, String name) throws IOException {
    return new FakeContext(folder.resolve(name)).with("train", data).with("target", "default");
  }

  private Path loans(int rows) throws IOException {
    var file = folder.resolve("loans.csv");
    DemoData.write(file, rows, 1);
    return file;
  }
}
