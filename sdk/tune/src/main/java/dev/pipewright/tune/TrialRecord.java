package dev.pipewright.tune;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All that is known of a trial; a study can be restored from its trials' records.
///
/// @param number from 0, in the order in which trials were made
/// @param params without those that are not active
/// @param values one for each objective; empty until told
/// @param reports the objective on the way, by step
/// @param rung how many rungs it was let past
/// @param bracket which of Hyperband's brackets it belongs to
/// @param asked how many trials had left when this one was made
/// @param left which one it was to leave, from 1; 0 while it has not left. Numbers are missing
///   where trials that had left were sent back
public record TrialRecord(
    int number,
    TrialState state,
    Origin origin,
    Map<String, @Nullable Object> params,
    List<Double> values,
    SortedMap<Long, Double> reports,
    int rung,
    int bracket,
    int asked,
    int left) {

  public enum Origin {
    SAMPLED,
    /// Given by the user, to be tried.
    ENQUEUED,
    /// From an earlier study; never run in this one.
    EARLIER
  }

  public TrialRecord {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    values = List.copyOf(values);
    reports = Collections.unmodifiableSortedMap(new TreeMap<>(reports));
  }

  /// The same with other values.
  TrialRecord reaching(List<Double> others) {
    return new TrialRecord(
        number, state, origin, params, others, reports, rung, bracket, asked, left);
  }
}
