package dev.pipewright.tabular;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;

/// What a cell's text means. White space around it never counts.
final class Cells {
  private static final Set<String> MISSING =
      Set.of("", "?", "na", "n/a", "nan", "null", "inf", "+inf", "-inf", "infinity", "-infinity");

  private Cells() {}

  /// Whether the cell holds nothing: empty, `?`, `NA`, `N/A`, `NaN`, `null`, or an infinity, in any
  /// case.
  static boolean missing(String cell) {
    var text = cell.strip();
    return text.length() <= 9 && MISSING.contains(lower(text));
  }

  /// The finite decimal number in the cell; empty where it holds something else. What Java reads
  /// beyond that (`1f`, `0x1p3`) is text here, as it is to everyone else, and so is what a 32-bit
  /// float cannot hold.
  static OptionalDouble number(String cell) {
    var text = cell.strip();
    if (text.isEmpty()) {
      return OptionalDouble.empty();
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean belongs =
          (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
      if (!belongs) {
        return OptionalDouble.empty();
      }
    }
    try {
      double value = Double.parseDouble(text);
      return Float.isFinite((float) value) ? OptionalDouble.of(value) : OptionalDouble.empty();
    } catch (NumberFormatException _) {
      return OptionalDouble.empty(); // "1-2", "e", "."
    }
  }

  static boolean whole(double value) {
    return Double.compare(value, Math.rint(value)) == 0;
  }

  /// One text for each number, so that `1`, `1.0` and `1e0` are the same class.
  static String label(double value) {
    return whole(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : new BigDecimal(Double.toString(value)).stripTrailingZeros().toString();
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
