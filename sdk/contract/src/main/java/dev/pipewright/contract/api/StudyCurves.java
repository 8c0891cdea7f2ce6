package dev.pipewright.contract.api;

import java.util.List;

/// The objective on the way of all trials of a study that have reported any.
///
/// @param curves by number of the trial
public record StudyCurves(List<Curve> curves) {
  /// One trial's. Of many reports the first, the last and some in between, a hundred at most.
  ///
  /// @param steps rising
  /// @param values one for each step
  public record Curve(int number, List<Long> steps, List<Double> values) {}
}
