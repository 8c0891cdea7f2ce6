package dev.pipewright.tabular;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Cells;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// What is to be predicted, found from the column's cells; missing ones don't count.
///
/// The rule, first match wins:
///
/// 1. A cell that is not a number: classification, each distinct text a class (`true` and `yes` are
///    texts).
/// 2. Two distinct numbers: classification.
/// 3. At most [#FEW] distinct numbers, all whole, each there [#OFTEN] times on average:
///    classification.
/// 4. Anything else: regression.
///
/// Two classes make it binary. Classes are in natural order: numbers by size, texts by character.
/// The **last** one of a binary target is the positive class: `1` of 0 and 1, `true` of false and
/// true, `yes` of no and yes.
///
/// @param column its name
/// @param classes their labels in natural order; empty for regression
public record Target(String column, Kind kind, List<String> classes) {
  public static final int FEW = 10;
  public static final int OFTEN = 5;

  /// More classes than this are taken for a mistake.
  public static final int MOST = 100;

  public Target {
    classes = List.copyOf(classes);
  }

  /// The kinds, as they are written in JSON.
  public enum Kind {
    @JsonProperty("binary")
    BINARY("binary"),
    @JsonProperty("multiclass")
    MULTICLASS("multiclass"),
    @JsonProperty("regression")
    REGRESSION("regression");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    public String word() {
      return word;
    }
  }

  /// What the user asks for.
  public enum Wish {
    AUTO,
    CLASSIFICATION,
    REGRESSION
  }

  /// Looks at a column that has at least one cell that is not missing.
  ///
  /// @param table only for its name
  /// @throws ProblemException TARGET_ONE_CLASS or TARGET_UNUSABLE
  public static Target find(String column, List<String> cells, Wish wish, String table) {
    var present = cells.stream().filter(cell -> !Cells.missing(cell)).map(String::strip).toList();
    if (present.isEmpty()) {
      throw unusable("every cell of column '%s' in %s is missing".formatted(column, table));
    }
    var numbers = new ArrayList<Double>();
    String text = null;
    for (var cell : present) {
      var number = Cells.number(cell);
      if (number.isPresent()) {
        numbers.add(number.getAsDouble() + 0.0); // -0 becomes 0
      } else if (text == null) {
        text = cell;
      }
    }
    var labels = text == null ? numbers.stream().map(Cells::label).toList() : present;
    var counts = Table.counts(labels);
    if (counts.size() == 1) {
      throw new ProblemException(
          ProblemCode.TARGET_ONE_CLASS,
          "all %,d rows of %s have the same value '%s' in column '%s'"
              .formatted(present.size(), table, labels.getFirst(), column));
    }
    if (wish == Wish.REGRESSION && text != null) {
      throw unusable(
          "column '%s' of %s holds text such as '%s'; regression needs numbers"
              .formatted(column, table, text));
    }
    boolean classify =
        switch (wish) {
          case CLASSIFICATION -> true;
          case REGRESSION -> false;
          case AUTO -> text != null || counts.size() == 2 || few(numbers, counts);
        };
    if (!classify) {
      return new Target(column, Kind.REGRESSION, List.of());
    }
    refuseManyClasses(column, table, counts, present.size(), numbers.size(), text);
    var classes =
        counts.keySet().stream()
            .sorted(
                text == null
                    ? Comparator.comparingDouble(Double::parseDouble)
                    : Comparator.naturalOrder())
            .toList();
    return new Target(column, classes.size() == 2 ? Kind.BINARY : Kind.MULTICLASS, classes);
  }

  /// The positive class of a binary target; null otherwise.
  public @Nullable String positive() {
    return kind == Kind.BINARY ? classes.getLast() : null;
  }

  public boolean regression() {
    return kind == Kind.REGRESSION;
  }

  /// The label that the cell stands for, whether or not it is one of the classes.
  public String label(String cell) {
    var text = cell.strip();
    if (numeric()) {
      var number = Cells.number(text);
      return number.isPresent() ? Cells.label(number.getAsDouble() + 0.0) : text;
    }
    return text;
  }

  /// The cell's value in a regression.
  public OptionalDouble value(String cell) {
    return Cells.number(cell);
  }

  /// Positions of the classes by label.
  public Map<String, Integer> positions() {
    var positions = new HashMap<String, Integer>();
    for (int i = 0; i < classes.size(); i++) {
      positions.put(classes.get(i), i);
    }
    return positions;
  }

  private boolean numeric() {
    return classes.stream().allMatch(label -> Cells.number(label).isPresent());
  }

  private static boolean few(List<Double> numbers, Map<String, Integer> counts) {
    return counts.size() <= FEW
        && numbers.stream().allMatch(Cells::whole)
        && numbers.size() >= OFTEN * counts.size();
  }

  private static void refuseManyClasses(
      String column,
      String table,
      Map<String, Integer> counts,
      int rows,
      int numbers,
      @Nullable String text) {
    boolean rare = counts.size() * 2 > rows;
    if (!rare && counts.size() <= MOST) {
      return;
    }
    var almost =
        numbers * 2 > rows && text != null
            ? ". %,d of its cells are numbers, but '%s' is not: correct or empty such cells"
                .formatted(numbers, text)
            : "";
    throw unusable(
        "column '%s' of %s has %,d different values in %,d rows, too many to be classes%s"
            .formatted(column, table, counts.size(), rows, almost));
  }

  private static ProblemException unusable(String detail) {
    return new ProblemException(ProblemCode.TARGET_UNUSABLE, detail);
  }
}
