package dev.pipewright.tracker.metric;

import java.util.Arrays;

/// Sets of steps, as arrays in order.
final class Steps {
  private Steps() {}

  /// @param ordered with repetitions
  static long[] distinct(long[] ordered) {
    var once = new long[ordered.length];
    int count = 0;
    for (long step : ordered) {
      if (count == 0 || once[count - 1] != step) {
        once[count++] = step;
      }
    }
    return Arrays.copyOf(once, count);
  }

  static long[] union(long[] a, long[] b) {
    if (a.length == 0 || b.length == 0) {
      return a.length == 0 ? b : a;
    }
    var both = new long[a.length + b.length];
    int count = 0;
    int i = 0;
    int j = 0;
    while (i < a.length || j < b.length) {
      long next = j == b.length || i < a.length && a[i] <= b[j] ? a[i] : b[j];
      i += i < a.length && a[i] == next ? 1 : 0;
      j += j < b.length && b[j] == next ? 1 : 0;
      both[count++] = next;
    }
    return Arrays.copyOf(both, count);
  }

  /// The first and the last.
  static long[] ends(long[] ordered) {
    return distinct(new long[] {ordered[0], ordered[ordered.length - 1]});
  }

  /// At most so many, evenly spread.
  static long[] thinnedOut(long[] steps, int most) {
    if (steps.length <= most) {
      return steps;
    }
    var kept = new long[most];
    for (int i = 0; i < most; i++) {
      kept[i] = steps[(int) ((long) i * steps.length / most)];
    }
    return kept;
  }
}
