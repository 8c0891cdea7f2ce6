package dev.pipewright.contract.api;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/// The objective on the way of all trials of a study that have reported any.
///
/// @param curves by number of the trial
public record StudyCurves(List<Curve> curves) {
  private static final int MOST = 100;

  /// One trial's. Of many reports the first, the last and some in between, a hundred at most.
  ///
  /// @param steps rising
  /// @param values one for each step
  public record Curve(int number, List<Long> steps, List<Double> values) {
    /// As many of a trial's reports as a curve has.
    public static Curve of(int number, SortedMap<Long, Double> reports) {
      int each = Math.ceilDiv(reports.size(), MOST - 1);
      var steps = new ArrayList<Long>();
      var values = new ArrayList<Double>();
      int at = 0;
      for (var report : reports.entrySet()) {
        if (at % each == 0 || at == reports.size() - 1) {
          steps.add(report.getKey());
          values.add(report.getValue());
        }
        at++;
      }
      return new Curve(number, steps, values);
    }
  }
}
