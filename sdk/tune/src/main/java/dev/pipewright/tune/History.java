package dev.pipewright.tune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The trials of a study as samplers and pruners see them. Guarded by its study.
public final class History {
  /// Complete ones first, then those that left early by how far they came; among equals the better
  /// one.
  static final Comparator<Entry> BEST_FIRST =
      Comparator.<Entry>comparingInt(entry -> entry.state == TrialState.COMPLETE ? 0 : 1)
          .thenComparing(
              Comparator.comparingLong((Entry entry) ->
                      entry.state == TrialState.COMPLETE ? Long.MAX_VALUE : entry.lastStep())
                  .reversed())
          .thenComparingDouble(Entry::loss)
          .thenComparingInt(entry -> entry.number);

  final SearchSpace space;
  final List<Objective> objectives;
  final List<Entry> entries = new ArrayList<>();
  private final long seed;

  /// How many trials have left.
  int left;

  private @Nullable Object memo;

  History(StudySpec spec) {
    space = spec.space();
    objectives = spec.objectives();
    seed = spec.seed();
  }

  /// The random numbers of a trial: the same ones each time.
  SplittableRandom random(int number) {
    long mixed = seed ^ (number + 1L) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ mixed >>> 30) * 0x94D049BB133111EBL;
    mixed = (mixed ^ mixed >>> 27) * 0x9E3779B97F4A7C15L;
    return new SplittableRandom(mixed ^ mixed >>> 31);
  }

  /// A trial; mutable, unlike its record.
  static final class Entry {
    final int number;
    final TrialRecord.Origin origin;
    final double[] point;
    final TreeMap<Long, Double> losses = new TreeMap<>();
    TrialState state;
    double @Nullable [] told;
    int rung;
    int bracket;
    int asked;
    int leftAs;

    Entry(int number, TrialRecord.Origin origin, double[] point, TrialState state) {
      this.number = number;
      this.origin = origin;
      this.point = point;
      this.state = state;
    }

    /// Of the first objective: what was told, or else the last report; NaN counts as worst.
    double loss() {
      double loss =
          told != null ? told[0] : losses.isEmpty() ? Double.NaN : losses.lastEntry().getValue();
      return Double.isNaN(loss) ? Double.POSITIVE_INFINITY : loss;
    }

    long lastStep() {
      return losses.isEmpty() ? Long.MIN_VALUE : losses.lastKey();
    }
  }

  boolean single() {
    return objectives.size() == 1;
  }

  /// Trials whose results can be learned from, in the order of their numbers.
  List<Entry> teachers() {
    return entries.stream()
        .filter(entry -> entry.state.teaches() && (single() || entry.told != null))
        .toList();
  }

  /// Trials of this study with a result for each objective.
  List<Entry> complete() {
    return entries.stream()
        .filter(entry ->
            entry.state == TrialState.COMPLETE && entry.origin != TrialRecord.Origin.EARLIER)
        .toList();
  }

  /// What a sampler has worked out of the history, kept between calls. It must be able to see what
  /// has changed since.
  <T> T memo(Class<T> type, Supplier<T> start) {
    if (!type.isInstance(memo)) {
      memo = start.get();
    }
    return type.cast(memo);
  }

  void forget() {
    memo = null;
  }
}
