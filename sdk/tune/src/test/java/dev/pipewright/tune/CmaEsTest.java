package dev.pipewright.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class CmaEsTest {
  private static final Objective LOSS = Objective.minimize("loss");

  @Test
  void findsTheBottomOfASphere() {
    var spec = StudySpec.of(Problems.cube(5, 0, 1), LOSS).sampledBy(new CmaEs());
    assertThat(Problems.medianLeast(spec, Problems::sphere, 600, 11)).isLessThan(1e-7);
  }

  @Test
  void followsABentValley() {
    var spec = StudySpec.of(Problems.cube(4, -2, 2), LOSS).sampledBy(new CmaEs());
    assertThat(Problems.medianLeast(spec, Problems::rosenbrock, 1500, 11)).isLessThan(1e-3);
  }

  @Test
  void findsWholeNumbers() {
    var space =
        SearchSpace.of(
            IntStream.range(0, 6)
                .mapToObj(i ->
                    i < 3 ? Parameter.whole("x" + i, -10, 10) : Parameter.real("x" + i, -10, 10))
                .toList());
    var spec = StudySpec.of(space, LOSS).sampledBy(new CmaEs());
    double least =
        Problems.medianLeast(
            spec,
            params ->
                IntStream.range(0, 6)
                    .mapToDouble(i -> Math.pow(Problems.x(params, i) - 4, 2))
                    .sum(),
            500,
            11);
    assertThat(least).isLessThan(1e-3);
  }

  /// Steps around the start hold nothing to learn from, so it has to begin elsewhere.
  @Test
  void startsAnewWhereNothingIsToBeGained() {
    var spec = StudySpec.of(Problems.cube(2, 0, 1), LOSS).sampledBy(new CmaEs());
    double least =
        Problems.medianLeast(
            spec,
            params ->
                Math.abs(Problems.x(params, 0) - 0.5) < 0.45
                        && Math.abs(Problems.x(params, 1) - 0.5) < 0.45
                    ? 1
                    : 0,
            300,
            11);
    assertThat(least).isZero();
  }

  @Test
  void manyWorkersTeachItTheSameWay() {
    var study = Study.of(StudySpec.of(Problems.cube(3, 0, 1), LOSS).sampledBy(new CmaEs()));
    for (int round = 0; round < 60; round++) {
      var trials = IntStream.range(0, 5).mapToObj(_ -> study.ask().orElseThrow()).toList();
      for (var trial : trials.reversed()) {
        trial.tell(Problems.sphere(trial.params()));
      }
    }
    assertThat(study.best().orElseThrow().values().getFirst()).isLessThan(1e-4);
  }

  /// Whoever restores a study may send back trials that had left, of which others know that they
  /// had.
  @Property(tries = 100)
  void goesOnWhereTrialsWereSentBack(
      @ForAll @IntRange(max = 12) int made, @ForAll @Size(value = 12) List<Boolean> sentBack) {
    var spec = StudySpec.of(Problems.cube(2, 0, 1), LOSS).sampledBy(new CmaEs(3, 0.2));
    var study = Study.of(spec);
    for (int i = 0; i < made; i++) {
      var trial = study.ask().orElseThrow();
      if (sentBack.get(i)) {
        trial.fail();
      } else {
        trial.tell(Problems.sphere(trial.params()));
      }
    }
    var again =
        study.trials().stream()
            .map(trial ->
                trial.state() == TrialState.FAILED
                    ? new TrialRecord(
                        trial.number(),
                        TrialState.RUNNING,
                        trial.origin(),
                        trial.params(),
                        List.of(),
                        trial.reports(),
                        0,
                        0,
                        trial.asked(),
                        0)
                    : trial)
            .toList();
    var restored = Study.restore(spec, again);
    for (var trial : again.reversed()) {
      if (trial.state() == TrialState.RUNNING) {
        restored.tell(trial.number(), Problems.sphere(trial.params()));
        assertThat(restored.ask()).isPresent();
      }
    }
  }

  /// It was drawn from a population that is full by now.
  @Test
  void aTrialThatIsHandedOutAgainBelongsToItsPopulation() {
    var spec = StudySpec.of(Problems.cube(3, 0, 1), LOSS).sampledBy(new CmaEs(4, 0.2));
    var lost = Study.of(spec);
    var late = Study.of(spec);
    for (var study : List.of(lost, late)) {
      for (int i = 0; i < 5; i++) {
        assertThat(study.ask()).isPresent();
      }
      for (int i = 1; i < 5; i++) {
        study.tell(i, i);
      }
      if (study == lost) {
        study.giveBack(0);
        assertThat(study.ask().orElseThrow().number()).isZero();
      }
      study.tell(0, 0.5);
      for (int i = 5; i < 9; i++) {
        study.ask().orElseThrow().tell(i);
      }
    }
    assertThat(lost.trials()).isEqualTo(late.trials());
  }

  @Property(tries = 50)
  void theSquareRootOfAMatrixSquaredIsTheMatrix(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int n) {
    var random = new SplittableRandom(seed);
    var root = new double[n][n];
    for (var row : root) {
      for (int j = 0; j < n; j++) {
        row[j] = random.nextGaussian();
      }
    }
    var matrix = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < n; k++) {
          matrix[i][j] += root[i][k] * root[j][k];
        }
      }
    }
    var eigen = Symmetric.of(matrix);
    // the rows of a square root R have R·Rᵀ as their products
    var columns =
        IntStream.range(0, n)
            .mapToObj(j -> {
              var unit = new double[n];
              unit[j] = 1;
              return eigen.stretch(unit);
            })
            .toArray(double[][]::new);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double product = 0;
        for (int k = 0; k < n; k++) {
          product += columns[k][i] * columns[k][j];
        }
        assertThat(product).isCloseTo(matrix[i][j], within(1e-9));
      }
    }
  }
}
