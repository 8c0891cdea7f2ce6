package dev.pipewright.tabular.evaluate;

import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The column that says what is true.
final class Truth {
  private Truth() {}

  /// The rows that have a target.
  ///
  /// @throws ProblemException TARGET_NOT_A_COLUMN or TARGET_UNUSABLE
  static int[] rows(Target target, Frame frame) {
    var column = column(target, frame);
    var rows =
        IntStream.range(0, frame.rows())
            .filter(row -> !column.missing(row) && !Double.isInfinite(column.number(row)))
            .toArray();
    if (rows.length == 0) {
      throw new ProblemException(
          ProblemCode.TARGET_UNUSABLE,
          "every cell of column '%s' in %s is missing".formatted(target.column(), frame.name()));
    }
    return rows;
  }

  static List<String> labels(Target target, Frame frame) {
    var column = column(target, frame);
    var labels = new ArrayList<String>(frame.rows());
    for (int row = 0; row < frame.rows(); row++) {
      labels.add(target.label(column.text(row)));
    }
    return labels;
  }

  static double[] numbers(Target target, Frame frame) {
    var column = column(target, frame);
    var numbers = new double[frame.rows()];
    for (int row = 0; row < numbers.length; row++) {
      numbers[row] = column.number(row);
      if (Double.isNaN(numbers[row])) {
        throw new ProblemException(
            ProblemCode.TARGET_UNUSABLE,
            "column '%s' of %s holds '%s', which is not a number"
                .formatted(target.column(), frame.name(), column.text(row)));
      }
    }
    return numbers;
  }

  private static Frame.Column column(Target target, Frame frame) {
    if (!frame.columns().contains(target.column())) {
      throw new ProblemException(
          ProblemCode.TARGET_NOT_A_COLUMN,
          "%s has no column '%s'".formatted(frame.name(), target.column()),
          "Did you mean %s? The table has %d columns."
              .formatted(Nearest.of(target.column(), frame.columns(), 3), frame.columns().size()));
    }
    return frame.column(target.column());
  }
}
