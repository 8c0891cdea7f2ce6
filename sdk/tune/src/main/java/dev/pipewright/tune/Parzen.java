package dev.pipewright.tune;

import java.util.Arrays;
import java.util.SplittableRandom;

/// A mixture of one kernel for each observed point and one for the prior, each a product over the
/// parameters: a normal distribution cut off at the ends of the line (its mass over the value's
/// piece of the line, where there are steps), or for a choice the observed value with a share for
/// the others. Choosing one kernel for all parameters keeps what belongs together.
///
/// A kernel is as wide as the larger of the distances to its neighbours, which are the ends of the
/// line for the outermost two only where they are alone, and no narrower than the line divided by a
/// power of the number of kernels, or by 100 ("magic clip"). Bergstra et al. 2011, "Algorithms for
/// Hyper-Parameter Optimization". With [Settings#CLASSIC] the numbers are those of Optuna 5, which
/// a test compares.
final class Parzen {
  private static final double PRIOR = 1;

  /// @param fineness the power of the number of kernels by which the line is divided for the
  ///   narrowest of them
  /// @param others the weight of each value of a choice beside the observed one's, in parts of the
  ///   number of kernels
  record Settings(double fineness, double others) {
    static final Settings CLASSIC = new Settings(1, 1);

    /// The fewer parameters there are, the finer can so many points tell places apart; and a choice
    /// that was unlucky early is not given up so soon. Both constants were chosen by what `./dev
    /// bench tune` measures.
    static Settings of(int parameters) {
      return new Settings(0.85 + 1.5 / parameters, 3);
    }
  }

  /// What is this much less likely than the best does not change a sum of doubles.
  private static final double NOTHING = 42;

  private final double[] weights;
  private final Kernels[] kernels;

  /// @param points the observed ones; each has a code for each axis
  /// @param given a weight for each point
  Parzen(Axis[] axes, double[][] points, double[] given, Settings settings) {
    int n = points.length;
    weights = Arrays.copyOf(given, n + 1);
    weights[n] = PRIOR;
    double sum = Arrays.stream(weights).sum();
    for (int k = 0; k <= n; k++) {
      weights[k] /= sum;
    }
    kernels = new Kernels[axes.length];
    for (int d = 0; d < axes.length; d++) {
      var codes = new double[n];
      for (int k = 0; k < n; k++) {
        codes[k] = points[k][d];
      }
      kernels[d] =
          axes[d].isChoice()
              ? new Choices(axes[d], codes, settings.others)
              : new Normals(axes[d], codes, settings.fineness);
    }
  }

  /// Weights by age: the last 25 count fully, those before them the less the older they are.
  static double[] byAge(int n) {
    var weights = new double[n];
    int ramp = Math.max(0, n - 25);
    for (int i = 0; i < n; i++) {
      weights[i] = i >= ramp ? 1 : ramp == 1 ? 1.0 / n : 1.0 / n + (1 - 1.0 / n) * i / (ramp - 1);
    }
    return weights;
  }

  double[] sample(SplittableRandom random) {
    double share = random.nextDouble();
    int chosen = 0;
    while (chosen < weights.length - 1 && share >= weights[chosen]) {
      share -= weights[chosen++];
    }
    var point = new double[kernels.length];
    for (int d = 0; d < kernels.length; d++) {
      point[d] = kernels[d].sample(chosen, random);
    }
    return point;
  }

  /// The logarithm of the density at each point, on the line.
  double[] logDensity(double[][] points) {
    var logWeights = Arrays.stream(weights).map(Math::log).toArray();
    var sums = new double[points.length][];
    for (int i = 0; i < points.length; i++) {
      sums[i] = logWeights.clone();
    }
    var codes = new double[points.length];
    for (int d = 0; d < kernels.length; d++) {
      for (int i = 0; i < points.length; i++) {
        codes[i] = points[i][d];
      }
      kernels[d].addLogDensity(codes, sums);
    }
    var densities = new double[points.length];
    for (int i = 0; i < points.length; i++) {
      densities[i] = logOfSum(sums[i]);
    }
    return densities;
  }

  private static double logOfSum(double[] logs) {
    double most = Double.NEGATIVE_INFINITY;
    for (double log : logs) {
      most = Math.max(most, log);
    }
    double sum = 0;
    for (double log : logs) {
      if (log > most - NOTHING) {
        sum += Math.exp(log - most);
      }
    }
    return most + Math.log(sum);
  }

  /// The kernels of one parameter, the prior's last.
  private interface Kernels {
    double sample(int kernel, SplittableRandom random);

    /// Adds to a row for each code the density of each kernel there.
    void addLogDensity(double[] codes, double[][] rows);
  }

  private static final class Choices implements Kernels {
    private final double[] observed;
    private final int values;
    private final double other;
    private final double same;

    Choices(Axis axis, double[] observed, double others) {
      this.observed = observed;
      values = (int) axis.size;
      double share = others / (observed.length + 1);
      double sum = 1 + values * share;
      other = share / sum;
      same = (1 + share) / sum;
    }

    @Override
    public double sample(int kernel, SplittableRandom random) {
      if (kernel < observed.length && random.nextDouble() < same - other) {
        return observed[kernel];
      }
      return random.nextInt(values);
    }

    @Override
    public void addLogDensity(double[] codes, double[][] rows) {
      double logSame = Math.log(same);
      double logOther = Math.log(other);
      for (int i = 0; i < codes.length; i++) {
        for (int k = 0; k < observed.length; k++) {
          rows[i][k] += observed[k] == codes[i] ? logSame : logOther;
        }
        rows[i][observed.length] -= Math.log(values);
      }
    }
  }

  private static final class Normals implements Kernels {
    private final Axis axis;

    /// Which of the distinct kernels each one is: where there are steps, many are the same.
    private final int[] kind;

    private final double[] mu;
    private final double[] sigma;

    /// The logarithm of the mass between the ends of the line.
    private final double[] logInside;

    Normals(Axis axis, double[] codes, double fineness) {
      this.axis = axis;
      int n = codes.length;
      var places = new double[n];
      for (int k = 0; k < n; k++) {
        places[k] = axis.line(codes[k]);
      }
      double line = axis.to - axis.from;
      double narrowest = line / Math.min(100, Math.pow(n + 2, fineness));
      var order = order(places, axis.from);
      kind = new int[n + 1];
      var mus = new double[n + 1];
      var sigmas = new double[n + 1];
      int kinds = 0;
      for (int i = 0; i < n; i++) {
        double at = places[order[i]];
        double before = i > 0 ? at - places[order[i - 1]] : n == 1 ? at - axis.from : 0;
        double after = i < n - 1 ? places[order[i + 1]] - at : n == 1 ? axis.to - at : 0;
        double width = Math.clamp(Math.max(before, after), narrowest, line);
        if (kinds == 0 || at != mus[kinds - 1] || width != sigmas[kinds - 1]) {
          mus[kinds] = at;
          sigmas[kinds] = width;
          kinds++;
        }
        kind[order[i]] = kinds - 1;
      }
      mus[kinds] = (axis.from + axis.to) / 2;
      sigmas[kinds] = line;
      kind[n] = kinds++;
      mu = Arrays.copyOf(mus, kinds);
      sigma = Arrays.copyOf(sigmas, kinds);
      logInside = new double[kinds];
      for (int k = 0; k < kinds; k++) {
        logInside[k] = Gauss.logMass((axis.from - mu[k]) / sigma[k], (axis.to - mu[k]) / sigma[k]);
      }
    }

    /// The indices of places, from the lowest place up. The index takes the last bits of the place,
    /// which are of no matter to a width, so that numbers can be sorted and not objects.
    private static int[] order(double[] places, double from) {
      int bits = 32 - Integer.numberOfLeadingZeros(places.length);
      long mask = (1L << bits) - 1;
      var keys = new long[places.length];
      for (int i = 0; i < keys.length; i++) {
        keys[i] = Double.doubleToRawLongBits(Math.max(0, places[i] - from)) & ~mask | i;
      }
      Arrays.sort(keys);
      var order = new int[keys.length];
      for (int i = 0; i < order.length; i++) {
        order[i] = (int) (keys[i] & mask);
      }
      return order;
    }

    @Override
    public double sample(int kernel, SplittableRandom random) {
      int k = kind[kernel];
      while (true) {
        // a kernel's middle is on the line, so a third or more of its mass is
        double place = mu[k] + sigma[k] * random.nextGaussian();
        if (place >= axis.from && place <= axis.to) {
          return axis.code(place);
        }
      }
    }

    @Override
    public void addLogDensity(double[] codes, double[][] rows) {
      var logs = new double[mu.length];
      var inverse = new double[mu.length];
      var constant = new double[mu.length];
      for (int k = 0; k < mu.length; k++) {
        inverse[k] = 1 / sigma[k];
        constant[k] = -Math.log(sigma[k]) - Gauss.LOG_SQRT_2PI - logInside[k];
      }
      for (int i = 0; i < codes.length; i++) {
        if (axis.step > 0) {
          if (i == 0 || codes[i] != codes[i - 1]) {
            double low = axis.line(codes[i] - axis.step / 2);
            double high = axis.line(codes[i] + axis.step / 2);
            for (int k = 0; k < logs.length; k++) {
              logs[k] =
                  Gauss.logMass((low - mu[k]) * inverse[k], (high - mu[k]) * inverse[k])
                      - logInside[k];
            }
          }
        } else {
          double place = axis.line(codes[i]);
          for (int k = 0; k < logs.length; k++) {
            double z = (place - mu[k]) * inverse[k];
            logs[k] = constant[k] - 0.5 * z * z;
          }
        }
        var row = rows[i];
        for (int k = 0; k < row.length; k++) {
          row[k] += logs[kind[k]];
        }
      }
    }
  }
}
