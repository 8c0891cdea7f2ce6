package dev.pipewright.tabular.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/// Bars from left to right, one below the other, or values with their intervals.
public final class Bars {
  private static final int LABELS = 190;
  private static final int LENGTH = 330;
  private static final int STEP = 24;

  private record Bar(String label, double value, double low, double high, String text) {}

  private final String label;
  private final List<Bar> bars = new ArrayList<>();
  private boolean intervals;
  private double reference = Double.NaN;
  private String referenceName = "";

  private Bars(String label) {
    this.label = label;
  }

  /// @param label what the lengths say
  public static Bars of(String label) {
    return new Bars(label);
  }

  public Bars bar(String name, double value, String text) {
    bars.add(new Bar(name, value, value, value, text));
    return this;
  }

  /// A value with its interval: a dot on a line, not a bar.
  public Bars interval(String name, double value, double low, double high) {
    bars.add(new Bar(name, value, low, high, Text.number(value)));
    intervals = true;
    return this;
  }

  /// A dashed line at a value to compare with.
  public Bars reference(String name, double value) {
    reference = value;
    referenceName = name;
    return this;
  }

  public Picture picture(String title) {
    var ends = bars.stream().flatMapToDouble(b -> DoubleStream.of(b.low, b.high));
    var axis =
        Axis.around(
            ends.toArray(), Double.isNaN(reference) ? new double[0] : new double[] {reference});
    if (!intervals) {
      axis = new Axis(Math.min(0, axis.low()), Math.max(0, axis.high()));
    }
    int top = Double.isNaN(reference) ? 4 : 18;
    int height = top + bars.size() * STEP;
    var svg = new Svg();
    for (double tick : axis.ticks(5)) {
      double x = LABELS + LENGTH * axis.at(tick);
      svg.line("grid", x, top, x, height + 8);
      svg.text("tick mid", x, height + 24, Axis.label(tick));
    }
    double zero = LABELS + LENGTH * axis.at(0);
    for (int i = 0; i < bars.size(); i++) {
      var bar = bars.get(i);
      double y = top + 4 + i * STEP;
      double x = LABELS + LENGTH * axis.at(bar.value);
      svg.text("label end", LABELS - 10, y + 13, Text.shortened(bar.label, 26));
      if (intervals) {
        double low = LABELS + LENGTH * axis.at(bar.low);
        double high = LABELS + LENGTH * axis.at(bar.high);
        svg.line("whisker c0", low, y + 9, high, y + 9);
        svg.circle("dot c0", x, y + 9, 4.5, Text.interval(bar.low, bar.high));
      } else {
        svg.rect(
            "fill " + (bar.value < 0 ? "c1" : "c0"),
            Math.min(zero, x),
            y + 2,
            Math.abs(x - zero),
            15,
            bar.label);
      }
      svg.text("small", LABELS + LENGTH + 12, y + 13, bar.text);
    }
    if (!Double.isNaN(reference)) {
      double x = LABELS + LENGTH * axis.at(reference);
      svg.line("guide", x, top - 14, x, height + 8);
      svg.text("tick", x + 5, top - 5, referenceName);
    }
    svg.text("label mid", LABELS + LENGTH / 2.0, height + 44, label);
    return new Picture(title, LABELS + LENGTH + 90, height + 54, svg.toString());
  }
}
