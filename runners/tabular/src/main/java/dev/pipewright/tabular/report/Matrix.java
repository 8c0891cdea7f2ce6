package dev.pipewright.tabular.report;

import java.util.List;
import java.util.Locale;

/// A table of numbers as colours: how often each class was taken for each, what goes with what.
public final class Matrix {
  private Matrix() {}

  /// @param counts a row for each actual class, a column for each predicted one
  public static Picture confusion(String title, List<String> classes, double[][] counts) {
    int n = classes.size();
    int cell = Math.max(20, Math.min(84, 460 / n));
    int left = 140;
    int top = 40;
    var svg = new Svg();
    svg.text("label mid", left + n * cell / 2.0, 14, "predicted");
    svg.text("label end", left - 8, top - 8, "actual");
    for (int row = 0; row < n; row++) {
      double all = 0;
      for (double count : counts[row]) {
        all += count;
      }
      double y = top + row * cell;
      svg.text("label end", left - 8, y + cell / 2.0 + 4, Text.shortened(classes.get(row), 18));
      for (int column = 0; column < n; column++) {
        double x = left + column * cell;
        double share = all > 0 ? counts[row][column] / all : 0;
        var tip =
            "%s taken for %s: %s, %s of its rows"
                .formatted(
                    classes.get(row),
                    classes.get(column),
                    Text.number(counts[row][column]),
                    Text.percent(share));
        svg.add(
            "<rect class=\"fill %s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"3\" fill-opacity=\"%s\"><title>%s</title></rect>",
            row == column ? "c0" : "c1",
            x + 1,
            y + 1,
            cell - 2,
            cell - 2,
            String.format(
                Locale.ROOT, "%.3f", counts[row][column] == 0 ? 0.05 : 0.12 + 0.88 * share),
            Text.escaped(tip));
        if (n <= 20) {
          var style = share > 0.55 ? "on" : "label";
          svg.text(
              style + " mid",
              x + cell / 2.0,
              y + cell / 2.0 + (cell > 50 ? 0 : 4),
              Text.number(counts[row][column]));
          if (cell > 50) {
            svg.text(style + " sub mid", x + cell / 2.0, y + cell / 2.0 + 16, Text.percent(share));
          }
        }
      }
      svg.turned(
          "label end",
          left + row * cell + cell / 2.0 + 6,
          top + n * cell + 16,
          -35,
          Text.shortened(classes.get(row), 16));
    }
    return new Picture(title, left + n * cell + 40, top + n * cell + 84, svg.toString());
  }
}
