package dev.pipewright.tabular.automl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// Which rows judge in which fold.
///
/// @param of each row's fold; -1 for one that is always learned from
/// @param ordered whether a fold learns only from the folds before it, as time goes
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Folds(int[] of, int count, boolean ordered) {
  int[] train(int fold) {
    return IntStream.range(0, of.length)
        .filter(row -> ordered ? of[row] < fold : of[row] != fold)
        .toArray();
  }

  int[] valid(int fold) {
    return IntStream.range(0, of.length).filter(row -> of[row] == fold).toArray();
  }

  /// The rows that judge in some fold.
  int[] judging() {
    return IntStream.range(0, of.length).filter(row -> of[row] >= 0).toArray();
  }

  /// The same mix of strata in each fold, as near as whole rows allow.
  static Folds stratified(int[] strata, int count, long seed) {
    var members = new HashMap<Integer, List<Integer>>();
    for (int row = 0; row < strata.length; row++) {
      members.computeIfAbsent(strata[row], _ -> new ArrayList<>()).add(row);
    }
    var random = new Random(seed);
    var of = new int[strata.length];
    int next = 0;
    for (var stratum : members.keySet().stream().sorted().toList()) {
      var rows = members.get(stratum);
      Collections.shuffle(rows, random);
      for (int row : rows) {
        of[row] = next++ % count;
      }
    }
    return new Folds(of, count, false);
  }

  /// One part of the rows judges, a share of each stratum; the rest is learned from.
  static Folds holdOut(int[] strata, double share, long seed) {
    int parts = (int) Math.max(2, Math.round(1 / share));
    var cut = stratified(strata, parts, seed);
    return new Folds(Arrays.stream(cut.of).map(fold -> fold == 0 ? 0 : -1).toArray(), 1, false);
  }

  /// All rows of a group in the same fold; the largest groups are dealt first, each to the fold
  /// with the fewest rows.
  static Folds grouped(int[] groups, int count, long seed) {
    var sizes = new HashMap<Integer, Integer>();
    for (int group : groups) {
      sizes.merge(group, 1, Integer::sum);
    }
    var order = new ArrayList<>(sizes.keySet().stream().sorted().toList());
    Collections.shuffle(order, new Random(seed));
    order.sort(Comparator.comparing(sizes::get).reversed());
    var rows = new int[count];
    var fold = new HashMap<Integer, Integer>();
    for (int group : order) {
      int least = 0;
      for (int f = 1; f < count; f++) {
        least = rows[f] < rows[least] ? f : least;
      }
      fold.put(group, least);
      rows[least] += sizes.getOrDefault(group, 0);
    }
    return new Folds(Arrays.stream(groups).map(fold::get).toArray(), count, false);
  }

  /// Blocks of rows by time: the first is only learned from, each other one judges what was learned
  /// from all before it. Rows of the same time are in the same block, so that there may be fewer
  /// blocks; none where all rows have the same time.
  static Folds inTime(double[] times, int count) {
    var order =
        IntStream.range(0, times.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer row) -> times[row]))
            .toList();
    var of = new int[times.length];
    int judging = 0;
    int last = 0;
    for (int rank = 1; rank < times.length; rank++) {
      int row = order.get(rank);
      // The first block is twice as large as each of the others.
      int block = Math.max(1, (int) ((long) rank * (count + 2) / times.length));
      boolean sameTime = times[row] == times[order.get(rank - 1)];
      if (!sameTime && block > Math.max(1, last)) {
        judging++;
        last = block;
      }
      of[row] = judging;
    }
    if (judging == 0) {
      int first = lastThird(times, order);
      for (int rank = first; rank < times.length; rank++) {
        of[order.get(rank)] = 1;
      }
      judging = first < times.length ? 1 : 0;
    }
    for (int row = 0; row < of.length; row++) {
      of[row]--;
    }
    return new Folds(of, judging, true);
  }

  /// The rank at which the time changes that is nearest to two thirds of the rows; the number of
  /// rows where it does not.
  private static int lastThird(double[] times, List<Integer> order) {
    int wanted = 2 * times.length / 3;
    return IntStream.range(1, times.length)
        .filter(rank -> times[order.get(rank)] != times[order.get(rank - 1)])
        .boxed()
        .min(Comparator.comparingInt(rank -> Math.abs(rank - wanted)))
        .orElse(times.length);
  }
}
