package dev.pipewright.tabular.automl;

/// A moment by which work is to be over. Work looks at it between its steps.
record Deadline(long nanos) {
  static Deadline in(double seconds) {
    return new Deadline(System.nanoTime() + (long) (seconds * 1e9));
  }

  double left() {
    return (nanos - System.nanoTime()) / 1e9;
  }

  boolean passed() {
    return left() <= 0;
  }
}
