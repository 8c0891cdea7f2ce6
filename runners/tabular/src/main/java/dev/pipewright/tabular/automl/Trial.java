package dev.pipewright.tabular.automl;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One configuration and what came of it.
///
/// @param repeats how often it was fitted on all folds, each time with other folds
/// @param losses of the folds of the first time, as early stopping sees them
/// @param score of the judging rows, higher better; NaN unless done
/// @param value the measure itself
/// @param seconds that its fits took
/// @param problem why there is no model; null where there is one
record Trial(
    int number,
    Config config,
    int repeats,
    List<Double> losses,
    List<Integer> rounds,
    double score,
    double value,
    double seconds,
    @Nullable String problem) {
  Trial {
    losses = List.copyOf(losses);
    rounds = List.copyOf(rounds);
  }

  boolean done() {
    return problem == null;
  }

  static Trial failed(int number, Config config, double seconds, String problem) {
    return new Trial(
        number,
        config,
        0,
        List.of(),
        List.of(),
        Double.NEGATIVE_INFINITY,
        Double.NaN,
        seconds,
        problem);
  }

  Trial repeated(double more, double score, double value) {
    return new Trial(
        number, config, repeats + 1, losses, rounds, score, value, seconds + more, null);
  }

  static List<Double> concat(List<Double> one, List<Double> other) {
    var all = new ArrayList<>(one);
    all.addAll(other);
    return all;
  }
}
