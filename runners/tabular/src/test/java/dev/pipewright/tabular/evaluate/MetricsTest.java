package dev.pipewright.tabular.evaluate;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.tabular.evaluate.Confusion.Average;
import dev.pipewright.tabular.evaluate.Confusion.Distance;
import dev.pipewright.tabular.evaluate.Probabilities.Bin;
import dev.pipewright.tabular.evaluate.Probabilities.Cut;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every measure against what scikit-learn says about the same predictions, and every test of a
/// difference against SciPy. The file was written by `clients/metrics.py`; `clients/run.sh` has it
/// write a larger one and names it by the property.
class MetricsTest {
  private static final double CLOSE = 1e-9;

  /// One set of predictions.
  record Case(String name, String kind, JsonNode given, JsonNode expected) {
    int[] ints(String key) {
      return StreamSupport.stream(given.get(key).spliterator(), false)
          .mapToInt(JsonNode::asInt)
          .toArray();
    }

    double[] doubles(String key) {
      return MetricsTest.doubles(given.get(key));
    }

    boolean[] flags(String key) {
      var flags = new boolean[given.get(key).size()];
      for (int i = 0; i < flags.length; i++) {
        flags[i] = given.get(key).get(i).asBoolean();
      }
      return flags;
    }

    double[][] rows() {
      return StreamSupport.stream(given.get("rows").spliterator(), false)
          .map(MetricsTest::doubles)
          .toArray(double[][]::new);
    }

    double[] weights(int n) {
      return given.has("weights") ? doubles("weights") : Sums.ones(n);
    }

    Confusion confusion() {
      var actual = ints("actual");
      int classes = given.get("classes").asInt();
      return Confusion.of(actual, ints("predicted"), classes, weights(actual.length));
    }

    Ranking ranking() {
      return Ranking.of(flags("positive"), doubles("score"));
    }

    double[] scoreWeights() {
      return weights(given.get("score").size());
    }

    double[] rowWeights() {
      return weights(given.get("rows").size());
    }

    List<Bin> reliability(Cut cut) {
      var rows = rows();
      int last = rows[0].length - 1;
      var actual = ints("actual");
      var cameTrue = new boolean[actual.length];
      for (int i = 0; i < actual.length; i++) {
        cameTrue[i] = actual[i] == last;
      }
      return Probabilities.reliability(cameTrue, Probabilities.column(rows, last), 10, cut);
    }

    Errors errors() {
      var actual = doubles("actual");
      return new Errors(actual, doubles("predicted"), weights(actual.length));
    }

    double[] differences() {
      var first = doubles("first");
      var second = doubles("second");
      return IntStream.range(0, first.length).mapToDouble(i -> second[i] - first[i]).toArray();
    }

    int count(String key) {
      return given.get(key).asInt();
    }

    Statistics.AucTest deLong() {
      return Statistics.deLong(flags("positive"), doubles("first"), doubles("second"));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static final Map<String, Map<String, Function<Case, double[]>>> MEASURES =
      Map.of(
          "labels",
          Map.ofEntries(
              of("accuracy", c -> c.confusion().accuracy()),
              of("balancedAccuracy", c -> c.confusion().balancedAccuracy()),
              of("mcc", c -> c.confusion().mcc()),
              entry(
                  "confusion",
                  c -> Stream.of(c.confusion().counts()).flatMapToDouble(Arrays::stream).toArray()),
              of("kappa", c -> c.confusion().kappa(Distance.NONE)),
              of("kappaLinear", c -> c.confusion().kappa(Distance.LINEAR)),
              of("kappaQuadratic", c -> c.confusion().kappa(Distance.QUADRATIC)),
              entry("precision", c -> each(c, c.confusion()::precision)),
              entry("recall", c -> each(c, c.confusion()::recall)),
              entry("specificity", c -> each(c, c.confusion()::specificity)),
              entry("f1", c -> each(c, k -> c.confusion().f(1, k))),
              entry("f2", c -> each(c, k -> c.confusion().f(2, k))),
              of("precision-macro", c -> c.confusion().precision(Average.MACRO)),
              of("precision-micro", c -> c.confusion().precision(Average.MICRO)),
              of("precision-weighted", c -> c.confusion().precision(Average.WEIGHTED)),
              of("recall-macro", c -> c.confusion().recall(Average.MACRO)),
              of("recall-micro", c -> c.confusion().recall(Average.MICRO)),
              of("recall-weighted", c -> c.confusion().recall(Average.WEIGHTED)),
              of("specificity-macro", c -> c.confusion().specificity(Average.MACRO)),
              of("specificity-micro", c -> c.confusion().specificity(Average.MICRO)),
              of("specificity-weighted", c -> c.confusion().specificity(Average.WEIGHTED)),
              of("f1-macro", c -> c.confusion().f(1, Average.MACRO)),
              of("f1-micro", c -> c.confusion().f(1, Average.MICRO)),
              of("f1-weighted", c -> c.confusion().f(1, Average.WEIGHTED)),
              of("fHalf-macro", c -> c.confusion().f(0.5, Average.MACRO)),
              of("fHalf-micro", c -> c.confusion().f(0.5, Average.MICRO)),
              of("fHalf-weighted", c -> c.confusion().f(0.5, Average.WEIGHTED))),
          "scores",
          Map.ofEntries(
              of("auc", c -> c.ranking().auc(c.scoreWeights())),
              of("averagePrecision", c -> c.ranking().averagePrecision(c.scoreWeights())),
              of("ks", c -> c.ranking().ks(c.scoreWeights())),
              entry("roc-fpr", c -> c.ranking().roc(c.scoreWeights()).fpr()),
              entry("roc-tpr", c -> c.ranking().roc(c.scoreWeights()).tpr()),
              entry("roc-threshold", c -> c.ranking().roc(c.scoreWeights()).threshold()),
              entry("pr-precision", c -> c.ranking().precisionRecall(c.scoreWeights()).precision()),
              entry("pr-recall", c -> c.ranking().precisionRecall(c.scoreWeights()).recall()),
              entry("pr-threshold", c -> c.ranking().precisionRecall(c.scoreWeights()).threshold()),
              entry("gain-share", c -> c.ranking().gain().share()),
              entry("gain-found", c -> c.ranking().gain().found()),
              entry("lift", c -> Arrays.stream(c.ranking().gain().lift()).skip(1).toArray())),
          "probabilities",
          Map.ofEntries(
              of("logLoss", c -> Probabilities.logLoss(c.ints("actual"), c.rows(), c.rowWeights())),
              of("brier", c -> Probabilities.brier(c.ints("actual"), c.rows(), c.rowWeights())),
              of("ovr-macro", c -> oneVsRest(c, Average.MACRO)),
              of("ovr-weighted", c -> oneVsRest(c, Average.WEIGHTED)),
              of("ovo-macro", c -> oneVsOne(c, Average.MACRO)),
              of("ovo-weighted", c -> oneVsOne(c, Average.WEIGHTED)),
              entry(
                  "reliability-actual-uniform", c -> bins(c.reliability(Cut.UNIFORM), Bin::actual)),
              entry(
                  "reliability-actual-quantile",
                  c -> bins(c.reliability(Cut.QUANTILE), Bin::actual)),
              entry(
                  "reliability-predicted-uniform",
                  c -> bins(c.reliability(Cut.UNIFORM), Bin::predicted)),
              entry(
                  "reliability-predicted-quantile",
                  c -> bins(c.reliability(Cut.QUANTILE), Bin::predicted)),
              of("ece", c -> Probabilities.calibrationError(c.reliability(Cut.QUANTILE)))),
          "paired",
          Map.ofEntries(
              of("above-zero", c -> Statistics.meanAboveZero(c.differences())),
              of("not-zero", c -> Statistics.meanNotZero(c.differences())),
              of("mcnemar", c -> Statistics.mcNemar(c.count("onlyFirst"), c.count("onlySecond"))),
              entry(
                  "normal",
                  c -> Arrays.stream(c.differences()).map(Statistics::normalBeyond).toArray()),
              of("delong-difference", c -> c.deLong().difference()),
              of("delong-error", c -> c.deLong().error()),
              of("delong-p", c -> c.deLong().p())),
          "regression",
          Map.ofEntries(
              of("mae", c -> c.errors().mae()),
              of("mse", c -> c.errors().mse()),
              of("rmse", c -> c.errors().rmse()),
              of("mape", c -> c.errors().mape()),
              of("maxError", c -> c.errors().maxError()),
              of("medianError", c -> c.errors().medianError()),
              of("r2", c -> c.errors().r2()),
              of("explainedVariance", c -> c.errors().explainedVariance()),
              of("pinball-0.1", c -> c.errors().pinball(0.1)),
              of("pinball-0.5", c -> c.errors().pinball(0.5)),
              of("pinball-0.95", c -> c.errors().pinball(0.95)),
              of("rmsle", c -> c.errors().rmsle()),
              of("bias", c -> c.errors().bias()),
              of("deviation", c -> Sums.deviation(c.errors().residuals())),
              entry("quantiles", MetricsTest::quantiles)));

  static List<Case> cases() throws IOException {
    var larger = System.getProperty("pipewright.metrics");
    var text =
        larger == null
            ? new String(
                MetricsTest.class.getResourceAsStream("/metrics/scikit-learn.json").readAllBytes(),
                java.nio.charset.StandardCharsets.UTF_8)
            : Files.readString(Path.of(larger));
    return Json.MAPPER.readerForListOf(Case.class).readValue(text);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void equal_to_scikit_learn(Case one) {
    var wrong = new ArrayList<String>();
    for (var expected : one.expected().properties()) {
      var wanted =
          expected.getValue().isArray()
              ? doubles(expected.getValue())
              : new double[] {number(expected.getValue())};
      var is = MEASURES.get(one.kind()).get(expected.getKey()).apply(one);
      if (!close(is, wanted)) {
        wrong.add(
            "%s is %s, not %s"
                .formatted(expected.getKey(), Arrays.toString(is), Arrays.toString(wanted)));
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void every_measure_is_compared() throws IOException {
    for (var kind : MEASURES.entrySet()) {
      var compared = new TreeSet<String>();
      cases().stream()
          .filter(one -> one.kind().equals(kind.getKey()))
          .forEach(one -> one.expected().fieldNames().forEachRemaining(compared::add));
      assertThat(compared).isEqualTo(new TreeSet<>(kind.getValue().keySet()));
    }
  }

  private static boolean close(double[] is, double[] wanted) {
    return is.length == wanted.length
        && IntStream.range(0, is.length)
            .allMatch(i ->
                Double.compare(is[i], wanted[i]) == 0
                    || Math.abs(is[i] - wanted[i]) <= CLOSE * Math.max(1, Math.abs(wanted[i])));
  }

  private static Map.Entry<String, Function<Case, double[]>> of(
      String name, ToDoubleFunction<Case> measure) {
    return entry(name, one -> new double[] {measure.applyAsDouble(one)});
  }

  private static double[] each(Case one, IntToDoubleFunction measure) {
    return IntStream.range(0, one.confusion().classes()).mapToDouble(measure).toArray();
  }

  private static double oneVsRest(Case one, Average average) {
    return Probabilities.aucOneVsRest(one.ints("actual"), one.rows(), one.rowWeights(), average);
  }

  private static double oneVsOne(Case one, Average average) {
    return Probabilities.aucOneVsOne(one.ints("actual"), one.rows(), average);
  }

  private static double[] quantiles(Case one) {
    var off = one.errors().residuals();
    Arrays.sort(off);
    return Stream.of(0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
        .mapToDouble(share -> Sums.quantile(off, share.doubleValue()))
        .toArray();
  }

  private static double[] bins(List<Bin> bins, ToDoubleFunction<Bin> part) {
    return bins.stream().mapToDouble(part).toArray();
  }

  private static double[] doubles(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false)
        .mapToDouble(MetricsTest::number)
        .toArray();
  }

  private static double number(JsonNode node) {
    return switch (node.asText()) {
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case "nan" -> Double.NaN;
      default -> node.asDouble();
    };
  }
}
