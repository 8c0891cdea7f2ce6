package dev.pipewright.deep;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Locale;

/// Finds a learning rate: raises it from far too small until the loss leaves, and takes the one
/// where the loss fell the fastest. The weights are afterwards as they were.
final class RateFinder {
  private static final double LEAST = 1e-6;
  private static final double MOST = 1;
  private static final int STEPS = 80;
  private static final double SMOOTHING = 0.9;
  private static final double LEAVES = 3;

  private final Loop loop;
  private final Journal journal;

  RateFinder(Loop loop, Journal journal) {
    this.loop = loop;
    this.journal = journal;
  }

  double find() {
    var training = loop.training();
    var before = loop.weights().copy();
    int rows = Math.min(loop.rows(), training.batch * training.accumulate);
    var rates = new ArrayList<Double>();
    var losses = new ArrayList<Double>();
    double mean = 0;
    double best = Double.POSITIVE_INFINITY;
    int[] order = Order.shuffled(loop.rows(), training.seed, -1);
    for (int i = 0; i < STEPS && !journal.cancelled(); i++) {
      double rate = LEAST * Math.pow(MOST / LEAST, i / (STEPS - 1.0));
      int from = (int) ((long) i * rows % Math.max(1, order.length - rows + 1));
      var learned = loop.learn(Arrays.copyOfRange(order, from, from + rows), -1 - i);
      if (learned.isEmpty()) {
        break;
      }
      double loss = learned.getAsDouble();
      double norm =
          loop.weights()
              .step(training.optimizer, rate, training.decay, training.clip, loop.scale());
      mean = SMOOTHING * mean + (1 - SMOOTHING) * loss;
      double smooth = mean / (1 - Math.pow(SMOOTHING, i + 1));
      if (!Double.isFinite(loss) || !Double.isFinite(norm) || smooth > LEAVES * best) {
        break;
      }
      best = Math.min(best, smooth);
      rates.add(rate);
      losses.add(smooth);
      journal.metric("rate-finder-loss", i, smooth);
      journal.metric("rate-finder-rate", i, rate);
    }
    loop.weights().restore(before);
    loop.weights().forgetMemory();
    double found = steepest(rates, losses, training.rate);
    journal.line(String.format(Locale.ROOT, "Found the learning rate %.2g", found));
    return found;
  }

  /// Where the smoothed loss falls the most from one rate to the next, over five of them.
  static double steepest(
      java.util.List<Double> rates, java.util.List<Double> losses, double otherwise) {
    int half = 2;
    double most = 0;
    double found = otherwise;
    for (int i = half; i + half < rates.size(); i++) {
      double fall = losses.get(i - half) - losses.get(i + half);
      if (fall > most) {
        most = fall;
        found = rates.get(i);
      }
    }
    return found;
  }
}
