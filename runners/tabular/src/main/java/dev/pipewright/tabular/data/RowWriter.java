package dev.pipewright.tabular.data;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
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

  /// Whether the task's input `format` asks for Parquet; what it says otherwise if it is not given.
  ///
  /// @throws ProblemException INPUT_INVALID
  static boolean parquet(TaskContext context, boolean otherwise) {
    var format = context.text("format").orElse("");
    return switch (format) {
      case "" -> otherwise;
      case "csv" -> false;
      case "parquet" -> true;
      default ->
          throw new ProblemException(
              ProblemCode.INPUT_INVALID,
              "the input 'format' is '%s'; it has to be 'csv' or 'parquet'".formatted(format),
              "Correct it, or leave it out.");
    };
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
