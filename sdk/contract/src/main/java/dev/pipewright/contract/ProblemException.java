package dev.pipewright.contract;

import java.util.List;

/// A failure the user can act on. The server answers its [Problem], the terminal prints it, a
/// runner reports it.
public final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  public ProblemException(Problem problem) {
    super(problem.code() + ": " + problem.detail());
    this.problem = problem;
  }

  public ProblemException(ProblemCode code, String detail) {
    this(Problem.of(code, detail));
  }

  public ProblemException(ProblemCode code, String detail, String remedy) {
    this(Problem.of(code, detail, remedy, List.of()));
  }

  public ProblemException(ProblemCode code, String detail, Throwable cause) {
    this(Problem.of(code, detail));
    initCause(cause);
  }

  public Problem problem() {
    return problem;
  }

  /// Whether it is this problem. A code that this version does not know is none of them.
  public boolean is(ProblemCode code) {
    return problem.code().equals(code.name());
  }
}
