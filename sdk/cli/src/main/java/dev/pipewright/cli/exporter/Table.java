package dev.pipewright.cli.exporter;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A table that is written row by row. It is whole when it is closed.
interface Table extends Closeable {
  /// @param values one for each column: `String`, `Long`, `Double`, and `Long` for a time
  void row(@Nullable Object... values) throws IOException;

  static Table create(Export.Format format, Path file, List<Column> columns) throws IOException {
    return switch (format) {
      case CSV -> new CsvTable(file, columns);
      case PARQUET -> new ParquetTable(file, columns);
    };
  }
}
