package dev.pipewright.tabular.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How good the model is on the rows where a column holds a value.
///
/// @param measure what the score is: the primary measure, or accuracy where the rows are of one
///   class
/// @param low where the score's interval begins
/// @param metrics all measures on these rows
@JsonInclude(JsonInclude.Include.NON_NULL)
record Slice(
    String column,
    String value,
    int rows,
    @Nullable String measure,
    @Nullable Double score,
    @Nullable Double low,
    @Nullable Double high,
    Map<String, Double> metrics) {
  /// Fewer rows say nothing.
  static final int LEAST = 10;

  /// Those of all columns: where the primary measure is worst first, and behind them those that
  /// have none.
  static List<Slice> of(Judged judged, List<Groups> columns, Bootstrap bootstrap) {
    var slices = new ArrayList<Slice>();
    for (var groups : columns) {
      for (int g = 0; g < groups.names().size(); g++) {
        var rows = groups.rows(g);
        slices.add(of(judged.pick(rows), groups.column(), groups.names().get(g), bootstrap));
      }
    }
    var primary = new Measures(judged).primary();
    slices.sort(
        Comparator.comparing((Slice slice) -> !primary.equals(slice.measure))
            .thenComparing(slice -> slice.score == null)
            .thenComparing(slice -> slice.score == null ? 0 : slice.score));
    return slices;
  }

  private static Slice of(Judged some, String column, String value, Bootstrap bootstrap) {
    if (some.rows() < LEAST) {
      return new Slice(column, value, some.rows(), null, null, null, null, Map.of());
    }
    var measures = new Measures(some);
    var primary = measures.primary();
    int at = measures.names().indexOf(primary);
    var interval = bootstrap.intervals(some.rows(), w -> new double[] {measures.of(w)[at]})[0];
    var all = measures.all();
    return new Slice(
        column, value, some.rows(), primary, all.get(primary), interval[0], interval[1], all);
  }
}
