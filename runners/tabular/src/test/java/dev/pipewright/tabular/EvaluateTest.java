package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.tabular.Target.Kind;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

class EvaluateTest {
  @TempDir Path folder;

  @Test
  void a_binary_target_is_judged_by_auc() {
    var report =
        classify(
            Kind.BINARY,
            List.of("bad", "good"),
            List.of(0.25, 0.75),
            List.of("good", "bad", "good", "bad"),
            new double[][] {{.2, .8}, {.6, .4}, {.7, .3}, {.9, .1}});
    assertThat(report.json().get("positive").asText()).isEqualTo("good");
    assertThat(report.json().get("primary").asText()).isEqualTo("auc");
    assertThat(report.score()).isEqualTo(0.75);
    assertThat(report.baseline()).isEqualTo(0.5);
    assertThat(report.metrics()).containsEntry("accuracy", 0.75).containsEntry("auc", 0.75);
    assertThat(report.json().get("confusion")).hasToString("[[2,0],[1,1]]");
    assertThat(report.json().at("/baseline/accuracy").asDouble()).isEqualTo(0.5);
    assertThat(report.json().at("/baseline/logLoss").asDouble())
        .isCloseTo(-(Math.log(0.25) + Math.log(0.75)) / 2, within(1e-12));
    assertThat(report.json().at("/roc/0/label").asText()).isEqualTo("good");
    assertThat(report.json().at("/roc/0/threshold/0").isNumber()).isTrue();
    assertThat(report.json().toString()).contains("\"Infinity\"");
  }

  @Test
  void a_multiclass_target_is_judged_by_accuracy() {
    var report =
        classify(
            Kind.MULTICLASS,
            List.of("a", "b", "c"),
            List.of(0.5, 0.3, 0.2),
            List.of("a", "b", "c", "a"),
            new double[][] {{.8, .1, .1}, {.2, .7, .1}, {.5, .3, .2}, {.6, .2, .2}});
    assertThat(report.json().get("positive").isNull()).isTrue();
    assertThat(report.json().get("primary").asText()).isEqualTo("accuracy");
    assertThat(report.score()).isEqualTo(0.75);
    assertThat(report.baseline()).as("always a").isEqualTo(0.5);
    assertThat(report.json().get("roc")).hasSize(3);
  }

  @Test
  void a_class_that_training_never_saw_counts_as_wrong() {
    var report =
        classify(
            Kind.BINARY,
            List.of("no", "yes"),
            List.of(0.5, 0.5),
            List.of("no", "yes", "maybe"),
            new double[][] {{.9, .1}, {.2, .8}, {.6, .4}});
    assertThat(report.json().get("classes")).hasToString("[\"no\",\"yes\",\"maybe\"]");
    assertThat(report.metrics().get("accuracy")).isCloseTo(2 / 3.0, within(1e-12));
    assertThat(report.json().get("confusion")).hasToString("[[1,0,0],[0,1,0],[1,0,0]]");
  }

  @Test
  void rows_of_one_class_have_no_auc() {
    var report =
        classify(
            Kind.BINARY,
            List.of("no", "yes"),
            List.of(0.5, 0.5),
            List.of("no", "no"),
            new double[][] {{.9, .1}, {.2, .8}});
    assertThat(report.metrics()).doesNotContainKey("auc");
    assertThat(report.json().get("primary").asText()).isEqualTo("accuracy");
    assertThat(report.score()).isEqualTo(0.5);
  }

  @Test
  void a_regression_is_judged_by_r2_and_shows_a_sample() {
    int n = 5000;
    var cells = IntStream.range(0, n).mapToObj(Integer::toString).toList();
    var predicted =
        IntStream.range(0, n).mapToObj(i -> new double[] {i + 1.0}).toArray(double[][]::new);
    var card = card(Kind.REGRESSION, List.of(), List.of(), 0);
    var report = Evaluate.regression(card, labelled(card.target(), cells), predicted);
    assertThat(report.metrics()).containsEntry("rmse", 1.0).containsEntry("mae", 1.0);
    assertThat(report.score()).isCloseTo(1, within(1e-5));
    assertThat(report.json().at("/predictions/actual")).hasSize(2000);
    assertThat(report.json().at("/predictions/predicted")).hasSize(2000);
    assertThat(report.json().at("/baseline/r2").asDouble()).isZero();
  }

  @Test
  void the_whole_way_on_simulated_loans() throws Exception {
    var data = folder.resolve("loans.csv");
    DemoData.write(data, DemoData.ROWS, DemoData.SEED);
    var evaluated = Flow.learn(folder, data, "default").evaluate();
    assertThat(evaluated.last("auc")).isBetween(0.74, 0.88);
    assertThat(evaluated.metrics.get("auc").getLast().modelId()).startsWith("m-");
    assertThat(evaluated.outputs)
        .containsKeys("score", "baseline", "accuracy", "macroF1", "logLoss", "auc");
    assertThat(evaluated.datasets).containsEntry("test", 600L);
    assertThat(evaluated.artifact("evaluation.json").at("/roc/0/fpr").size()).isBetween(50, 500);
    assertThat(Files.readString(evaluated.outputs().resolve("report.json")))
        .isEqualTo(Files.readString(evaluated.artifacts().resolve("evaluation.json")));
    for (var picture : List.of("roc.svg", "confusion.svg")) {
      wellFormed(Files.readString(evaluated.artifacts().resolve(picture)));
    }
  }

  @Test
  void pictures_are_well_formed_whatever_the_names() throws Exception {
    var names = List.of("<a & \"b\">", "\u0001\uD83D\uDE00 long long long long long", "]]>");
    wellFormed(Pictures.confusion(names, new int[][] {{1, 2, 3}, {0, 0, 0}, {9, 9, 9}}));
    wellFormed(
        Pictures.importance(
            names.stream().map(name -> new Xgboost.Importance(name, 1, 0.3)).toList()));
    wellFormed(Pictures.importance(List.of()));
    wellFormed(Pictures.residuals(new double[] {1, 1}, new double[] {1, 1}));
    var roc = Scores.roc(new boolean[] {true, false}, new double[] {1, 0});
    wellFormed(
        Pictures.roc(
            new ArrayList<>(java.util.Collections.nCopies(9, new Pictures.Curve("<x>", 1, roc)))));
  }

  @Test
  void refuses_a_model_it_cannot_read() throws Exception {
    var model = Files.createDirectories(folder.resolve("model"));
    assertThatThrownBy(() -> Predictor.open(model))
        .hasMessageContaining("MODEL_UNREADABLE: the model has no pipewright-model.json");
    Files.writeString(model.resolve("pipewright-model.json"), "{\"format\": 9}");
    assertThatThrownBy(() -> Predictor.open(model))
        .hasMessageContaining("format 9; this version reads 1");
    Files.writeString(model.resolve("pipewright-model.json"), "{\"form");
    assertThatThrownBy(() -> Predictor.open(model)).hasMessageContaining("MODEL_UNREADABLE");
    card(Kind.REGRESSION, List.of(), List.of(), 0).write(model);
    assertThatThrownBy(() -> Predictor.open(model))
        .hasMessageContaining("the model has no model.ubj");
    Files.writeString(model.resolve("model.ubj"), "nonsense");
    assertThatThrownBy(() -> Predictor.open(model))
        .hasMessageContaining("model.ubj cannot be loaded");
  }

  private static Evaluate.Report classify(
      Kind kind, List<String> classes, List<Double> priors, List<String> labels, double[][] rows) {
    var card = card(kind, classes, priors, 0);
    return Evaluate.classification(card, labelled(card.target(), labels), rows);
  }

  private static Labelled labelled(Target target, List<String> cells) {
    var table = new Table("test.csv", List.of("y"), cells.stream().map(List::of).toList());
    return new Labelled(table, 0, target, 0);
  }

  private static ModelCard card(Kind kind, List<String> classes, List<Double> priors, double mean) {
    return new ModelCard(
        1,
        "xgboost",
        "xgboost4j",
        new Target("y", kind, classes),
        priors,
        mean,
        List.of(),
        Map.of(),
        4,
        1,
        "m",
        0,
        Map.of());
  }

  private static void wellFormed(String svg) throws Exception {
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)));
    assertThat(document.getDocumentElement().getTagName()).isEqualTo("svg");
  }
}
