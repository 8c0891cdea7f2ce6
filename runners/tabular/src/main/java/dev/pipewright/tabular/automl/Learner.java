package dev.pipewright.tabular.automl;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Fits models of one family.
interface Learner {
  /// A fold's model and what it says of the rows to judge by.
  ///
  /// @param rounds after which the rows to judge by had the least loss, or how many neighbours; 0
  ///   where there are none
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Fit(Fitted model, double[] predicted, int rounds) {}

  /// Fits one fold. What is not done by the deadline is left undone; the model is of what was.
  Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline);

  /// Fits several folds, one after the other unless the family knows better.
  default List<Fit> fit(List<Fold> folds, Config config, Goal goal, long seed, Deadline deadline) {
    var fits = new ArrayList<Fit>();
    for (int f = 0; f < folds.size(); f++) {
      double share = deadline.left() / (folds.size() - f);
      fits.add(fit(folds.get(f), config, goal, seed + f, Deadline.in(share)));
    }
    return fits;
  }

  Fitted load(Path file, Config config, Goal goal) throws IOException;
}
