package dev.pipewright.tabular.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A chart of two axes: lines, bands, points and columns, each named series in the next colour, one
/// without a name in that of the next one that has a name.
public final class Plot {
  private static final int LEFT = 62;
  private static final int TOP = 12;
  private static final int COLOURS = 6;
  private static final int IN_LEGEND = 8;

  /// One series. Its marks are drawn when the axes are known.
  private record Series(String name, Kind kind, double[] x, double[] y, double[] high) {
    /// Without the points that have no place. Columns stay: their edges belong together.
    Series finite() {
      if (kind == Kind.COLUMNS) {
        return new Series(
            name, kind, x, Arrays.stream(y).map(v -> Double.isFinite(v) ? v : 0).toArray(), high);
      }
      var kept =
          IntStream.range(0, x.length)
              .filter(
                  i -> Double.isFinite(x[i]) && Double.isFinite(y[i]) && Double.isFinite(high[i]))
              .toArray();
      return new Series(name, kind, picked(x, kept), picked(y, kept), picked(high, kept));
    }

    private static double[] picked(double[] values, int[] kept) {
      return Arrays.stream(kept).mapToDouble(i -> values[i]).toArray();
    }
  }

  private enum Kind {
    LINE,
    STEPS,
    BAND,
    POINTS,
    COLUMNS
  }

  private final String xLabel;
  private final String yLabel;
  private final List<Series> series = new ArrayList<>();
  private @Nullable Axis xAxis;
  private @Nullable Axis yAxis;
  private double[] guide = {};
  private @Nullable Double mark;
  private String markName = "";
  private int width = 520;
  private int height = 320;

  private Plot(String xLabel, String yLabel) {
    this.xLabel = xLabel;
    this.yLabel = yLabel;
  }

  public static Plot of(String xLabel, String yLabel) {
    return new Plot(xLabel, yLabel);
  }

  /// The size of the plot with its labels, without the legend.
  public Plot size(int width, int height) {
    this.width = width;
    this.height = height;
    return this;
  }

  public Plot x(double low, double high) {
    xAxis = new Axis(low, high);
    return this;
  }

  public Plot y(double low, double high) {
    yAxis = new Axis(low, high);
    return this;
  }

  /// @param name for the legend; none for an empty one
  public Plot line(String name, double[] x, double[] y) {
    return add(name, Kind.LINE, x, y, y);
  }

  /// A line that keeps its value until the next point.
  public Plot steps(String name, double[] x, double[] y) {
    return add(name, Kind.STEPS, x, y, y);
  }

  /// The area between two lines, in the colour of the next series.
  public Plot band(double[] x, double[] low, double[] high) {
    return add("", Kind.BAND, x, low, high);
  }

  public Plot points(String name, double[] x, double[] y) {
    return add(name, Kind.POINTS, x, y, y);
  }

  /// Columns from one edge to the next, as of a histogram.
  ///
  /// @param edges one more than values
  public Plot columns(String name, double[] edges, double[] values) {
    return add(name, Kind.COLUMNS, edges, values, values);
  }

  /// A dashed line between two points.
  public Plot guide(double x1, double y1, double x2, double y2) {
    guide = new double[] {x1, y1, x2, y2};
    return this;
  }

  /// A dashed line upwards at a place that matters.
  public Plot mark(String name, double x) {
    mark = x;
    markName = name;
    return this;
  }

  private Plot add(String name, Kind kind, double[] x, double[] y, double[] high) {
    series.add(new Series(name, kind, x, y, high));
    return this;
  }

  public Picture picture(String title) {
    var xs =
        xAxis == null
            ? Axis.around(series.stream().map(Series::x).toArray(double[][]::new))
            : xAxis;
    var ys = yAxis == null ? spanned() : yAxis;
    var named = series.stream().filter(one -> !one.name.isEmpty()).toList();
    boolean legend = named.size() > 1;
    int plotWidth = width - LEFT - 16;
    int plotHeight = height - TOP - 48;
    var svg = new Svg();
    for (double tick : ys.ticks(5)) {
      double y = TOP + plotHeight * (1 - ys.at(tick));
      svg.line("grid", LEFT, y, LEFT + plotWidth, y);
      svg.text("tick end", LEFT - 8, y + 4, Axis.label(tick));
    }
    for (double tick : xs.ticks(6)) {
      double x = LEFT + plotWidth * xs.at(tick);
      svg.line("grid", x, TOP, x, TOP + plotHeight);
      svg.text("tick mid", x, TOP + plotHeight + 18, Axis.label(tick));
    }
    svg.text("label mid", LEFT + plotWidth / 2.0, height - 10, xLabel);
    svg.turned("label mid", 14, TOP + plotHeight / 2.0, -90, yLabel);
    if (guide.length == 4) {
      svg.line(
          "guide",
          LEFT + plotWidth * xs.at(guide[0]),
          TOP + plotHeight * (1 - ys.at(guide[1])),
          LEFT + plotWidth * xs.at(guide[2]),
          TOP + plotHeight * (1 - ys.at(guide[3])));
    }
    int colour = 0;
    for (var one : series) {
      draw(svg, one, "c" + colour % COLOURS, xs, ys, plotWidth, plotHeight);
      colour += one.name.isEmpty() ? 0 : 1;
    }
    if (mark != null) {
      double x = LEFT + plotWidth * xs.at(mark);
      svg.line("guide", x, TOP, x, TOP + plotHeight);
      boolean left = xs.at(mark) > 0.6;
      svg.text("tick" + (left ? " end" : ""), x + (left ? -6 : 6), TOP + 12, markName);
    }
    return legend
        ? new Picture(title, width, height + legend(svg, named), svg.toString())
        : new Picture(title, width, height, svg.toString());
  }

  private Axis spanned() {
    var all =
        Axis.around(
            series.stream().flatMap(one -> Stream.of(one.y, one.high)).toArray(double[][]::new));
    boolean columns = series.stream().anyMatch(one -> one.kind == Kind.COLUMNS);
    return columns ? new Axis(0, all.high()) : all;
  }

  /// @return how much height it takes
  private int legend(Svg svg, List<Series> named) {
    int x = LEFT;
    int y = height + 10;
    int colour = 0;
    for (var one : named.stream().limit(IN_LEGEND).toList()) {
      var name = Text.shortened(one.name, 44);
      int taken = 34 + (int) (name.length() * 6.6);
      if (x > LEFT && x + taken > width) {
        x = LEFT;
        y += 20;
      }
      svg.rect("fill c" + colour++ % COLOURS, x, y - 9, 11, 11, "");
      svg.text("small", x + 17, y, name);
      x += taken;
    }
    if (named.size() > IN_LEGEND) {
      svg.text("small", x, y, "and %d more".formatted(named.size() - IN_LEGEND));
    }
    return y - height + 14;
  }

  private static void draw(
      Svg svg, Series given, String colour, Axis xs, Axis ys, int width, int height) {
    var one = given.finite();
    var x = new double[one.x.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = LEFT + width * xs.at(one.x[i]);
    }
    var y = placed(one.y, ys, height);
    switch (one.kind) {
      case LINE -> svg.path("line " + colour, points(x, y));
      case STEPS -> svg.path("line " + colour, steps(x, y));
      case BAND -> {
        var high = placed(one.high, ys, height);
        var back =
            IntStream.range(0, x.length)
                .map(i -> x.length - 1 - i)
                .mapToObj(i -> point(x[i], high[i]))
                .toList();
        svg.add(
            "<polygon class=\"band %s\" points=\"%s %s\"/>",
            colour, points(x, y), String.join(" ", back));
      }
      case POINTS -> {
        for (int i = 0; i < x.length; i++) {
          svg.circle("point " + colour, x[i], y[i], 2.8, "");
        }
      }
      case COLUMNS -> {
        double ground = TOP + height * (1 - ys.at(0));
        for (int i = 0; i < one.y.length; i++) {
          var tip =
              "%s to %s: %s"
                  .formatted(
                      Text.number(one.x[i]), Text.number(one.x[i + 1]), Text.number(one.y[i]));
          svg.rect("fill " + colour, x[i] + 0.5, y[i], x[i + 1] - x[i] - 1, ground - y[i], tip);
        }
      }
    }
  }

  private static double[] placed(double[] values, Axis axis, int height) {
    var placed = new double[values.length];
    for (int i = 0; i < placed.length; i++) {
      placed[i] = TOP + height * (1 - axis.at(values[i]));
    }
    return placed;
  }

  private static String points(double[] x, double[] y) {
    var points = new StringBuilder();
    for (int i = 0; i < x.length; i++) {
      points.append(point(x[i], y[i])).append(' ');
    }
    return points.toString().strip();
  }

  private static String steps(double[] x, double[] y) {
    var points = new StringBuilder();
    for (int i = 0; i < x.length; i++) {
      if (i > 0) {
        points.append(point(x[i], y[i - 1])).append(' ');
      }
      points.append(point(x[i], y[i])).append(' ');
    }
    return points.toString().strip();
  }

  private static String point(double x, double y) {
    return Svg.coordinate(x) + "," + Svg.coordinate(y);
  }
}
