package dev.pipewright.tune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/// NSGA-II (Deb et al. 2002), one child at a time as ssNSGA-II does (Nebro and Durillo 2009): the
/// parents are the best trials so far by front and then by crowding, however many have been made,
/// so that no worker waits for a generation. Simulated binary crossover and polynomial mutation
/// along the lines of numbers; choices are taken from either parent.
///
/// @param population how many trials can be parents, and how many are drawn at random first
public record Nsga2(int population) implements Sampler {
  private static final int POPULATION = 40;
  private static final double CROSSOVER = 0.9;

  /// The larger, the nearer children are to their parents.
  private static final double NEARNESS = 20;

  public Nsga2 {
    population = population < 2 ? POPULATION : population;
  }

  public Nsga2() {
    this(POPULATION);
  }

  @Override
  public double[] suggest(History history, SplittableRandom random) {
    var complete =
        history.entries.stream()
            .filter(entry -> entry.state == TrialState.COMPLETE && entry.told != null)
            .toList();
    if (complete.size() < population) {
      return RandomSearch.point(history.space, random);
    }
    var parents = survivors(complete);
    var first = tournament(parents, random);
    var second = tournament(parents, random);
    return child(history.space, first.point, second.point, random);
  }

  /// The parents, best first.
  private List<History.Entry> survivors(List<History.Entry> complete) {
    var losses = complete.stream().map(entry -> entry.told).toArray(double[][]::new);
    var ranks = Fronts.ranks(losses);
    var crowding = Fronts.crowding(losses, ranks);
    var order = new ArrayList<Integer>();
    for (int i = 0; i < losses.length; i++) {
      order.add(i);
    }
    order.sort(
        Comparator.<Integer>comparingInt(i -> ranks[i])
            .thenComparing(Comparator.<Integer>comparingDouble(i -> crowding[i]).reversed()));
    return order.stream().limit(population).map(complete::get).toList();
  }

  private static History.Entry tournament(List<History.Entry> parents, SplittableRandom random) {
    return parents.get(Math.min(random.nextInt(parents.size()), random.nextInt(parents.size())));
  }

  private static double[] child(
      SearchSpace space, double[] first, double[] second, SplittableRandom random) {
    boolean cross = random.nextDouble() < CROSSOVER;
    var child = new double[space.size()];
    for (int i = 0; i < child.length; i++) {
      var axis = space.axis(i);
      double from = Double.isNaN(first[i]) ? second[i] : first[i];
      double other = Double.isNaN(second[i]) ? from : second[i];
      if (axis.isChoice()) {
        child[i] = cross && random.nextBoolean() ? other : from;
        if (random.nextDouble() < 1.0 / child.length) {
          child[i] = random.nextInt((int) axis.size);
        }
      } else if (!Double.isNaN(from)) {
        double share = axis.share(from);
        if (cross && random.nextBoolean()) {
          share = between(share, axis.share(other), random);
        }
        if (random.nextDouble() < 1.0 / child.length) {
          share = mutated(share, random);
        }
        child[i] = axis.atShare(Math.clamp(share, 0, 1));
      } else {
        child[i] = Double.NaN;
      }
    }
    RandomSearch.fill(space, child, random);
    return child;
  }

  /// Simulated binary crossover (Deb and Agrawal 1995).
  private static double between(double a, double b, SplittableRandom random) {
    double u = random.nextDouble();
    double spread =
        u <= 0.5
            ? Math.pow(2 * u, 1 / (NEARNESS + 1))
            : Math.pow(1 / (2 * (1 - u)), 1 / (NEARNESS + 1));
    double sign = random.nextBoolean() ? 1 : -1;
    return 0.5 * ((1 + sign * spread) * a + (1 - sign * spread) * b);
  }

  /// Polynomial mutation (Deb and Goyal 1996).
  private static double mutated(double share, SplittableRandom random) {
    double u = random.nextDouble();
    return share
        + (u < 0.5
            ? Math.pow(2 * u, 1 / (NEARNESS + 1)) - 1
            : 1 - Math.pow(2 * (1 - u), 1 / (NEARNESS + 1)));
  }
}
