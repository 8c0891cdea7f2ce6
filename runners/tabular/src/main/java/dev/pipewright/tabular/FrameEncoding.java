package dev.pipewright.tabular;

import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Frame;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A frame as the numbers that [Features] were made for.
final class FrameEncoding {
  private FrameEncoding() {}

  /// Row by row. As [Features#encode] does it from a table's texts.
  ///
  /// @throws dev.pipewright.contract.ProblemException COLUMN_NOT_FOUND
  static float[] of(Features features, Frame frame) {
    int width = features.width();
    var matrix = new float[Math.multiplyExact(width, frame.rows())];
    int at = 0;
    for (var feature : features.used()) {
      var column = frame.column(feature.column());
      switch (feature) {
        case Feature.Number _ -> {
          for (int row = 0; row < frame.rows(); row++) {
            double value = column.number(row);
            matrix[row * width + at] = Float.isFinite((float) value) ? (float) value : Float.NaN;
          }
        }
        case Feature.OneHot _, Feature.Frequency _ -> texts(feature, column, matrix, width, at);
      }
      at += feature.width();
    }
    return matrix;
  }

  /// Each different cell is encoded once.
  private static void texts(
      Feature feature, Frame.Column column, float[] matrix, int width, int at) {
    var byCode = new float[column.texts().size()][];
    var byNumber = new HashMap<Double, float[]>();
    var missing = encoded(feature, "");
    var numbers = numbers(feature);
    for (int row = 0; row < column.rows(); row++) {
      int code = column.code(row);
      float[] cell;
      if (code >= 0) {
        cell = byCode[code];
        if (cell == null) {
          cell = byCode[code] = encoded(feature, column.texts().get(code));
        }
      } else if (column.missing(row) || Double.isInfinite(column.number(row))) {
        cell = missing;
      } else {
        double number = column.number(row);
        cell =
            byNumber.computeIfAbsent(
                number, n -> encoded(feature, numbers.getOrDefault(n, Cells.label(n))));
      }
      System.arraycopy(cell, 0, matrix, row * width + at, cell.length);
    }
  }

  private static float[] encoded(Feature feature, String cell) {
    var out = new float[feature.width()];
    Arrays.fill(out, Float.NaN);
    feature.encode(cell, out, 0);
    return out;
  }

  /// How the numbers among the categories were written: `1.50` for 1.5.
  private static Map<Double, String> numbers(Feature feature) {
    var categories =
        switch (feature) {
          case Feature.OneHot oneHot -> oneHot.categories();
          case Feature.Frequency frequency ->
              frequency.shares().keySet().stream().sorted().toList();
          case Feature.Number _ -> List.<String>of();
        };
    var numbers = new HashMap<Double, String>();
    for (var category : categories) {
      double number = Cells.parse(category);
      if (!Double.isNaN(number)) {
        numbers.putIfAbsent(number + 0.0, category);
      }
    }
    return numbers;
  }
}
