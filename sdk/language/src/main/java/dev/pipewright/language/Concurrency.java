package dev.pipewright.language;

/// How many runs of a pipeline there may be at once, and what becomes of one more.
public record Concurrency(Policy policy, int limit) {
  public static final Concurrency ANY = new Concurrency(Policy.ALLOW, Integer.MAX_VALUE);

  public enum Policy {
    /// It starts: there is no limit.
    ALLOW,
    /// It waits.
    QUEUE,
    /// It is refused.
    FORBID,
    /// It takes the place of the oldest, which is cancelled.
    REPLACE
  }
}
