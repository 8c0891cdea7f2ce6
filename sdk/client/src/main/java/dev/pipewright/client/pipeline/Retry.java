package dev.pipewright.client.pipeline;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// Further attempts after failures. Those of the task's own and those of the system's (a lost
/// machine) have budgets of their own.
public final class Retry {
  private final Map<String, Object> keys = new LinkedHashMap<>();

  private Retry() {}

  /// As many more attempts after failures of the task's own.
  public static Retry times(int limit) {
    var retry = new Retry();
    retry.keys.put("limit", (long) limit);
    return retry;
  }

  /// The wait before the first of them; 10 s unless said otherwise.
  public Retry backoff(Duration wait) {
    keys.put("backoff", Written.span(wait));
    return this;
  }

  /// What each further wait is multiplied by, from 1 to 100; 2 unless said otherwise.
  public Retry factor(double factor) {
    keys.put("factor", factor);
    return this;
  }

  /// The longest wait; 5 min unless said otherwise.
  public Retry maxBackoff(Duration wait) {
    keys.put("maxBackoff", Written.span(wait));
    return this;
  }

  /// The share of a wait that is left to chance, from 0 to 1; 0.1 unless said otherwise.
  public Retry jitter(double share) {
    keys.put("jitter", share);
    return this;
  }

  /// Which of the task's own failures are worth another attempt: an expression that gives a bool,
  /// over `failure.exitCode` (an int; guard it by `has`), `failure.code`, `failure.message` and
  /// `failure.attempt`.
  public Retry when(Expr condition) {
    keys.put("when", condition.toString());
    return this;
  }

  /// As many more attempts after failures of the system's; 3 unless said otherwise.
  public Retry system(int limit) {
    keys.put("system", (long) limit);
    return this;
  }

  Map<String, Object> written() {
    return keys;
  }
}
