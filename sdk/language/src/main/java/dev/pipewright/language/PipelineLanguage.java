package dev.pipewright.language;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import org.jspecify.annotations.Nullable;

/// The door to the pipeline language.
public final class PipelineLanguage {
  private PipelineLanguage() {}

  /// Reads a document and checks all of it but the pipelines that it calls, of which nothing is
  /// known: every error is reported at once, each with its place. Never throws, whatever the text.
  public static Checked check(String source) {
    return checked(source, null);
  }

  /// Reads a document and checks all of it. Calls without a version get the one that is found.
  public static Checked check(String source, PipelineLookup lookup) {
    return checked(source, lookup);
  }

  private static Checked checked(String source, @Nullable PipelineLookup lookup) {
    var violations = new Violations();
    var spec = new PipelineReader(violations, lookup).read(source);
    return spec != null && violations.isEmpty()
        ? new Checked.Valid(spec)
        : new Checked.Invalid(violations.list());
  }

  /// Reads a document that must be right.
  ///
  /// @throws ProblemException PIPELINE_INVALID with every error
  public static PipelineSpec require(String source) {
    return require(check(source));
  }

  /// As [#require(String)], with the pipelines that it calls.
  ///
  /// @throws ProblemException PIPELINE_INVALID with every error
  public static PipelineSpec require(String source, PipelineLookup lookup) {
    return require(check(source, lookup));
  }

  private static PipelineSpec require(Checked checked) {
    return switch (checked) {
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
