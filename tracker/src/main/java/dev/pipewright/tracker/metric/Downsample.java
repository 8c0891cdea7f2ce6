package dev.pipewright.tracker.metric;

/// Picks the points of a chart: of every bucket of neighbouring points the lowest and the highest,
/// in their order, so that no peak is lost whatever the zoom. NaN never wins over a number. The
/// first and the last point are always among them.
final class Downsample {
  private Downsample() {}

  /// @param most how many points at most; a single one is the last
  static Points minMax(Points points, int most) {
    int n = points.size();
    if (n <= most) {
      return points;
    }
    if (most == 1) {
      return points.slice(n - 1, n);
    }
    int buckets = (most - 2) / 2;
    var picked = new int[most];
    int count = 0;
    picked[count++] = 0;
    // Between the first and the last point; long arithmetic, as n * buckets may not fit an int.
    for (int bucket = 0; bucket < buckets; bucket++) {
      int from = 1 + (int) ((long) (n - 2) * bucket / buckets);
      int to = 1 + (int) ((long) (n - 2) * (bucket + 1) / buckets);
      int lowest = from;
      int highest = from;
      for (int i = from + 1; i < to; i++) {
        double value = points.values()[i];
        if (value < points.values()[lowest] || Double.isNaN(points.values()[lowest])) {
          lowest = i;
        }
        if (value > points.values()[highest] || Double.isNaN(points.values()[highest])) {
          highest = i;
        }
      }
      picked[count++] = Math.min(lowest, highest);
      if (lowest != highest) {
        picked[count++] = Math.max(lowest, highest);
      }
    }
    picked[count++] = n - 1;
    return points.pick(picked, count);
  }
}
