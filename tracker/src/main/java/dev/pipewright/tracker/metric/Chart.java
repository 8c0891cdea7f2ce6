package dev.pipewright.tracker.metric;

import org.jspecify.annotations.Nullable;

/// Puts a metric's points together out of chunks that come in the order of their first steps, and
/// out of the tail. A chart of very many points is thinned out as the chunks come, so that its
/// memory depends on its width and not on the metric's length.
final class Chart {
  /// From so many points on.
  private static final int LONG = 2_000_000;

  /// How many points a bucket of the chart is first thinned out to.
  private static final int SPARE = 8;

  private final long fromStep;
  private final long toStep;
  private final @Nullable Integer most;
  private final PointBuffer kept = new PointBuffer();
  private PointBuffer overlapping = new PointBuffer();
  private long overlapsUntil = Long.MIN_VALUE;
  private long leftOut;

  /// @param most how many points at most; null for all
  Chart(long fromStep, long toStep, @Nullable Integer most) {
    this.fromStep = fromStep;
    this.toStep = toStep;
    this.most = most;
  }

  /// @param expected how many points there are in all chunks
  void chunk(byte[] data, long firstStep, long lastStep, long expected) {
    if (most == null || expected < LONG) {
      kept.add(MetricChunk.decode(data));
      return;
    }
    if (firstStep > overlapsUntil) {
      thinOut(most, expected);
    }
    overlapping.add(MetricChunk.decode(data));
    overlapsUntil = Math.max(overlapsUntil, lastStep);
  }

  private void thinOut(int most, long expected) {
    var points = overlapping.points().byStep().between(fromStep, toStep);
    if (points.size() > 0) {
      int share = (int) Math.max(4, SPARE * (long) most * points.size() / expected);
      var shown = Downsample.minMax(points, share);
      leftOut += points.size() - shown.size();
      kept.add(shown);
    }
    overlapping = new PointBuffer();
  }

  /// @param total how many points there are in the range; exact repetitions once, unless the chart
  ///   was thinned out while it was read
  record Result(Points points, long total) {}

  /// @param tail what is not in chunks yet
  Result with(Points tail) {
    if (overlapping.size() > 0 && most != null) {
      thinOut(most, LONG);
    }
    kept.add(tail);
    var all = kept.points().byStep().between(fromStep, toStep);
    return new Result(most == null ? all : Downsample.minMax(all, most), all.size() + leftOut);
  }
}
