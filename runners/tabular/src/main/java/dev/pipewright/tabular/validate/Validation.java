package dev.pipewright.tabular.validate;

import java.util.ArrayList;
import java.util.List;

/// What came of it; `validation.json`.
///
/// @param valid whether nothing is otherwise than expected
/// @param checked how many expectations were looked at
/// @param drift of each column against the reference; empty without one
record Validation(
    boolean valid,
    String table,
    long rows,
    int columns,
    int checked,
    List<Violation> violations,
    List<Drift> drift) {
  static Validation of(
      String table,
      long rows,
      int columns,
      Expectations expectations,
      List<Violation> found,
      List<Drift> drift) {
    var violations = new ArrayList<>(found);
    for (var one : drift) {
      if (one.drifted()) {
        boolean byPsi = one.psi() > expectations.psi();
        var message =
            byPsi
                ? "has drifted: its stability index is %.3f, expected at most %s"
                    .formatted(one.psi(), expectations.psi())
                : "has drifted: its Kolmogorov-Smirnov distance is %.3f, expected at most %s"
                    .formatted(one.ks(), expectations.ks());
        violations.add(new Violation("drift", one.column(), message, 0, List.of()));
      }
    }
    return new Validation(
        violations.isEmpty(),
        table,
        rows,
        columns,
        checked(expectations) + drift.size(),
        violations,
        drift);
  }

  private static int checked(Expectations expectations) {
    int checked = 1 + expectations.unique().size() + expectations.compare().size();
    checked += expectations.otherColumns() ? 0 : 1;
    for (var column : expectations.columns().values()) {
      checked += column.required() ? 1 : 0;
      checked += column.type() == Expectations.Type.ANY ? 0 : 1;
      checked += Double.isNaN(column.min()) ? 0 : 1;
      checked += Double.isNaN(column.max()) ? 0 : 1;
      checked += column.values() == null ? 0 : 1;
      checked += column.unique() ? 1 : 0;
      checked += column.maxMissing() < 1 ? 1 : 0;
      checked += column.pattern() == null ? 0 : 1;
      checked += column.order() == Expectations.Order.ANY ? 0 : 1;
      checked += column.fresh() == null ? 0 : 1;
    }
    return checked;
  }
}
