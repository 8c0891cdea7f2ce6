package dev.pipewright.tune;

import dev.pipewright.contract.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rungs of successive halving: steps min·eta^k below max, at each of which the best one in eta
/// goes on.
///
/// @param skipped how many of the lowest rungs a bracket leaves out
record Rungs(long min, @Nullable Long max, int eta, int skipped) {
  /// A rung that no step is at, whatever the settings.
  static final int PAST_ALL = 64;

  /// The step of a rung; the maximum or nothing past the last one.
  @Nullable Long step(int rung) {
    double step = min * Math.pow(eta, (double) rung + skipped);
    if (max != null && step >= max) {
      return max;
    }
    return step > Long.MAX_VALUE ? null : (Long) (long) step;
  }

  boolean isLast(int rung) {
    Long step = step(rung);
    return step == null || step.equals(max);
  }

  /// The loss of a trial at a rung: its first report there or later. Null where it has not come so
  /// far; a NaN is as bad as can be.
  private @Nullable Double lossAt(History.Entry entry, int rung) {
    Long step = step(rung);
    var report = step == null ? null : entry.losses.ceilingEntry(step);
    return report == null
        ? null
        : report.getValue().isNaN() ? Double.POSITIVE_INFINITY : report.getValue();
  }

  private record At(History.Entry entry, double loss) {
    boolean isSound() {
      return loss < Double.POSITIVE_INFINITY;
    }
  }

  /// Those of a bracket that have come to a rung, best first.
  private List<At> at(History history, int bracket, int rung) {
    var there = new ArrayList<At>();
    for (var entry : history.entries) {
      if (entry.bracket == bracket && entry.origin != TrialRecord.Origin.EARLIER) {
        Double loss = lossAt(entry, rung);
        if (loss != null) {
          there.add(new At(entry, loss));
        }
      }
    }
    there.sort(Comparator.comparingDouble(At::loss));
    return there;
  }

  /// Lets a trial past the rungs it has come to where it is among the best there; false where it
  /// has to leave at one.
  ///
  /// @param leastBest how many pass at least, however few are there
  boolean pass(History history, History.Entry entry, int leastBest) {
    while (!isLast(entry.rung) && lossAt(entry, entry.rung) != null) {
      var there = at(history, entry.bracket, entry.rung);
      int best = Math.max(there.size() / eta, leastBest);
      if (there.stream().limit(best).noneMatch(one -> one.entry == entry && one.isSound())) {
        return false;
      }
      entry.rung++;
    }
    return true;
  }

  /// The best paused trial that belongs to the best of its rung, from the highest rung down.
  History.@Nullable Entry promotable(History history, int bracket) {
    int highest =
        history.entries.stream()
            .filter(entry -> entry.bracket == bracket && entry.state == TrialState.PAUSED)
            .mapToInt(entry -> entry.rung)
            .max()
            .orElse(-1);
    for (int rung = highest; rung >= 0; rung--) {
      var there = at(history, bracket, rung);
      for (var one : there.subList(0, there.size() / eta)) {
        if (one.entry.state == TrialState.PAUSED && one.entry.rung == rung && one.isSound()) {
          return one.entry;
        }
      }
    }
    return null;
  }

  List<Problem.Violation> check() {
    var errors = new ArrayList<Problem.Violation>();
    if (min < 1) {
      errors.add(
          SpaceRules.error(
              "MIN_INVALID",
              "pruner.min",
              "The first rung is at step " + min,
              "Set it to 1 or more."));
    }
    if (eta < 2) {
      errors.add(
          SpaceRules.error(
              "ETA_INVALID",
              "pruner.eta",
              "One in %d goes on".formatted(eta),
              "Set eta to 2 or more; 3 and 4 are usual."));
    }
    if (max != null && max < min) {
      errors.add(
          SpaceRules.error(
              "MAX_INVALID", "pruner.max", "The last rung is below the first one", "Raise max."));
    }
    return errors;
  }
}
