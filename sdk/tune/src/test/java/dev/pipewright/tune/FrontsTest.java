package dev.pipewright.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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

  @Property(tries = 100)
  void ranksOfOneObjectiveAreThoseOfTwoThatAgree(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    var one = random.ints(30, 0, 9).mapToObj(i -> new double[] {i}).toArray(double[][]::new);
    var two = Arrays.stream(one).map(loss -> new double[] {loss[0], 3 * loss[0]});
    assertThat(Fronts.ranks(one)).isEqualTo(Fronts.ranks(two.toArray(double[][]::new)));
  }

  /// Kept trial by trial, it is the first of the ranks.
  @Property(tries = 100)
  void theFrontOfAStudyIsThatOfItsTrials(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 3) int objectives) {
    var random = new SplittableRandom(seed);
    var named = IntStream.range(0, objectives).mapToObj(m -> Objective.minimize("o" + m)).toList();
    var spec = new StudySpec(SPACE, named, new RandomSearch(), new NoPruner(), seed, null);
    var study = Study.of(spec);
    IntStream.range(0, 25)
        .mapToObj(_ -> study.ask().orElseThrow())
        .sorted(Comparator.comparingInt(trial -> Long.hashCode(seed ^ trial.number())))
        .forEach(
            trial -> trial.tell(random.ints(objectives, 0, 5).mapToDouble(loss -> loss).toArray()));
    var ranks = Fronts.ranks(losses(study.trials()));
    var front = study.trials().stream().filter(trial -> ranks[trial.number()] == 0).toList();
    assertThat(study.paretoFront()).isEqualTo(front);
    assertThat(Study.restore(spec, study.trials()).paretoFront()).isEqualTo(front);
    assertThat(study.leading()).contains(front.getFirst());
  }

  private static double[][] losses(List<TrialRecord> trials) {
    return trials.stream()
        .map(trial -> trial.values().stream().mapToDouble(Double::doubleValue).toArray())
        .toArray(double[][]::new);
  }

  /// By trying all that are left each time.
  @Property(tries = 50)
  void thoseThatAddTheMostVolumeComeFirst(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 3) int objectives) {
    var random = new SplittableRandom(seed);
    var entries = new ArrayList<History.Entry>();
    for (int i = 0; i < 20; i++) {
      var entry =
          new History.Entry(i, TrialRecord.Origin.SAMPLED, new double[0], TrialState.COMPLETE);
      entry.told = random.doubles(objectives).toArray();
      entry.told[0] =
          objectives - IntStream.range(1, objectives).mapToDouble(m -> entry.told[m]).sum();
      entries.add(entry);
    }
    var reference =
        Fronts.reference(entries.stream().map(entry -> entry.told).toArray(double[][]::new));
    var chosen = new ArrayList<double[]>();
    for (var next : Fronts.bestFirst(entries, 6).subList(0, 6)) {
      double most =
          entries.stream().mapToDouble(entry -> with(chosen, entry, reference)).max().orElseThrow();
      assertThat(with(chosen, next, reference)).isCloseTo(most, within(1e-12));
      chosen.add(next.told);
    }
  }

  private static double with(List<double[]> chosen, History.Entry entry, double[] reference) {
    var all = new ArrayList<>(chosen);
    all.add(entry.told);
    return Fronts.hypervolume(all, reference);
  }

  /// Volumes of eight dimensions would take minutes.
  @Test
  void manyObjectivesTakeNoLongerThanFew() {
    var named = IntStream.range(0, 8).mapToObj(m -> Objective.minimize("o" + m)).toList();
    var random = new SplittableRandom(1);
    var study = Study.of(new StudySpec(SPACE, named, new Tpe(), new NoPruner(), 1, 300));
    assertTimeoutPreemptively(
        Duration.ofSeconds(30),
        () -> {
          for (var trial = study.ask(); trial.isPresent(); trial = study.ask()) {
            trial.get().tell(random.doubles(8).toArray());
          }
        });
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
