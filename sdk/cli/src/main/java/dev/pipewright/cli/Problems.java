package dev.pipewright.cli;

import dev.pipewright.contract.Problem;
import java.io.PrintWriter;

/// How a problem looks in the terminal: what is wrong, each single error with its place, and what
/// to do.
final class Problems {
  private Problems() {}

  static void print(Problem problem, PrintWriter out) {
    out.println(problem.code() + ": " + problem.detail());
    for (var error : problem.errors()) {
      out.println("  " + line(error));
      if (error.remedy() != null) {
        out.println("    " + error.remedy());
      }
    }
    if (problem.remedy() != null) {
      out.println("  " + problem.remedy());
    }
    out.flush();
  }

  private static String line(Problem.Violation error) {
    var place =
        error.line() == null
            ? ""
            : error.column() == null
                ? "line " + error.line() + ": "
                : "line " + error.line() + ", column " + error.column() + ": ";
    var path = error.path() == null ? "" : error.path() + ": ";
    return place + path + error.message() + " [" + error.code() + "]";
  }
}
