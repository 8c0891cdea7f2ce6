package dev.pipewright.deep;

import ai.djl.ndarray.types.DataType;

/// What a loss is multiplied with so that small gradients are not lost in 16 bits. Where that makes
/// one too large, the step is left out and the factor halved; after many good steps it is doubled.
///
/// @param good steps since it last changed
record LossScale(double factor, int good) {
  private static final double FIRST = 4096;
  private static final double MOST = 65536;
  private static final int PATIENCE = 500;

  static LossScale of(DataType precision) {
    return new LossScale(precision == DataType.FLOAT16 ? FIRST : 1, 0);
  }

  /// Whether a step whose gradients are not finite may be left out.
  boolean canFall() {
    return factor > 1;
  }

  LossScale after(boolean finite) {
    if (!finite) {
      return new LossScale(Math.max(1, factor / 2), 0);
    }
    return factor > 1 && good + 1 >= PATIENCE
        ? new LossScale(Math.min(MOST, factor * 2), 0)
        : new LossScale(factor, good + 1);
  }
}
