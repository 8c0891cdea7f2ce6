package dev.pipewright.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class FrontsTest {
  private static final SearchSpace SPACE = Problems.cube(6, 0, 1);
  private static final List<Objective> BOTH =
      List.of(Objective.minimize("first"), Objective.minimize("second"));

  @Test
  void ranksPeelFronts() {
    var losses = new double[][] {{1, 5}, {2, 3}, {4, 1}, {2, 5}, {5, 5}, {2, 3}};
    assertThat(Fronts.ranks(losses)).containsExactly(0, 0, 0, 1, 2, 0);
  }

  @Test
  void crowdingIsTheDistanceBetweenNeighbours() {
    var losses = new double[][] {{0, 4}, {1, 2}, {4, 0}};
    assertThat(Fronts.crowding(losses, new int[3]))
        .containsExactly(Double.POSITIVE_INFINITY, 2, Double.POSITIVE_INFINITY);
  }

  @Test
  void volumesByHand() {
    assertThat(Fronts.hypervolume(List.of(), new double[] {1, 1})).isZero();
    assertThat(volume(new double[] {3}, new double[][] {{1}, {2}})).isEqualTo(2);
    assertThat(volume(new double[] {4, 4}, new double[][] {{1, 3}, {2, 2}, {3, 1}, {3, 3}}))
        .isEqualTo(6);
    assertThat(volume(new double[] {2, 2, 2}, new double[][] {{0, 1, 1}, {1, 0, 1}, {1, 1, 0}}))
        .isEqualTo(4);
    assertThat(volume(new double[] {2, 2}, new double[][] {{3, 0}, {1, 1}})).isEqualTo(1);
  }

  private static double volume(double[] reference, double[][] points) {
    return Fronts.hypervolume(Arrays.asList(points), reference);
  }

  /// By counting random points, in three and four dimensions.
  @Property(tries = 20)
  void volumesAreTheShareOfPointsThatAreDominated(
      @ForAll long seed, @ForAll @IntRange(min = 3, max = 4) int dimensions) {
    var random = new SplittableRandom(seed);
    var points = new double[6][];
    for (int i = 0; i < points.length; i++) {
      points[i] = random.doubles(dimensions).toArray();
    }
    var one = new double[dimensions];
    Arrays.fill(one, 1);
    int n = 20_000;
    long inside =
        IntStream.range(0, n)
            .filter(_ -> {
              var at = random.doubles(dimensions).toArray();
              return Arrays.stream(points).anyMatch(point -> Fronts.dominates(point, at));
            })
            .count();
    assertThat(Fronts.hypervolume(Arrays.asList(points), one))
        .isCloseTo(inside / (double) n, within(0.025));
  }

  @Test
  void samplersFindATradeOffBetterThanRandom() {
    double random = frontOf(new RandomSearch());
    assertThat(frontOf(new Tpe())).isGreaterThan(random + 0.3);
    assertThat(frontOf(new Nsga2(20))).isGreaterThan(random + 0.3);
  }

  /// The median hypervolume of ZDT1's front after 200 trials; the true front has 3.67.
  private static double frontOf(Sampler sampler) {
    return IntStream.range(0, 7)
        .mapToDouble(seed -> {
          var study = Study.of(new StudySpec(SPACE, BOTH, sampler, new NoPruner(), seed, 200));
          for (var trial = study.ask(); trial.isPresent(); trial = study.ask()) {
            var params = trial.get().params();
            double first = Problems.x(params, 0);
            double g =
                1 + 9 * IntStream.range(1, 6).mapToDouble(i -> Problems.x(params, i)).sum() / 5;
            trial.get().tell(first, g * (1 - Math.sqrt(first / g)));
          }
          assertThat(study.ended()).isTrue();
          assertThat(study.paretoFront()).isNotEmpty();
          return study.hypervolume(1.1, 4);
        })
        .sorted()
        .skip(3)
        .findFirst()
        .orElseThrow();
  }
}
