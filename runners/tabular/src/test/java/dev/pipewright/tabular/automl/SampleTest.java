package dev.pipewright.tabular.automl;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.FrameBuilder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SampleTest {
  private static final int ROWS = 50_000;

  private static Frame.Column column(IntFunction<String> cell) {
    var builder = new FrameBuilder("table", List.of("target"));
    for (int row = 0; row < ROWS; row++) {
      builder.cell(0, cell.apply(row));
      builder.endRow();
    }
    return builder.build().column(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rare", "7"})
  void keepsAllRowsOfTheRareOneOfTwoClassesAndSaysSo(String rare) {
    var column = column(row -> row % 100 == 3 ? rare : "1");
    var all = IntStream.range(0, ROWS).toArray();
    var chosen = Sample.of(all, column, Target.Wish.AUTO, 10_000, 1);
    assertThat(chosen).isSorted().doesNotHaveDuplicates();
    assertThat(Arrays.stream(chosen).filter(row -> column.text(row).equals(rare)).count())
        .isEqualTo(ROWS / 100);
    assertThat(chosen.length).isBetween(10_000, 10_900);

    var target = new Target("target", Target.Kind.BINARY, List.of("1", rare));
    var kept = Sample.kept(all, chosen, column, target);
    assertThat(kept[0]).isBetween(0.19, 0.21);
    assertThat(kept[1]).isEqualTo(1);
    // A model of these rows says a fifth of the odds too much for the other class.
    var goal = new Goal(Goal.Kind.BINARY, 2, false);
    double there = 0.01;
    double here = there / (there + (1 - there) * kept[0]);
    assertThat(
            Calibration.NONE.moved(Math.log(kept[0] / kept[1])).apply(new double[] {here}, goal)[0])
        .isCloseTo(there, within(1e-9));
  }

  @Test
  void ofManyClassesAFewOfEachAreThere() {
    var target = column(row -> row < 25 ? "one" : row < 1_000 ? "two" : row % 2 == 0 ? "3" : "4");
    var all = IntStream.range(0, ROWS).toArray();
    var chosen = Sample.of(all, target, Target.Wish.AUTO, 1_000, 1);
    assertThat(Arrays.stream(chosen).filter(row -> row < 25).count()).isBetween(14L, 25L);
    assertThat(Arrays.stream(chosen).filter(row -> row >= 25 && row < 1_000).count())
        .isBetween(10L, 32L);
  }

  @ParameterizedTest
  @CsvSource({"REGRESSION, 2", "REGRESSION, 300", "AUTO, 300"})
  void aRegressionsRareValuesAreSampledAsTheOthers(Target.Wish wish, int values) {
    var target = column(row -> Integer.toString(row % 100 == 3 ? 1 + row % (values - 1) : 0));
    var chosen = Sample.of(IntStream.range(0, ROWS).toArray(), target, wish, 10_000, 1);
    assertThat(Arrays.stream(chosen).filter(row -> target.number(row) != 0).count())
        .isBetween(60L, 140L);
  }

  @ParameterizedTest
  @CsvSource({
    // times (a letter is a moment), blocks asked for, each row's fold
    "abcdefgh, 2, -1 -1 -1 -1 0 0 1 1",
    "hgfedcba, 2, 1 1 0 0 -1 -1 -1 -1",
    "aaaaaaab, 2, -1 -1 -1 -1 -1 -1 -1 0",
    "aaaabbbb, 2, -1 -1 -1 -1 0 0 0 0",
    "aabbbbbc, 2, -1 -1 -1 -1 -1 -1 -1 0",
    "aabbbbbb, 2, -1 -1 0 0 0 0 0 0",
    "abcccccc, 5, -1 -1 0 0 0 0 0 0",
    "aaaaaaaa, 2, -1 -1 -1 -1 -1 -1 -1 -1",
  })
  void rowsOfOneTimeAreJudgedTogether(String times, int blocks, String expected) {
    var folds = Folds.inTime(times.chars().asDoubleStream().toArray(), blocks);
    assertThat(Arrays.stream(folds.of()).mapToObj(Integer::toString).collect(joining(" ")))
        .isEqualTo(expected);
    assertThat(folds.count()).isEqualTo(Arrays.stream(folds.of()).max().orElseThrow() + 1);
  }

  @Test
  void ofNumbersThatAreAllDifferentTakesAShareOfAll() {
    var target = column(row -> Double.toString(row + 0.5));
    var all = IntStream.range(0, ROWS).toArray();
    assertThat(Sample.of(all, target, Target.Wish.AUTO, 10_000, 1).length).isBetween(9_600, 10_400);
  }

  /// Bags of few candidates would leave out the best at times, and be made of the others.
  @ParameterizedTest
  @ValueSource(ints = {2, 4, 7, 20})
  void anEnsembleIsNoWorseThanItsBestMember(int candidates) {
    var random = new SplittableRandom(3);
    var labels = new float[400];
    var predicted = new double[candidates][labels.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (float) random.nextGaussian();
      for (int c = 0; c < candidates; c++) {
        predicted[c][i] = labels[i] + random.nextGaussian() * (c == 0 ? 0.2 : 1.5);
      }
    }
    var goal = new Goal(Goal.Kind.REGRESSION, 0, false);
    var all = List.of(predicted);
    var blended = Ensemble.blend(all, Ensemble.weights(all, labels, goal, Measure.RMSE, 4, 5));
    assertThat(Measure.RMSE.of(labels, blended, goal))
        .isLessThanOrEqualTo(Measure.RMSE.of(labels, predicted[0], goal) * 1.02);
  }
}
