package dev.pipewright.tabular;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `pipewright/split@v1`: cuts a table into a part to learn from and a part to judge by.
///
/// Inputs: `data` (dataset), `target` (string), `test` (double, 0.2: the share held out),
/// `stratify` (bool, true: both parts get the same mix of classes, or of ranges of a number),
/// `seed` (int, 42). Outputs: `train` and `test` (dataset). Rows whose target is missing are left
/// out of both. Rows keep their order, and cells their text. The same data, inputs and seed give
/// the same two files.
public final class Split implements BuiltinTask {
  static final int LEAST_ROWS = 10;

  @Override
  public String uses() {
    return "pipewright/split@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException {
    var settings = new Settings(context);
    var column = settings.required("target");
    double share = settings.number("test", 0.2, 0.01, 0.99);
    boolean stratify = settings.flag("stratify", true);
    long seed = settings.whole("seed", 42, 0, 1L << 52);

    var table = Table.of(context, "data");
    context.logDataset(context.data("data"), "input", table.rows().size());
    System.out.printf(
        "Read %s: %,d rows, %d columns%n",
        table.name(), table.rows().size(), table.columns().size());
    var labelled = Labelled.of(table, column, Target.Wish.AUTO, LEAST_ROWS);
    var target = labelled.target();
    if (labelled.dropped() > 0) {
      System.out.printf(
          "Left out %,d rows without a value in column '%s'%n",
          labelled.dropped(), target.column());
    }
    var rows = labelled.table().rows();
    var held =
        Strata.holdOut(stratify ? labelled.strata() : Strata.plain(rows.size()), share, seed);
    var train = new ArrayList<List<String>>();
    var test = new ArrayList<List<String>>();
    for (int row = 0; row < rows.size(); row++) {
      (held[row] ? test : train).add(rows.get(row));
    }
    context.logParam("target", target.column());
    context.logParam("task", target.kind().word());
    context.logParam("test", share);
    context.logParam("stratify", stratify);
    context.logParam("seed", seed);
    context.logMetric("rows", 0, table.rows().size());
    context.logMetric("train-rows", 0, train.size());
    context.logMetric("test-rows", 0, test.size());
    context.logMetric("dropped-rows", 0, labelled.dropped());
    requireTwoClasses(labelled, held);
    table.with(train).write(context.outputs().resolve("train.csv"));
    table.with(test).write(context.outputs().resolve("test.csv"));
    System.out.printf(
        "Wrote %,d rows to train.csv and %,d to test.csv%n", train.size(), test.size());
  }

  /// Without strata, chance may put all rows of a class into the test part.
  private static void requireTwoClasses(Labelled labelled, boolean[] held) {
    if (labelled.target().regression()) {
      return;
    }
    var labels = labelled.labels();
    var train = new ArrayList<String>();
    for (int row = 0; row < held.length; row++) {
      if (!held[row]) {
        train.add(labels.get(row));
      }
    }
    if (Table.counts(train).size() < 2) {
      throw new ProblemException(
          ProblemCode.TARGET_ONE_CLASS,
          "the part to learn from has only the class '%s' of column '%s'"
              .formatted(train.getFirst(), labelled.target().column()),
          "Give more rows of each class, hold out a smaller part, or set stratify: true.");
    }
  }
}
