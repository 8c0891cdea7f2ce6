package dev.pipewright.tabular.validate;

import dev.pipewright.contract.Nearest;
import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Dates;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Profile;
import dev.pipewright.tabular.validate.Expectations.Column;
import dev.pipewright.tabular.validate.Expectations.Order;
import dev.pipewright.tabular.validate.Expectations.Relation;
import dev.pipewright.tabular.validate.Expectations.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Holds a table against what is expected of it, and finds everything that is not so.
final class Check {
  private static final Set<String> BOOLS =
      Set.of("true", "false", "yes", "no", "t", "f", "y", "n", "0", "1");

  private static final double ROUNDING = 1e-9;

  private final Frame frame;
  private final Expectations expectations;
  private final Instant now;
  private final List<Violation> violations = new ArrayList<>();

  private Check(Frame frame, Expectations expectations, Instant now) {
    this.frame = frame;
    this.expectations = expectations;
    this.now = now;
  }

  static List<Violation> of(Frame frame, Expectations expectations, Instant now) {
    var check = new Check(frame, expectations, now);
    check.table();
    expectations.columns().forEach(check::column);
    expectations.unique().forEach(check::unique);
    expectations.compare().forEach(check::compare);
    return check.violations;
  }

  private void table() {
    if (frame.rows() < expectations.minRows()) {
      whole(
          "rows",
          null,
          "%s, expected at least %,d".formatted(rows(frame.rows()), expectations.minRows()));
    }
    if (frame.rows() > expectations.maxRows()) {
      whole(
          "rows",
          null,
          "%s, expected at most %,d".formatted(rows(frame.rows()), expectations.maxRows()));
    }
    if (!expectations.otherColumns()) {
      for (var column : frame.columns()) {
        if (!expectations.columns().containsKey(column)) {
          whole("otherColumns", column, "is there, and not expected");
        }
      }
    }
  }

  private void column(String name, Column expected) {
    if (!frame.columns().contains(name)) {
      if (expected.required()) {
        whole(
            "required",
            name,
            "is not there; the nearest is %s".formatted(Nearest.of(name, frame.columns(), 1)));
      }
      return;
    }
    var column = frame.column(name);
    long missing = IntStream.range(0, frame.rows()).filter(column::missing).count();
    // A share such as 0.29 of 100 rows is a little less than 29 of them.
    if (missing > expected.maxMissing() * frame.rows() * (1 + ROUNDING)) {
      rows(
          "maxMissing",
          column,
          "holds nothing in %s, a share of "
              + Cells.label(Math.round(1e4 * missing / frame.rows()) / 1e4)
              + ", expected at most "
              + Cells.label(expected.maxMissing()),
          column::missing);
    }
    type(column, expected);
    range(column, expected);
    texts(column, expected);
    if (expected.unique()) {
      unique(List.of(name));
    }
    ordered(column, expected);
  }

  private void type(Frame.Column column, Column expected) {
    var dates = expected.type() == Type.DATE ? dates(column) : Dates.ISO;
    each(
        "type",
        column,
        "is no " + expected.type().word(),
        row ->
            switch (expected.type()) {
              case ANY, STRING -> false;
              case NUMBER -> !Double.isFinite(column.number(row));
              case INT -> !Double.isFinite(column.number(row)) || !Cells.whole(column.number(row));
              case BOOL -> !BOOLS.contains(column.text(row).toLowerCase(Locale.ROOT));
              case DATE -> Double.isNaN(dates.seconds(column.text(row)));
            });
  }

  private void range(Frame.Column column, Column expected) {
    if (!Double.isNaN(expected.min())) {
      each(
          "min",
          column,
          "is below " + Cells.label(expected.min()),
          row -> column.number(row) < expected.min());
    }
    if (!Double.isNaN(expected.max())) {
      each(
          "max",
          column,
          "is above " + Cells.label(expected.max()),
          row -> column.number(row) > expected.max());
    }
  }

  private void texts(Frame.Column column, Column expected) {
    var values = expected.values();
    if (values != null) {
      var allowed = new HashSet<String>();
      for (var value : values) {
        double number = Cells.parse(value);
        allowed.add(Double.isNaN(number) ? value : Cells.label(number));
      }
      each(
          "values",
          column,
          "is none of " + String.join(", ", values),
          row -> !allowed.contains(column.text(row)));
    }
    var pattern = expected.pattern();
    if (pattern != null) {
      var matches = new HashMap<String, Boolean>();
      each(
          "pattern",
          column,
          "does not match " + pattern,
          row ->
              !matches.computeIfAbsent(column.text(row), text -> pattern.matcher(text).matches()));
    }
  }

  private void ordered(Frame.Column column, Column expected) {
    if (expected.order() == Order.ANY && expected.fresh() == null) {
      return;
    }
    var size = size(column);
    if (expected.order() != Order.ANY) {
      double[] before = {Double.NaN};
      each(
          "order",
          column,
          switch (expected.order()) {
            case ANY, RISING -> "is below the value before";
            case STRICTLY_RISING -> "is not above the value before";
            case FALLING -> "is above the value before";
          },
          row -> {
            double value = size.applyAsDouble(row);
            double last = before[0];
            if (Double.isNaN(value)) {
              return false;
            }
            before[0] = value;
            return switch (expected.order()) {
              case ANY, RISING -> value < last;
              case STRICTLY_RISING -> value <= last;
              case FALLING -> value > last;
            };
          });
    }
    if (expected.fresh() != null) {
      fresh(column, size, expected.fresh());
    }
  }

  private void fresh(Frame.Column column, IntToDoubleFunction size, Duration fresh) {
    double newest = Double.NEGATIVE_INFINITY;
    for (int row = 0; row < frame.rows(); row++) {
      double seconds = size.applyAsDouble(row);
      newest = seconds > newest ? seconds : newest;
    }
    if (Double.isInfinite(newest)) {
      whole("fresh", column.name(), "holds no date");
      return;
    }
    var date = Instant.ofEpochSecond((long) newest);
    if (date.plus(fresh).isBefore(now)) {
      whole(
          "fresh",
          column.name(),
          "its newest date is %s, expected one of the last %s".formatted(date, told(fresh)));
    }
  }

  private static String told(Duration duration) {
    return duration.toDays() > 0
        ? duration.toDays() + " days"
        : duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }

  /// Numbers by their size, dates by their seconds; NaN for anything else.
  private IntToDoubleFunction size(Frame.Column column) {
    var dates = dates(column);
    return row -> column.code(row) < 0 ? column.number(row) : dates.seconds(column.text(row));
  }

  /// How the column's texts are dates, if they are any.
  private static Dates dates(Frame.Column column) {
    var dates = Profile.of(column, Profile.Kind.DATE).dates();
    return dates == null ? Dates.ISO : dates;
  }

  private void unique(List<String> names) {
    for (var name : names) {
      if (!frame.columns().contains(name)) {
        absent("unique", name);
        return;
      }
    }
    var columns = names.stream().map(frame::column).toList();
    var seen = new HashMap<List<Object>, Integer>();
    var examples = new ArrayList<Violation.Example>();
    long again = 0;
    for (int row = 0; row < frame.rows(); row++) {
      int at = row;
      if (columns.stream().allMatch(column -> column.missing(at))) {
        continue;
      }
      var key = columns.stream().map(column -> value(column, at)).toList();
      var first = seen.putIfAbsent(key, row);
      if (first != null) {
        again++;
        if (examples.size() < Violation.MOST_EXAMPLES) {
          var texts = columns.stream().map(column -> column.text(at)).toList();
          examples.add(
              new Violation.Example(
                  row + 1L, "%s, as in row %,d".formatted(String.join(", ", texts), first + 1)));
        }
      }
    }
    if (again > 0) {
      violations.add(
          new Violation(
              "unique",
              String.join(", ", names),
              "repeats an earlier value in %s".formatted(rows(again)),
              again,
              examples));
    }
  }

  private static Object value(Frame.Column column, int row) {
    if (column.byDigits(row)) {
      return column.text(row);
    }
    int code = column.code(row);
    return code >= 0 ? (Object) code : (Object) column.number(row);
  }

  private void compare(Relation relation) {
    if (!frame.columns().contains(relation.left())) {
      absent("compare", relation.left());
      return;
    }
    var left = frame.column(relation.left());
    var leftSize = size(left);
    var name = Expectations.unquoted(relation.right());
    double number = Cells.parse(relation.right());
    boolean column = frame.columns().contains(name);
    boolean quoted = !name.equals(relation.right());
    if (!column && !quoted && Double.isNaN(number)) {
      absent("compare", name);
      return;
    }
    var right = column ? frame.column(name) : left;
    var rightSize = column ? size(right) : null;
    double constant = !Double.isNaN(number) ? number : dates(left).seconds(name);
    IntPredicate broken =
        row -> {
          if (left.missing(row) || (column && right.missing(row))) {
            return false;
          }
          double a = leftSize.applyAsDouble(row);
          double b = rightSize == null ? constant : rightSize.applyAsDouble(row);
          int order =
              Double.isNaN(a) || Double.isNaN(b)
                  ? left.text(row).compareTo(column ? right.text(row) : name)
                  : Double.compare(a + 0.0, b + 0.0);
          return !holds(order, relation.operator());
        };
    var examples = new ArrayList<Violation.Example>();
    long rows = 0;
    for (int row = 0; row < frame.rows(); row++) {
      if (broken.test(row)) {
        rows++;
        if (examples.size() < Violation.MOST_EXAMPLES) {
          examples.add(
              new Violation.Example(
                  row + 1L,
                  column
                      ? "%s and %s".formatted(left.text(row), right.text(row))
                      : left.text(row)));
        }
      }
    }
    if (rows > 0) {
      violations.add(
          new Violation(
              "compare",
              relation.left(),
              "'%s' does not hold in %s".formatted(relation.text(), rows(rows)),
              rows,
              examples));
    }
  }

  private static boolean holds(int order, String operator) {
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      case ">=" -> order >= 0;
      case "==" -> order == 0;
      default -> order != 0;
    };
  }

  private void absent(String rule, String name) {
    whole(
        rule,
        name,
        "is not there; the nearest is %s".formatted(Nearest.of(name, frame.columns(), 1)));
  }

  private static String rows(long count) {
    return count == 1 ? "1 row" : "%,d rows".formatted(count);
  }

  /// Cells that hold nothing are never wrong here.
  private void each(String rule, Frame.Column column, String message, IntPredicate wrong) {
    rows(rule, column, message + " in %s", row -> !column.missing(row) && wrong.test(row));
  }

  /// Looks at the rows once, in their order.
  ///
  /// @param message with a place for the number of rows
  private void rows(String rule, Frame.Column column, String message, IntPredicate wrong) {
    var examples = new ArrayList<Violation.Example>();
    long count = 0;
    for (int row = 0; row < frame.rows(); row++) {
      if (wrong.test(row)) {
        count++;
        if (examples.size() < Violation.MOST_EXAMPLES) {
          examples.add(new Violation.Example(row + 1L, column.text(row)));
        }
      }
    }
    if (count > 0) {
      var text = message.replace("%s", rows(count));
      violations.add(new Violation(rule, column.name(), text, count, examples));
    }
  }

  private void whole(String rule, @Nullable String column, String message) {
    violations.add(new Violation(rule, column, message, 0, List.of()));
  }
}
