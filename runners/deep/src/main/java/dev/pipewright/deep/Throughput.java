package dev.pipewright.deep;

/// How much a second is learned from, told about twice a second.
final class Throughput {
  private static final double NANOS = 1e9;
  private static final long PAUSE = 500_000_000L;

  private final Journal journal;
  private final String unit;
  private long since = System.nanoTime();
  private long units;

  Throughput(Journal journal, String unit) {
    this.journal = journal;
    this.unit = unit;
  }

  void learned(long more, long step) {
    units += more;
    if (System.nanoTime() - since > PAUSE) {
      tell(step);
    }
  }

  /// Says what is left to say; what follows until [#begin] is not learning.
  void end(long step) {
    if (units > 0) {
      tell(step);
    }
  }

  void begin() {
    since = System.nanoTime();
    units = 0;
  }

  private void tell(long step) {
    long time = System.nanoTime();
    journal.metric(unit + "-per-second", step, units * NANOS / Math.max(1, time - since));
    since = time;
    units = 0;
  }
}
