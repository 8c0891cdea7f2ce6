package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Profile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/// Columns that tell the target too well by themselves: often they were written after it was known.
final class Leaks {
  private static final int ROWS = 5_000;
  private static final double SUSPICIOUS = 0.99;

  private Leaks() {}

  /// A sentence for each suspicious column: a small tree on it alone reaches an AUC, or an R²,
  /// above 0.99 on rows it has not seen, and all others together are left to be better.
  static List<String> find(Frame frame, List<Profile> columns, float[] labels, Goal goal) {
    int rows = frame.rows();
    if (rows < 40) {
      return List.of();
    }
    var chosen =
        IntStream.range(0, Math.min(rows, ROWS))
            .map(i -> (int) ((long) i * rows / Math.min(rows, ROWS)))
            .toArray();
    var train = Arrays.stream(chosen).filter(row -> row % 2 == 0).toArray();
    var valid = Arrays.stream(chosen).filter(row -> row % 2 == 1).toArray();
    if (train.length < 10 || valid.length < 10) {
      return List.of();
    }
    var known = Encoder.pick(labels, train);
    var asked = Encoder.pick(labels, valid);
    var measure = goal.regression() ? Measure.R2 : Measure.AUC;
    var config =
        new Config(
            "one column",
            Family.FOREST,
            Encoding.TREES_TARGET,
            Map.of("trees", 8, "leaf", 3, "random", false, "features", 1.0));
    var found = new ArrayList<String>();
    for (var column : columns) {
      if (column.kind() == Profile.Kind.TEXT) {
        continue;
      }
      var encoder = Encoder.fit(frame, List.of(column), train, known, goal, Encoding.TREES_TARGET);
      var fold =
          new Fold(
              encoder,
              encoder.encodeTraining(frame, train, known, goal),
              known,
              encoder.encode(frame, valid),
              asked);
      var fit = new Forest().fit(fold, config, goal, 1, Deadline.in(2));
      double reached = measure.of(asked, fit.predicted(), goal);
      if (reached > SUSPICIOUS) {
        found.add(
            String.format(
                Locale.ROOT,
                "Column '%s' alone predicts the target with %s %.3f: was it known before the target"
                    + " was? If not, leave it out with ignore: \"%s\"",
                column.column(),
                goal.regression() ? "R²" : "AUC",
                reached,
                column.column()));
      }
    }
    return found;
  }
}
