package dev.pipewright.tabular.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.DemoData;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.Flow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The whole way on simulated loans: the model is trained once.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EvaluateTest {
  private Path folder;
  private Flow flow;
  private int runs;

  @BeforeAll
  void learn(@TempDir Path shared) throws Exception {
    folder = shared;
    var data = folder.resolve("loans.csv");
    DemoData.write(data, DemoData.ROWS, DemoData.SEED);
    flow = Flow.learn(folder, data, "default");
  }

  private FakeContext fresh() throws Exception {
    return new FakeContext(folder.resolve("again-" + runs++))
        .with("model", flow.train().model())
        .with("data", flow.split().outputs().resolve("test.csv"));
  }

  private static FakeContext run(FakeContext context) throws Exception {
    new Evaluate().run(context);
    return context;
  }

  @Test
  void without_wishes() throws Exception {
    var evaluated = flow.evaluate();
    assertThat(evaluated.last("auc")).isBetween(0.74, 0.88);
    assertThat(evaluated.metrics.get("auc").getLast().modelId()).startsWith("m-");
    assertThat(evaluated.outputs)
        .containsKeys(
            "score", "baseline", "accuracy", "macroF1", "logLoss", "auc", "f1", "mcc", "brier");
    assertThat(evaluated.gave("scoreLow")).isLessThan(evaluated.gave("score"));
    assertThat(evaluated.gave("scoreHigh")).isGreaterThan(evaluated.gave("score"));
    assertThat(evaluated.datasets).containsEntry("test", 600L);
    var json = evaluated.artifact("evaluation.json");
    assertThat(json.at("/roc/0/fpr").size()).isBetween(50, 500);
    assertThat(json.at("/positive").asText()).isEqualTo("yes");
    assertThat(json.at("/primary").asText()).isEqualTo("auc");
    assertThat(json.at("/baseline/auc").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/threshold").asDouble()).isEqualTo(0.5);
    assertThat(json.get("resamples").asInt()).isEqualTo(1000);
    assertThat(json.get("slices")).isEmpty();
    assertThat(json.has("decision")).isFalse();
    assertThat(Files.readString(evaluated.outputs().resolve("report.json")))
        .isEqualTo(Files.readString(evaluated.artifacts().resolve("evaluation.json")));
    assertThat(Files.readString(evaluated.outputs().resolve("page.html")))
        .contains(
            "Evaluation of model",
            "better than a model that looks at no column",
            "Errors worth looking at");
    try (var pictures = Files.list(evaluated.artifacts())) {
      assertThat(pictures.map(file -> file.getFileName().toString()))
          .contains(
              "roc.svg",
              "confusion.svg",
              "precision-recall.svg",
              "calibration.svg",
              "gain.svg",
              "contributions.svg");
    }
  }

  @Test
  void the_same_again_gives_the_same() throws Exception {
    assertThat(run(fresh()).artifact("evaluation.json"))
        .isEqualTo(flow.evaluate().artifact("evaluation.json"));
  }

  @Test
  void what_was_cut_short_is_no_evaluation() throws Exception {
    var context = fresh();
    context.patience = 2;
    assertThatThrownBy(() -> run(context)).isInstanceOf(InterruptedException.class);
    assertThat(context.outputs).isEmpty();
    assertThat(context.outputs().resolve("report.json")).doesNotExist();
  }

  @Test
  void labels_of_another_target_are_refused() throws Exception {
    var test = Files.readAllLines(flow.split().outputs().resolve("test.csv"));
    int at = List.of(test.getFirst().split(",", -1)).indexOf("default");
    var other = folder.resolve("other-labels.csv");
    for (int different : new int[] {100, 101}) {
      var lines = new ArrayList<>(List.of(test.getFirst()));
      for (int i = 1; i < test.size(); i++) {
        var cells = test.get(i).split(",", -1);
        cells[at] = "customer-" + i % different;
        lines.add(String.join(",", cells));
      }
      Files.write(other, lines);
      var context = fresh().with("data", other).with("explain", false).with("resamples", 0);
      if (different == 100) {
        assertThat(run(context).gave("accuracy")).isZero();
      } else {
        assertThatThrownBy(() -> run(context))
            .isInstanceOf(ProblemException.class)
            .hasMessageContaining(
                "TARGET_UNUSABLE: column 'default' holds 101 labels that the model never saw, such as"
                    + " 'customer-0', 'customer-1', ");
      }
    }
  }

  @Test
  void columns_that_matter_come_first_and_noise_last() throws Exception {
    var json = run(fresh().with("shuffles", 10)).artifact("evaluation.json");
    var first = json.at("/importance/0");
    assertThat(first.get("drop").asDouble()).isPositive();
    assertThat(first.get("p").asDouble()).isLessThan(0.001);
    assertThat(json.at("/dependence")).hasSize(6);
    assertThat(json.at("/dependence/0/column")).isEqualTo(first.get("column"));
    assertThat(json.at("/contributions/columns").size()).isEqualTo(json.at("/importance").size());
    assertThat(json.at("/contributions/unit").asText()).isEqualTo("log odds");
    // What moves predictions most is about what the measure suffers from most.
    assertThat(names(json.at("/contributions/columns"), "column").subList(0, 4))
        .contains(first.get("column").asText());
  }

  @Test
  void decides_by_costs() throws Exception {
    var context =
        run(
            fresh()
                .with("costs", "{\"falsePositive\": 1, \"falseNegative\": 9}")
                .with("currency", "EUR"));
    var decision = context.artifact("evaluation.json").get("decision");
    assertThat(context.gave("cost")).isEqualTo(decision.get("total").asDouble());
    // With good probabilities it would be 1 in 10.
    assertThat(context.gave("threshold")).isBetween(0.02, 0.3);
    assertThat(decision.get("total").asDouble())
        .isLessThan(decision.get("atCut").asDouble())
        .isLessThanOrEqualTo(decision.get("never").asDouble())
        .isLessThanOrEqualTo(decision.get("always").asDouble());
    var confusion = decision.get("confusion");
    assertThat(confusion.at("/0/1").asDouble() + 9 * confusion.at("/1/0").asDouble())
        .isCloseTo(decision.get("total").asDouble(), within(1e-9));
    assertThat(Files.readString(context.outputs().resolve("page.html"))).contains("cost EUR");
    assertThat(context.artifacts().resolve("threshold.svg")).exists();
  }

  @Test
  void decides_by_profits_of_each_row() throws Exception {
    var context =
        run(
            fresh()
                .with(
                    "profits",
                    "{\"trueNegative\": {\"amount\": 0.1}, \"falseNegative\": {\"amount\": -0.6, \"fixed\": -100}}")
                .with("amount", "amount")
                .with("shuffles", 0));
    var decision = context.artifact("evaluation.json").get("decision");
    assertThat(context.gave("profit")).isEqualTo(decision.get("total").asDouble());
    assertThat(decision.get("always").asDouble()).as("nobody gets a loan").isZero();
    assertThat(decision.get("total").asDouble())
        .isGreaterThan(decision.get("never").asDouble())
        .isPositive();
    assertThat(context.artifact("evaluation.json").get("importance")).isEmpty();
    assertThat(context.artifact("evaluation.json").get("dependence")).hasSize(6);
  }

  @Test
  void slices_and_groups() throws Exception {
    var context =
        run(
            fresh()
                .with("slices", "[\"purpose\", \"income\"]")
                .with("groups", "purpose")
                .with("favourable", "no")
                .with("explain", false)
                .with("resamples", 200));
    var json = context.artifact("evaluation.json");
    var slices = json.get("slices");
    assertThat(names(slices, "value"))
        .anyMatch(v -> v.startsWith("up to "))
        .anyMatch(v -> v.startsWith("above "));
    int rows =
        StreamSupport.stream(slices.spliterator(), false)
            .filter(s -> s.get("column").asText().equals("purpose"))
            .mapToInt(s -> s.get("rows").asInt())
            .sum();
    assertThat(rows).isEqualTo(600);
    var scores =
        StreamSupport.stream(slices.spliterator(), false)
            .filter(s -> "auc".equals(s.path("measure").asText()))
            .map(s -> s.get("score").asDouble())
            .toList();
    assertThat(scores).isSorted().hasSizeGreaterThan(5);
    assertThat(context.gave("worstSlice")).isEqualTo(scores.getFirst());
    var fairness = json.at("/fairness/0");
    assertThat(fairness.get("favourable").asText()).isEqualTo("no");
    assertThat(context.gave("disparateImpact"))
        .isEqualTo(fairness.get("disparateImpact").asDouble())
        .isBetween(0.5, 1.0);
    assertThat(json.get("importance")).isEmpty();
    assertThat(json.has("contributions")).isFalse();
  }

  @Test
  void mistakes_name_their_rows() throws Exception {
    var context = fresh();
    var lines = Files.readAllLines(context.data.get("data"));
    run(context);
    var mistake = context.artifact("evaluation.json").at("/mistakes/0");
    assertThat(mistake.get("probability").asDouble()).isGreaterThan(0.8);
    var line = lines.get(mistake.get("row").asInt());
    assertThat(line)
        .contains(mistake.get("actual").asText())
        .contains(
            mistake.at("/cells/purpose").asText("").isEmpty()
                ? ","
                : mistake.at("/cells/purpose").asText());
    assertThat(mistake.get("predicted")).isNotEqualTo(mistake.get("actual"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "slices | [\"porpose\"] | COLUMN_NOT_FOUND: test.csv has no column 'porpose'",
        "groups | nothing | COLUMN_NOT_FOUND: test.csv has no column 'nothing'",
        "slices | [broken | INPUT_INVALID: the input 'slices' is '[broken'",
        "costs | 7 | INPUT_INVALID: the input 'costs' is 7",
        "costs | {} | INPUT_INVALID: the input 'costs' is {}",
        "costs | {\"falsePositve\": 1} | INPUT_INVALID: the input 'costs' is a map with the key 'falsePositve'",
        "costs | {\"falsePositive\": \"much\"} | INPUT_INVALID: the input 'costs' is a map with \"much\" for 'falsePositive'",
        "costs | {\"falsePositive\": {\"amount\": 1}} | INPUT_INVALID: the input 'costs' is a map with a part of the amount for 'falsePositive'",
        "threshold | 1.5 | INPUT_INVALID: the input 'threshold' is 1.5",
      })
  void says_what_is_wrong_with_an_input(String input, String value, String problem)
      throws Exception {
    Object given = input.equals("threshold") ? (Object) Double.parseDouble(value) : value;
    var context = fresh().with(input, given);
    assertThatThrownBy(() -> run(context))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith(problem);
  }

  @Test
  void says_what_does_not_go_together() throws Exception {
    var both =
        fresh().with("costs", "{\"falsePositive\": 1}").with("profits", "{\"falsePositive\": 1}");
    assertThatThrownBy(() -> run(both))
        .hasMessageContaining("the input 'profits' is given beside 'costs'");
    var amounts =
        fresh().with("costs", "{\"falsePositive\": {\"amount\": 1}}").with("amount", "purpose");
    assertThatThrownBy(() -> run(amounts))
        .hasMessageContaining("'purpose', which has no number in row 1");
    var favourable = fresh().with("groups", "purpose").with("favourable", "yess");
    assertThatThrownBy(() -> run(favourable))
        .hasMessageContaining("'yess', which is no class of 'default'");
  }

  @Test
  void a_regression_and_its_own_measures() throws Exception {
    var regression =
        Flow.learn(folder.resolve("income"), folder.resolve("loans.csv"), "income").evaluate();
    var json = regression.artifact("evaluation.json");
    assertThat(json.get("primary").asText()).isEqualTo("r2");
    assertThat(regression.outputs)
        .containsKeys("rmse", "mae", "r2", "mape", "medianError", "explainedVariance")
        .doesNotContainKey("auc");
    assertThat(json.at("/predictions/actual").size()).isEqualTo(json.get("rows").asInt());
    assertThat(json.at("/residuals/quantiles/0.5").isNumber()).isTrue();
    assertThat(json.at("/contributions/unit").asText()).isEqualTo("income");
    assertThat(json.at("/mistakes/0/error").isNumber()).isTrue();
    assertThat(regression.outputs().resolve("page.html")).exists();
    var costs =
        new FakeContext(folder.resolve("income/costs"))
            .with("model", folder.resolve("income/train/models/model"))
            .with("data", folder.resolve("income/split/outputs/test.csv"));
    assertThatThrownBy(() -> run(costs.with("costs", "{\"falsePositive\": 1}")))
        .hasMessageContaining("the input 'costs' is given, but 'income' is regression");
  }

  @Test
  void several_classes() throws Exception {
    var several =
        Flow.learn(folder.resolve("purpose"), folder.resolve("loans.csv"), "purpose").evaluate();
    var json = several.artifact("evaluation.json");
    assertThat(json.get("positive").isNull()).isTrue();
    assertThat(json.get("primary").asText()).isEqualTo("accuracy");
    assertThat(json.get("roc").size()).isEqualTo(json.get("classes").size());
    assertThat(json.at("/contributions/outputs").size()).isEqualTo(json.get("classes").size());
    assertThat(several.outputs)
        .containsKeys("macroPrecision", "weightedF1", "kappa")
        .doesNotContainKey("precision");
    assertThat(several.artifacts().resolve("contributions.svg")).exists();
  }

  private static java.util.List<String> names(JsonNode list, String field) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(item -> item.get(field).asText())
        .toList();
  }
}
