package dev.pipewright.tune;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Every combination once, the last parameter changing fastest.
///
/// @param points how many values a double without step gets, evenly along its line
public record Grid(int points) implements Sampler {
  public Grid {
    points = points < 2 ? 5 : points;
  }

  public Grid() {
    this(5);
  }

  @Override
  public double @Nullable [] suggest(History history, SplittableRandom random) {
    for (int i = history.entries.size() - 1; i >= 0; i--) {
      var entry = history.entries.get(i);
      if (entry.origin == TrialRecord.Origin.SAMPLED) {
        return next(history.space, entry.point);
      }
    }
    var first = new double[history.space.size()];
    Arrays.fill(first, Double.NaN);
    return restart(history.space, order(history.space), first, 0);
  }

  private static int[] order(SearchSpace space) {
    return Arrays.stream(space.groups()).flatMapToInt(IntStream::of).toArray();
  }

  private double @Nullable [] next(SearchSpace space, double[] last) {
    var point = last.clone();
    var order = order(space);
    for (int place = order.length - 1; place >= 0; place--) {
      int i = order[place];
      if (Double.isNaN(point[i])) {
        continue;
      }
      var axis = space.axis(i);
      int index = indexOf(axis, point[i]);
      if (index + 1 < values(axis)) {
        point[i] = nth(axis, index + 1);
        return restart(space, order, point, place + 1);
      }
    }
    return null;
  }

  /// Sets the parameters from a place on to their first values, where they are active.
  private double[] restart(SearchSpace space, int[] order, double[] point, int from) {
    for (int place = from; place < order.length; place++) {
      int i = order[place];
      point[i] = space.active(i, point) ? nth(space.axis(i), 0) : Double.NaN;
    }
    return point;
  }

  private long values(Axis axis) {
    return axis.size > 0 ? axis.size : points;
  }

  private double nth(Axis axis, int index) {
    return axis.size > 0 ? axis.nth(index) : axis.atShare(index / (points - 1.0));
  }

  private int indexOf(Axis axis, double code) {
    return (int)
        (axis.size > 0
            ? Math.round((code - axis.first) / axis.step)
            : Math.round(axis.share(code) * (points - 1)));
  }
}
