package dev.pipewright.tabular.automl;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.onnx.Graph;
import dev.pipewright.tabular.onnx.Graph.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Encoders as operations on the columns of a table, each an input: numbers as doubles (NaN for a
/// missing one), categories as texts (empty for a missing one), dates as seconds since 1970 in UTC.
final class EncoderGraph {
  private final Graph graph;
  private final Map<String, String> inputs = new HashMap<>();

  EncoderGraph(Graph graph) {
    this.graph = graph;
  }

  /// @return rows of floats
  String over(Encoder encoder) {
    var parts = new ArrayList<String>();
    for (var column : encoder.columns()) {
      var x =
          inputs.computeIfAbsent(
              column.column(),
              name ->
                  switch (column) {
                    case ColumnEncoder.Plain _,
                        ColumnEncoder.Robust _,
                        ColumnEncoder.Quantile _,
                        ColumnEncoder.Parts _ ->
                        graph.column(name, Type.DOUBLE);
                    case ColumnEncoder.OneHot _,
                        ColumnEncoder.Native _,
                        ColumnEncoder.TargetMean _ ->
                        graph.column(name, Type.STRING);
                    case ColumnEncoder.Words _ -> throw unsupported(name);
                  });
      switch (column) {
        case ColumnEncoder.Plain _ -> parts.add(plain(x));
        case ColumnEncoder.Robust robust -> parts.addAll(robust(robust, x));
        case ColumnEncoder.Quantile quantile -> parts.addAll(quantile(quantile, x));
        case ColumnEncoder.OneHot(_, var levels) -> {
          if (!levels.isEmpty()) {
            parts.add(graph.chosen(x, levels));
          }
        }
        case ColumnEncoder.Native(_, var levels) -> parts.add(nativeLevel(x, levels));
        case ColumnEncoder.TargetMean means -> parts.add(means(means, x));
        case ColumnEncoder.Parts dates -> parts.addAll(dates(dates, x));
        case ColumnEncoder.Words _ -> throw unsupported(column.column());
      }
    }
    return graph.concat(1, parts);
  }

  static ProblemException unsupported(String column) {
    return new ProblemException(
        ProblemCode.ONNX_UNSUPPORTED,
        "column '%s' is read as a text, which standard operations of ONNX cannot cut into words"
            .formatted(column),
        "Leave it out with 'ignore', give it another kind with 'types', or leave out 'onnx'.");
  }

  private String op(String type, String... in) {
    return graph.op(type, in);
  }

  private String exact(double value) {
    return graph.exact(value);
  }

  private String missing(String x) {
    return op("Or", op("IsNaN", x), op("IsInf", x));
  }

  private String floats(String x) {
    return graph.cast(x, Type.FLOAT);
  }

  private String plain(String x) {
    var within = op("Clip", op("Where", missing(x), exact(0), x), exact(-1e30), exact(1e30));
    return floats(op("Where", missing(x), exact(Double.NaN), within));
  }

  private static <T> List<T> some(T first, boolean second, java.util.function.Supplier<T> more) {
    return second ? List.of(first, more.get()) : List.of(first);
  }

  private List<String> robust(ColumnEncoder.Robust robust, String x) {
    var missing = missing(x);
    var there = op("Where", missing, exact(robust.center()), x);
    var scaled = op("Mul", op("Sub", there, exact(robust.center())), exact(robust.scale()));
    var square = op("Div", op("Mul", scaled, scaled), exact(9));
    var bent = op("Div", scaled, op("Sqrt", op("Add", exact(1), square)));
    return some(floats(bent), robust.marked(), () -> floats(missing));
  }

  private List<String> quantile(ColumnEncoder.Quantile quantile, String x) {
    var missing = missing(x);
    var there = op("Where", missing, exact(0), x);
    var bent = normal(rank(quantile.grid(), there));
    return some(
        floats(op("Where", missing, exact(0), bent)), quantile.marked(), () -> floats(missing));
  }

  /// How many of the grid's values are, say, less than each row's.
  private String count(String comparison, double[] grid, String x) {
    var all = graph.doubles(grid, 1, grid.length);
    return op("ReduceSum", graph.cast(op(comparison, all, x), Type.DOUBLE), graph.list(1));
  }

  /// As [ColumnEncoder.Quantile#rank], for all cases at once.
  private String rank(double[] grid, String x) {
    if (grid.length == 0) {
      return op("Mul", x, exact(0));
    }
    int last = grid.length - 1;
    var low = count("Less", grid, x);
    var high = count("LessOrEqual", grid, x);
    var middle =
        op("Div", op("Sub", op("Add", low, high), exact(1)), exact(2.0 * Math.max(1, last)));
    var between = last == 0 ? exact(1) : "";
    if (last > 0) {
      var to = op("Clip", low, exact(1), exact(last));
      var all = graph.doubles(grid, grid.length);
      var upper = op("Gather", all, graph.cast(to, Type.INT64));
      var lower = op("Gather", all, graph.cast(op("Sub", to, exact(1)), Type.INT64));
      var part = op("Div", op("Sub", x, lower), op("Sub", upper, lower));
      between = op("Div", op("Add", op("Sub", to, exact(1)), part), exact(last));
    }
    var beyond = op("Where", op("Greater", low, exact(last)), exact(1), between);
    var within = op("Where", op("Equal", low, exact(0)), exact(0), beyond);
    return op("Where", op("Greater", high, low), middle, within);
  }

  private String polynomial(String x, double... factors) {
    var sum = exact(factors[0]);
    for (int i = 1; i < factors.length; i++) {
      sum = op("Add", op("Mul", sum, x), exact(factors[i]));
    }
    return sum;
  }

  /// As [ColumnEncoder.Quantile#normal].
  private String normal(String p) {
    var q = op("Clip", p, exact(0.00135), exact(0.99865));
    var x = op("Sub", q, exact(0.5));
    var r = op("Mul", x, x);
    var middle =
        op(
            "Div",
            op("Mul", polynomial(r, ColumnEncoder.Quantile.MIDDLE_ABOVE), x),
            polynomial(r, ColumnEncoder.Quantile.MIDDLE_BELOW));
    var left = tail(q);
    var right = op("Neg", tail(op("Sub", exact(1), q)));
    double low = ColumnEncoder.Quantile.TAIL;
    return op(
        "Where",
        op("Less", q, exact(low)),
        left,
        op("Where", op("Greater", q, exact(1 - low)), right, middle));
  }

  private String tail(String p) {
    var q = op("Sqrt", op("Mul", exact(-2), op("Log", p)));
    return op(
        "Div",
        polynomial(q, ColumnEncoder.Quantile.TAIL_ABOVE),
        polynomial(q, ColumnEncoder.Quantile.TAIL_BELOW));
  }

  private String nativeLevel(String x, List<String> levels) {
    var place = graph.cast(graph.position(x, levels, -1), Type.FLOAT);
    return op("Where", op("Less", place, graph.number(0)), graph.number(Float.NaN), place);
  }

  private String means(ColumnEncoder.TargetMean means, String x) {
    int width = means.width();
    int levels = means.levels().size();
    var table = new float[(levels + 1) * width];
    for (int level = 0; level <= levels; level++) {
      var own = level < levels ? means.means()[level] : means.overall();
      for (int k = 0; k < own.length; k++) {
        table[level * width + k] = (float) own[k];
      }
      table[level * width + width - 1] = level < levels ? (float) means.shares()[level] : 0;
    }
    var rows =
        op(
            "Gather",
            graph.floats(table, levels + 1L, width),
            graph.position(x, means.levels(), levels));
    return op("Reshape", rows, graph.list(-1, width));
  }

  private String whole(String x, double by) {
    return op("Floor", op("Div", x, exact(by)));
  }

  private String less(String x, String part, double times) {
    return op("Sub", x, op("Mul", part, exact(times)));
  }

  /// The calendar by days since the first of March of the year 0, as in H. Hinnant's
  /// `civil_from_days`.
  private List<String> dates(ColumnEncoder.Parts dates, String x) {
    var missing = missing(x);
    var seconds = op("Where", missing, exact(0), x);
    var day = whole(seconds, 86_400);
    var days = op("Add", day, exact(719_468));
    var era = whole(days, 146_097);
    var ofEra = less(days, era, 146_097);
    var leaps =
        op(
            "Sub",
            op("Add", op("Sub", ofEra, whole(ofEra, 1_460)), whole(ofEra, 36_524)),
            whole(ofEra, 146_096));
    var year = whole(leaps, 365);
    var before =
        op("Sub", op("Add", op("Mul", year, exact(365)), whole(year, 4)), whole(year, 100));
    var ofYear = op("Sub", ofEra, before);
    var march = whole(op("Add", op("Mul", ofYear, exact(5)), exact(2)), 153);
    var beforeMonth = whole(op("Add", op("Mul", march, exact(153)), exact(2)), 5);
    var ofMonth = op("Add", op("Sub", ofYear, beforeMonth), exact(1));
    var month =
        op(
            "Where",
            op("Less", march, exact(10)),
            op("Add", march, exact(3)),
            op("Sub", march, exact(9)));
    var shifted = op("Add", day, exact(3));
    var ofWeek = op("Add", less(shifted, whole(shifted, 7), 7), exact(1));
    boolean plain = dates.scale() == 0;
    var exactDays = op("Div", seconds, exact(86_400));
    var parts = new ArrayList<String>();
    parts.add(
        plain
            ? exactDays
            : op("Mul", op("Sub", exactDays, exact(dates.center())), exact(dates.scale())));
    parts.add(part(month, 1, 12, plain));
    parts.add(part(ofMonth, 1, 31, plain));
    parts.add(part(ofWeek, 1, 7, plain));
    if (dates.times()) {
      parts.add(part(whole(less(op("Floor", seconds), day, 86_400), 3_600), 0, 23, plain));
    }
    var none = exact(plain ? Double.NaN : 0);
    return parts.stream().map(each -> floats(op("Where", missing, none, each))).toList();
  }

  private String part(String value, double least, double most, boolean plain) {
    return plain
        ? value
        : op(
            "Sub",
            op("Div", op("Mul", exact(2), op("Sub", value, exact(least))), exact(most - least)),
            exact(1));
  }
}
