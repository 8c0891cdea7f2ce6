package dev.pipewright.tune;

import dev.pipewright.contract.Problem;
import java.util.List;

/// Stops a trial whose best report so far is worse than most complete trials were at the same step.
///
/// @param percentile the share of trials that may go on, as a number up to 100
/// @param startup no trial is stopped before so many are complete
/// @param warmup nor at a step before this one
/// @param interval nor between two of these steps
public record Percentile(double percentile, int startup, long warmup, long interval)
    implements Pruner {
  public Percentile {
    percentile = percentile == 0 ? 50 : percentile;
    startup = startup <= 0 ? 5 : startup;
    interval = interval <= 0 ? 1 : interval;
  }

  @Override
  public Verdict judge(History history, History.Entry entry, long step) {
    if (step < warmup || !firstSince(entry, step)) {
      return Verdict.GO_ON;
    }
    var complete =
        history.complete().stream().filter(other -> other.number != entry.number).toList();
    if (complete.size() < startup) {
      return Verdict.GO_ON;
    }
    var there =
        complete.stream()
            .filter(other -> other.losses.containsKey(step))
            .mapToDouble(other -> other.losses.get(step))
            .filter(loss -> !Double.isNaN(loss))
            .sorted()
            .toArray();
    if (there.length == 0) {
      return Verdict.GO_ON;
    }
    double best =
        entry.losses.headMap(step, true).values().stream()
            .mapToDouble(Double::doubleValue)
            .filter(loss -> !Double.isNaN(loss))
            .min()
            .orElse(Double.POSITIVE_INFINITY);
    return best > at(there, percentile / 100) ? Verdict.STOP : Verdict.GO_ON;
  }

  /// Whether no step was reported before this one in the same interval.
  private boolean firstSince(History.Entry entry, long step) {
    long start = warmup + Math.floorDiv(step - warmup, interval) * interval;
    Long first = entry.losses.ceilingKey(start);
    return first != null && first == step;
  }

  /// The value that a share of the sorted ones lies below, between neighbours in proportion.
  private static double at(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int low = (int) place;
    int high = Math.min(low + 1, sorted.length - 1);
    return place == low ? sorted[low] : sorted[low] + (place - low) * (sorted[high] - sorted[low]);
  }

  @Override
  public List<Problem.Violation> check() {
    return percentile > 0 && percentile < 100
        ? List.of()
        : List.of(
            SpaceRules.error(
                "PERCENTILE_INVALID",
                "pruner.percentile",
                "The percentile is %s".formatted(percentile),
                "Give one between 0 and 100."));
  }
}
