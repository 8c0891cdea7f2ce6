package dev.pipewright.tune;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One thing to choose for each trial. A parameter with `when` is active only where each of the
/// named ones is active too and has one of the given values; inactive parameters are left out of a
/// trial's params.
public sealed interface Parameter {
  String name();

  /// The values of other parameters that it needs; empty where it is always active.
  Map<String, List<@Nullable Object>> when();

  Parameter onlyWhen(String parent, @Nullable Object... values);

  static Real real(String name, double low, double high) {
    return new Real(name, low, high, false, null, Map.of());
  }

  static Whole whole(String name, long low, long high) {
    return new Whole(name, low, high, false, 1, Map.of());
  }

  static Choice choice(String name, @Nullable Object... values) {
    return new Choice(name, Arrays.asList(values), Map.of());
  }

  /// A number between low and high, both of them included.
  ///
  /// @param log whether its logarithm is what matters; then low > 0 and there is no step
  /// @param step values are low, low + step, … up to high; null where any number will do
  record Real(
      String name,
      double low,
      double high,
      boolean log,
      @Nullable Double step,
      Map<String, List<@Nullable Object>> when)
      implements Parameter {
    public Real {
      when = copy(when);
    }

    public Real inLog() {
      return new Real(name, low, high, true, step, when);
    }

    public Real by(double size) {
      return new Real(name, low, high, log, size, when);
    }

    @Override
    public Real onlyWhen(String parent, @Nullable Object... values) {
      return new Real(name, low, high, log, step, and(when, parent, values));
    }

    /// The value after so many steps, with no more digits than low and step have.
    double after(long steps) {
      return BigDecimal.valueOf(low)
          .add(BigDecimal.valueOf(step == null ? 0 : step).multiply(BigDecimal.valueOf(steps)))
          .doubleValue();
    }
  }

  /// A whole number between low and high, both of them included. Values are low, low + step, … up
  /// to high.
  record Whole(
      String name,
      long low,
      long high,
      boolean log,
      long step,
      Map<String, List<@Nullable Object>> when)
      implements Parameter {
    public Whole {
      when = copy(when);
    }

    public Whole inLog() {
      return new Whole(name, low, high, true, step, when);
    }

    public Whole by(long size) {
      return new Whole(name, low, high, log, size, when);
    }

    @Override
    public Whole onlyWhen(String parent, @Nullable Object... values) {
      return new Whole(name, low, high, log, step, and(when, parent, values));
    }
  }

  /// One of some values that have no order: texts, numbers, booleans or null.
  record Choice(
      String name, List<@Nullable Object> values, Map<String, List<@Nullable Object>> when)
      implements Parameter {
    public Choice {
      values = values.stream().map(Parameter::scalar).toList();
      when = copy(when);
    }

    @Override
    public Choice onlyWhen(String parent, @Nullable Object... wanted) {
      return new Choice(name, values, and(when, parent, wanted));
    }
  }

  /// Whole numbers as Long and others as Double, so that equal ones are equal.
  static @Nullable Object scalar(@Nullable Object value) {
    return switch (value) {
      case Integer number -> number.longValue();
      case Short number -> number.longValue();
      case Byte number -> number.longValue();
      case Float number -> number.doubleValue();
      case null -> null;
      case Object other -> other;
    };
  }

  private static Map<String, List<@Nullable Object>> and(
      Map<String, List<@Nullable Object>> when, String parent, @Nullable Object... values) {
    var more = new LinkedHashMap<>(when);
    more.put(parent, Arrays.asList(values));
    return more;
  }

  private static Map<String, List<@Nullable Object>> copy(
      Map<String, List<@Nullable Object>> when) {
    var copy = new LinkedHashMap<String, List<@Nullable Object>>();
    when.forEach((parent, values) -> {
      var scalars = new ArrayList<@Nullable Object>();
      values.forEach(value -> scalars.add(scalar(value)));
      copy.put(parent, Collections.unmodifiableList(scalars));
    });
    return Collections.unmodifiableMap(copy);
  }
}
