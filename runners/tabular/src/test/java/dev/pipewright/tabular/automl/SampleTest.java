package dev.pipewright.tabular.automl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.FrameBuilder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
  void keepsAllRowsOfWhatIsRareAndAShareOfTheRest(String rare) {
    var target = column(row -> row % 100 == 3 ? rare : row % 2 == 0 ? "0" : "1");
    var chosen = Sample.of(IntStream.range(0, ROWS).toArray(), target, 10_000, 1);
    assertThat(chosen).isSorted().doesNotHaveDuplicates();
    assertThat(Arrays.stream(chosen).filter(row -> target.text(row).equals(rare)).count())
        .isEqualTo(ROWS / 100);
    assertThat(chosen.length).isBetween(10_000, 10_900);
  }

  @Test
  void ofNumbersThatAreAllDifferentTakesAShareOfAll() {
    var target = column(row -> Double.toString(row + 0.5));
    assertThat(Sample.of(IntStream.range(0, ROWS).toArray(), target, 10_000, 1).length)
        .isBetween(9_600, 10_400);
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
