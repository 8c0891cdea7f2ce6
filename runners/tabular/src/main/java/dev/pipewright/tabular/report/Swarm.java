package dev.pipewright.tabular.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// For each of some columns, a dot for each row: where it lies says what the column's value did to
/// the prediction, its colour whether that value was low or high.
public final class Swarm {
  private static final int LABELS = 190;
  private static final int WIDTH = 420;
  private static final int STEP = 34;
  private static final int PLACES = 140;

  private record Row(String name, double[] effects, double[] values) {}

  private final String label;
  private final List<Row> rows = new ArrayList<>();

  private Swarm(String label) {
    this.label = label;
  }

  /// @param label what the places say
  public static Swarm of(String label) {
    return new Swarm(label);
  }

  /// @param effects of each row
  /// @param values from 0, the lowest, to 1; NaN for what has no size
  public Swarm row(String name, double[] effects, double[] values) {
    rows.add(new Row(name, effects, values));
    return this;
  }

  public Picture picture(String title) {
    var axis = Axis.around(rows.stream().map(Row::effects).toArray(double[][]::new));
    int height = rows.size() * STEP;
    var svg = new Svg();
    for (double tick : axis.ticks(6)) {
      double x = LABELS + WIDTH * axis.at(tick);
      svg.line(tick == 0 ? "axis" : "grid", x, 0, x, height + 4);
      svg.text("tick mid", x, height + 20, Axis.label(tick));
    }
    for (int r = 0; r < rows.size(); r++) {
      var row = rows.get(r);
      double middle = r * STEP + STEP / 2.0;
      svg.text("label end", LABELS - 10, middle + 4, Text.shortened(row.name, 26));
      var there = new int[PLACES + 1];
      for (int i = 0; i < row.effects.length; i++) {
        if (!Double.isFinite(row.effects[i])) {
          continue;
        }
        double at = axis.at(row.effects[i]);
        int before = there[(int) Math.round(at * PLACES)]++;
        // Up and down in turn, until the dots of one place fill the row's height.
        double off = Math.min((before + 1) / 2 * 2.2, STEP / 2.0 - 4) * (before % 2 == 0 ? 1 : -1);
        svg.add(
            "<circle class=\"bee\" cx=\"%s\" cy=\"%s\" r=\"2\" fill=\"%s\"/>",
            LABELS + WIDTH * at, middle + off, colour(row.values[i]));
      }
    }
    svg.text("label mid", LABELS + WIDTH / 2.0, height + 40, label);
    double x = LABELS + WIDTH + 20;
    svg.text("tick", x, 12, "high value");
    for (int i = 0; i <= 10; i++) {
      svg.add(
          "<rect x=\"%s\" y=\"%s\" width=\"8\" height=\"8\" fill=\"%s\"/>",
          x, 20.0 + i * 8, colour(1 - i / 10.0));
    }
    svg.text("tick", x, 122, "low value");
    return new Picture(title, LABELS + WIDTH + 100, Math.max(height, 130) + 50, svg.toString());
  }

  /// From blue by violet to red; grey for no value.
  private static String colour(double value) {
    return Double.isNaN(value)
        ? "#9aa0ac"
        : String.format(Locale.ROOT, "hsl(%.0f 75%% 56%%)", 220 + 130 * value);
  }
}
