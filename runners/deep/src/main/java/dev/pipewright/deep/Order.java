package dev.pipewright.deep;

import java.util.Random;

/// The order in which an epoch goes through its examples: the same for the same seed and epoch, so
/// that a training that resumes finds its place.
final class Order {
  private Order() {}

  static int[] shuffled(int size, long seed, long epoch) {
    var order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = i;
    }
    var random = new Random(mixed(seed, epoch));
    for (int i = size - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }

  /// Two numbers as one that looks like neither (the finisher of SplitMix64).
  static long mixed(long seed, long count) {
    long z = seed + count * 0x9E3779B97F4A7C15L + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
