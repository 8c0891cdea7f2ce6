package dev.pipewright.tune;

import dev.pipewright.contract.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Tree-structured Parzen estimator: models the best trials and the others each by a [Parzen]
/// mixture, draws candidates from the first, and takes the one that is most likely under the first
/// in proportion to the second. Bergstra et al. 2011; parameters of one group together (Falkner et
/// al. 2018; Watanabe 2023, arXiv 2304.11127). A candidate that was tried before is passed over
/// where there is another one: on a grid the mixtures come back to their best values often.
///
/// Trials that run count as bad ones ("constant liar"), which keeps workers apart. Trials that left
/// early stand behind complete ones, the deeper before the shallower. With several objectives the
/// best are the first fronts, the last of them cut by what its trials add to the hypervolume
/// (MOTPE, Ozaki et al. 2020).
///
/// @param startup how many trials are drawn at random first
/// @param candidates how many points are drawn to choose from
public record Tpe(int startup, int candidates) implements Sampler {
  private static final int STARTUP = 10;
  private static final int CANDIDATES = 24;
  private static final int MOST_CANDIDATES = 10_000;

  public Tpe {
    startup = startup <= 0 ? STARTUP : startup;
    candidates = candidates <= 0 ? CANDIDATES : candidates;
  }

  public Tpe() {
    this(STARTUP, CANDIDATES);
  }

  /// How many of n trials count as the best.
  static int best(int n) {
    return Math.min((n + 9) / 10, 25);
  }

  @Override
  public List<Problem.Violation> check(SearchSpace space, List<Objective> objectives) {
    return candidates <= MOST_CANDIDATES
        ? List.of()
        : List.of(
            SpaceRules.error(
                "CANDIDATES_INVALID",
                "sampler.candidates",
                "TPE draws %,d candidates".formatted(candidates),
                "Draw at most %,d.".formatted(MOST_CANDIDATES)));
  }

  @Override
  public double[] suggest(History history, SplittableRandom random) {
    var teachers = history.teachers();
    if (teachers.size() < startup) {
      return RandomSearch.point(history.space, random);
    }
    var split = split(history, teachers);
    var space = history.space;
    var point = new double[space.size()];
    Arrays.fill(point, Double.NaN);
    for (var group : space.groups()) {
      if (space.active(group[0], point)) {
        suggest(space, group, split, point, random);
      }
    }
    return point;
  }

  private record Split(List<History.Entry> best, List<History.Entry> rest) {
    /// Whether a trial has had these codes.
    boolean has(int[] free, double[] codes) {
      return Stream.concat(best.stream(), rest.stream())
          .anyMatch(entry ->
              IntStream.range(0, free.length).allMatch(d -> entry.point[free[d]] == codes[d]));
    }
  }

  private static Split split(History history, List<History.Entry> teachers) {
    int count = best(teachers.size());
    var sorted =
        history.single()
            ? teachers.stream().sorted(History.BEST_FIRST).toList()
            : Fronts.bestFirst(teachers, count);
    var isBest = new boolean[history.entries.size()];
    sorted.subList(0, count).forEach(entry -> isBest[entry.number] = true);
    var best = history.entries.stream().filter(entry -> isBest[entry.number]).toList();
    var rest =
        history.entries.stream()
            .filter(entry ->
                entry.state == TrialState.RUNNING || entry.state.teaches() && !isBest[entry.number])
            .toList();
    return new Split(best, rest);
  }

  private void suggest(
      SearchSpace space, int[] group, Split split, double[] point, SplittableRandom random) {
    var free = Arrays.stream(group).filter(i -> !space.axis(i).single()).toArray();
    for (int i : group) {
      point[i] = space.axis(i).first;
    }
    if (free.length == 0) {
      return;
    }
    var axes = Arrays.stream(free).mapToObj(space::axis).toArray(Axis[]::new);
    var good = parzen(axes, free, split.best);
    var bad = parzen(axes, free, split.rest);
    var drawn = new double[candidates][];
    for (int c = 0; c < candidates; c++) {
      drawn[c] = good.sample(random);
    }
    var inGood = good.logDensity(drawn);
    var inBad = bad.logDensity(drawn);
    int chosen = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < candidates; c++) {
      double worth = inGood[c] - inBad[c];
      if (worth > most && !split.has(free, drawn[c])) {
        most = worth;
        chosen = c;
      }
    }
    for (int d = 0; d < free.length; d++) {
      point[free[d]] = drawn[chosen][d];
    }
  }

  private static Parzen parzen(Axis[] axes, int[] free, List<History.Entry> entries) {
    var points =
        entries.stream()
            .map(entry -> Arrays.stream(free).mapToDouble(i -> entry.point[i]).toArray())
            .filter(codes -> Arrays.stream(codes).noneMatch(Double::isNaN))
            .toArray(double[][]::new);
    return new Parzen(axes, points, Parzen.byAge(points.length), Parzen.Settings.of(axes.length));
  }
}
