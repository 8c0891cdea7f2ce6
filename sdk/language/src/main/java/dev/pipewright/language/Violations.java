package dev.pipewright.language;

import dev.pipewright.contract.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Collects what is wrong with a document. Past [#MOST] the rest is only counted.
final class Violations {
  static final int MOST = 100;

  private final List<Problem.Violation> found = new ArrayList<>();
  private int more;

  void add(String code, String message, String path, Place place, @Nullable String remedy) {
    if (full()) {
      more++;
      return;
    }
    found.add(
        new Problem.Violation(
            code, message, path.isEmpty() ? null : path, place.line(), place.column(), remedy));
  }

  /// Whether further ones are only counted, so that they need no work.
  boolean full() {
    return found.size() >= MOST;
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  /// In the order of the document.
  List<Problem.Violation> list() {
    var sorted = new ArrayList<>(found);
    sorted.sort(
        Comparator.comparing((Problem.Violation v) -> v.line() == null ? 0 : v.line())
            .thenComparing(v -> v.column() == null ? 0 : v.column()));
    if (more > 0) {
      sorted.add(
          new Problem.Violation(
              "MORE_ERRORS",
              "There are %d more errors".formatted(more),
              null,
              null,
              null,
              "Correct the ones above and check again."));
    }
    return List.copyOf(sorted);
  }
}
