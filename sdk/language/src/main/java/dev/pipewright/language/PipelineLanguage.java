package dev.pipewright.language;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;

/// The door to the pipeline language.
public final class PipelineLanguage {
  private PipelineLanguage() {}

  /// Reads a document and checks all of it: every error is reported at once, each with its place.
  /// Never throws, whatever the text.
  public static Checked check(String source) {
    var violations = new Violations();
    var spec = new PipelineReader(violations).read(source);
    return spec != null && violations.isEmpty()
        ? new Checked.Valid(spec)
        : new Checked.Invalid(violations.list());
  }

  /// Reads a document that must be right.
  ///
  /// @throws ProblemException PIPELINE_INVALID with every error
  public static PipelineSpec require(String source) {
    return switch (check(source)) {
      case Checked.Valid(var spec) -> spec;
      case Checked.Invalid(var errors) -> {
        var first = errors.getFirst();
        var where =
            first.line() == null
                ? ""
                : " (line %d, column %d)".formatted(first.line(), first.column());
        throw new ProblemException(
            Problem.of(
                ProblemCode.PIPELINE_INVALID,
                errors.size() == 1
                    ? first.message() + where
                    : "%d errors; the first: %s%s".formatted(errors.size(), first.message(), where),
                errors));
      }
    };
  }
}
