package dev.pipewright.tune;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A trial that a study handed out.
///
/// @param start what was known of it when it was handed out
/// @param resumed whether it was paused before and goes on from its checkpoint
/// @param budget the step up to which it is to go now; null where that is its own affair
public record Trial(Study study, TrialRecord start, boolean resumed, @Nullable Long budget) {
  public int number() {
    return start.number();
  }

  public Map<String, @Nullable Object> params() {
    return start.params();
  }

  /// See [Study#report].
  public Verdict report(long step, double value) {
    return study.report(number(), step, value);
  }

  /// See [Study#tell].
  public void tell(double... values) {
    study.tell(number(), values);
  }

  /// See [Study#fail].
  public void fail() {
    study.fail(number());
  }
}
