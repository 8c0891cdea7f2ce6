package dev.pipewright.tune;

import java.util.Arrays;
import java.util.SplittableRandom;

/// Each parameter by itself, evenly along its line.
public record RandomSearch() implements Sampler {
  @Override
  public double[] suggest(History history, SplittableRandom random) {
    return point(history.space, random);
  }

  static double[] point(SearchSpace space, SplittableRandom random) {
    var point = new double[space.size()];
    Arrays.fill(point, Double.NaN);
    fill(space, point, random);
    return point;
  }

  /// Draws each active parameter that has no code yet, and drops those that are not active.
  static void fill(SearchSpace space, double[] point, SplittableRandom random) {
    for (var group : space.groups()) {
      for (int i : group) {
        double share = random.nextDouble();
        if (!space.active(i, point)) {
          point[i] = Double.NaN;
        } else if (Double.isNaN(point[i])) {
          point[i] = space.axis(i).atShare(share);
        }
      }
    }
  }
}
