package dev.pipewright.tabular.evaluate;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Rows whose truth is known, and what a model said about them.
///
/// @param classes the target's, and behind them those that only these rows have; empty for a
///   regression
/// @param actual each row's class; empty for a regression
/// @param values each row's number; empty for a classification
/// @param predicted each row's probabilities of the classes, or its number alone
/// @param cut from what probability on a row counts as positive, of a binary target; [#HALF] where
///   nobody says
record Judged(
    Target target,
    List<String> classes,
    int[] actual,
    double[] values,
    double[][] predicted,
    double cut) {
  /// Just above a half: in a tie it is the first class.
  static final double HALF = Math.nextUp(0.5);

  /// Of a few classes that training never saw it is worth saying how they were taken; with many,
  /// the column is another.
  private static final int MOST_UNSEEN = 100;

  private static final int EXAMPLES = 5;

  /// @param frame only rows that have a target
  static Judged of(Target target, Frame frame, double[][] predicted, double cut) {
    if (target.regression()) {
      var values = Truth.numbers(target, frame);
      return new Judged(target, List.of(), new int[0], values, predicted, cut);
    }
    var labels = Truth.labels(target, frame);
    return of(target, labels, predicted, cut);
  }

  static Judged of(Target target, List<String> labels, double[][] predicted, double cut) {
    var classes = new ArrayList<>(target.classes());
    var unseen = new TreeSet<>(labels);
    target.classes().forEach(unseen::remove);
    if (unseen.size() > MOST_UNSEEN) {
      throw new ProblemException(
          ProblemCode.TARGET_UNUSABLE,
          "column '%s' holds %,d labels that the model never saw, such as %s"
              .formatted(
                  target.column(),
                  unseen.size(),
                  unseen.stream()
                      .limit(EXAMPLES)
                      .map("'%s'"::formatted)
                      .collect(Collectors.joining(", "))),
          "Give rows of the target that it predicts: %s."
              .formatted(
                  target.classes().stream().limit(EXAMPLES).collect(Collectors.joining(", "))));
    }
    classes.addAll(unseen);
    var positions = new HashMap<String, Integer>();
    for (int c = 0; c < classes.size(); c++) {
      positions.put(classes.get(c), c);
    }
    var actual = labels.stream().mapToInt(positions::get).toArray();
    var rows =
        Arrays.stream(predicted)
            .map(row -> Arrays.copyOf(row, classes.size()))
            .toArray(double[][]::new);
    return new Judged(target, List.copyOf(classes), actual, new double[0], rows, cut);
  }

  int rows() {
    return predicted.length;
  }

  boolean regression() {
    return target.regression();
  }

  boolean binary() {
    return target.kind() == Target.Kind.BINARY;
  }

  /// The classes that training never saw. Their rows are always wrong.
  List<String> unseen() {
    return classes.subList(Math.min(target.classes().size(), classes.size()), classes.size());
  }

  /// The probability of a class, row by row.
  double[] column(int c) {
    return Probabilities.column(predicted, c);
  }

  boolean[] is(int c) {
    var is = new boolean[actual.length];
    for (int i = 0; i < is.length; i++) {
      is[i] = actual[i] == c;
    }
    return is;
  }

  /// What the model takes each row for: the most probable class, the first of them in a tie; of a
  /// binary target, the positive one from the cut on.
  int[] decided() {
    return decided(cut);
  }

  int[] decided(double at) {
    return Arrays.stream(predicted)
        .mapToInt(row -> binary() ? (row[1] >= at ? 1 : 0) : best(row))
        .toArray();
  }

  Judged pick(int[] rows) {
    return new Judged(
        target,
        classes,
        regression() ? actual : IntStream.of(rows).map(i -> actual[i]).toArray(),
        regression() ? IntStream.of(rows).mapToDouble(i -> values[i]).toArray() : values,
        IntStream.of(rows).mapToObj(i -> predicted[i]).toArray(double[][]::new),
        cut);
  }

  /// The same rows, about which another model, or the same one of other cells, said something.
  Judged with(double[][] other) {
    var rows =
        regression()
            ? other
            : Arrays.stream(other)
                .map(row -> Arrays.copyOf(row, classes.size()))
                .toArray(double[][]::new);
    return new Judged(target, classes, actual, values, rows, cut);
  }

  Errors errors() {
    return Errors.of(values, column(0));
  }

  /// The first of the largest values.
  static int best(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }
}
