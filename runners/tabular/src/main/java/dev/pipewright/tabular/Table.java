package dev.pipewright.tabular;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.data.Csv;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.FrameBuilder;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// A table in memory. The cells of a CSV file are as they were written; those of other formats as
/// [Frame] has them.
///
/// @param name the file's name, for messages
/// @param columns the header, without white space around the names
/// @param rows each as long as the header
record Table(String name, List<String> columns, List<List<String>> rows) {
  private static final int POOL = 100_000;

  Table {
    columns = List.copyOf(columns);
    rows = List.copyOf(rows);
  }

  /// Reads the table that a task was given. Messages call it what its owner does; its copy beside
  /// the task is called as the input is.
  ///
  /// @throws ProblemException INPUT_MISSING, TABLE_UNREADABLE or TABLE_EMPTY
  static Table of(TaskContext context, String input) throws IOException {
    return read(context.staged(input), context.data(input).name());
  }

  /// Reads a table.
  ///
  /// @param path the file, or a folder with just one file
  /// @param name what messages call it
  /// @throws ProblemException TABLE_UNREADABLE or TABLE_EMPTY
  static Table read(Path path, String name) throws IOException {
    var file = Frames.file(path, name);
    if (!Frames.isCsv(file, name)) {
      return of(Frames.read(file, name));
    }
    var columns = new ArrayList<String>();
    var rows = new ArrayList<List<String>>();
    var pool = new HashMap<String, String>();
    try {
      Csv.read(
          file,
          name,
          new Csv.Sink() {
            @Override
            public void header(List<String> names) {
              columns.addAll(names);
            }

            @Override
            public void row(List<String> cells) {
              rows.add(shared(cells, pool));
            }
          });
    } catch (OutOfMemoryError _) {
      int read = rows.size();
      rows.clear();
      pool.clear();
      throw new ProblemException(
          ProblemCode.TABLE_UNREADABLE,
          "%s is too large for the memory of this task, %,d MiB: %,d rows fitted"
              .formatted(name, Runtime.getRuntime().maxMemory() >> 20, read),
          "Give the task more memory, or a smaller table.");
    }
    return new Table(name, columns, rows);
  }

  /// The same cells, those that were there before as the same object: a table mostly repeats
  /// itself.
  private static List<String> shared(List<String> cells, Map<String, String> pool) {
    var row = new String[cells.size()];
    for (int i = 0; i < row.length; i++) {
      var cell = cells.get(i);
      var before = pool.size() < POOL ? pool.putIfAbsent(cell, cell) : pool.get(cell);
      row[i] = before == null ? cell : before;
    }
    return Arrays.asList(row);
  }

  /// A table in columns as one in rows.
  static Table of(Frame frame) {
    var columns = IntStream.range(0, frame.columns().size()).mapToObj(frame::column).toList();
    var rows =
        IntStream.range(0, frame.rows())
            .mapToObj(row -> columns.stream().map(column -> column.text(row)).toList())
            .toList();
    return new Table(frame.name(), frame.columns(), rows);
  }

  /// The same in columns.
  Frame frame() {
    var builder = new FrameBuilder(name, columns);
    for (var row : rows) {
      for (int i = 0; i < row.size(); i++) {
        builder.cell(i, row.get(i));
      }
      builder.endRow();
    }
    return builder.build();
  }

  /// The position of a column.
  ///
  /// @throws ProblemException TARGET_NOT_A_COLUMN, with the nearest names
  int target(String column) {
    int index = columns.indexOf(column.strip());
    if (index >= 0) {
      return index;
    }
    throw new ProblemException(
        ProblemCode.TARGET_NOT_A_COLUMN,
        "%s has no column '%s'".formatted(name, column),
        "Did you mean %s? The table has %d columns."
            .formatted(Nearest.of(column, columns, 3), columns.size()));
  }

  String cell(int row, int column) {
    return rows.get(row).get(column);
  }

  /// The same header with some of the rows.
  Table with(List<List<String>> some) {
    return new Table(name, columns, some);
  }

  /// Writes it as comma-separated UTF-8; every cell reads back as it is here.
  void write(Path file) throws IOException {
    try (var csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(file)) {
      csv.writeRecord(columns);
      rows.forEach(csv::writeRecord);
    }
  }

  /// How often each value is there, in order of first appearance.
  static <T> Map<T, Integer> counts(Iterable<T> values) {
    var counts = new LinkedHashMap<T, Integer>();
    values.forEach(value -> counts.merge(value, 1, Integer::sum));
    return counts;
  }
}
