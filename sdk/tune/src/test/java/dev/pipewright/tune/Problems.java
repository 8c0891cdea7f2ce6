package dev.pipewright.tune;

import java.util.Arrays;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// Functions with a known least value, and studies of them.
final class Problems {
  private static final double[] HEIGHTS = {1, 1.2, 3, 3.2};
  private static final double[][] A = {
    {10, 3, 17, 3.5, 1.7, 8},
    {0.05, 10, 17, 0.1, 8, 14},
    {3, 3.5, 1.7, 10, 17, 8},
    {17, 8, 0.05, 10, 0.1, 14}
  };
  private static final double[][] P = {
    {0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
    {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
    {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
    {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}
  };

  private Problems() {}

  static SearchSpace cube(int size, double low, double high) {
    return SearchSpace.of(
        IntStream.range(0, size).mapToObj(i -> Parameter.real("x" + i, low, high)).toList());
  }

  static double x(Map<String, ?> params, int i) {
    return ((Number) params.get("x" + i)).doubleValue();
  }

  /// Above its least value of -3.322368.
  static double hartmann6(Map<String, ?> params) {
    double value = 3.322368011391339;
    for (int k = 0; k < 4; k++) {
      int hill = k;
      double sum =
          IntStream.range(0, 6)
              .mapToDouble(i -> A[hill][i] * Math.pow(x(params, i) - P[hill][i], 2))
              .sum();
      value -= HEIGHTS[k] * Math.exp(-sum);
    }
    return value;
  }

  static double sphere(Map<String, ?> params) {
    return IntStream.range(0, params.size())
        .mapToDouble(i -> Math.pow(x(params, i) - 0.3, 2))
        .sum();
  }

  /// A valley that is bent and a thousand times longer than wide.
  static double rosenbrock(Map<String, ?> params) {
    return IntStream.range(0, params.size() - 1)
        .mapToDouble(i ->
            100 * Math.pow(x(params, i + 1) - x(params, i) * x(params, i), 2)
                + Math.pow(1 - x(params, i), 2))
        .sum();
  }

  /// The least value after some trials, one after the other.
  static double least(StudySpec spec, ToDoubleFunction<Map<String, ?>> problem, int trials) {
    var study = Study.of(spec);
    for (int i = 0; i < trials; i++) {
      var trial = study.ask().orElseThrow();
      trial.tell(problem.applyAsDouble(trial.params()));
    }
    return study.best().orElseThrow().values().getFirst();
  }

  /// The median of that over so many seeds.
  static double medianLeast(
      StudySpec spec, ToDoubleFunction<Map<String, ?>> problem, int trials, int seeds) {
    var sorted =
        IntStream.range(0, seeds)
            .mapToDouble(seed -> least(spec.seededWith(seed), problem, trials))
            .sorted()
            .toArray();
    return Arrays.stream(sorted, (seeds - 1) / 2, seeds / 2 + 1).average().orElseThrow();
  }
}
