package dev.pipewright.deep;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is done to data before a block is given it, as it was found on the training rows. Part of a
/// saved model, so that what is predicted from is treated alike.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Preparation.Rows.class, name = "rows"),
  @JsonSubTypes.Type(value = Images.class, name = "images"),
  @JsonSubTypes.Type(value = Preparation.Steps.class, name = "steps"),
  @JsonSubTypes.Type(value = Preparation.Words.class, name = "words"),
  @JsonSubTypes.Type(value = Preparation.Language.class, name = "language"),
  @JsonSubTypes.Type(value = Preparation.Choices.class, name = "choices")
})
public sealed interface Preparation
    permits Preparation.Rows,
        Images,
        Preparation.Steps,
        Preparation.Words,
        Preparation.Language,
        Preparation.Choices {
  /// Whether each row of a table is an example.
  default boolean readsRows() {
    return switch (this) {
      case Rows _, Words _ -> true;
      case Images images -> !images.columns().isEmpty();
      case Steps _, Language _, Choices _ -> false;
    };
  }

  /// A number column of a table.
  ///
  /// @param missing whether some cells were missing, which then is a number of its own
  record Number(String column, double mean, double spread, boolean missing) {
    static Number of(Frame.Column column, int[] rows) {
      double sum = 0;
      double squares = 0;
      int count = 0;
      for (int row : rows) {
        double value = column.number(row);
        if (Double.isFinite(value)) {
          sum += value;
          squares += value * value;
          count++;
        }
      }
      double mean = count == 0 ? 0 : sum / count;
      double variance = count == 0 ? 0 : Math.max(0, squares / count - mean * mean);
      return new Number(
          column.name(), mean, variance > 1e-24 ? Math.sqrt(variance) : 1, count < rows.length);
    }

    double scaled(Frame.Column cells, int row) {
      double value = cells.number(row);
      return Double.isFinite(value) ? (value - mean) / spread : 0;
    }
  }

  /// A column of texts, each of the frequent ones a number of its own.
  record Category(String column, List<String> values) {
    private static final int MOST = 50;

    static Category of(Frame.Column column, int[] rows) {
      var counts = new HashMap<String, Integer>();
      for (int row : rows) {
        if (!column.missing(row)) {
          counts.merge(column.text(row), 1, Integer::sum);
        }
      }
      return new Category(
          column.name(),
          counts.entrySet().stream()
              .sorted(
                  Map.Entry.<String, Integer>comparingByValue()
                      .reversed()
                      .thenComparing(Map.Entry.comparingByKey()))
              .limit(MOST)
              .map(Map.Entry::getKey)
              .sorted()
              .toList());
    }
  }

  /// Rows of a table: numbers on one scale, texts as one number for each.
  record Rows(List<Number> numbers, List<Category> categories) implements Preparation {
    /// @throws ProblemException NO_FEATURES
    static Rows of(Frame frame, String target, int[] rows) {
      var numbers = new ArrayList<Number>();
      var categories = new ArrayList<Category>();
      for (var name : frame.columns()) {
        var column = frame.column(name);
        if (name.equals(target)) {
          continue;
        }
        if (numeric(column, rows)) {
          numbers.add(Number.of(column, rows));
        } else {
          var category = Category.of(column, rows);
          // A text that hardly ever comes back is a name, from which nothing can be learned.
          if (!category.values.isEmpty()
              && column.texts().size() <= Math.max(10, rows.length / 3)) {
            categories.add(category);
          }
        }
      }
      var found = new Rows(numbers, categories);
      if (found.width() == 0) {
        throw new ProblemException(
            ProblemCode.NO_FEATURES,
            frame.name() + " has no column to learn from beside the target");
      }
      return found;
    }

    int width() {
      int width = numbers.size();
      for (var number : numbers) {
        width += number.missing ? 1 : 0;
      }
      for (var category : categories) {
        width += category.values.size();
      }
      return width;
    }

    float[][] encode(Frame frame, int[] rows) {
      var encoded = new float[rows.length][width()];
      int at = 0;
      for (var number : numbers) {
        var cells = frame.column(number.column);
        for (int i = 0; i < rows.length; i++) {
          encoded[i][at] = (float) number.scaled(cells, rows[i]);
          if (number.missing && !Double.isFinite(cells.number(rows[i]))) {
            encoded[i][at + 1] = 1;
          }
        }
        at += number.missing ? 2 : 1;
      }
      for (var category : categories) {
        var cells = frame.column(category.column);
        var places = new HashMap<String, Integer>();
        for (var value : category.values) {
          places.put(value, at++);
        }
        for (int i = 0; i < rows.length; i++) {
          var place = places.get(cells.text(rows[i]));
          if (place != null) {
            encoded[i][place] = 1;
          }
        }
      }
      return encoded;
    }
  }

  /// Whether all that is there is numbers.
  static boolean numeric(Frame.Column column, int[] rows) {
    boolean some = false;
    for (int row : rows) {
      if (column.code(row) >= 0) {
        return false;
      }
      some |= !column.missing(row);
    }
    return some;
  }

  /// Sequences of rows: those with the same value in a column, in the table's order.
  ///
  /// @param sequence the column
  /// @param length how many of its last rows are looked at
  record Steps(String sequence, List<Number> numbers, int length) implements Preparation {
    /// The rows of each sequence, by its name.
    static Map<String, int[]> grouped(Frame frame, String sequence) {
      var groups = new LinkedHashMap<String, List<Integer>>();
      var names = frame.column(sequence);
      for (int row = 0; row < frame.rows(); row++) {
        groups.computeIfAbsent(names.text(row), _ -> new ArrayList<>()).add(row);
      }
      var grouped = new LinkedHashMap<String, int[]>();
      groups.forEach(
          (name, rows) -> grouped.put(name, rows.stream().mapToInt(Integer::intValue).toArray()));
      return grouped;
    }

    static Steps of(Frame frame, String sequence, String target, int[] rows, int length) {
      var numbers = new ArrayList<Number>();
      for (var name : frame.columns()) {
        var column = frame.column(name);
        if (!name.equals(target) && !name.equals(sequence) && numeric(column, rows)) {
          numbers.add(Number.of(column, rows));
        }
      }
      if (numbers.isEmpty()) {
        throw new ProblemException(
            ProblemCode.NO_FEATURES, frame.name() + " has no column of numbers to learn from");
      }
      return new Steps(sequence, numbers, length);
    }

    /// Shorter sequences begin with zeros.
    float[] encode(Frame frame, int[] rows) {
      var encoded = new float[length * numbers.size()];
      int used = Math.min(length, rows.length);
      for (int i = 0; i < numbers.size(); i++) {
        var cells = frame.column(numbers.get(i).column);
        for (int step = 0; step < used; step++) {
          int row = rows[rows.length - used + step];
          encoded[(length - used + step) * numbers.size() + i] =
              (float) numbers.get(i).scaled(cells, row);
        }
      }
      return encoded;
    }

    Shape shape() {
      return new Shape(length, numbers.size());
    }
  }

  /// Texts as tokens.
  ///
  /// @param atTheEnd whether padding comes first
  record Words(String column, Bpe tokens, int length, boolean atTheEnd) implements Preparation {
    int[][] encode(Frame frame, int[] rows) {
      var cells = frame.column(column);
      return Arrays.stream(rows)
          .mapToObj(row -> tokens.encode(cells.text(row)))
          .toArray(int[][]::new);
    }
  }

  /// A text without end, as tokens.
  record Language(Bpe tokens) implements Preparation {}

  /// Users and items by their names.
  record Choices(String user, String item, List<String> users, List<String> items)
      implements Preparation {
    static Map<String, Integer> positions(List<String> names) {
      var positions = new HashMap<String, Integer>();
      for (int i = 0; i < names.size(); i++) {
        positions.put(names.get(i), i);
      }
      return positions;
    }
  }

  /// The model's own where there is one to go on from, which has to be of the same kind.
  ///
  /// @throws ProblemException MODEL_UNREADABLE
  static <P extends Preparation> @Nullable P of(@Nullable Card from, Class<P> kind) {
    if (from == null) {
      return null;
    }
    if (!kind.isInstance(from.preparation())) {
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE,
          "the model in 'from' was trained on another kind of data",
          "Give a model of the same architecture.");
    }
    return kind.cast(from.preparation());
  }
}
