package dev.pipewright.tune;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A parameter as samplers see it: a code for each value (numbers stand for themselves, a choice
/// for its place in the list), and for numbers a line on which distances mean something: the
/// logarithm where the parameter says so, and half a step of room beyond both ends where it has
/// steps, so that each value owns a piece of the same kind.
final class Axis {
  final Parameter parameter;
  final boolean log;

  /// Zero where any number will do.
  final double step;

  /// The first and the last code.
  final double first;

  final double last;

  /// The ends of the line.
  final double from;

  final double to;

  /// How many values there are; zero where they cannot be counted.
  final long size;

  Axis(Parameter parameter) {
    this.parameter = parameter;
    switch (parameter) {
      case Parameter.Real real -> {
        log = real.log();
        step = real.step() == null ? 0 : real.step();
        first = real.low();
        // a hair more than the quotient, which may have been rounded down
        long steps = step == 0 ? 0 : (long) Math.floor((real.high() - first) / step + 1e-9);
        last = step == 0 ? real.high() : real.after(steps);
        size = step == 0 ? (first == last ? 1 : 0) : steps + 1;
      }
      case Parameter.Whole whole -> {
        log = whole.log();
        step = whole.step();
        first = whole.low();
        long steps = (whole.high() - whole.low()) / whole.step();
        last = whole.low() + steps * whole.step();
        size = steps + 1;
      }
      case Parameter.Choice choice -> {
        log = false;
        step = 1;
        first = 0;
        last = choice.values().size() - 1;
        size = choice.values().size();
      }
    }
    from = line(first - step / 2);
    to = line(last + step / 2);
  }

  boolean isChoice() {
    return parameter instanceof Parameter.Choice;
  }

  /// Whether there is nothing to choose.
  boolean single() {
    return size == 1;
  }

  /// Where a code lies on the line.
  double line(double code) {
    return log ? Math.log(code) : code;
  }

  /// The code nearest to a place on the line.
  double code(double place) {
    double code = log ? Math.exp(place) : place;
    if (step > 0) {
      long steps = Math.clamp(Math.round((code - first) / step), 0, size - 1);
      return nth(steps);
    }
    return Math.clamp(code, first, last);
  }

  /// The code of the value with this index.
  double nth(long index) {
    return parameter instanceof Parameter.Real real && step > 0
        ? real.after(index)
        : first + index * step;
  }

  /// The code at a part of the line between 0 and 1.
  double atShare(double share) {
    return code(from + share * (to - from));
  }

  /// The part of the line before a code.
  double share(double code) {
    return (line(code) - from) / (to - from);
  }

  @Nullable Object value(double code) {
    return switch (parameter) {
      case Parameter.Real _ -> code;
      case Parameter.Whole _ -> (long) code;
      case Parameter.Choice choice -> choice.values().get((int) code);
    };
  }

  /// The code of a value; NaN where the parameter does not have it.
  double codeOf(@Nullable Object value) {
    if (parameter instanceof Parameter.Choice choice) {
      int index = indexOf(choice.values(), Parameter.scalar(value));
      return index < 0 ? Double.NaN : index;
    }
    if (!(value instanceof Number number)) {
      return Double.NaN;
    }
    double code = number.doubleValue();
    if (!(code >= first && code <= last)) {
      return Double.NaN;
    }
    if (step == 0) {
      return code;
    }
    double near = nth(Math.round((code - first) / step));
    return Math.abs(near - code) <= 1e-9 * step ? near : Double.NaN;
  }

  /// 1 and 1.0 are one value, as they are in JSON.
  private static int indexOf(List<@Nullable Object> values, @Nullable Object wanted) {
    int index = values.indexOf(wanted);
    if (index >= 0 || !(wanted instanceof Number number)) {
      return index;
    }
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) instanceof Number other && other.doubleValue() == number.doubleValue()) {
        return i;
      }
    }
    return -1;
  }
}
