package dev.pipewright.deep;

import java.util.List;

/// How far up a list of suggestions the right item is. Each row has one right item, so recall and
/// hit rate are the same number; both names are logged, for people look for either.
final class Ranking {
  private Ranking() {}

  static List<Measure> at(int k) {
    return List.of(
        measure("ndcg-at-" + k, rank -> ndcg(rank, k)),
        measure("recall-at-" + k, rank -> rank <= k ? 1 : 0),
        measure("hit-rate-at-" + k, rank -> rank <= k ? 1 : 0),
        measure("mean-reciprocal-rank", rank -> 1.0 / rank));
  }

  /// @param rank from 1
  static double ndcg(int rank, int k) {
    return rank <= k ? Math.log(2) / Math.log(rank + 1.0) : 0;
  }

  @FunctionalInterface
  private interface OfRank {
    double value(int rank);
  }

  private static Measure measure(String name, OfRank ofRank) {
    return Measure.mean(
        name,
        true,
        (outputs, labels, _) -> {
          var scores = outputs.head();
          if (labels.size() > 1) {
            scores = scores.add(labels.get(1));
          }
          int items = (int) scores.getShape().get(1);
          var values = scores.toFloatArray();
          var right = labels.head().toLongArray();
          double sum = 0;
          for (int row = 0; row < right.length; row++) {
            sum += ofRank.value(rank(values, row * items, items, (int) right[row]));
          }
          return new Measure.Sum(sum, right.length);
        },
        value -> value);
  }

  /// The right item's place by score, from 1; of equal ones it is the last.
  static int rank(float[] scores, int from, int items, int right) {
    float score = scores[from + right];
    int rank = 1;
    for (int item = 0; item < items; item++) {
      if (item != right && scores[from + item] >= score) {
        rank++;
      }
    }
    return rank;
  }
}
