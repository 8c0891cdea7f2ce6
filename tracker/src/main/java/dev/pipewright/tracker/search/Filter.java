package dev.pipewright.tracker.search;

import java.util.ArrayList;
import java.util.List;

/// A filter whose names are resolved and whose values have the types their fields need.
///
/// A comparison with something that is not there is false, and its negation is true: there is no
/// third value.
public sealed interface Filter {
  /// Lets everything through.
  Filter ALL = new And(List.of());

  record And(List<Filter> parts) implements Filter {
    public And {
      parts = List.copyOf(parts);
    }
  }

  record Or(List<Filter> parts) implements Filter {
    public Or {
      parts = List.copyOf(parts);
    }
  }

  record Not(Filter part) implements Filter {}

  /// @param value a [String] or a [Double]
  record Compare(Field field, Operator operator, Object value) implements Filter {}

  record In(Field field, List<String> values, boolean negated) implements Filter {
    public In {
      values = List.copyOf(values);
    }
  }

  record IsNull(Field field, boolean negated) implements Filter {}

  enum Operator {
    EQ("="),
    NE("!="),
    LT("<"),
    LE("<="),
    GT(">"),
    GE(">="),
    LIKE("LIKE"),
    ILIKE("ILIKE"),
    RLIKE("RLIKE");

    private final String text;

    Operator(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }

    boolean ordering() {
      return this == LT || this == LE || this == GT || this == GE;
    }

    boolean matching() {
      return this == LIKE || this == ILIKE || this == RLIKE;
    }
  }

  /// The parts of which each must hold.
  default List<Filter> conjuncts() {
    return this instanceof And(var parts) ? parts : List.of(this);
  }

  /// Both this and the other one.
  default Filter and(Filter other) {
    if (conjuncts().isEmpty()) {
      return other;
    }
    if (other.conjuncts().isEmpty()) {
      return this;
    }
    var parts = new ArrayList<>(conjuncts());
    parts.addAll(other.conjuncts());
    return new And(parts);
  }
}
