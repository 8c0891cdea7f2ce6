package dev.pipewright.tabular.automl;

/// Early stopping: keeps the best predictions and says when to stop waiting for better ones. It
/// waits longer the longer it took to get there.
final class Patience {
  private final double least;
  private final double most;
  private double best = Double.POSITIVE_INFINITY;
  private int bestRound;
  private double[] predicted = {};

  /// @param least rounds to wait at least, and at most
  Patience(double least, double most) {
    this.least = least;
    this.most = most;
  }

  /// @param round from 1
  /// @return whether it is the best so far
  boolean look(int round, double loss, double[] now) {
    if (!(loss < best)) {
      return false;
    }
    best = loss;
    bestRound = round;
    predicted = now.clone();
    return true;
  }

  boolean exhausted(int round) {
    return round - bestRound > Math.min(most, least + 0.3 * bestRound);
  }

  double best() {
    return best;
  }

  int round() {
    return bestRound;
  }

  double[] predicted() {
    return predicted;
  }
}
