package dev.pipewright.tabular;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Cells;
import java.util.List;

/// A table whose rows all have a target.
///
/// @param table without the rows whose target is missing
/// @param index the target's column
/// @param dropped how many rows were left out
record Labelled(Table table, int index, Target target, int dropped) {
  /// Leaves out the rows without a target and finds what is to be predicted.
  ///
  /// @param least how many rows must be left
  /// @throws ProblemException TARGET_NOT_A_COLUMN, TARGET_ONE_CLASS, TARGET_UNUSABLE or
  ///   TABLE_TOO_SMALL
  static Labelled of(Table table, String column, Target.Wish wish, int least) {
    int index = table.target(column);
    var kept = present(table, index);
    // Told first: that every cell is missing says more than that there are too few rows.
    if (!kept.rows().isEmpty() && kept.rows().size() < least) {
      throw new ProblemException(
          ProblemCode.TABLE_TOO_SMALL,
          "%s has %d rows with a value in column '%s'; at least %d are needed"
              .formatted(table.name(), kept.rows().size(), table.columns().get(index), least));
    }
    var target = Target.find(table.columns().get(index), cells(kept, index), wish, table.name());
    return new Labelled(kept, index, target, table.rows().size() - kept.rows().size());
  }

  /// Leaves out the rows without a target where it is known already what is to be predicted.
  static Labelled of(Table table, Target target) {
    int index = table.target(target.column());
    var kept = present(table, index);
    if (kept.rows().isEmpty()) {
      throw new ProblemException(
          ProblemCode.TARGET_UNUSABLE,
          "every cell of column '%s' in %s is missing".formatted(target.column(), table.name()));
    }
    return new Labelled(kept, index, target, table.rows().size() - kept.rows().size());
  }

  /// Each row's class label.
  List<String> labels() {
    return cells(table, index).stream().map(target::label).toList();
  }

  /// Each row's number in a regression.
  double[] values() {
    return cells(table, index).stream()
        .mapToDouble(cell ->
            target
                .value(cell)
                .orElseThrow(() ->
                    new ProblemException(
                        ProblemCode.TARGET_UNUSABLE,
                        "column '%s' of %s holds '%s', which is not a number"
                            .formatted(target.column(), table.name(), cell.strip()))))
        .toArray();
  }

  /// The strata to hold rows out by.
  int[] strata() {
    return target.regression() ? Strata.byQuantile(values()) : Strata.byClass(labels(), target);
  }

  private static Table present(Table table, int index) {
    return table.with(table.rows().stream().filter(row -> !Cells.missing(row.get(index))).toList());
  }

  private static List<String> cells(Table table, int index) {
    return table.rows().stream().map(row -> row.get(index)).toList();
  }
}
