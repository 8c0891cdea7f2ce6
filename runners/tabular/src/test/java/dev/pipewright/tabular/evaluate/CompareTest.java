package dev.pipewright.tabular.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.DemoData;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.Split;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.Xgboost;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompareTest {
  private Path folder;
  private FakeContext split;
  private Path good;
  private Path poor;
  private int runs;

  @BeforeAll
  void learn(@TempDir Path shared) throws Exception {
    folder = shared;
    var data = folder.resolve("loans.csv");
    DemoData.write(data, DemoData.ROWS, DemoData.SEED);
    split = new FakeContext(folder.resolve("split")).with("data", data).with("target", "default");
    new Split().run(split);
    good = train("good", "default", 60, 4);
    poor = train("poor", "default", 1, 1);
  }

  private Path train(String name, String target, int rounds, int depth) throws Exception {
    var train =
        new FakeContext(folder.resolve(name))
            .with("train", split.outputs().resolve("train.csv"))
            .with("target", target)
            .with("rounds", rounds)
            .with("maxDepth", depth);
    new Xgboost().run(train);
    return train.model();
  }

  private FakeContext compare(Path champion, Path challenger, Object... more) throws Exception {
    var context =
        new FakeContext(folder.resolve("compare-" + runs++))
            .with("champion", champion)
            .with("challenger", challenger)
            .with("data", split.outputs().resolve("test.csv"));
    for (int i = 0; i < more.length; i += 2) {
      context.with((String) more[i], more[i + 1]);
    }
    new Compare().run(context);
    return context;
  }

  @Test
  void a_better_challenger() throws Exception {
    var context = compare(poor, good);
    assertThat(context.outputs).containsEntry("better", true).containsEntry("metric", "auc");
    assertThat(context.gave("difference")).isBetween(0.02, 0.3);
    assertThat(context.gave("low")).isPositive().isLessThan(context.gave("difference"));
    assertThat(context.gave("pValue")).isLessThan(0.01);
    var json = context.artifact("comparison.json");
    assertThat(json.at("/tests/deLong/difference").asDouble())
        .isCloseTo(context.gave("difference"), org.assertj.core.api.Assertions.within(1e-12));
    assertThat(json.at("/tests/deLong/p").asDouble()).isLessThan(0.01);
    var counts = json.at("/tests/mcNemar");
    assertThat(
            counts.get("bothRight").asInt()
                + counts.get("onlyChampion").asInt()
                + counts.get("onlyChallenger").asInt()
                + counts.get("bothWrong").asInt())
        .isEqualTo(600);
    assertThat(Files.readString(context.outputs().resolve("page.html")))
        .contains("The challenger is better: by");
    assertThat(Files.readString(context.outputs().resolve("report.json")))
        .isEqualTo(Files.readString(context.artifacts().resolve("comparison.json")));
  }

  @Test
  void a_worse_challenger() throws Exception {
    var context = compare(good, poor);
    assertThat(context.outputs).containsEntry("better", false);
    assertThat(context.gave("difference")).isNegative();
    assertThat(context.gave("pValue")).isLessThan(0.01);
    assertThat(Files.readString(context.outputs().resolve("page.html")))
        .contains("The challenger is worse: by");
  }

  @Test
  void the_same_model_is_not_better() throws Exception {
    var context = compare(good, good);
    assertThat(context.outputs)
        .containsEntry("better", false)
        .containsEntry("difference", 0.0)
        .containsEntry("pValue", 1.0);
  }

  @Test
  void of_a_measure_that_is_better_when_lower_the_difference_still_says_by_how_much_better()
      throws Exception {
    var context = compare(poor, good, "metric", "logLoss");
    assertThat(context.gave("challenger")).isLessThan(context.gave("champion"));
    assertThat(context.gave("difference"))
        .isEqualTo(context.gave("champion") - context.gave("challenger"));
    assertThat(context.gave("low")).isPositive().isLessThan(context.gave("high"));
    assertThat(context.outputs).containsEntry("better", true);
  }

  @Test
  void a_margin_that_is_not_reached() throws Exception {
    var context = compare(poor, good, "margin", 0.4);
    assertThat(context.outputs).containsEntry("better", false);
    assertThat(Files.readString(context.outputs().resolve("page.html")))
        .contains("but by less than the margin of 0.4000");
  }

  @Test
  void numbers() throws Exception {
    var context = compare(train("one", "income", 1, 1), train("more", "income", 60, 3));
    assertThat(context.outputs).containsEntry("better", true).containsEntry("metric", "r2");
    var json = context.artifact("comparison.json");
    assertThat(json.at("/tests/squaredErrors/difference").asDouble()).isPositive();
    assertThat(json.at("/tests/squaredErrors/p").asDouble()).isLessThan(0.05);
    assertThat(json.at("/tests").has("mcNemar")).isFalse();
    assertThat(json.at("/metrics/medianError").has("difference")).isTrue();
    assertThat(json.at("/metrics/medianError").has("low")).isFalse();
    assertThat(Files.readString(context.outputs().resolve("page.html"))).contains("maxError");
  }

  @Test
  void says_what_does_not_fit() {
    assertThatThrownBy(() -> compare(good, train("other", "purpose", 1, 1)))
        .hasMessageContaining(
            "INPUT_INVALID: the champion predicts 'default' of no, yes, the challenger 'purpose' of");
    assertThatThrownBy(() -> compare(good, poor, "metric", "acuracy"))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().detail()).isEqualTo("the input 'metric' is 'acuracy'");
              assertThat(e.problem().remedy()).contains("Did you mean 'accuracy'");
            });
  }

  @ParameterizedTest
  @CsvSource({
    "rmsle, '2,-1', '2,3', the champion's predictions do not have",
    "rmsle, '2,3', '2,-1', the challenger's predictions do not have",
    "bias, '2,3', '3,4', not how much",
    "rmse, '2,-1', '2,3', ",
  })
  void a_measure_that_cannot_decide_is_refused(
      String metric, String champion, String challenger, String why) {
    var target = new Target("y", Target.Kind.REGRESSION, List.of());
    var measures = new ArrayList<List<String>>();
    for (var predicted : List.of(champion, challenger)) {
      var rows =
          Arrays.stream(predicted.split(","))
              .map(number -> new double[] {Double.parseDouble(number)})
              .toArray(double[][]::new);
      var judged =
          new Judged(target, List.of(), new int[0], new double[] {2, 3}, rows, Judged.HALF);
      measures.add(new Measures(judged).names());
    }
    var check =
        catchThrowable(() -> Compare.refuseOtherMetric(metric, measures.get(0), measures.get(1)));
    if (why == null) {
      assertThat(check).isNull();
    } else {
      assertThat(check)
          .hasMessageContaining("the input 'metric' is '" + metric + "'")
          .hasMessageContaining(why);
    }
  }

  /// Of models that are equally good, one in twenty comparisons says otherwise, not more.
  @Test
  void chance_is_taken_for_a_difference_as_rarely_as_was_said() {
    var target = new Target("y", Target.Kind.BINARY, List.of("no", "yes"));
    int found = 0;
    for (int trial = 0; trial < 200; trial++) {
      var random = new Random(trial);
      int n = 150;
      var labels = new java.util.ArrayList<String>();
      var one = new double[n][];
      var two = new double[n][];
      for (int i = 0; i < n; i++) {
        boolean yes = random.nextBoolean();
        labels.add(yes ? "yes" : "no");
        one[i] = noisy(yes, random);
        two[i] = noisy(yes, random);
      }
      var comparison =
          Comparison.of(
              Judged.of(target, labels, one, Judged.HALF),
              Judged.of(target, labels, two, Judged.HALF),
              null,
              0,
              0.05,
              new Bootstrap(200, trial));
      found += comparison.pValue() < 0.05 ? 1 : 0;
    }
    assertThat(found).isBetween(3, 20);
  }

  private static double[] noisy(boolean yes, Random random) {
    double p = 1 / (1 + Math.exp(-((yes ? 1 : -1) + 2 * random.nextGaussian())));
    return new double[] {1 - p, p};
  }
}
