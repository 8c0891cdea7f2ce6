package dev.pipewright.tracker.metric;

import java.util.Arrays;

/// Points of one metric, a column each.
///
/// @param timestamps milliseconds since the epoch
public record Points(long[] steps, long[] timestamps, double[] values) {
  static final Points NONE = new Points(new long[0], new long[0], new double[0]);

  public Points {
    if (steps.length != timestamps.length || steps.length != values.length) {
      throw new IllegalArgumentException(
          "the lists of a metric's points differ in length: "
              + steps.length
              + " steps, "
              + timestamps.length
              + " timestamps, "
              + values.length
              + " values");
    }
  }

  public int size() {
    return steps.length;
  }

  /// Which of two points is the later one of its metric.
  @FunctionalInterface
  private interface Order {
    int compare(int a, int b);
  }

  /// By step, timestamp and value; what is there twice, once.
  Points byStep() {
    return sorted((a, b) -> {
      int c = Long.compare(steps[a], steps[b]);
      c = c != 0 ? c : Long.compare(timestamps[a], timestamps[b]);
      return c != 0 ? c : compare(values[a], values[b]);
    });
  }

  /// By timestamp, step and value; what is there twice, once.
  Points byTime() {
    return sorted((a, b) -> {
      int c = Long.compare(timestamps[a], timestamps[b]);
      c = c != 0 ? c : Long.compare(steps[a], steps[b]);
      return c != 0 ? c : compare(values[a], values[b]);
    });
  }

  /// A NaN is worth 0, as MLflow keeps it.
  static int compare(double a, double b) {
    int c = Double.compare(Double.isNaN(a) ? 0 : a, Double.isNaN(b) ? 0 : b);
    return c != 0 ? c : Double.compare(a, b);
  }

  private Points sorted(Order order) {
    boolean ascending = true;
    for (int i = 1; i < size() && ascending; i++) {
      ascending = order.compare(i - 1, i) < 0;
    }
    if (ascending) {
      return this;
    }
    var index = mergeSort(order);
    int kept = 1;
    for (int i = 1; i < index.length; i++) {
      if (order.compare(index[kept - 1], index[i]) != 0) {
        index[kept++] = index[i];
      }
    }
    return pick(index, kept);
  }

  /// Merges neighbours of growing width; what is in order already is only copied.
  private int[] mergeSort(Order order) {
    int n = size();
    var from = new int[n];
    Arrays.setAll(from, i -> i);
    var to = new int[n];
    for (long width = 1; width < n; width *= 2) {
      for (long left = 0; left < n; left += 2 * width) {
        int middle = (int) Math.min(left + width, n);
        int end = (int) Math.min(left + 2 * width, n);
        merge(order, from, to, (int) left, middle, end);
      }
      var swap = from;
      from = to;
      to = swap;
    }
    return from;
  }

  private static void merge(Order order, int[] from, int[] to, int left, int middle, int end) {
    if (middle == end || order.compare(from[middle - 1], from[middle]) <= 0) {
      System.arraycopy(from, left, to, left, end - left);
      return;
    }
    int a = left;
    int b = middle;
    for (int at = left; at < end; at++) {
      boolean takeLeft = b == end || (a < middle && order.compare(from[a], from[b]) <= 0);
      to[at] = takeLeft ? from[a++] : from[b++];
    }
  }

  /// The first `count` of these positions.
  Points pick(int[] positions, int count) {
    var pickedSteps = new long[count];
    var pickedTimestamps = new long[count];
    var pickedValues = new double[count];
    for (int i = 0; i < count; i++) {
      pickedSteps[i] = steps[positions[i]];
      pickedTimestamps[i] = timestamps[positions[i]];
      pickedValues[i] = values[positions[i]];
    }
    return new Points(pickedSteps, pickedTimestamps, pickedValues);
  }

  /// Those with one of these steps, of points that are in order of steps.
  ///
  /// @param shown in order
  Points only(long[] shown) {
    var positions = new int[size()];
    int count = 0;
    int at = 0;
    for (int i = 0; i < size(); i++) {
      while (at < shown.length && shown[at] < steps[i]) {
        at++;
      }
      if (at < shown.length && shown[at] == steps[i]) {
        positions[count++] = i;
      }
    }
    return pick(positions, count);
  }

  Points slice(int from, int to) {
    return from == 0 && to == size()
        ? this
        : new Points(
            Arrays.copyOfRange(steps, from, to),
            Arrays.copyOfRange(timestamps, from, to),
            Arrays.copyOfRange(values, from, to));
  }

  /// Those with a step in this range, of points that are in order of steps.
  Points between(long fromStep, long toStep) {
    if (size() == 0 || (steps[0] >= fromStep && steps[size() - 1] <= toStep)) {
      return this;
    }
    int from = firstAtLeast(fromStep);
    int to = toStep == Long.MAX_VALUE ? size() : firstAtLeast(toStep + 1);
    return slice(from, Math.max(from, to));
  }

  private int firstAtLeast(long step) {
    int low = 0;
    int high = size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (steps[middle] < step) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
