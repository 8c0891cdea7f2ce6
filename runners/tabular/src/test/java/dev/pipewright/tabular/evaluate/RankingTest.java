package dev.pipewright.tabular.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RankingTest {
  private static final boolean[] POSITIVE = {
    false, false, true, true, false, true, false, true, true, false
  };
  private static final double[] SCORE = {.1, .4, .35, .8, .35, .6, .2, .9, .4, .6};

  @Test
  void a_thinned_curve_keeps_its_ends_and_its_area() {
    var random = new Random(7);
    int n = 20_000;
    var positive = new boolean[n];
    var score = new double[n];
    for (int i = 0; i < n; i++) {
      positive[i] = random.nextInt(3) == 0;
      score[i] = random.nextGaussian() + (positive[i] ? 1 : 0);
    }
    var roc = Ranking.of(positive, score).roc();
    var thin = roc.thinned(500);
    assertThat(roc.fpr()).hasSize(n + 1);
    assertThat(thin.fpr().length).isBetween(400, 500);
    assertThat(thin.fpr()[0]).isZero();
    assertThat(thin.tpr()[thin.tpr().length - 1]).isEqualTo(1);
    assertThat(area(thin)).isCloseTo(area(roc), within(0.001));
  }

  @Test
  void a_thinned_curve_leaves_out_what_lies_on_a_straight_line() {
    var roc =
        Ranking.of(new boolean[] {true, true, true, false, false}, new double[] {5, 4, 3, 2, 1})
            .roc()
            .thinned(500);
    assertThat(roc.fpr()).containsExactly(0, 0, 1);
    assertThat(roc.tpr()).containsExactly(0, 1, 1);
    assertThat(roc.threshold()).containsExactly(Double.POSITIVE_INFINITY, 3, 1);
  }

  @Test
  void the_best_precision_at_a_recall_and_the_best_recall_at_a_precision() {
    // Falling thresholds: .9 (1 of 1), .8 (2 of 2), .6 (3 of 4), .4 (4 of 6), .35 (5 of 8), …
    var curve = Ranking.of(POSITIVE, SCORE).precisionRecall();
    assertThat(curve.threshold()[curve.precisionAtRecall(0.6)]).isEqualTo(.6);
    assertThat(curve.threshold()[curve.precisionAtRecall(0.2)]).isEqualTo(.9);
    assertThat(curve.precision()[curve.precisionAtRecall(1)]).isEqualTo(5 / 8.0);
    assertThat(curve.recall()[curve.recallAtPrecision(0.75)]).isEqualTo(0.6);
    assertThat(curve.recall()[curve.recallAtPrecision(0.6)]).isEqualTo(1);
    assertThat(
            Ranking.of(new boolean[] {true, false}, new double[] {0, 1})
                .precisionRecall()
                .recallAtPrecision(0.9))
        .as("never so precise")
        .isZero();
  }

  @Test
  void gain_between_its_points() {
    var gain =
        Ranking.of(new boolean[] {true, false, true, false}, new double[] {4, 3, 2, 1}).gain();
    assertThat(gain.foundAt(0.25)).isEqualTo(0.5);
    assertThat(gain.foundAt(0.625)).isEqualTo(0.75);
    assertThat(gain.lift()[1]).isEqualTo(2);
  }

  private static double area(Ranking.Roc roc) {
    double area = 0;
    for (int i = 1; i < roc.fpr().length; i++) {
      area += (roc.fpr()[i] - roc.fpr()[i - 1]) * (roc.tpr()[i] + roc.tpr()[i - 1]) / 2;
    }
    return area;
  }
}
