package dev.pipewright.tune;

/// Stops a trial that has reported so many times without becoming better.
///
/// @param reports how many
/// @param delta by how much it has to become better for that to count
public record Patience(int reports, double delta) implements Pruner {
  public Patience {
    reports = reports <= 0 ? 5 : reports;
  }

  @Override
  public Verdict judge(History history, History.Entry entry, long step) {
    double best = Double.POSITIVE_INFINITY;
    int since = 0;
    for (double loss : entry.losses.values()) {
      if (loss < best - delta) {
        best = loss;
        since = 0;
      } else {
        since++;
      }
    }
    return since >= reports ? Verdict.STOP : Verdict.GO_ON;
  }
}
