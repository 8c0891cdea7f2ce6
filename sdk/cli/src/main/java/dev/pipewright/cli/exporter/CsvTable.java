package dev.pipewright.cli.exporter;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategies;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// CSV as RFC 4180 has it, in UTF-8. A missing value is nothing, an empty text is `""`.
final class CsvTable implements Table {
  // Always with milliseconds: readers take a column's form from its first values.
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final CsvWriter csv;
  private final List<Column> columns;

  CsvTable(Path file, List<Column> columns) throws IOException {
    this.columns = columns;
    this.csv =
        CsvWriter.builder()
            .quoteStrategy(QuoteStrategies.EMPTY)
            .lineDelimiter(LineDelimiter.LF)
            .build(file);
    csv.writeRecord(columns.stream().map(Column::name).toList());
  }

  @Override
  public void row(@Nullable Object... values) {
    var record = csv.writeRecord();
    for (int i = 0; i < values.length; i++) {
      record.writeField(text(columns.get(i), values[i]));
    }
    record.endRecord();
  }

  private static @Nullable String text(Column column, @Nullable Object value) {
    if (value == null) {
      return null;
    }
    return column.type() == Column.Type.TIME
        ? TIME.format(Instant.ofEpochMilli((Long) value))
        : value.toString();
  }

  @Override
  public void close() throws IOException {
    csv.close();
  }
}
