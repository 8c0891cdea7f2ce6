package dev.pipewright.tabular.automl;

import java.util.List;
import java.util.Optional;

/// What to try after the portfolio: decided by what came out alone, so that the same trials lead to
/// the same proposal.
interface Proposals {
  /// The next configuration; empty when there is nothing more to try.
  ///
  /// @param trials those that ended, by number
  /// @param number the trial it will be
  Optional<Config> next(List<Trial> trials, int number);
}
