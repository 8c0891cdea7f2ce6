package dev.pipewright.tracker.search;

import dev.pipewright.tracker.search.Filter.And;
import dev.pipewright.tracker.search.Filter.Compare;
import dev.pipewright.tracker.search.Filter.In;
import dev.pipewright.tracker.search.Filter.IsNull;
import dev.pipewright.tracker.search.Filter.Not;
import dev.pipewright.tracker.search.Filter.Operator;
import dev.pipewright.tracker.search.Filter.Or;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// Makes a condition of SQL out of a filter: names from the mapping, values as bindings.
public final class SqlFilter {
  // Within what PostgreSQL's timestamps can hold.
  private static final long FIRST_MILLI = Instant.parse("0001-01-01T00:00:00Z").toEpochMilli();
  private static final long LAST_MILLI = Instant.parse("9999-01-01T00:00:00Z").toEpochMilli();

  // A backslash or a question mark would mean something to Jdbi or JDBC.
  private static final String IF_NUMBER =
      "(case when %1$s ~ '^[-]{0,1}[0-9]+([.][0-9]+){0,1}([eE][-+]{0,1}[0-9]{1,2}){0,1}$' then (%1$s)::double precision end)";

  public enum Type {
    TEXT,
    NUMBER,
    /// Text that may be a number: compared as the filter's value is.
    VALUE,
    /// A timestamptz; filters give milliseconds of the epoch, as clients see it.
    TIME
  }

  /// Where a field's value is.
  ///
  /// @param value the SQL of the value
  /// @param rows what comes between FROM and the condition on the value, such as `tracker.tag t
  ///   where t.run = r.number and t.key = :v0`; empty for a column of the row itself
  /// @param single whether there is at most one such row. Then it is looked up as a value, row by
  ///   row: PostgreSQL cannot turn it into a join whose cost it misjudges.
  public record Source(String value, Type type, String rows, boolean single) {
    public static Source column(String value, Type type) {
      return new Source(value, type, "", true);
    }

    /// Rows of which any may match; PostgreSQL chooses how to look.
    public static Source rows(String value, Type type, String rows) {
      return new Source(value, type, rows, false);
    }
  }

  /// Says where fields are, for one kind of thing.
  @FunctionalInterface
  public interface Mapping {
    /// @param bindings takes the field's key, where the SQL needs it
    Source source(Field field, Bindings bindings);
  }

  private final Mapping mapping;
  private final Bindings bindings;

  private SqlFilter(Mapping mapping, Bindings bindings) {
    this.mapping = mapping;
    this.bindings = bindings;
  }

  /// A condition that is true or, where the filter does not match, false or null.
  public static String compile(Filter filter, Mapping mapping, Bindings bindings) {
    return new SqlFilter(mapping, bindings).condition(filter, false);
  }

  /// Runs a search and names what PostgreSQL finds wrong with its patterns, or that it takes too
  /// long.
  public static <R> R searching(Supplier<R> search) {
    try {
      return search.get();
    } catch (RuntimeException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof SQLException sql && "2201B".equals(sql.getSQLState())) {
          throw new InvalidFilter(
              "Invalid regular expression after RLIKE: %s.".formatted(sql.getMessage()), 0);
        }
        if (cause instanceof SQLException sql && "57014".equals(sql.getSQLState())) {
          throw new InvalidFilter(
              "The search took too long and was stopped. Name fewer experiments, or add a clause that fewer things match.",
              0);
        }
      }
      throw e;
    }
  }

  /// @param strict whether null must become false, because a NOT is around it
  private String condition(Filter filter, boolean strict) {
    return switch (filter) {
      case And(var parts) -> joined(parts, " and ", "true", strict);
      case Or(var parts) -> joined(parts, " or ", "false", strict);
      case Not(var part) -> "not " + condition(part, true);
      case IsNull(var field, var negated) -> {
        var source = mapping.source(field, bindings);
        yield source.rows.isEmpty()
            ? "(%s is %s)".formatted(source.value, negated ? "not null" : "null")
            : source.single
                ? "((select %s from %s) is %s)"
                    .formatted(source.value, source.rows, negated ? "not null" : "null")
                : "%s (select from %s and %s is not null)"
                    .formatted(negated ? "exists" : "not exists", source.rows, source.value);
      }
      case Compare(var field, var operator, var value) -> {
        var source = mapping.source(field, bindings);
        yield holds(source, compare(source.value, source.type, operator, value, bindings), strict);
      }
      case In(var field, var values, var negated) -> {
        var source = mapping.source(field, bindings);
        yield holds(source, in(source.value, values, negated, bindings), strict);
      }
    };
  }

  private String joined(List<Filter> parts, String word, String none, boolean strict) {
    return parts.isEmpty()
        ? none
        : parts.stream()
            .map(part -> condition(part, strict))
            .collect(Collectors.joining(word, "(", ")"));
  }

  private static String holds(Source source, String test, boolean strict) {
    if (!source.rows.isEmpty() && !source.single) {
      return "exists (select from %s and %s)".formatted(source.rows, test);
    }
    var value = source.rows.isEmpty() ? test : "(select %s from %s)".formatted(test, source.rows);
    return strict ? "coalesce(%s, false)".formatted(value) : value;
  }

  static String in(String expression, List<String> values, boolean negated, Bindings bindings) {
    var array = bindings.add(values.toArray(String[]::new));
    return negated
        ? "(%s <> all (%s))".formatted(expression, array)
        : "(%s = any (%s))".formatted(expression, array);
  }

  /// The test of one value. NaN is unequal to every number, and neither less nor greater.
  static String compare(
      String expression, Type type, Operator operator, Object value, Bindings bindings) {
    return switch (type) {
      case TEXT ->
          switch (operator) {
            case LIKE, ILIKE ->
                "(%s %s %s)"
                    .formatted(expression, operator.text(), bindings.add(pattern((String) value)));
            case RLIKE -> "(%s ~ %s)".formatted(expression, bindings.add(value));
            case EQ, NE, LT, LE, GT, GE -> plain(expression, operator, bindings.add(value));
          };
      case VALUE ->
          value instanceof Double
              ? compare(IF_NUMBER.formatted(expression), Type.NUMBER, operator, value, bindings)
              : compare(expression, Type.TEXT, operator, value, bindings);
      case NUMBER -> {
        var test = plain(expression, operator, bindings.add(value));
        // To PostgreSQL NaN is greater than all numbers.
        yield operator == Operator.GT || operator == Operator.GE
            ? "(%s and %s < double precision 'NaN')".formatted(test, expression)
            : test;
      }
      case TIME ->
          value instanceof String exact
              ? plain(
                  expression, operator, "cast(%s as timestamptz)".formatted(bindings.add(exact)))
              : time(expression, operator, (Double) value, bindings);
    };
  }

  private static String plain(String expression, Operator operator, String value) {
    return "(%s %s %s)"
        .formatted(expression, operator == Operator.NE ? "<>" : operator.text(), value);
  }

  /// Stored times are finer than the milliseconds that clients see: each millisecond is a range.
  private static String time(
      String expression, Operator operator, double millis, Bindings bindings) {
    double from = Math.ceil(millis);
    double after = Math.floor(millis) + 1;
    return switch (operator) {
      case EQ ->
          "(%1$s >= %2$s and %1$s < %3$s)"
              .formatted(expression, at(from, bindings), at(after, bindings));
      case NE ->
          "(%1$s < %2$s or %1$s >= %3$s)"
              .formatted(expression, at(from, bindings), at(after, bindings));
      case LT -> "(%s < %s)".formatted(expression, at(from, bindings));
      case LE -> "(%s < %s)".formatted(expression, at(after, bindings));
      case GT -> "(%s >= %s)".formatted(expression, at(after, bindings));
      case GE -> "(%s >= %s)".formatted(expression, at(from, bindings));
      case LIKE, ILIKE, RLIKE ->
          throw new IllegalArgumentException("a time has no " + operator.text());
    };
  }

  private static String at(double millis, Bindings bindings) {
    long within = (long) Math.clamp(millis, (double) FIRST_MILLI, (double) LAST_MILLI);
    return "cast(%s as timestamptz)"
        .formatted(bindings.add(Instant.ofEpochMilli(within).toString()));
  }

  /// PostgreSQL refuses a pattern that ends in the middle of an escape; here the backslash stands
  /// for itself.
  private static String pattern(String like) {
    int backslashes = 0;
    while (backslashes < like.length() && like.charAt(like.length() - 1 - backslashes) == '\\') {
      backslashes++;
    }
    return backslashes % 2 == 1 ? like + "\\" : like;
  }
}
