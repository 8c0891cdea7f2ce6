package dev.pipewright.tabular;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Cells;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The columns that are learned from, chosen by looking at the training table.
///
/// - Left out: columns without any value, with the same value in every row, and those that look
///   like a row's id: texts that nearly all differ, and whole numbers that all differ and lie close
///   together or whose name ends in `id`.
/// - Numbers: every cell is one; or nearly every one is, and they take many values (the other cells
///   then count as missing).
/// - Categories: anything else, one-hot up to [#ONE_HOT] of them, by frequency beyond.
///
/// @param used in the table's order
/// @param dropped why, by column
record Features(List<Feature> used, Map<String, String> dropped) {
  static final int ONE_HOT = 24;
  private static final int LOOKS_LIKE_ID_FROM = 30;

  public Features {
    used = List.copyOf(used);
  }

  /// @throws ProblemException NO_FEATURES
  static Features find(Table table, int target) {
    var used = new ArrayList<Feature>();
    var dropped = new TreeMap<String, String>();
    for (int column = 0; column < table.columns().size(); column++) {
      if (column == target) {
        continue;
      }
      var name = table.columns().get(column);
      var looked = Looked.at(table, column);
      var reason = looked.unusable(name);
      if (reason == null) {
        used.add(looked.feature(name));
      } else {
        dropped.put(name, reason);
      }
    }
    if (used.isEmpty()) {
      throw new ProblemException(
          ProblemCode.NO_FEATURES,
          "no column of %s can be learned from: %s"
              .formatted(table.name(), dropped.isEmpty() ? "the target is its only one" : dropped));
    }
    return new Features(used, dropped);
  }

  /// How many numbers a row becomes.
  int width() {
    return used.stream().mapToInt(Feature::width).sum();
  }

  /// Which feature each number of a row belongs to.
  int[] owners() {
    var owners = new int[width()];
    int at = 0;
    for (int f = 0; f < used.size(); f++) {
      for (int i = 0; i < used.get(f).width(); i++) {
        owners[at++] = f;
      }
    }
    return owners;
  }

  /// The table as numbers, row by row.
  ///
  /// @throws ProblemException TABLE_UNREADABLE when a column is not there
  float[] encode(Table table) {
    var columns = new int[used.size()];
    for (int f = 0; f < columns.length; f++) {
      columns[f] = table.columns().indexOf(used.get(f).column());
      if (columns[f] < 0) {
        throw new ProblemException(
            ProblemCode.TABLE_UNREADABLE,
            "%s has no column '%s', which the model was trained on"
                .formatted(table.name(), used.get(f).column()),
            "Give a table with the columns of the training table.");
      }
    }
    int width = width();
    long cells = (long) width * table.rows().size();
    if (cells > Integer.MAX_VALUE - 8) {
      throw new ProblemException(
          ProblemCode.TABLE_UNREADABLE,
          "%s is too large: %,d rows become %,d numbers each"
              .formatted(table.name(), table.rows().size(), width),
          "Give fewer rows or columns.");
    }
    var matrix = new float[(int) cells];
    int at = 0;
    for (var row : table.rows()) {
      for (int f = 0; f < columns.length; f++) {
        used.get(f).encode(row.get(columns[f]), matrix, at);
        at += used.get(f).width();
      }
    }
    return matrix;
  }

  /// What a column holds.
  ///
  /// @param texts how often each value is there
  /// @param numbers how many of the present cells are numbers
  /// @param distinctNumbers how many different ones
  private record Looked(
      Map<String, Integer> texts,
      int rows,
      int present,
      int numbers,
      int distinctNumbers,
      boolean whole,
      double range) {
    static Looked at(Table table, int column) {
      var texts = new HashMap<String, Integer>();
      int present = 0;
      for (var row : table.rows()) {
        var cell = row.get(column);
        if (!Cells.missing(cell)) {
          present++;
          texts.merge(cell.strip(), 1, Integer::sum);
        }
      }
      int numbers = 0;
      var distinct = new HashSet<Double>();
      boolean whole = true;
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (var text : texts.entrySet()) {
        var number = Cells.number(text.getKey());
        if (number.isPresent()) {
          double value = number.getAsDouble() + 0.0;
          numbers += text.getValue();
          distinct.add(value);
          whole &= Cells.whole(value);
          least = Math.min(least, value);
          most = Math.max(most, value);
        }
      }
      return new Looked(
          texts, table.rows().size(), present, numbers, distinct.size(), whole, most - least);
    }

    boolean numeric() {
      return numbers == present || (numbers >= 0.9 * present && distinctNumbers > 20);
    }

    @Nullable String unusable(String name) {
      if (present == 0) {
        return "every cell is missing";
      }
      boolean one = numbers == present ? distinctNumbers == 1 : texts.size() == 1;
      if (one && present == rows) {
        return "every row has the same value";
      }
      if (present < LOOKS_LIKE_ID_FROM) {
        return null;
      }
      if (!numeric()) {
        return texts.size() > 0.9 * present
            ? "nearly every row has a value of its own, as an id has"
            : null;
      }
      boolean id = whole && distinctNumbers == present && (range < 2.0 * present || named(name));
      return id ? "every row has a whole number of its own, as an id has" : null;
    }

    private static boolean named(String column) {
      var name = column.toLowerCase(Locale.ROOT);
      return name.equals("id")
          || name.endsWith("_id")
          || name.endsWith(" id")
          || column.endsWith("Id");
    }

    Feature feature(String name) {
      if (numeric()) {
        return new Feature.Number(name);
      }
      if (texts.size() <= ONE_HOT) {
        return new Feature.OneHot(name, texts.keySet().stream().sorted().toList());
      }
      var shares = new HashMap<String, Double>();
      texts.forEach((text, count) -> shares.put(text, count / (double) rows));
      return new Feature.Frequency(name, shares);
    }
  }
}
