package dev.pipewright.tabular.unlabelled;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The algorithms against scikit-learn's.
class ReferenceTest {
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void clustersAreTheSame(int k) throws Exception {
    var rows = Reference.rows();
    var said = Reference.said().get("clusters").get(k - 2);
    assertThat(said.get("k").asInt()).isEqualTo(k);

    var found = KMeans.fit(rows, k, 50, new SplittableRandom(1));

    assertThat(found.inertia()).isCloseTo(said.get("inertia").asDouble(), within(1e-6));
    assertThat(found.sizes())
        .containsExactly(
            Reference.said()
                .at("/clusters/" + (k - 2) + "/sizes")
                .valueStream()
                .mapToInt(node -> node.asInt())
                .toArray());
    assertThat(Silhouette.of(rows, found.labels(), k))
        .isCloseTo(said.get("silhouette").asDouble(), within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 256})
  void theWayToARowIsAsLong(int rows) throws Exception {
    var said = Reference.said().get("paths").get(Integer.toString(rows));
    assertThat(IsolationForest.expected(rows)).isCloseTo(said.asDouble(), within(1e-9));
  }

  /// Two of scikit-learn's own forests of this size are up to 0.011 apart.
  @Test
  void scoresAreTheSameButForChance() throws Exception {
    var rows = Reference.rows();
    var said = Reference.said().get("scores");
    var scores = IsolationForest.grow(rows, 1000, 128, 5).scores(rows);
    for (int row = 0; row < rows.length; row++) {
      assertThat(scores[row]).as("row %d", row).isCloseTo(said.get(row).asDouble(), within(0.02));
    }
  }

  @Test
  void rowsThatAreAllTheSameAreNotOdd() {
    var rows = new double[50][3];
    var scores = IsolationForest.grow(rows, 10, 32, 1).scores(rows);
    assertThat(Arrays.stream(scores)).allMatch(score -> Math.abs(score - 0.5) < 1e-12);
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, 1 2 3 4 5 6 7 8 9 10, 9, 1",
    "0.25, 1 2 3 4 5 6 7 8 9 10, 7, 3",
    "0.0001, 1 2 3 4 5 6 7 8 9 10, 9, 1",
    "0.2, 1 2 3 4 5 6 7 8 8 8, 8, 0",
    "0.5, 5 5 5 5 5 5 5 5 5 5, 5, 0",
  })
  void aThresholdNeverLetsMoreThanItsShareThrough(
      double share, String scores, double threshold, int above) {
    var all = Arrays.stream(scores.split(" ")).mapToDouble(Double::parseDouble).toArray();
    double found = Anomalies.threshold(all, share);
    assertThat(found).isEqualTo(threshold);
    assertThat(Arrays.stream(all).filter(score -> score > found)).hasSize(above);
  }

  @Test
  void thePictureLiesAlongTheLargestDifferences() {
    var random = new SplittableRandom(3);
    var rows = new double[500][];
    for (int i = 0; i < rows.length; i++) {
      double along = random.nextDouble(-10, 10);
      double across = random.nextDouble(-1, 1);
      rows[i] = new double[] {along + across, along - across, random.nextDouble(-0.1, 0.1)};
    }
    var principal = Principal.of(rows);
    double half = Math.sqrt(0.5);
    assertThat(principal.directions()[0][0]).isCloseTo(half, within(0.02));
    assertThat(principal.directions()[0][1]).isCloseTo(half, within(0.02));
    assertThat(Math.abs(principal.directions()[1][0])).isCloseTo(half, within(0.02));
    assertThat(principal.share()).isBetween(0.999, 1.0);
  }
}
