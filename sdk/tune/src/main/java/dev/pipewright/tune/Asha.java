package dev.pipewright.tune;

import dev.pipewright.contract.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Asynchronous successive halving (Li et al., arXiv 1810.05934): a trial pauses at each rung
/// unless it belongs to the best one in eta that have come so far, and is resumed from its
/// checkpoint once it does. No trial is lost because it came early, and none waits for a rung to
/// fill.
///
/// @param min the step of the first rung
/// @param max the step at which trials end; null where they end by themselves
/// @param eta one in so many goes on
public record Asha(long min, @Nullable Long max, int eta) implements Pruner {
  public Asha {
    min = min == 0 ? 1 : min;
    eta = eta == 0 ? 3 : eta;
  }

  private Rungs rungs() {
    return new Rungs(min, max, eta, 0);
  }

  @Override
  public Verdict judge(History history, History.Entry entry, long step) {
    return rungs().pass(history, entry, 0) ? Verdict.GO_ON : Verdict.PAUSE;
  }

  @Override
  public History.@Nullable Entry resume(History history) {
    var entry = rungs().promotable(history, 0);
    if (entry != null) {
      entry.rung++;
    }
    return entry;
  }

  @Override
  public @Nullable Long budget(History.Entry entry) {
    return rungs().step(entry.rung);
  }

  @Override
  public List<Problem.Violation> check() {
    return rungs().check();
  }
}
