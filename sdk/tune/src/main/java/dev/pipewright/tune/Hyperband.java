package dev.pipewright.tune;

import dev.pipewright.contract.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Hyperband (Li et al. 2018) with the rungs of [Asha]: bracket s leaves out the lowest s rungs, so
/// that trials which are slow to show what they are worth have a chance. A bracket gets new trials
/// in proportion to Hyperband's n = ⌈(S + 1)/(s' + 1)·eta^s'⌉, where s' = S - s counts its
/// halvings.
///
/// @param min the step of the first rung of the first bracket
/// @param max the step at which trials end
/// @param eta one in so many goes on
public record Hyperband(long min, long max, int eta) implements Pruner {
  public Hyperband {
    min = min == 0 ? 1 : min;
    eta = eta == 0 ? 3 : eta;
  }

  private Rungs rungs(int bracket) {
    return new Rungs(min, max, eta, bracket);
  }

  private int brackets() {
    int brackets = 1;
    for (long step = min; step <= max / eta; step *= eta) {
      brackets++;
    }
    return brackets;
  }

  @Override
  public int bracket(History history) {
    int brackets = brackets();
    var made = new long[brackets];
    history.entries.stream()
        .filter(entry -> entry.origin != TrialRecord.Origin.EARLIER)
        .forEach(entry -> made[entry.bracket]++);
    int chosen = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int s = 0; s < brackets; s++) {
      int halvings = brackets - 1 - s;
      double wanted = Math.ceil(brackets / (halvings + 1.0) * Math.pow(eta, halvings));
      if ((made[s] + 1) / wanted < least) {
        least = (made[s] + 1) / wanted;
        chosen = s;
      }
    }
    return chosen;
  }

  @Override
  public Verdict judge(History history, History.Entry entry, long step) {
    return rungs(entry.bracket).pass(history, entry, 0) ? Verdict.GO_ON : Verdict.PAUSE;
  }

  @Override
  public History.@Nullable Entry resume(History history) {
    for (int bracket = brackets() - 1; bracket >= 0; bracket--) {
      var entry = rungs(bracket).promotable(history, bracket);
      if (entry != null) {
        entry.rung++;
        return entry;
      }
    }
    return null;
  }

  @Override
  public @Nullable Long budget(History.Entry entry) {
    return rungs(entry.bracket).step(entry.rung);
  }

  @Override
  public List<Problem.Violation> check() {
    return rungs(0).check();
  }
}
