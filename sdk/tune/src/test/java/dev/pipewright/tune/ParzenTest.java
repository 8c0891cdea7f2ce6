package dev.pipewright.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ParzenTest {
  /// Written by parzen.py beside it.
  static Stream<JsonNode> optunas() throws Exception {
    try (var in = ParzenTest.class.getResourceAsStream("/parzen.json")) {
      return StreamSupport.stream(Json.MAPPER.readTree(in).spliterator(), false);
    }
  }

  @ParameterizedTest
  @MethodSource("optunas")
  void densitiesAreOptunas(JsonNode golden) throws Exception {
    var space = SearchSpace.read(golden.get("space"));
    var axes = IntStream.range(0, space.size()).mapToObj(space::axis).toArray(Axis[]::new);
    var points = Json.MAPPER.treeToValue(golden.get("points"), double[][].class);
    var at = Json.MAPPER.treeToValue(golden.get("at"), double[][].class);
    var expected = Json.MAPPER.treeToValue(golden.get("logDensity"), double[].class);
    var parzen = new Parzen(axes, points, Parzen.byAge(points.length), Parzen.Settings.CLASSIC);
    assertThat(parzen.logDensity(at)).containsExactly(expected, within(1e-7));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "3, 1, 1",
    "26, 0.038461538461538464, 1",
    "28, 0.03571428571428571, 1",
    "50, 0.02, 1",
  })
  void oldTrialsCountLess(int n, double first, double last) {
    var weights = Parzen.byAge(n);
    assertThat(weights).hasSize(n).isSorted();
    if (n > 0) {
      assertThat(weights[0]).isCloseTo(first, within(1e-12));
      assertThat(weights[n - 1]).isCloseTo(last, within(1e-12));
    }
  }

  /// A line, a grid and a choice, by the share of samples in each tenth or value.
  @Test
  void samplesAreAsDenseAsSaid() {
    var axis = new Axis(Parameter.whole("a", 0, 9));
    var points = new double[][] {{1}, {2}, {7}};
    var settings = Parzen.Settings.of(1);
    var parzen = new Parzen(new Axis[] {axis}, points, Parzen.byAge(3), settings);
    var random = new SplittableRandom(1);
    var counts = new int[10];
    int n = 100_000;
    for (int i = 0; i < n; i++) {
      counts[(int) parzen.sample(random)[0]]++;
    }
    for (int value = 0; value < 10; value++) {
      double expected = Math.exp(parzen.logDensity(new double[][] {{value}})[0]);
      // five standard deviations
      double noise = 5 * Math.sqrt(expected * (1 - expected) / n);
      assertThat(counts[value] / (double) n).isCloseTo(expected, within(noise));
    }
  }
}
