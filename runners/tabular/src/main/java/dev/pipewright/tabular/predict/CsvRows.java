package dev.pipewright.tabular.predict;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Rows as comma-separated UTF-8.
final class CsvRows implements Predict.Rows {
  private final CsvWriter csv;

  CsvRows(Path file) throws IOException {
    this.csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(file);
  }

  @Override
  public void begin(List<String> columns, boolean[] numeric) {
    csv.writeRecord(columns);
  }

  @Override
  public void row(List<Object> cells) {
    csv.writeRecord(cells.stream().map(Predict::text).toList());
  }

  @Override
  public void close() throws IOException {
    csv.close();
  }
}
