package dev.pipewright.language;

import dev.pipewright.contract.Problem;
import java.util.List;

/// What became of a pipeline document.
public sealed interface Checked {
  /// Nothing is wrong with it.
  record Valid(PipelineSpec spec) implements Checked {}

  /// All that is wrong with it, in the order of the document.
  record Invalid(List<Problem.Violation> errors) implements Checked {
    public Invalid {
      errors = List.copyOf(errors);
    }
  }
}
