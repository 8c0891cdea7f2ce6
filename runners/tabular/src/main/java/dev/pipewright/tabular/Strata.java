package dev.pipewright.tabular;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// Which rows are held out. The same for the same rows, share and seed, on every machine.
final class Strata {
  private static final int QUANTILES = 10;

  private Strata() {}

  /// Holds out a share of the rows, the same share of each stratum as near as whole rows allow. A
  /// stratum of one row is never held out, and no stratum is held out whole.
  ///
  /// @param strata the stratum of each row
  /// @param share between 0 and 1
  /// @return for each row, whether it is held out
  static boolean[] holdOut(int[] strata, double share, long seed) {
    int n = strata.length;
    int count = Arrays.stream(strata).max().orElse(-1) + 1;
    var members = new ArrayList<List<Integer>>();
    for (int s = 0; s < count; s++) {
      members.add(new ArrayList<>());
    }
    for (int row = 0; row < n; row++) {
      members.get(strata[row]).add(row);
    }
    var take = new int[count];
    var rest = new double[count];
    int wanted = (int) Math.min(n - 1L, Math.max(1, Math.round(n * share)));
    for (int s = 0; s < count; s++) {
      double exact = members.get(s).size() * share;
      take[s] = (int) Math.min(Math.floor(exact), Math.max(0, members.get(s).size() - 1));
      rest[s] = exact - take[s];
      wanted -= take[s];
    }
    var byRest =
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer s) -> -rest[s]).thenComparing(s -> s))
            .toList();
    for (int s : byRest) {
      if (wanted > 0 && take[s] + 1 < members.get(s).size()) {
        take[s]++;
        wanted--;
      }
    }
    var held = new boolean[n];
    var random = new Random(seed);
    for (int s = 0; s < count; s++) {
      var rows = members.get(s);
      Collections.shuffle(rows, random);
      rows.stream().limit(take[s]).forEach(row -> held[row] = true);
    }
    return held;
  }

  /// One stratum for all.
  static int[] plain(int rows) {
    return new int[rows];
  }

  /// The classes.
  static int[] byClass(List<String> labels, Target target) {
    var positions = target.positions();
    return labels.stream().mapToInt(positions::get).toArray();
  }

  /// Ten equally large ranges of values; plain below a hundred rows.
  static int[] byQuantile(double[] values) {
    int n = values.length;
    if (n < 10 * QUANTILES) {
      return plain(n);
    }
    var order =
        IntStream.range(0, n)
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer row) -> values[row]).thenComparing(row -> row))
            .toList();
    var strata = new int[n];
    for (int rank = 0; rank < n; rank++) {
      strata[order.get(rank)] = (int) ((long) rank * QUANTILES / n);
    }
    return strata;
  }
}
