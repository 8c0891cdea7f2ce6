package dev.pipewright.tabular.predict;

import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import dev.pipewright.tabular.data.RowWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;

/// `pipewright/predict@v1`: predicts each row of a table, a block of rows at a time, so that the
/// table may be larger than the memory.
///
/// Inputs: `model`, `data` (dataset: CSV, Parquet or JSON lines), `keep` (columns to take over, by
/// commas; `*` for all, nothing for none) and `format` (`csv` or `parquet`; that of the data unless
/// given). Outputs: `predictions` (dataset) with the column `prediction` and, for a classification,
/// a column `probability_<class>` for each class, or, of a model that looks for anomalies,
/// `anomaly` (`true` or `false`); and `rows`.
public final class Predict implements BuiltinTask {
  private static final int BLOCK = 16_384;

  @Override
  public String uses() {
    return "pipewright/predict@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    var data = context.staged("data");
    var name = context.data("data").name();
    boolean parquet = RowWriter.parquet(context, Frames.isParquet(data, name));
    try (var predictor = Predictor.open(context.staged("model"))) {
      var target = predictor.card().target();
      var file = context.outputs().resolve("predictions." + (parquet ? "parquet" : "csv"));
      var kept = new Kept(context.text("keep").orElse("*"));
      // A Parquet file says what its columns hold before their first row.
      var kinds = parquet ? Frames.kinds(data, name, BLOCK) : List.<RowWriter.Kind>of();
      var work = new Work(context, predictor, kept, kinds);
      try (var out = RowWriter.to(file, parquet)) {
        Frames.stream(data, name, BLOCK, block -> work.predict(block, out));
      }
      if (context.cancelled()) {
        throw new InterruptedException("stopped as asked after %,d rows".formatted(work.rows));
      }
      context.output("rows", work.rows);
      context.logDataset(context.data("data"), "input", work.rows);
      context.logParam("target", target.column());
      System.out.printf("Predicted '%s' for %,d rows%n", target.column(), work.rows);
    }
  }

  /// Which columns of the data stand beside the predictions.
  private record Kept(String asked) {
    List<Frame.Column> of(Frame frame) {
      var wanted = asked.strip();
      if (wanted.equals("*")) {
        return all(frame);
      }
      var columns = new ArrayList<Frame.Column>();
      for (var part : wanted.split(",", -1)) {
        var column = part.strip();
        if (!column.isEmpty()) {
          if (!frame.columns().contains(column)) {
            throw new ProblemException(
                ProblemCode.COLUMN_NOT_FOUND,
                "%s has no column '%s', which is to be kept".formatted(frame.name(), column),
                "Did you mean %s?".formatted(Nearest.of(column, frame.columns(), 3)));
          }
          columns.add(frame.column(column));
        }
      }
      return columns;
    }

    private static List<Frame.Column> all(Frame frame) {
      var columns = new ArrayList<Frame.Column>();
      for (int i = 0; i < frame.columns().size(); i++) {
        columns.add(frame.column(i));
      }
      return columns;
    }
  }

  private static final class Work {
    private final TaskContext context;
    private final Predictor predictor;
    private final Kept kept;
    private final List<RowWriter.Kind> kinds;
    private final OptionalDouble threshold;
    private long rows;

    /// @param kinds of all of the table's columns; empty to write them as they are written there
    Work(TaskContext context, Predictor predictor, Kept kept, List<RowWriter.Kind> kinds) {
      this.context = context;
      this.predictor = predictor;
      this.kept = kept;
      this.kinds = kinds;
      this.threshold = predictor.threshold();
    }

    /// False to stop.
    boolean predict(Frame block, RowWriter out) throws IOException {
      if (context.cancelled()) {
        return false;
      }
      var columns = kept.of(block);
      var target = predictor.card().target();
      if (rows == 0) {
        out.begin(header(columns, target), kinds(columns, target));
      }
      var predicted = predictor.predict(block);
      for (int row = 0; row < block.rows(); row++) {
        var cells = new ArrayList<Object>();
        for (var column : columns) {
          cells.add(cell(column, row));
        }
        var own = predicted[row];
        if (target.regression()) {
          cells.add(own[0]);
          threshold.ifPresent(most -> cells.add(own[0] > most));
        } else {
          cells.add(target.classes().get(best(own)));
          Arrays.stream(own).forEach(cells::add);
        }
        out.row(cells);
      }
      rows += block.rows();
      context.logMetric("rows", 0, rows);
      return true;
    }

    private List<String> header(List<Frame.Column> columns, Target target) {
      var header = new ArrayList<String>();
      columns.forEach(column -> header.add(column.name()));
      header.add(free("prediction", header));
      threshold.ifPresent(_ -> header.add(free("anomaly", header)));
      target.classes().forEach(label -> header.add(free("probability_" + label, header)));
      return header;
    }

    private static String free(String name, List<String> taken) {
      return taken.contains(name) ? free(name + "_", taken) : name;
    }

    private RowWriter.Kind kind(Frame.Column column) {
      return kinds.isEmpty() ? RowWriter.Kind.TEXT : kinds.get(column.index());
    }

    private Object cell(Frame.Column column, int row) {
      return column.missing(row)
          ? ""
          : switch (kind(column)) {
            case NUMBER -> (Object) column.number(row);
            case WHOLE -> (Object) (long) column.number(row);
            case TEXT -> column.text(row);
          };
    }

    private List<RowWriter.Kind> kinds(List<Frame.Column> columns, Target target) {
      var all = new ArrayList<RowWriter.Kind>();
      columns.forEach(column -> all.add(kind(column)));
      all.add(target.regression() ? RowWriter.Kind.NUMBER : RowWriter.Kind.TEXT);
      threshold.ifPresent(_ -> all.add(RowWriter.Kind.TEXT));
      all.addAll(Collections.nCopies(target.classes().size(), RowWriter.Kind.NUMBER));
      return all;
    }

    private static int best(double[] values) {
      int best = 0;
      for (int i = 1; i < values.length; i++) {
        best = values[i] > values[best] ? i : best;
      }
      return best;
    }
  }
}
