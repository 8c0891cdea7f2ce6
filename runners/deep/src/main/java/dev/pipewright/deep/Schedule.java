package dev.pipewright.deep;

/// How the learning rate goes over a training, as a share of the highest.
public enum Schedule {
  CONSTANT,
  /// Falls along half a cosine to a hundredth.
  COSINE,
  /// A tenth after 60 % of the steps, a hundredth after 85 %.
  STEP,
  /// Rises from a twenty-fifth until 30 % of the steps, then falls along half a cosine to nearly 0.
  ONE_CYCLE;

  private static final double LEAST = 0.01;
  private static final double FIRST = 1.0 / 25;
  private static final double RISE = 0.3;

  /// @param step from 0
  /// @param steps of the whole training
  /// @param warmup the share of the steps in which it rises from 0; one-cycle has its own rise
  public double at(long step, long steps, double warmup) {
    double all = Math.max(1, steps);
    if (this == ONE_CYCLE) {
      double at = Math.min(1, step / all);
      return at < RISE
          ? FIRST + (1 - FIRST) * half(1 - at / RISE)
          : FIRST / 1e4 + (1 - FIRST / 1e4) * half((at - RISE) / (1 - RISE));
    }
    double rise = warmup * all;
    if (step < rise) {
      return (step + 1) / Math.max(1, rise + 1);
    }
    double at = Math.min(1, (step - rise) / Math.max(1, all - rise));
    return switch (this) {
      case CONSTANT, ONE_CYCLE -> 1;
      case COSINE -> LEAST + (1 - LEAST) * half(at);
      case STEP -> at < 0.6 ? 1 : at < 0.85 ? 0.1 : 0.01;
    };
  }

  /// From 1 at 0 to 0 at 1.
  private static double half(double at) {
    return 0.5 * (1 + StrictMath.cos(Math.PI * at));
  }
}
