package dev.pipewright.tabular.data;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Rows as comma-separated UTF-8.
final class CsvRows implements RowWriter {
  private final CsvWriter csv;

  CsvRows(Path file) throws IOException {
    this.csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(file);
  }

  @Override
  public void begin(List<String> columns, List<Kind> kinds) {
    csv.writeRecord(columns);
  }

  @Override
  public void row(List<Object> cells) {
    csv.writeRecord(cells.stream().map(RowWriter::text).toList());
  }

  @Override
  public void close() throws IOException {
    csv.close();
  }
}
