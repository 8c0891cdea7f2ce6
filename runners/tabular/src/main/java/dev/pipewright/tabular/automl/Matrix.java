package dev.pipewright.tabular.automl;

/// Rows of numbers, one row after the other; NaN is a missing one.
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Matrix(float[] cells, int rows, int width) {
  Matrix {
    if (cells.length < (long) rows * width) {
      throw new IllegalArgumentException(
          "%d cells are too few for %d rows of %d".formatted(cells.length, rows, width));
    }
  }
}
