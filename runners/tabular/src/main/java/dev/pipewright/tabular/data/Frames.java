package dev.pipewright.tabular.data;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Reads tables of any format that is known, found by looking at the file's beginning.
public final class Frames {
  private static final String PARQUET = "PAR1";

  /// Of UTF-8, each byte as a character.
  private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

  private Frames() {}

  /// Reads the table that a task was given.
  ///
  /// @throws ProblemException INPUT_MISSING, TABLE_UNREADABLE or TABLE_EMPTY
  public static Frame of(TaskContext context, String input) throws IOException {
    return read(context.staged(input), context.data(input).name());
  }

  /// Reads CSV (see [Csv]), Parquet, JSON lines or a JSON array of objects.
  ///
  /// @param path the file, or a folder with just one file
  /// @param name what messages call it
  /// @throws ProblemException TABLE_UNREADABLE or TABLE_EMPTY
  public static Frame read(Path path, String name) throws IOException {
    var file = file(path, name);
    var start = start(file);
    if (start.startsWith(PARQUET)) {
      return ParquetFile.read(file, name);
    }
    if (isJson(start)) {
      return JsonLines.read(file, name);
    }
    var sink = new CsvFrame(name);
    Csv.read(file, name, sink);
    return sink.builder().build();
  }

  /// A block of rows of a table that is streamed.
  public interface Block {
    /// @return whether to go on
    boolean take(Frame frame) throws IOException;
  }

  /// Reads a table a block of rows at a time. Of JSON, which tells its columns only at its end, the
  /// blocks are cut from the whole.
  ///
  /// @param most rows in a block; Parquet's blocks are its own
  /// @throws ProblemException TABLE_UNREADABLE or TABLE_EMPTY
  public static void stream(Path path, String name, int most, Block to) throws IOException {
    var file = file(path, name);
    var start = start(file);
    if (start.startsWith(PARQUET)) {
      ParquetFile.stream(file, name, to);
    } else if (isJson(start)) {
      var whole = read(file, name);
      boolean more = true;
      for (int from = 0; more && from < whole.rows(); from += most) {
        var rows = IntStream.range(from, Math.min(whole.rows(), from + most)).toArray();
        more = to.take(whole.rows(rows));
      }
    } else {
      try {
        var blocks = new CsvBlocks(name, most, to);
        Csv.read(file, name, blocks);
        blocks.end();
      } catch (Stopped _) {
        // As the taker asked.
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
  }

  /// What a table's columns hold: numbers where no cell holds a text and some cell holds a number,
  /// and none has more digits than one can have. All of it is read.
  ///
  /// @throws ProblemException TABLE_UNREADABLE or TABLE_EMPTY
  public static List<RowWriter.Kind> kinds(Path path, String name, int most) throws IOException {
    var kinds = new ArrayList<RowWriter.Kind>();
    var some = new BitSet();
    stream(
        path,
        name,
        most,
        block -> {
          for (int c = 0; c < block.columns().size(); c++) {
            if (kinds.size() == c) {
              kinds.add(RowWriter.Kind.WHOLE);
            }
            var column = block.column(c);
            for (int row = 0; row < block.rows() && kinds.get(c) != RowWriter.Kind.TEXT; row++) {
              if (column.code(row) >= 0 || column.byDigits(row)) {
                kinds.set(c, RowWriter.Kind.TEXT);
              } else if (!column.missing(row)) {
                some.set(c);
                if (!exact(column.number(row))) {
                  kinds.set(c, RowWriter.Kind.NUMBER);
                }
              }
            }
          }
          return true;
        });
    for (int c = 0; c < kinds.size(); c++) {
      if (!some.get(c)) {
        kinds.set(c, RowWriter.Kind.TEXT);
      }
    }
    return kinds;
  }

  /// Whether it is a whole number that 64 bits of either kind hold.
  private static boolean exact(double value) {
    return Cells.whole(value) && Math.abs(value) < 1L << 53;
  }

  public static boolean isParquet(Path path, String name) throws IOException {
    return start(file(path, name)).startsWith(PARQUET);
  }

  public static boolean isCsv(Path path, String name) throws IOException {
    var start = start(file(path, name));
    return !start.startsWith(PARQUET) && !isJson(start);
  }

  private static boolean isJson(String start) {
    return start.startsWith("{")
        || start.startsWith("[") && start.substring(1).stripLeading().matches("(?s)[{\\]].*");
  }

  @SuppressWarnings("serial") // never leaves this class
  private static final class Stopped extends RuntimeException {
    Stopped() {
      super("stopped", null, false, false);
    }
  }

  private static final class CsvBlocks implements Csv.Sink {
    private final String name;
    private final int most;
    private final Block to;
    private List<String> columns = List.of();
    private @Nullable FrameBuilder builder;

    CsvBlocks(String name, int most, Block to) {
      this.name = name;
      this.most = most;
      this.to = to;
    }

    @Override
    public void header(List<String> names) {
      columns = names;
    }

    @Override
    public void row(List<String> cells) {
      if (builder == null) {
        builder = new FrameBuilder(name, columns);
      }
      for (int i = 0; i < cells.size(); i++) {
        builder.cell(i, cells.get(i));
      }
      builder.endRow();
      if (builder.rows() == most) {
        end();
      }
    }

    void end() {
      if (builder != null) {
        var block = builder.build();
        builder = null;
        try {
          if (!to.take(block)) {
            throw new Stopped();
          }
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static final class CsvFrame implements Csv.Sink {
    private final String name;
    private @Nullable FrameBuilder builder;

    CsvFrame(String name) {
      this.name = name;
    }

    FrameBuilder builder() {
      if (builder == null) {
        throw new IllegalStateException("rows before the header");
      }
      return builder;
    }

    @Override
    public void header(List<String> columns) {
      builder = new FrameBuilder(name, columns);
    }

    @Override
    public void row(List<String> cells) {
      var into = builder();
      for (int i = 0; i < cells.size(); i++) {
        into.cell(i, cells.get(i));
      }
      into.endRow();
    }
  }

  /// Without white space and without a byte order mark before it.
  private static String start(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      var start = new String(in.readNBytes(256), StandardCharsets.ISO_8859_1);
      return (start.startsWith(BYTE_ORDER_MARK) ? start.substring(3) : start).stripLeading();
    }
  }

  /// The file itself, or the only one in the folder.
  ///
  /// @throws ProblemException TABLE_UNREADABLE
  public static Path file(Path path, String name) throws IOException {
    if (!Files.isDirectory(path)) {
      return path;
    }
    try (var all = Files.walk(path)) {
      var files = all.filter(Files::isRegularFile).toList();
      if (files.size() != 1) {
        throw new ProblemException(
            ProblemCode.TABLE_UNREADABLE,
            "the dataset %s holds %d files".formatted(name, files.size()),
            "Give a dataset of one file.");
      }
      return files.getFirst();
    }
  }
}
