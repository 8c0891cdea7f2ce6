package dev.pipewright.tabular.report;

import dev.pipewright.tabular.data.Cells;
import java.util.Locale;

/// How values are written for people.
public final class Text {
  private Text() {}

  /// Four digits that count, no more zeros than needed: `0.9127`, `1,235`, `1.23e−7`.
  public static String number(double value) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
    }
    double size = Math.abs(value);
    if (size != 0 && (size < 1e-3 || size >= 1e9)) {
      return String.format(Locale.ROOT, "%.2e", value)
          .replace("e+0", "e")
          .replace("e+", "e")
          .replace("e-0", "e-")
          .replace("-", "−");
    }
    if (Cells.whole(value)) {
      return String.format(Locale.ROOT, "%,d", (long) value).replace("-", "−");
    }
    int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value).replace("-", "−");
  }

  /// `12.3 %`
  public static String percent(double share) {
    return Double.isNaN(share) ? "–" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  /// `from 0.81 to 0.86`
  public static String interval(double low, double high) {
    return number(low) + " to " + number(high);
  }

  /// No longer than so many characters; what is cut off becomes an ellipsis.
  public static String shortened(String text, int most) {
    return text.codePointCount(0, text.length()) <= most
        ? text
        : text.substring(0, text.offsetByCodePoints(0, most - 1)) + "…";
  }

  /// Text as XML and HTML; what XML cannot hold becomes a replacement character.
  public static String escaped(String text) {
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
