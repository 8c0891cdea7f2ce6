package dev.pipewright.tabular;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// The pictures of a model and of its evaluation, as SVG that follows the reader's light or dark
/// scheme.
final class Pictures {
  private static final String[] COLOURS = {"c0", "c1", "c2", "c3", "c4", "c5"};
  private static final int PLOT = 360;
  private static final int LEFT = 64;
  private static final int TOP = 44;

  private Pictures() {}

  /// Bars, the longest first, fifteen at most.
  static String importance(List<Xgboost.Importance> columns) {
    var shown = columns.stream().filter(c -> c.gain() > 0).limit(15).toList();
    int bar = 24;
    int height = TOP + Math.max(1, shown.size()) * bar + 30;
    var svg = new Svg(640, height);
    svg.text(20, 26, "title", "start", "Feature importance");
    if (shown.isEmpty()) {
      svg.text(20, TOP + 20, "label", "start", "The model uses no column.");
      return svg.end();
    }
    double most = shown.getFirst().share();
    for (int i = 0; i < shown.size(); i++) {
      var column = shown.get(i);
      double y = TOP + i * bar;
      double length = 360 * column.share() / most;
      svg.text(190, y + 15, "label", "end", shorten(column.column(), 24));
      svg.add(
          "<rect class=\"c0 fill\" x=\"200\" y=\"%s\" width=\"%s\" height=\"16\" rx=\"3\"/>",
          y + 3, length);
      svg.text(206 + length, y + 15, "small", "start", percent(column.share()));
    }
    svg.text(200, height - 10, "small", "start", "share of the total gain over all splits");
    return svg.end();
  }

  /// One curve.
  ///
  /// @param name for the legend
  record Curve(String name, double auc, Scores.Roc roc) {}

  static String roc(List<Curve> curves) {
    var shown = curves.stream().limit(COLOURS.length).toList();
    var svg = new Svg(LEFT + PLOT + 200, TOP + PLOT + 60);
    svg.text(LEFT, 26, "title", "start", "ROC curve");
    frame(svg, "false positive rate", "true positive rate", 0, 1, 0, 1);
    svg.add(
        "<line class=\"guide\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>",
        LEFT, TOP + PLOT, LEFT + PLOT, TOP);
    for (int c = 0; c < shown.size(); c++) {
      var curve = shown.get(c);
      var points = new StringBuilder();
      for (int i = 0; i < curve.roc().fpr().length; i++) {
        points
            .append(round(LEFT + PLOT * curve.roc().fpr()[i]))
            .append(',')
            .append(round(TOP + PLOT - PLOT * curve.roc().tpr()[i]))
            .append(' ');
      }
      svg.add(
          "<polyline class=\"%s curve\" points=\"%s\"/>", COLOURS[c], points.toString().strip());
      double y = TOP + 14 + c * 36;
      svg.add(
          "<rect class=\"%s fill\" x=\"%s\" y=\"%s\" width=\"12\" height=\"12\" rx=\"2\"/>",
          COLOURS[c], LEFT + PLOT + 18, y - 10);
      svg.text(LEFT + PLOT + 36, y, "label", "start", shorten(curve.name(), 20));
      svg.text(
          LEFT + PLOT + 36,
          y + 15,
          "small",
          "start",
          String.format(Locale.ROOT, "AUC %.3f", curve.auc()));
    }
    if (curves.size() > shown.size()) {
      svg.text(
          LEFT + PLOT + 18,
          TOP + 14 + shown.size() * 36,
          "small",
          "start",
          "and " + (curves.size() - shown.size()) + " more");
    }
    return svg.end();
  }

  static String confusion(List<String> classes, int[][] matrix) {
    int n = classes.size();
    int cell = Math.max(22, Math.min(90, 480 / n));
    int left = 150;
    int top = 80;
    var svg = new Svg(left + n * cell + 40, top + n * cell + 90);
    svg.text(20, 26, "title", "start", "Confusion matrix");
    svg.text(left + n * cell / 2.0, 58, "label", "middle", "predicted");
    int most = Math.max(1, Arrays.stream(matrix).flatMapToInt(Arrays::stream).max().orElse(1));
    for (int row = 0; row < n; row++) {
      double y = top + row * cell;
      svg.text(left - 8, y + cell / 2.0 + 4, "label", "end", shorten(classes.get(row), 18));
      for (int column = 0; column < n; column++) {
        double x = left + column * cell;
        int value = matrix[row][column];
        double strength = value == 0 ? 0.04 : 0.15 + 0.85 * value / most;
        svg.add(
            "<rect class=\"%s fill\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill-opacity=\"%s\"/>",
            row == column ? "c0" : "c1", x + 1, y + 1, cell - 2, cell - 2, strength);
        if (n <= 20) {
          svg.text(
              x + cell / 2.0,
              y + cell / 2.0 + 4,
              strength > 0.6 ? "label on" : "label",
              "middle",
              Integer.toString(value));
        }
      }
      svg.add(
          "<text class=\"label\" text-anchor=\"end\" transform=\"translate(%s,%s) rotate(-35)\">%s</text>",
          left + row * cell + cell / 2.0 + 6,
          top + n * cell + 18,
          Svg.escape(shorten(classes.get(row), 12)));
    }
    svg.text(left - 8, top - 10, "label", "end", "actual");
    return svg.end();
  }

  /// How far each prediction is off, against the prediction.
  static String residuals(double[] actual, double[] predicted) {
    var off = new double[actual.length];
    for (int i = 0; i < off.length; i++) {
      off[i] = actual[i] - predicted[i];
    }
    double left = Arrays.stream(predicted).min().orElse(0);
    double right = Arrays.stream(predicted).max().orElse(1);
    if (right <= left) {
      left -= 0.5;
      right += 0.5;
    }
    double reach = Math.max(1e-12, Arrays.stream(off).map(Math::abs).max().orElse(1));
    var svg = new Svg(LEFT + PLOT + 40, TOP + PLOT + 60);
    svg.text(LEFT, 26, "title", "start", "Residuals");
    frame(svg, "predicted", "actual less predicted", left, right, -reach, reach);
    svg.add(
        "<line class=\"guide\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>",
        LEFT, TOP + PLOT / 2, LEFT + PLOT, TOP + PLOT / 2);
    for (int i = 0; i < off.length; i++) {
      svg.add(
          "<circle class=\"c0 fill\" cx=\"%s\" cy=\"%s\" r=\"2.5\" fill-opacity=\"0.45\"/>",
          LEFT + PLOT * (predicted[i] - left) / (right - left),
          TOP + PLOT / 2.0 - PLOT / 2.0 * off[i] / reach);
    }
    return svg.end();
  }

  private static void frame(
      Svg svg, String x, String y, double left, double right, double bottom, double top) {
    svg.add(
        "<rect class=\"frame\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>",
        LEFT, TOP, PLOT, PLOT);
    for (int i = 0; i <= 4; i++) {
      double at = i / 4.0;
      svg.text(
          LEFT + PLOT * at, TOP + PLOT + 18, "small", "middle", tick(left + (right - left) * at));
      svg.text(
          LEFT - 8, TOP + PLOT - PLOT * at + 4, "small", "end", tick(bottom + (top - bottom) * at));
    }
    svg.text(LEFT + PLOT / 2.0, TOP + PLOT + 42, "label", "middle", x);
    svg.add(
        "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(16,%s) rotate(-90)\">%s</text>",
        TOP + PLOT / 2, y);
  }

  private static String tick(double value) {
    double size = Math.abs(value);
    if (size >= 1e5 || (size > 0 && size < 1e-3)) {
      return String.format(Locale.ROOT, "%.1e", value);
    }
    return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String shorten(String text, int most) {
    return text.codePointCount(0, text.length()) <= most
        ? text
        : text.substring(0, text.offsetByCodePoints(0, most - 1)) + "…";
  }

  private static String round(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  /// An SVG being written.
  private static final class Svg {
    private final StringBuilder out = new StringBuilder();

    Svg(int width, int height) {
      out.append(
          """
          <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" width="%1$d" height="%2$d">
          <style>
          svg { background: #ffffff; font-family: system-ui, sans-serif; --ink: #1f2733; --soft: #66707f; --line: #d4d9e0 }
          text { fill: var(--ink) } .title { font-size: 16px; font-weight: 600 } .label { font-size: 12px }
          .small { font-size: 11px; fill: var(--soft) } .on { fill: #ffffff }
          .frame { fill: none; stroke: var(--line) } .guide { stroke: var(--soft); stroke-dasharray: 4 4 }
          .curve { fill: none; stroke-width: 2 } .fill { stroke: none }
          .c0 { stroke: #2f6fde; fill: #2f6fde } .c1 { stroke: #e07b39; fill: #e07b39 } .c2 { stroke: #2f9e6e; fill: #2f9e6e }
          .c3 { stroke: #9b59c6; fill: #9b59c6 } .c4 { stroke: #c94f6d; fill: #c94f6d } .c5 { stroke: #8a7a3b; fill: #8a7a3b }
          .curve.curve { fill: none } .fill.fill { stroke: none }
          @media (prefers-color-scheme: dark) {
          svg { background: #14181f; --ink: #e6e9ee; --soft: #98a2b3; --line: #343c49 } }
          </style>
          """
              .formatted(width, height));
    }

    void text(double x, double y, String style, String anchor, String text) {
      add(
          "<text class=\"%s\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>",
          style, x, y, anchor, escape(text));
    }

    void add(String format, Object... values) {
      var written = values.clone();
      for (int i = 0; i < written.length; i++) {
        if (written[i] instanceof Double number) {
          written[i] = String.format(Locale.ROOT, "%.2f", number);
        }
      }
      out.append(String.format(Locale.ROOT, format, written)).append('\n');
    }

    String end() {
      return out.append("</svg>\n").toString();
    }

    /// Text as XML; what XML cannot hold becomes a replacement character.
    static String escape(String text) {
      var safe = new StringBuilder();
      text.codePoints()
          .forEach(c -> {
            switch (c) {
              case '&' -> safe.append("&amp;");
              case '<' -> safe.append("&lt;");
              case '>' -> safe.append("&gt;");
              case '"' -> safe.append("&quot;");
              case '\t', '\n', '\r' -> safe.append(' ');
              default ->
                  safe.appendCodePoint(
                      c < 0x20 || (c >= 0xD800 && c < 0xE000) || c == 0xFFFE || c == 0xFFFF
                          ? 0xFFFD
                          : c);
            }
          });
      return safe.toString();
    }
  }
}
