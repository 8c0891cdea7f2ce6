package dev.pipewright.tune;

import dev.pipewright.contract.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Successive halving for trials that cannot be resumed: at each rung a trial stops for good unless
/// it belongs to the best one in eta that have come so far; the best one always goes on.
///
/// @param min the step of the first rung
/// @param max the step at which trials end; null where they end by themselves
/// @param eta one in so many goes on
public record Halving(long min, @Nullable Long max, int eta) implements Pruner {
  public Halving {
    min = min == 0 ? 1 : min;
    eta = eta == 0 ? 4 : eta;
  }

  @Override
  public Verdict judge(History history, History.Entry entry, long step) {
    return new Rungs(min, max, eta, 0).pass(history, entry, 1) ? Verdict.GO_ON : Verdict.STOP;
  }

  @Override
  public List<Problem.Violation> check() {
    return new Rungs(min, max, eta, 0).check();
  }
}
