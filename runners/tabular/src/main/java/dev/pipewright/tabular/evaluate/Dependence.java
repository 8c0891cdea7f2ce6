package dev.pipewright.tabular.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.data.Frame;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What the model says on average, were a column's cell the same in all rows: partial dependence.
///
/// @param values the numbers, rising, at [#POINTS] quantiles; null of categories
/// @param categories the most frequent ones; null of numbers
/// @param outputs the classes; the positive one of a binary target, the target of a regression
/// @param means by output and value
@JsonInclude(JsonInclude.Include.NON_NULL)
record Dependence(
    String column,
    double @Nullable [] values,
    @Nullable List<String> categories,
    List<String> outputs,
    double[][] means) {
  private static final int POINTS = 20;
  private static final int CATEGORIES = 12;
  private static final int FEW_NUMBERS = 5;

  static Dependence of(Predictor model, Frame frame, Frame.Column column) {
    var target = model.card().target();
    var outputs =
        switch (target.kind()) {
          case BINARY -> List.of(target.classes().getLast());
          case MULTICLASS -> target.classes();
          case REGRESSION -> List.of(target.column());
        };
    int first = target.positive() == null ? 0 : 1;
    // A value is set by the row that has it, so that it is a cell such as the model knows.
    var rows = representatives(column);
    var means = new double[outputs.size()][rows.length];
    var from = new int[frame.rows()];
    for (int v = 0; v < rows.length; v++) {
      Arrays.fill(from, rows[v]);
      var predicted = model.predict(frame.with(column.index(), from));
      for (int o = 0; o < means.length; o++) {
        means[o][v] = Sums.mean(Probabilities.column(predicted, first + o));
      }
    }
    return numbers(column)
        ? new Dependence(
            column.name(),
            IntStream.of(rows).mapToDouble(column::number).toArray(),
            null,
            outputs,
            means)
        : new Dependence(
            column.name(),
            null,
            IntStream.of(rows).mapToObj(column::text).toList(),
            outputs,
            means);
  }

  /// Whether the column is drawn as a line: it holds more than a few numbers, and no texts.
  private static boolean numbers(Frame.Column column) {
    return IntStream.range(0, column.rows()).allMatch(row -> column.code(row) < 0)
        && IntStream.range(0, column.rows())
                .mapToDouble(column::number)
                .filter(Double::isFinite)
                .distinct()
                .limit(FEW_NUMBERS + 1L)
                .count()
            > FEW_NUMBERS;
  }

  private static int[] representatives(Frame.Column column) {
    if (numbers(column)) {
      var sorted =
          IntStream.range(0, column.rows())
              .filter(row -> Double.isFinite(column.number(row)))
              .boxed()
              .sorted(Comparator.comparingDouble(column::number))
              .toList();
      var chosen =
          IntStream.range(0, POINTS)
              .map(i -> sorted.get((int) ((long) i * (sorted.size() - 1) / (POINTS - 1))))
              .toArray();
      return IntStream.range(0, POINTS)
          .filter(i -> i == 0 || column.number(chosen[i]) > column.number(chosen[i - 1]))
          .map(i -> chosen[i])
          .toArray();
    }
    var counts = new HashMap<String, Integer>();
    var firsts = new HashMap<String, Integer>();
    for (int row = 0; row < column.rows(); row++) {
      if (!column.missing(row)) {
        counts.merge(column.text(row), 1, Integer::sum);
        firsts.putIfAbsent(column.text(row), row);
      }
    }
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Integer>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(CATEGORIES)
        .mapToInt(entry -> firsts.get(entry.getKey()))
        .toArray();
  }
}
