package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Rows that belong together because a column holds the same there. Numbers of many sizes are cut
/// into quarters; beyond [#MOST] values the rare ones are one group.
///
/// @param names of the groups
/// @param of each row's group
record Groups(String column, List<String> names, int[] of) {
  static final int MOST = 50;
  static final String MISSING = "(missing)";
  static final String OTHER = "(other)";
  private static final int FEW_NUMBERS = 20;

  static Groups of(Frame.Column column) {
    int n = column.rows();
    var numbers =
        IntStream.range(0, n)
            .mapToDouble(column::number)
            .filter(Double::isFinite)
            .sorted()
            .toArray();
    boolean many = Arrays.stream(numbers).distinct().limit(FEW_NUMBERS + 1L).count() > FEW_NUMBERS;
    var labels = new String[n];
    var edges =
        many
            ? new double[] {
              Sums.quantile(numbers, .25), Sums.quantile(numbers, .5), Sums.quantile(numbers, .75)
            }
            : new double[0];
    for (int row = 0; row < n; row++) {
      double number = column.number(row);
      labels[row] =
          column.missing(row)
              ? MISSING
              : many && Double.isFinite(number) ? range(number, edges) : column.text(row);
    }
    return named(column.name(), labels);
  }

  private static String range(double number, double[] edges) {
    int q = 0;
    while (q < edges.length && number > edges[q]) {
      q++;
    }
    return q == 0
        ? "up to " + Cells.label(edges[0])
        : q == edges.length
            ? "above " + Cells.label(edges[q - 1])
            : "above %s, up to %s".formatted(Cells.label(edges[q - 1]), Cells.label(edges[q]));
  }

  private static Groups named(String column, String[] labels) {
    var counts = new HashMap<String, Integer>();
    for (var label : labels) {
      counts.merge(label, 1, Integer::sum);
    }
    var names =
        new ArrayList<>(
            counts.entrySet().stream()
                .sorted(
                    Map.Entry.<String, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(MOST)
                .map(Map.Entry::getKey)
                .sorted(Comparator.naturalOrder())
                .toList());
    if (counts.size() > MOST) {
      names.add(OTHER);
    }
    var places = new HashMap<String, Integer>();
    for (int g = 0; g < names.size(); g++) {
      places.put(names.get(g), g);
    }
    int other = names.size() - 1;
    return new Groups(
        column,
        List.copyOf(names),
        Arrays.stream(labels).mapToInt(label -> places.getOrDefault(label, other)).toArray());
  }

  int[] rows(int group) {
    return IntStream.range(0, of.length).filter(row -> of[row] == group).toArray();
  }
}
