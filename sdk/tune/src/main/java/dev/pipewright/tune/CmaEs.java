package dev.pipewright.tune;

import dev.pipewright.contract.Problem;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Evolution strategy with covariance matrix adaptation ([CmaState]) over the numbers that are
/// always active; [Tpe] chooses the other parameters. A search that has settled starts anew from a
/// random place with twice the population (IPOP, Auger and Hansen 2005).
///
/// The state is no part of the study: it follows from the trials in the order in which they left,
/// and is brought up to date with those that left since it was last asked for. A trial belongs to
/// the population that was drawn from when it was asked for; those that come after their population
/// was full teach nothing.
///
/// @param population how many trials make one step; 4 + ⌊3 ln d⌋ unless given
/// @param sigma the width of the first population, as a share of each parameter's line
public record CmaEs(int population, double sigma) implements Sampler {
  private static final int MOST = 500;

  public CmaEs {
    sigma = sigma <= 0 ? 1.0 / 6 : sigma;
  }

  public CmaEs() {
    this(0, 0);
  }

  @Override
  public double[] suggest(History history, SplittableRandom random) {
    var space = history.space;
    var free = free(space);
    var state =
        history.memo(CmaState.class, () -> new CmaState(space, free, start(history, free), this));
    state.learn(history);
    var shares = state.sample(random);
    var point =
        free.length == space.size() ? new double[space.size()] : new Tpe().suggest(history, random);
    for (int d = 0; d < free.length; d++) {
      point[free[d]] = space.axis(free[d]).atShare(shares[d]);
    }
    if (free.length < space.size()) {
      RandomSearch.fill(space, point, random);
    }
    return point;
  }

  private static int[] free(SearchSpace space) {
    return IntStream.range(0, space.size())
        .filter(i ->
            !space.axis(i).isChoice()
                && !space.axis(i).single()
                && space.parameters().get(i).when().isEmpty())
        .toArray();
  }

  /// The middle, or the best trial of earlier studies.
  private static double[] start(History history, int[] free) {
    return history.entries.stream()
        .filter(entry -> entry.origin == TrialRecord.Origin.EARLIER)
        .filter(entry -> IntStream.of(free).noneMatch(i -> Double.isNaN(entry.point[i])))
        .min(History.BEST_FIRST)
        .map(entry ->
            IntStream.of(free)
                .mapToDouble(i -> history.space.axis(i).share(entry.point[i]))
                .toArray())
        .orElseGet(() -> IntStream.of(free).mapToDouble(_ -> 0.5).toArray());
  }

  @Override
  public List<Problem.Violation> check(SearchSpace space, List<Objective> objectives) {
    if (objectives.size() > 1) {
      return List.of(
          SpaceRules.error(
              "SAMPLER_ONE_OBJECTIVE",
              "sampler",
              "CMA-ES has one objective, the study %d".formatted(objectives.size()),
              "Take tpe or nsga2."));
    }
    if (population > MOST || free(space).length > MOST) {
      return List.of(
          SpaceRules.error(
              "SAMPLER_TOO_LARGE",
              "sampler",
              "CMA-ES has a population or numbers beyond %,d".formatted(MOST),
              "Give it fewer, or take tpe."));
    }
    return free(space).length > 0
        ? List.of()
        : List.of(
            SpaceRules.error(
                "SAMPLER_NEEDS_NUMBERS",
                "sampler",
                "CMA-ES needs a number that is always active",
                "Take tpe."));
  }
}
