package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.trace.TraceStatisticsStore.Counts;

/// Normalized pointwise mutual information: how much more often two things happen together than
/// they would by chance, from -1 (never) over 0 (independent) to 1 (always).
final class Npmi {
  /// Added to every cell, so that few observations do not say much.
  static final double JEFFREYS = 0.5;

  private Npmi() {}

  /// NaN where the counts do not say.
  static double of(Counts counts, double smoothing) {
    double both = counts.both();
    double onlyFirst = counts.first() - both;
    double onlySecond = counts.second() - both;
    double neither = counts.all() - counts.first() - counts.second() + both;
    if (counts.all() <= 0
        || counts.first() == 0
        || counts.second() == 0
        || onlyFirst < 0
        || onlySecond < 0
        || neither < 0) {
      return Double.NaN;
    }
    if (both == 0 && smoothing == 0) {
      return -1;
    }
    if (onlyFirst == 0 && onlySecond == 0 && neither == 0) {
      return 1;
    }
    double together = both + smoothing;
    double total = counts.all() + 4 * smoothing;
    double first = counts.first() + 2 * smoothing;
    double second = counts.second() + 2 * smoothing;
    double information = Math.log(together) + Math.log(total) - Math.log(first) - Math.log(second);
    return Math.clamp(information / (Math.log(total) - Math.log(together)), -1.0, 1.0);
  }
}
