package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The expected values of the larger cases were computed with scikit-learn 1.9.1, by the function
/// that each measure names.
class ScoresTest {
  private static final Offset<Double> EXACT = within(1e-12);

  private static final int[] ACTUAL = {0, 0, 1, 1, 0, 1, 0, 1, 1, 0};
  private static final double[] POSITIVE = {.1, .4, .35, .8, .35, .6, .2, .9, .4, .6};

  private static final int[] THREE = {0, 1, 2, 2, 1, 0, 2};
  private static final double[][] OF_THREE = {
    {.7, .2, .1},
    {.2, .5, .3},
    {.1, .2, .7},
    {.4, .35, .25},
    {.1, .8, .1},
    {.3, .4, .3},
    {.05, .05, .9}
  };

  static Stream<Arguments> classes() {
    return Stream.of(
        Arguments.of("all right", new int[] {0, 1, 1}, new int[] {0, 1, 1}, 2, 1.0, 1.0),
        Arguments.of("all wrong", new int[] {0, 0}, new int[] {1, 1}, 2, 0.0, 0.0),
        // F1 is 2/3 for class 0, 1 for class 1.
        Arguments.of(
            "one said wrong", new int[] {0, 0, 1}, new int[] {0, 2, 1}, 3, 2 / 3.0, 5 / 9.0),
        Arguments.of(
            "an absent class is left out", new int[] {0, 1}, new int[] {0, 1}, 5, 1.0, 1.0),
        Arguments.of(
            "ten", ACTUAL, new int[] {0, 0, 0, 1, 0, 1, 0, 1, 0, 1}, 2, 0.7, 0.696969696969697),
        Arguments.of(
            "three classes", THREE, new int[] {0, 1, 2, 0, 1, 1, 2}, 3, 0.7142857142857143, 0.7));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("classes")
  void accuracy_and_f1(
      String name, int[] actual, int[] predicted, int classes, double accuracy, double f1) {
    assertThat(Scores.accuracy(actual, predicted)).as(name).isCloseTo(accuracy, EXACT);
    assertThat(Scores.macroF1(actual, predicted, classes)).as(name).isCloseTo(f1, EXACT);
  }

  @Test
  void confusion_has_the_actual_classes_as_rows() {
    assertThat(Scores.confusion(THREE, new int[] {0, 1, 2, 0, 1, 1, 2}, 3))
        .isDeepEqualTo(new int[][] {{1, 1, 0}, {0, 2, 0}, {1, 0, 2}});
  }

  @Test
  void log_loss() {
    var two =
        IntStream.range(0, 10)
            .mapToObj(i -> new double[] {1 - POSITIVE[i], POSITIVE[i]})
            .toArray(double[][]::new);
    assertThat(Scores.logLoss(ACTUAL, two)).isCloseTo(0.4991845885815495, EXACT);
    assertThat(Scores.logLoss(THREE, OF_THREE)).isCloseTo(0.6178954715507532, EXACT);
    assertThat(Scores.logLoss(new int[] {0, 1}, new double[][] {{0, 1}, {0, 1}}))
        .as("a class that was ruled out costs much, not infinitely much")
        .isCloseTo(18.021826694558577, within(1e-9));
  }

  @Test
  void roc_curve_of_ties_and_straight_lines() {
    var roc = Scores.roc(positive(ACTUAL, 1), POSITIVE);
    assertThat(roc.fpr()).containsExactly(new double[] {0, 0, 0.6, 1}, EXACT);
    assertThat(roc.tpr()).containsExactly(new double[] {0, 0.4, 1, 1}, EXACT);
    assertThat(roc.threshold()).containsExactly(Double.POSITIVE_INFINITY, 0.8, 0.35, 0.1);
    assertThat(roc.auc()).isCloseTo(0.82, EXACT);
  }

  static Stream<Arguments> aucs() {
    return Stream.of(
        Arguments.of("perfect", new int[] {0, 0, 1, 1}, new double[] {.1, .2, .3, .4}, 1.0),
        Arguments.of("upside down", new int[] {1, 1, 0, 0}, new double[] {.1, .2, .3, .4}, 0.0),
        Arguments.of("all tied", new int[] {1, 0, 1, 0}, new double[] {.5, .5, .5, .5}, 0.5),
        // Of the four pairs, three are in order.
        Arguments.of(
            "one pair wrong", new int[] {0, 1, 0, 1}, new double[] {.1, .2, .3, .4}, 0.75));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("aucs")
  void auc(String name, int[] actual, double[] score, double auc) {
    assertThat(Scores.roc(positive(actual, 1), score).auc()).as(name).isCloseTo(auc, EXACT);
  }

  @Test
  void auc_one_against_the_rest() {
    double sum = 0;
    for (int c = 0; c < 3; c++) {
      int k = c;
      var score = Stream.of(OF_THREE).mapToDouble(row -> row[k]).toArray();
      sum += Scores.roc(positive(THREE, c), score).auc();
    }
    assertThat(sum / 3).isCloseTo(0.9111111111111111, EXACT);
  }

  @Test
  void a_thinned_curve_keeps_its_ends_and_its_area() {
    var random = new java.util.Random(7);
    int n = 20_000;
    var positive = new boolean[n];
    var score = new double[n];
    for (int i = 0; i < n; i++) {
      positive[i] = random.nextInt(3) == 0;
      score[i] = random.nextGaussian() + (positive[i] ? 1 : 0);
    }
    var roc = Scores.roc(positive, score);
    var thin = roc.thinned(500);
    assertThat(roc.fpr().length).isGreaterThan(5000);
    assertThat(thin.fpr().length).isBetween(400, 500);
    assertThat(thin.fpr()[0]).isZero();
    assertThat(thin.tpr()[thin.tpr().length - 1]).isEqualTo(1);
    assertThat(thin.auc()).isCloseTo(roc.auc(), within(0.001));
  }

  static Stream<Arguments> regressions() {
    return Stream.of(
        // r2 by hand: errors 1.5, spread 29.1875
        Arguments.of(
            new double[] {3, -0.5, 2, 7},
            new double[] {2.5, 0, 2, 8},
            0.6123724356957945,
            0.5,
            0.9486081370449679),
        Arguments.of(
            new double[] {1, 2, 3}, new double[] {3, 2, 1}, Math.sqrt(8 / 3.0), 4 / 3.0, -3.0),
        Arguments.of(
            new double[] {1, 2, 3}, new double[] {2, 2, 2}, Math.sqrt(2 / 3.0), 2 / 3.0, 0.0),
        Arguments.of(new double[] {5, 5}, new double[] {5, 5}, 0.0, 0.0, 1.0),
        Arguments.of(new double[] {5, 5}, new double[] {5, 6}, Math.sqrt(0.5), 0.5, 0.0));
  }

  @ParameterizedTest
  @MethodSource("regressions")
  void regression(double[] actual, double[] predicted, double rmse, double mae, double r2) {
    assertThat(Scores.rmse(actual, predicted)).isCloseTo(rmse, EXACT);
    assertThat(Scores.mae(actual, predicted)).isCloseTo(mae, EXACT);
    assertThat(Scores.r2(actual, predicted)).isCloseTo(r2, EXACT);
  }

  private static boolean[] positive(int[] actual, int which) {
    var positive = new boolean[actual.length];
    for (int i = 0; i < actual.length; i++) {
      positive[i] = actual[i] == which;
    }
    return positive;
  }
}
