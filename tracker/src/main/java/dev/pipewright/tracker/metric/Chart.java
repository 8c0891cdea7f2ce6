package dev.pipewright.tracker.metric;

import org.jspecify.annotations.Nullable;

/// Puts a metric's points together out of its chunks and its tail. A long metric that is to be
/// shown is thinned out part by part as it comes, so that memory depends on the chart's width.
final class Chart {
  /// How many times the points that are shown are kept at first: the buckets of the whole chart are
  /// then cut finely enough, whatever the parts.
  static final int SPARE = 8;

  private final long fromStep;
  private final long toStep;
  private final @Nullable Integer most;
  private final int longFrom;
  private final PointBuffer kept = new PointBuffer();
  private final PointBuffer tail = new PointBuffer();
  private long inChunks;
  private long leftOut;

  /// @param most how many points will be shown at most; null for all
  /// @param longFrom more points than this are thinned out
  Chart(long fromStep, long toStep, @Nullable Integer most, int longFrom) {
    this.fromStep = fromStep;
    this.toStep = toStep;
    this.most = most;
    this.longFrom = longFrom;
  }

  /// @param data all of its points, or its overview
  /// @param points how many points it has
  /// @param ofAll how many points all chunks have
  void chunk(byte[] data, int points, long ofAll) {
    inChunks = ofAll;
    var read = MetricChunk.decode(data);
    boolean overview = read.size() < points;
    var within = overview ? read : read.between(fromStep, toStep);
    keep(within, overview ? points : within.size());
  }

  void tail(byte[] data, String key) {
    Tail.read(data, each -> each.equals(key) ? tail : null);
  }

  private void keep(Points read, int points) {
    var share = read;
    if (most != null && inChunks > longFrom) {
      share = Downsample.minMax(read, (int) Math.max(4, (long) SPARE * most * points / inChunks));
    }
    leftOut += points - share.size();
    kept.add(share);
  }

  /// @param points by step, timestamp and value
  /// @param total how many points there are in the range; exact repetitions once, unless it was
  ///   thinned out
  record Result(Points points, long total) {
    Points atMost(int shown) {
      return Downsample.minMax(points, shown);
    }
  }

  Result end() {
    var logged = tail.points().byStep().between(fromStep, toStep);
    keep(logged, logged.size());
    var points = kept.points().byStep();
    return new Result(points, points.size() + leftOut);
  }
}
