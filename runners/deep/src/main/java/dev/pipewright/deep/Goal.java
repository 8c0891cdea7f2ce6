package dev.pipewright.deep;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Frame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// What is to be found for each row: one of some classes, or a number.
///
/// @param classes in natural order; empty for a number
/// @param shares of the classes among the rows learned from
/// @param mean of the numbers learned from
/// @param spread their standard deviation
public record Goal(
    String column, List<String> classes, List<Double> shares, double mean, double spread) {
  private static final int FEW = 20;
  private static final int MOST = 1000;

  /// A column's text is a class; so is one of a few whole numbers, unless the user says otherwise.
  ///
  /// @param task `auto`, `classification` or `regression`
  /// @throws ProblemException TARGET_ONE_CLASS or TARGET_UNUSABLE
  static Goal of(Frame.Column column, String task, String table) {
    var labels = new TreeMap<String, Integer>(Goal::natural);
    boolean numbers = true;
    boolean whole = true;
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int row = 0; row < column.rows(); row++) {
      if (column.missing(row)) {
        continue;
      }
      double value = column.number(row);
      numbers &= Double.isFinite(value);
      whole &= value == Math.rint(value);
      sum += value;
      squares += value * value;
      count++;
      if (labels.size() <= MOST) {
        labels.merge(column.text(row), 1, Integer::sum);
      }
    }
    if (count == 0) {
      throw unusable("every cell of column '%s' in %s is missing".formatted(column.name(), table));
    }
    if (labels.size() == 1) {
      throw new ProblemException(
          ProblemCode.TARGET_ONE_CLASS,
          "all rows of %s have the same value '%s' in column '%s'"
              .formatted(table, labels.firstKey(), column.name()));
    }
    boolean regression =
        switch (task) {
          case "regression" -> true;
          case "classification" -> false;
          default -> numbers && !(whole && labels.size() <= FEW);
        };
    if (regression && !numbers) {
      throw unusable(
          "column '%s' of %s holds text; regression needs numbers".formatted(column.name(), table));
    }
    if (regression) {
      double mean = sum / count;
      return new Goal(
          column.name(),
          List.of(),
          List.of(),
          mean,
          Math.max(1e-12, Math.sqrt(Math.max(0, squares / count - mean * mean))));
    }
    if (labels.size() > MOST || labels.size() * 2 > count) {
      throw unusable(
          "column '%s' of %s has too many different values in %,d rows to be classes"
              .formatted(column.name(), table, count));
    }
    return among(column.name(), labels);
  }

  /// @param counts how often each class is there, in their order
  static Goal among(String column, SortedMap<String, Integer> counts) {
    double all = counts.values().stream().mapToInt(Integer::intValue).sum();
    return new Goal(
        column,
        List.copyOf(counts.keySet()),
        counts.values().stream().map(count -> count / all).toList(),
        0,
        1);
  }

  private static ProblemException unusable(String detail) {
    return new ProblemException(ProblemCode.TARGET_UNUSABLE, detail);
  }

  /// Numbers by size, then texts by character.
  static int natural(String one, String other) {
    var number = Cells.number(one);
    var otherNumber = Cells.number(other);
    if (number.isPresent() && otherNumber.isPresent()) {
      int bySize = Double.compare(number.getAsDouble(), otherNumber.getAsDouble());
      return bySize == 0 ? one.compareTo(other) : bySize;
    }
    return number.isPresent() == otherNumber.isPresent()
        ? one.compareTo(other)
        : number.isPresent() ? -1 : 1;
  }

  @JsonIgnore
  boolean regression() {
    return classes.isEmpty();
  }

  @JsonIgnore
  Target target() {
    var kind =
        regression()
            ? Target.Kind.REGRESSION
            : classes.size() == 2 ? Target.Kind.BINARY : Target.Kind.MULTICLASS;
    return new Target(column, kind, classes);
  }

  @JsonIgnore
  int outputs() {
    return regression() ? 1 : classes.size();
  }

  /// What the rows are labelled with: a class's position, or the number on the scale of the
  /// training rows.
  ///
  /// @throws ProblemException TARGET_UNUSABLE when a row has a class that is not known
  Labels labels(Frame.Column column, int[] rows) {
    var positions = new HashMap<String, Integer>();
    for (int i = 0; i < classes.size(); i++) {
      positions.put(classes.get(i), i);
    }
    var found = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      if (regression()) {
        found[i] = (float) ((column.number(rows[i]) - mean) / spread);
      } else {
        var position = positions.get(column.text(rows[i]));
        if (position == null) {
          throw unusable(
              "row %,d has the class '%s', which is none of those learned: %s"
                  .formatted(rows[i] + 1, column.text(rows[i]), String.join(", ", classes)));
        }
        found[i] = position;
      }
    }
    return new Labels(found, !regression());
  }

  /// The rows that have a label.
  static int[] labelled(Frame.Column column) {
    var rows = new ArrayList<Integer>();
    for (int row = 0; row < column.rows(); row++) {
      if (!column.missing(row)) {
        rows.add(row);
      }
    }
    return rows.stream().mapToInt(Integer::intValue).toArray();
  }
}
