package dev.pipewright.tabular.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Writes a table row by row.
public interface RowWriter extends AutoCloseable {
  /// What a column's cells are: a `Double`, a `Long`, or anything as text. An empty text is a
  /// missing cell of any kind.
  enum Kind {
    NUMBER,
    WHOLE,
    TEXT
  }

  static RowWriter to(Path file, boolean parquet) throws IOException {
    return parquet ? new ParquetRows(file) : new CsvRows(file);
  }

  void begin(List<String> columns, List<Kind> kinds) throws IOException;

  void row(List<Object> cells) throws IOException;

  @Override
  void close() throws IOException;

  /// A cell as people write it.
  static String text(Object cell) {
    return cell instanceof Double number ? Cells.label(number) : cell.toString();
  }
}
