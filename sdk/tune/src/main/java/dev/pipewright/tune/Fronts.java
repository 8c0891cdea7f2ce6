package dev.pipewright.tune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/// Orders among trials with several objectives, all of them losses.
final class Fronts {
  /// Of how many objectives volumes are worked out.
  private static final int MOST_VOLUMES = 3;

  private Fronts() {}

  /// Whether a is nowhere worse than b and somewhere better.
  static boolean dominates(double[] a, double[] b) {
    boolean better = false;
    for (int m = 0; m < a.length; m++) {
      if (a[m] > b[m]) {
        return false;
      }
      better |= a[m] < b[m];
    }
    return better;
  }

  /// The front of each: 0 for those that nothing dominates, 1 for those that only front 0 does, …
  static int[] ranks(double[][] losses) {
    int n = losses.length;
    var ranks = new int[n];
    if (n > 0 && losses[0].length == 1) {
      var values = Arrays.stream(losses).mapToDouble(loss -> loss[0]).sorted().distinct().toArray();
      Arrays.setAll(ranks, i -> Arrays.binarySearch(values, losses[i][0]));
      return ranks;
    }
    var dominators = new int[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        if (dominates(losses[j], losses[i])) {
          dominators[i]++;
        }
      }
    }
    var open = IntStream.range(0, n).toArray();
    for (int rank = 0; open.length > 0; rank++) {
      var front = IntStream.of(open).filter(i -> dominators[i] == 0).toArray();
      open = IntStream.of(open).filter(i -> dominators[i] > 0).toArray();
      for (int i : front) {
        ranks[i] = rank;
        for (int j : open) {
          if (dominates(losses[i], losses[j])) {
            dominators[j]--;
          }
        }
      }
    }
    return ranks;
  }

  /// How far the neighbours of each in its front are, summed over the objectives; infinite at a
  /// front's ends (NSGA-II, Deb et al. 2002).
  static double[] crowding(double[][] losses, int[] ranks) {
    int n = losses.length;
    var crowding = new double[n];
    int last = Arrays.stream(ranks).max().orElse(-1);
    for (int rank = 0; rank <= last; rank++) {
      var front = new ArrayList<Integer>();
      for (int i = 0; i < n; i++) {
        if (ranks[i] == rank) {
          front.add(i);
        }
      }
      for (int m = 0; m < losses[front.getFirst()].length; m++) {
        int objective = m;
        front.sort(Comparator.comparingDouble(i -> losses[i][objective]));
        double range = losses[front.getLast()][m] - losses[front.getFirst()][m];
        crowding[front.getFirst()] = Double.POSITIVE_INFINITY;
        crowding[front.getLast()] = Double.POSITIVE_INFINITY;
        for (int f = 1; f < front.size() - 1 && range > 0; f++) {
          crowding[front.get(f)] +=
              (losses[front.get(f + 1)][m] - losses[front.get(f - 1)][m]) / range;
        }
      }
    }
    return crowding;
  }

  /// Trials in the order of their fronts, the first few of them chosen well: within the front that
  /// the count cuts, each next one adds the most hypervolume. Beyond three objectives, where
  /// volumes take too long, those come first that are farthest from their neighbours.
  static List<History.Entry> bestFirst(List<History.Entry> entries, int count) {
    var losses = entries.stream().map(entry -> entry.told).toArray(double[][]::new);
    var ranks = ranks(losses);
    var order = new ArrayList<Integer>();
    for (int i = 0; i < losses.length; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingInt(i -> ranks[i]));
    if (count > 0 && count < order.size()) {
      int cut = ranks[order.get(count - 1)];
      int from = 0;
      while (ranks[order.get(from)] < cut) {
        from++;
      }
      int to = from;
      while (to < order.size() && ranks[order.get(to)] == cut) {
        to++;
      }
      var front = order.subList(from, to);
      if (losses[0].length > MOST_VOLUMES) {
        var crowding = crowding(losses, ranks);
        front.sort(Comparator.<Integer>comparingDouble(i -> crowding[i]).reversed());
      } else {
        greedy(front, losses, count - from);
      }
    }
    return order.stream().map(entries::get).toList();
  }

  /// Puts those first that add the most hypervolume, one after the other (greedy subset selection,
  /// within 1 - 1/e of the best subset). What one adds only shrinks as others are chosen, so most
  /// need not be looked at again (Minoux 1978).
  private static void greedy(List<Integer> front, double[][] losses, int count) {
    record Candidate(int index, double adds, int chosen) {}
    var reference = reference(front.stream().map(i -> losses[i]).toArray(double[][]::new));
    var queue =
        new PriorityQueue<Candidate>(
            Comparator.comparingDouble(Candidate::adds)
                .reversed()
                .thenComparingInt(Candidate::index));
    front.forEach(i -> queue.add(new Candidate(i, Double.POSITIVE_INFINITY, -1)));
    var first = new ArrayList<Integer>();
    var chosen = new ArrayList<double[]>();
    double volume = 0;
    while (first.size() < count) {
      var next = queue.remove();
      chosen.add(losses[next.index]);
      double together = hypervolume(chosen, reference);
      if (next.chosen == first.size()) {
        first.add(next.index);
        volume = together;
      } else {
        chosen.removeLast();
        queue.add(new Candidate(next.index, together - volume, first.size()));
      }
    }
    front.removeAll(first);
    front.addAll(0, first);
  }

  /// A point a tenth of its size beyond the worst of each loss.
  static double[] reference(double[][] losses) {
    var reference = losses[0].clone();
    for (int m = 0; m < reference.length; m++) {
      for (var loss : losses) {
        reference[m] = Math.max(reference[m], loss[m]);
      }
      double worst = reference[m];
      reference[m] = worst == 0 ? 1e-12 : Math.max(1.1 * worst, 0.9 * worst);
    }
    return reference;
  }

  /// The volume between a reference point and what the points dominate: slices along the last loss,
  /// each with the volume of one dimension less.
  static double hypervolume(List<double[]> points, double[] reference) {
    var inside =
        points.stream()
            .filter(point -> {
              for (int m = 0; m < reference.length; m++) {
                if (!(point[m] < reference[m])) {
                  return false;
                }
              }
              return true;
            })
            .toList();
    return volume(inside, reference, reference.length);
  }

  private static double volume(List<double[]> points, double[] reference, int dimensions) {
    if (points.isEmpty()) {
      return 0;
    }
    int last = dimensions - 1;
    if (dimensions == 1) {
      return reference[0] - points.stream().mapToDouble(point -> point[0]).min().orElseThrow();
    }
    var sorted = new ArrayList<>(points);
    sorted.sort(Comparator.comparingDouble(point -> point[last]));
    if (dimensions == 2) {
      double volume = 0;
      double lowest = reference[0];
      for (var point : sorted) {
        if (point[0] < lowest) {
          volume += (lowest - point[0]) * (reference[1] - point[1]);
          lowest = point[0];
        }
      }
      return volume;
    }
    double volume = 0;
    for (int i = 0; i < sorted.size(); i++) {
      double upTo = i + 1 < sorted.size() ? sorted.get(i + 1)[last] : reference[last];
      double depth = upTo - sorted.get(i)[last];
      if (depth > 0) {
        volume += depth * volume(sorted.subList(0, i + 1), reference, last);
      }
    }
    return volume;
  }
}
