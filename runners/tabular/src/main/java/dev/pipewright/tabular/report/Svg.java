package dev.pipewright.tabular.report;

import java.util.Locale;

/// SVG being written.
final class Svg {
  private final StringBuilder out = new StringBuilder();

  Svg line(String style, double x1, double y1, double x2, double y2) {
    return add(
        "<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>", style, x1, y1, x2, y2);
  }

  Svg rect(String style, double x, double y, double width, double height, String tip) {
    return add(
        "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"2\">%s</rect>",
        style, x, y, Math.max(0, width), Math.max(0, height), tip(tip));
  }

  Svg circle(String style, double x, double y, double radius, String tip) {
    return add(
        "<circle class=\"%s\" cx=\"%s\" cy=\"%s\" r=\"%s\">%s</circle>",
        style, x, y, radius, tip(tip));
  }

  Svg path(String style, String points) {
    return add("<polyline class=\"%s\" points=\"%s\"/>", style, points);
  }

  Svg text(String style, double x, double y, String text) {
    return add("<text class=\"%s\" x=\"%s\" y=\"%s\">%s</text>", style, x, y, Text.escaped(text));
  }

  Svg turned(String style, double x, double y, int degrees, String text) {
    return add(
        "<text class=\"%s\" transform=\"translate(%s,%s) rotate(%s)\">%s</text>",
        style, x, y, degrees, Text.escaped(text));
  }

  Svg add(String format, Object... values) {
    var written = values.clone();
    for (int i = 0; i < written.length; i++) {
      if (written[i] instanceof Double number) {
        written[i] = coordinate(number);
      }
    }
    out.append(String.format(Locale.ROOT, format, written)).append('\n');
    return this;
  }

  static String coordinate(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String tip(String text) {
    return text.isEmpty() ? "" : "<title>" + Text.escaped(text) + "</title>";
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
