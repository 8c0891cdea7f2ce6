package dev.pipewright.tabular.data;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;

/// What a cell's text means. White space around it never counts.
public final class Cells {
  private static final Set<String> MISSING =
      Set.of("", "?", "na", "n/a", "nan", "null", "inf", "+inf", "-inf", "infinity", "-infinity");

  private Cells() {}

  /// Whether the cell holds nothing: empty, `?`, `NA`, `N/A`, `NaN`, `null`, or an infinity, in any
  /// case.
  public static boolean missing(String cell) {
    var text = cell.strip();
    return text.length() <= 9 && MISSING.contains(lower(text));
  }

  /// The finite decimal number in the cell; empty where it holds something else. What Java reads
  /// beyond that (`1f`, `0x1p3`) is text here, as it is to everyone else, and so is what a 32-bit
  /// float cannot hold.
  public static OptionalDouble number(String cell) {
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

  public static boolean whole(double value) {
    return Double.compare(value, Math.rint(value)) == 0;
  }

  /// One text for each number, so that `1`, `1.0` and `1e0` are the same class.
  public static String label(double value) {
    if (Double.isInfinite(value)) {
      return Double.toString(value);
    }
    return whole(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : new BigDecimal(Double.toString(value)).stripTrailingZeros().toString();
  }

  /// The number in the cell, infinities included; NaN where it holds something else. A whole number
  /// with a leading zero is a text: `01234` is a code, not a quantity.
  public static double parse(String cell) {
    int from = 0;
    int to = cell.length();
    while (from < to && cell.charAt(from) <= ' ') {
      from++;
    }
    while (to > from && cell.charAt(to - 1) <= ' ') {
      to--;
    }
    if (from == to) {
      return Double.NaN;
    }
    int at = from;
    boolean negative = cell.charAt(at) == '-';
    if (negative || cell.charAt(at) == '+') {
      at++;
    }
    long digits = 0;
    int count = 0;
    int decimals = 0;
    boolean point = false;
    int start = at;
    for (; at < to; at++) {
      char c = cell.charAt(at);
      if (c >= '0' && c <= '9') {
        digits = digits * 10 + (c - '0');
        decimals += point ? 1 : 0;
        if (++count > 18) {
          return slow(cell.substring(from, to));
        }
      } else if (c == '.' && !point) {
        point = true;
      } else {
        return slow(cell.substring(from, to));
      }
    }
    if (count == 0) {
      return Double.NaN;
    }
    if (!point && count > 1 && cell.charAt(start) == '0') {
      return Double.NaN;
    }
    if (digits >= 1L << 53 || decimals >= TENS.length) {
      return slow(cell.substring(from, to));
    }
    // Both are exact, so the quotient is the nearest number, as the language's own reading gives.
    double value = digits / TENS[decimals];
    return negative ? -value : value;
  }

  private static final double[] TENS = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22
  };

  private static double slow(String text) {
    if (text.length() <= 9) {
      switch (lower(text)) {
        case "inf", "+inf", "infinity", "+infinity" -> {
          return Double.POSITIVE_INFINITY;
        }
        case "-inf", "-infinity" -> {
          return Double.NEGATIVE_INFINITY;
        }
        default -> {}
      }
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean belongs =
          (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
      if (!belongs) {
        return Double.NaN;
      }
    }
    if (digits(text) && text.charAt(sign(text)) == '0') {
      return Double.NaN;
    }
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException _) {
      return Double.NaN; // "1-2", "e", "."
    }
  }

  /// Whether there are only digits, and perhaps a sign before them.
  static boolean digits(String text) {
    int from = sign(text);
    for (int i = from; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return text.length() > from;
  }

  /// How many characters its sign takes.
  private static int sign(String text) {
    return text.startsWith("-") || text.startsWith("+") ? 1 : 0;
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
