package dev.pipewright.tabular;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.data.Cells;

/// A task's scalar inputs, checked.
///
/// @param context where they come from
public record Settings(TaskContext context) {
  public String required(String name) {
    return context
        .text(name)
        .filter(text -> !text.isBlank())
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.INPUT_MISSING, "the input '%s' is not given".formatted(name)));
  }

  public boolean flag(String name, boolean otherwise) {
    return context.flag(name).orElse(otherwise);
  }

  /// @throws ProblemException INPUT_INVALID when it is not between the two, or one of them
  public double number(String name, double otherwise, double least, double most) {
    double value = context.number(name).orElse(otherwise);
    if (!(value >= least && value <= most)) {
      throw invalid(
          name,
          Cells.label(value),
          "a number from %s to %s".formatted(Cells.label(least), Cells.label(most)));
    }
    return value;
  }

  /// @throws ProblemException INPUT_INVALID when it is not whole, or not between the two, or one of
  ///   them
  public long whole(String name, long otherwise, long least, long most) {
    double value = context.number(name).orElse((double) otherwise);
    if (!(value >= least && value <= most) || !Cells.whole(value)) {
      throw invalid(
          name,
          Double.isFinite(value) ? Cells.label(value) : Double.toString(value),
          "a whole number from %d to %d".formatted(least, most));
    }
    return (long) value;
  }

  public static ProblemException invalid(String name, String value, String wanted) {
    return new ProblemException(
        ProblemCode.INPUT_INVALID,
        "the input '%s' is %s".formatted(name, value),
        "Give %s.".formatted(wanted));
  }
}
