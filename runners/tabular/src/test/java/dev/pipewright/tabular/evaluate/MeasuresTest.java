package dev.pipewright.tabular.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.Target.Kind;
import dev.pipewright.tabular.data.FrameBuilder;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MeasuresTest {
  @Test
  void a_binary_target_is_judged_by_auc() {
    var judged =
        Judged.of(
            new Target("y", Kind.BINARY, List.of("bad", "good")),
            List.of("good", "bad", "good", "bad"),
            new double[][] {{.2, .8}, {.6, .4}, {.7, .3}, {.9, .1}},
            Judged.HALF);
    var measures = new Measures(judged);
    assertThat(measures.primary()).isEqualTo("auc");
    assertThat(measures.score()).isEqualTo(0.75);
    assertThat(measures.all()).containsEntry("accuracy", 0.75).containsEntry("auc", 0.75);
    assertThat(measures.all().keySet()).containsAll(measures.names());
  }

  @Test
  void in_a_tie_it_is_the_first_class() {
    var target = new Target("y", Kind.BINARY, List.of("no", "yes"));
    var rows = new double[][] {{.5, .5}, {.4, .6}};
    assertThat(Judged.of(target, List.of("no", "yes"), rows, Judged.HALF).decided())
        .containsExactly(0, 1);
    assertThat(Judged.of(target, List.of("no", "yes"), rows, 0.5).decided()).containsExactly(1, 1);
    assertThat(Judged.of(target, List.of("no", "yes"), rows, 0.7).decided()).containsExactly(0, 0);
  }

  @Test
  void a_class_that_training_never_saw_counts_as_wrong() {
    var judged =
        Judged.of(
            new Target("y", Kind.BINARY, List.of("no", "yes")),
            List.of("no", "yes", "maybe"),
            new double[][] {{.9, .1}, {.2, .8}, {.6, .4}},
            Judged.HALF);
    assertThat(judged.classes()).containsExactly("no", "yes", "maybe");
    assertThat(judged.unseen()).containsExactly("maybe");
    assertThat(new Measures(judged).all().get("accuracy")).isCloseTo(2 / 3.0, within(1e-12));
  }

  @Test
  void rows_of_one_class_have_no_auc() {
    var judged =
        Judged.of(
            new Target("y", Kind.BINARY, List.of("no", "yes")),
            List.of("no", "no"),
            new double[][] {{.9, .1}, {.2, .8}},
            Judged.HALF);
    var measures = new Measures(judged);
    assertThat(measures.all()).doesNotContainKeys("auc", "ks", "averagePrecision");
    assertThat(measures.primary()).isEqualTo("accuracy");
    assertThat(measures.score()).isEqualTo(0.5);
    assertThat(Curve.of(judged)).isEmpty();
  }

  @Test
  void shares_of_zero_and_logarithms_of_negatives_are_left_out() {
    var target = new Target("y", Kind.REGRESSION, List.of());
    var some =
        new Judged(
            target, List.of(), new int[0], new double[] {1, 2}, new double[][] {{1}, {3}}, 0);
    assertThat(new Measures(some, 0.9).all()).containsKeys("mape", "rmsle", "pinball");
    var none =
        new Judged(
            target, List.of(), new int[0], new double[] {0, -2}, new double[][] {{1}, {3}}, 0);
    assertThat(new Measures(none).all())
        .containsKeys("rmse")
        .doesNotContainKeys("mape", "rmsle", "pinball");
  }

  @Test
  void an_interval_is_about_as_wide_as_theory_says() {
    int n = 2000;
    var random = new Random(5);
    var actual = new int[n];
    var rows = new double[n][];
    for (int i = 0; i < n; i++) {
      actual[i] = random.nextInt(2);
      boolean right = random.nextDouble() < 0.8;
      rows[i] = right == (actual[i] == 1) ? new double[] {.1, .9} : new double[] {.9, .1};
    }
    var labels = IntStream.of(actual).mapToObj(Integer::toString).toList();
    var measures =
        new Measures(
            Judged.of(new Target("y", Kind.BINARY, List.of("0", "1")), labels, rows, Judged.HALF));
    var bootstrap = Bootstrap.of(1000, n, 42);
    int at = measures.names().indexOf("accuracy");
    var interval = bootstrap.intervals(n, measures::of)[at];
    double accuracy = measures.all().get("accuracy");
    // The standard error of a share, times 1.96 to both sides.
    double half = 1.96 * Math.sqrt(accuracy * (1 - accuracy) / n);
    assertThat(accuracy - interval[0]).isCloseTo(half, within(0.1 * half));
    assertThat(interval[1] - accuracy).isCloseTo(half, within(0.1 * half));
    assertThat(bootstrap.intervals(n, measures::of)[at]).as("the same seed").isEqualTo(interval);
  }

  @Test
  void fewer_resamples_of_large_tables() {
    assertThat(Bootstrap.of(1000, 600, 1).resamples()).isEqualTo(1000);
    assertThat(Bootstrap.of(1000, 1_000_000, 1).resamples()).isEqualTo(100);
    assertThat(Bootstrap.of(50, 600, 1).resamples()).isEqualTo(50);
  }

  @Test
  void fairness_by_hand() {
    // Group a: 12 rows, 9 taken, of 6 good 5, of 6 others 4. Group b: 10 rows, 3 taken, of 5 good
    // 2, of 5 others 1.
    var builder = new FrameBuilder("t", List.of("group"));
    var labels = new java.util.ArrayList<String>();
    var taken = new java.util.ArrayList<Boolean>();
    add(builder, labels, taken, "a", "good", 5, 1);
    add(builder, labels, taken, "a", "bad", 4, 2);
    add(builder, labels, taken, "b", "good", 2, 3);
    add(builder, labels, taken, "b", "bad", 1, 4);
    add(builder, labels, taken, "too few", "bad", 0, 3);
    var rows =
        taken.stream()
            .map(t -> t ? new double[] {.2, .8} : new double[] {.8, .2})
            .toArray(double[][]::new);
    var judged =
        Judged.of(new Target("y", Kind.BINARY, List.of("bad", "good")), labels, rows, Judged.HALF);
    var fairness = Fairness.of(judged, Groups.of(builder.build().column(0)), 1);
    assertThat(fairness.groups())
        .extracting(Fairness.Group::value)
        .containsExactly("a", "b", "too few");
    assertThat(fairness.demographicParityDifference()).isCloseTo(0.75 - 0.3, within(1e-12));
    assertThat(fairness.disparateImpact()).isCloseTo(0.3 / 0.75, within(1e-12));
    assertThat(fairness.equalOpportunityDifference()).isCloseTo(5 / 6.0 - 2 / 5.0, within(1e-12));
    assertThat(fairness.equalisedOddsDifference()).isCloseTo(4 / 6.0 - 1 / 5.0, within(1e-12));
    assertThat(fairness.warning()).contains("'group' = 'b'", "0.40 times", "four fifths");
    var one =
        Fairness.of(
            judged.pick(IntStream.range(0, 12).toArray()),
            new Groups("group", List.of("a"), new int[12]),
            1);
    assertThat(one.disparateImpact()).isNull();
    assertThat(one.warning()).contains("Fewer than two groups");
  }

  private static void add(
      FrameBuilder builder,
      List<String> labels,
      List<Boolean> taken,
      String group,
      String label,
      int yes,
      int no) {
    for (int i = 0; i < yes + no; i++) {
      builder.text(0, group);
      builder.endRow();
      labels.add(label);
      taken.add(i < yes);
    }
  }

  @Test
  void groups_of_many_values() {
    var builder = new FrameBuilder("t", List.of("number", "text"));
    for (int i = 0; i < 200; i++) {
      builder.number(0, i == 7 ? Double.NaN : i);
      builder.text(1, i < 120 ? "often" : "v" + i);
      builder.endRow();
    }
    var frame = builder.build();
    var quarters = Groups.of(frame.column(0));
    assertThat(quarters.names())
        .hasSize(5)
        .contains(Groups.MISSING)
        .anyMatch(name -> name.startsWith("above"));
    assertThat(quarters.rows(quarters.names().indexOf(Groups.MISSING))).containsExactly(7);
    var texts = Groups.of(frame.column(1));
    assertThat(texts.names()).hasSize(Groups.MOST + 1).endsWith(Groups.OTHER);
    assertThat(texts.rows(Groups.MOST)).hasSize(200 - 120 - (Groups.MOST - 1));
  }
}
