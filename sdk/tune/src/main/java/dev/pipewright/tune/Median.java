package dev.pipewright.tune;

/// Stops a trial whose best report so far is worse than the median of complete trials at that step:
/// [Percentile] with 50.
public record Median(int startup, long warmup, long interval) implements Pruner {
  public Median {
    startup = startup <= 0 ? 5 : startup;
    interval = interval <= 0 ? 1 : interval;
  }

  public Median() {
    this(5, 0, 1);
  }

  @Override
  public Verdict judge(History history, History.Entry entry, long step) {
    return new Percentile(50, startup, warmup, interval).judge(history, entry, step);
  }
}
