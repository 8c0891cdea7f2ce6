package dev.pipewright.tune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// The state of a CMA-ES: Hansen, "The CMA Evolution Strategy: A Tutorial" (arXiv 1604.00772), with
/// its default constants and negative weights. Numbers with steps keep a margin, a least chance of
/// leaving the value they are at (Hamano et al. 2022, "CMA-ES with Margin").
final class CmaState {
  private static final int RESAMPLES = 100;

  private final SearchSpace space;
  private final int[] free;
  private final double firstSigma;
  private final int n;
  private int lambda;
  private Constants constants;

  private double[] mean;
  private double sigma;
  private double[][] covariance;
  private Symmetric eigen;
  private double[] pathOfSigma;
  private double[] pathOfCovariance;

  /// Widens the lines of numbers with steps.
  private double[] margin;

  private int steps;
  private double bestOfAll = Double.POSITIVE_INFINITY;
  private int withoutGain;

  /// Which population was drawn from after so many trials had left.
  private final List<Integer> populationAt = new ArrayList<>(List.of(0));

  private int population;
  private final List<History.Entry> arrived = new ArrayList<>();

  CmaState(SearchSpace space, int[] free, double[] start, CmaEs settings) {
    this.space = space;
    this.free = free;
    n = free.length;
    firstSigma = settings.sigma();
    lambda = settings.population() > 1 ? settings.population() : 4 + (int) (3 * Math.log(n));
    begin(start);
  }

  private void begin(double[] start) {
    constants = new Constants(n, lambda);
    mean = start;
    sigma = firstSigma;
    covariance = new double[n][n];
    margin = new double[n];
    for (int i = 0; i < n; i++) {
      covariance[i][i] = 1;
      margin[i] = 1;
    }
    eigen = Symmetric.of(covariance);
    pathOfSigma = new double[n];
    pathOfCovariance = new double[n];
    steps = 0;
    bestOfAll = Double.POSITIVE_INFINITY;
    withoutGain = 0;
  }

  /// Takes in the trials that left since.
  void learn(History history) {
    if (populationAt.size() > history.left) {
      return;
    }
    history.entries.stream()
        .filter(entry -> entry.leftAs >= populationAt.size())
        .sorted(Comparator.comparingInt(entry -> entry.leftAs))
        .forEach(entry -> learn(history, entry));
  }

  private void learn(History history, History.Entry entry) {
    while (populationAt.size() < entry.leftAs) {
      // nothing was learned from trials that have been sent back since
      populationAt.add(population);
    }
    if (entry.origin == TrialRecord.Origin.SAMPLED
        && entry.state != TrialState.FAILED
        && populationAt.get(entry.asked) == population) {
      arrived.add(entry);
      if (arrived.size() == lambda) {
        arrived.sort(History.BEST_FIRST);
        step(history);
        arrived.clear();
        population++;
      }
    }
    populationAt.add(population);
  }

  double[] sample(SplittableRandom random) {
    var shares = new double[n];
    for (int attempt = 0; attempt < RESAMPLES; attempt++) {
      var z = IntStream.range(0, n).mapToDouble(_ -> random.nextGaussian()).toArray();
      var y = eigen.stretch(z);
      boolean inside = true;
      for (int i = 0; i < n; i++) {
        shares[i] = mean[i] + sigma * margin[i] * y[i];
        inside &= shares[i] >= 0 && shares[i] <= 1;
      }
      if (inside) {
        return shares;
      }
    }
    for (int i = 0; i < n; i++) {
      shares[i] = Math.clamp(shares[i], 0, 1);
    }
    return shares;
  }

  /// One step from a full population, best first. Where each trial was drawn is drawn again from
  /// its number, since what it was rounded to is another place.
  private void step(History history) {
    var c = constants;
    var y = new double[lambda][];
    for (int k = 0; k < lambda; k++) {
      y[k] = sample(history.random(arrived.get(k).number));
      for (int i = 0; i < n; i++) {
        y[k][i] = (y[k][i] - mean[i]) / (sigma * margin[i]);
      }
    }
    var move = new double[n];
    for (int k = 0; k < c.mu; k++) {
      for (int i = 0; i < n; i++) {
        move[i] += c.weights[k] * y[k][i];
      }
    }
    for (int i = 0; i < n; i++) {
      mean[i] = Math.clamp(mean[i] + sigma * margin[i] * move[i], 0, 1);
    }
    steps++;
    var round = eigen.unstretch(move);
    double length = 0;
    for (int i = 0; i < n; i++) {
      pathOfSigma[i] =
          (1 - c.cSigma) * pathOfSigma[i]
              + Math.sqrt(c.cSigma * (2 - c.cSigma) * c.muEff) * round[i];
      length += pathOfSigma[i] * pathOfSigma[i];
    }
    length = Math.sqrt(length);
    boolean slow =
        length / Math.sqrt(1 - Math.pow(1 - c.cSigma, 2 * (steps + 1)))
            < (1.4 + 2 / (n + 1.0)) * c.expected;
    for (int i = 0; i < n; i++) {
      pathOfCovariance[i] =
          (1 - c.cC) * pathOfCovariance[i]
              + (slow ? Math.sqrt(c.cC * (2 - c.cC) * c.muEff) * move[i] : 0);
    }
    double lost = slow ? 0 : c.cC * (2 - c.cC);
    var weights = c.weights.clone();
    for (int k = c.mu; k < lambda; k++) {
      double squared = Arrays.stream(eigen.unstretch(y[k])).map(v -> v * v).sum();
      weights[k] *= n / (squared + 1e-12);
    }
    double kept = 1 + c.c1 * lost - c.c1 - c.cMu * Arrays.stream(c.weights).sum();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double value = kept * covariance[i][j] + c.c1 * pathOfCovariance[i] * pathOfCovariance[j];
        for (int k = 0; k < lambda; k++) {
          value += c.cMu * weights[k] * y[k][i] * y[k][j];
        }
        covariance[i][j] = value;
        covariance[j][i] = value;
      }
    }
    sigma *= Math.exp(Math.min(1, c.cSigma / c.damping * (length / c.expected - 1)));
    eigen = Symmetric.of(covariance);
    keepMargins();
    restartWhereSettled(history);
  }

  private void restartWhereSettled(History history) {
    double best = arrived.getFirst().loss();
    double worst = arrived.getLast().loss();
    withoutGain = best < bestOfAll ? 0 : withoutGain + 1;
    bestOfAll = Math.min(bestOfAll, best);
    double widest =
        IntStream.range(0, n)
            .mapToDouble(i -> sigma * margin[i] * Math.sqrt(covariance[i][i]))
            .max()
            .orElse(0);
    boolean flat = Math.abs(worst - best) <= 1e-12 * (1 + Math.abs(best));
    int patience = 10 + (int) Math.ceil(30.0 * n / lambda);
    if (flat
        || widest < 1e-8
        || eigen.condition() > 1e14
        || withoutGain > patience
        || !Double.isFinite(sigma)) {
      lambda *= 2;
      var random = history.random(-1 - population);
      begin(IntStream.range(0, n).mapToDouble(_ -> random.nextDouble()).toArray());
    }
  }

  /// Moves the mean and widens the line of each number with steps until the values next to the one
  /// it is at have a chance of 1/(nλ) together, or of the same on the one side that there is.
  private void keepMargins() {
    double least = 1.0 / (n * lambda);
    for (int i = 0; i < n; i++) {
      var axis = space.axis(free[i]);
      if (axis.step == 0) {
        continue;
      }
      double width = sigma * margin[i] * Math.sqrt(covariance[i][i]);
      double at = axis.atShare(mean[i]);
      double low = at > axis.first ? axis.share(at - axis.step / 2) : Double.NEGATIVE_INFINITY;
      double high = at < axis.last ? axis.share(at + axis.step / 2) : Double.POSITIVE_INFINITY;
      if (Double.isInfinite(low) || Double.isInfinite(high)) {
        // at an end of the line the mean comes near enough to the only border
        double border = Double.isInfinite(low) ? high : low;
        double chance = Math.max(least, Gauss.cdf(-Math.abs(mean[i] - border) / width));
        double distance = -Gauss.quantile(Math.min(chance, 0.5)) * width;
        mean[i] = border + (Double.isInfinite(low) ? -distance : distance);
        continue;
      }
      double below = Gauss.cdf((low - mean[i]) / width);
      double above = Gauss.cdf((mean[i] - high) / width);
      double wantedBelow = Math.max(below, least / 2);
      double wantedAbove = Math.max(above, least / 2);
      double inside = 1 - below - above;
      if (wantedBelow == below && wantedAbove == above) {
        continue;
      }
      double excess = 1 - wantedBelow - wantedAbove - inside;
      double room = wantedBelow + wantedAbove + inside - 3 * least / 2;
      wantedBelow += excess / room * (wantedBelow - least / 2);
      wantedAbove += excess / room * (wantedAbove - least / 2);
      double zBelow = -Gauss.quantile(wantedBelow);
      double zAbove = -Gauss.quantile(wantedAbove);
      if (!(zBelow + zAbove > 0)) {
        continue;
      }
      margin[i] *= (high - low) / (zBelow + zAbove) / width;
      mean[i] = (low * zAbove + high * zBelow) / (zBelow + zAbove);
    }
  }

  /// What follows from the number of dimensions and the population (table 1 of the tutorial).
  private static final class Constants {
    final int mu;
    final double[] weights;
    final double muEff;
    final double cSigma;
    final double damping;
    final double cC;
    final double c1;
    final double cMu;
    final double expected;

    Constants(int n, int lambda) {
      mu = lambda / 2;
      var raw =
          IntStream.rangeClosed(1, lambda)
              .mapToDouble(i -> Math.log((lambda + 1) / 2.0) - Math.log(i))
              .toArray();
      muEff = effective(Arrays.copyOf(raw, mu));
      double muEffNegative = effective(Arrays.copyOfRange(raw, mu, lambda));
      cC = (4 + muEff / n) / (n + 4 + 2 * muEff / n);
      c1 = 2 / ((n + 1.3) * (n + 1.3) + muEff);
      cMu = Math.min(1 - c1, 2 * (0.25 + muEff + 1 / muEff - 2) / ((n + 2.0) * (n + 2) + muEff));
      cSigma = (muEff + 2) / (n + muEff + 5);
      damping = 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma;
      double negative =
          Math.min(
              1 + c1 / cMu,
              Math.min(1 + 2 * muEffNegative / (muEff + 2), (1 - c1 - cMu) / (n * cMu)));
      double sumPositive = Arrays.stream(raw).filter(w -> w > 0).sum();
      double sumNegative = -Arrays.stream(raw).filter(w -> w < 0).sum();
      weights =
          Arrays.stream(raw)
              .map(w -> w >= 0 ? w / sumPositive : w * negative / sumNegative)
              .toArray();
      expected = Math.sqrt(n) * (1 - 1 / (4.0 * n) + 1 / (21.0 * n * n));
    }

    private static double effective(double[] weights) {
      double sum = Arrays.stream(weights).sum();
      return sum * sum / Arrays.stream(weights).map(w -> w * w).sum();
    }
  }
}
