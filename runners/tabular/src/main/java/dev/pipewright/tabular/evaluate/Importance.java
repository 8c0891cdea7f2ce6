package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.data.Frame;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/// How much worse the primary measure gets when a column's cells are shuffled among the rows.
///
/// @param drop the mean over all shuffles
/// @param deviation between shuffles
/// @param p the chance of such a drop, were the column of no use: a one-sided t-test
record Importance(String column, double drop, double deviation, double p) {
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(3);

  /// The most important ones first. Fewer, where it was asked to stop.
  static List<Importance> of(
      Predictor model,
      Frame frame,
      Judged judged,
      List<String> columns,
      int shuffles,
      long seed,
      BooleanSupplier stop) {
    double score = new Measures(judged).score();
    var all = new ArrayList<Importance>();
    var told = Instant.now();
    for (int c = 0; c < columns.size() && !stop.getAsBoolean(); c++) {
      var random = new SplittableRandom(seed + c);
      int index = frame.column(columns.get(c)).index();
      var drops = new double[shuffles];
      for (int s = 0; s < shuffles; s++) {
        var shuffled = frame.with(index, shuffled(frame.rows(), random));
        drops[s] = score - new Measures(judged.with(model.predict(shuffled))).score();
      }
      all.add(
          new Importance(
              columns.get(c),
              Sums.mean(drops),
              Sums.deviation(drops),
              shuffles < 2 ? Double.NaN : Statistics.meanAboveZero(drops)));
      if (told.plus(BETWEEN_LINES).isBefore(Instant.now())) {
        told = Instant.now();
        System.out.printf(Locale.ROOT, "shuffled %d of %d columns%n", c + 1, columns.size());
      }
    }
    all.sort(Comparator.comparingDouble(Importance::drop).reversed());
    return all;
  }

  static int[] shuffled(int n, SplittableRandom random) {
    var rows = IntStream.range(0, n).toArray();
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int other = rows[i];
      rows[i] = rows[j];
      rows[j] = other;
    }
    return rows;
  }
}
