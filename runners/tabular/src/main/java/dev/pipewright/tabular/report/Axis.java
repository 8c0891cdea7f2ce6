package dev.pipewright.tabular.report;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The values that a side of a chart spans, and its ticks at round numbers.
///
/// @param low at the left or below
record Axis(double low, double high) {
  Axis {
    if (!(high > low) || !Double.isFinite(low) || !Double.isFinite(high)) {
      double at = Double.isFinite(low) ? low : 0;
      double room = Math.max(Math.abs(at) * 0.1, 0.5);
      low = at - room;
      high = at + room;
    }
  }

  /// Spans some values, with a little room at both ends.
  static Axis around(double[]... all) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (var values : all) {
      for (double value : values) {
        if (Double.isFinite(value)) {
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    double room = (high - low) * 0.04;
    return new Axis(low - room, high + room);
  }

  /// Where a value is, from 0 to 1; at an end for what lies beyond it.
  double at(double value) {
    return Math.clamp((value - low) / (high - low), 0, 1);
  }

  /// About so many round numbers.
  List<Double> ticks(int about) {
    double rough = (high - low) / about;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = power * 10;
    for (double factor : new double[] {1, 2, 5}) {
      if (factor * power >= rough) {
        step = factor * power;
        break;
      }
    }
    var ticks = new ArrayList<Double>();
    for (double i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
      double tick = i * step;
      ticks.add(Math.abs(tick) < step * 1e-9 ? 0.0 : Math.rint(tick / step * 1e9) / 1e9 * step);
    }
    return ticks;
  }

  /// A tick's label: as short as tells it from its neighbours.
  static String label(double tick) {
    double rounded = Double.parseDouble(String.format(Locale.ROOT, "%.6g", tick));
    double size = Math.abs(rounded);
    if (size >= 1e4 && size < 1e9) {
      return size < 1e6 ? plain(rounded / 1e3) + "k" : plain(rounded / 1e6) + "M";
    }
    if (size != 0 && (size < 1e-4 || size >= 1e9)) {
      return String.format(Locale.ROOT, "%.1e", rounded)
          .replace("e+0", "e")
          .replace("e+", "e")
          .replace("e-0", "e-")
          .replace(".0e", "e")
          .replace("-", "−");
    }
    return plain(rounded);
  }

  private static String plain(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString().replace("-", "−");
  }
}
