package dev.pipewright.tabular.data;

import de.siegmar.fastcsv.reader.CommentStrategy;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// Reads CSV with a header line, row by row. Separated by comma, semicolon, tab or bar (found by
/// looking); in UTF-8 with or without a byte order mark, or UTF-16 with one; gzip or not.
public final class Csv {
  private static final char[] SEPARATORS = {',', ';', '\t', '|'};

  private Csv() {}

  /// Where the rows go.
  public interface Sink {
    /// Comes first, once; without white space around the names.
    void header(List<String> columns);

    /// Each as long as the header.
    void row(List<String> cells);
  }

  /// @param name what messages call the file
  /// @throws ProblemException TABLE_UNREADABLE, with the line, or TABLE_EMPTY
  public static void read(Path file, String name, Sink sink) throws IOException {
    refuseOtherFormats(file, name);
    var columns = new ArrayList<String>();
    long rows = 0;
    long lastLine = 1;
    var lastCell = "";
    try (var reader = reader(file);
        var csv = csv(separator(reader)).ofCsvRecord(reader)) {
      for (var entry : csv) {
        lastLine = entry.getStartingLineNumber();
        lastCell = entry.getField(entry.getFieldCount() - 1);
        if (columns.isEmpty()) {
          columns.addAll(header(entry, name));
          sink.header(List.copyOf(columns));
        } else if (entry.getFieldCount() != columns.size()) {
          throw unreadable(
              "line %d of %s has %d cells, its header has %d"
                  .formatted(
                      entry.getStartingLineNumber(), name, entry.getFieldCount(), columns.size()),
              "Give every row as many cells as the header; quote a cell that holds the separator.");
        } else {
          rows++;
          sink.row(entry.getFields());
        }
      }
    } catch (CsvParseException | UncheckedIOException e) {
      if (rootCause(e) instanceof CharacterCodingException) {
        throw notUtf8(file, name);
      }
      throw unreadable(
          name + " is not well-formed CSV: " + reason(e),
          "Close every quoted cell; double a quote inside one.");
    } catch (CharacterCodingException _) {
      throw notUtf8(file, name);
    }
    if (lastCell.indexOf('\n') >= 0 && !endsWithQuote(file)) {
      // The parser takes the end of the file for the end of the quote; all rows from here on would
      // be one cell.
      throw unreadable(
          "line %d of %s opens a quote that is never closed".formatted(lastLine, name),
          "Close every quoted cell; double a quote inside one.");
    }
    if (columns.isEmpty()) {
      throw new ProblemException(ProblemCode.TABLE_EMPTY, name + " has no content");
    }
    if (rows == 0) {
      throw new ProblemException(ProblemCode.TABLE_EMPTY, name + " has a header but no rows");
    }
  }

  private static List<String> header(CsvRecord entry, String name) {
    var columns = entry.getFields().stream().map(String::strip).toList();
    var seen = new HashMap<String, Integer>();
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).isEmpty()) {
        throw unreadable(
            "column %d of %s has no name".formatted(i + 1, name),
            i == 0
                ? "Name it in the first line; where pandas wrote it as an index, use to_csv(…, index=False)."
                : "Name every column in the first line.");
      }
      var before = seen.put(columns.get(i), i + 1);
      if (before != null) {
        throw unreadable(
            "columns %d and %d of %s have the same name '%s'"
                .formatted(before, i + 1, name, columns.get(i)),
            "Give every column a name of its own in the first line.");
      }
    }
    if (looksLikeData(columns)) {
      throw unreadable(
          "the first line of %s looks like data, not like a header: %s"
              .formatted(name, columns.stream().limit(5).collect(Collectors.joining(", "))),
          "Put the columns' names in the first line.");
    }
    return columns;
  }

  /// Half of the names being numbers means that the header is missing, unless they count up evenly,
  /// as years do.
  private static boolean looksLikeData(List<String> columns) {
    var numbers =
        columns.stream()
            .map(Cells::number)
            .filter(n -> n.isPresent())
            .map(n -> n.getAsDouble())
            .toList();
    if (numbers.isEmpty() || numbers.size() * 2 < columns.size()) {
      return false;
    }
    for (int i = 2; i < numbers.size(); i++) {
      double step = numbers.get(i) - numbers.get(i - 1);
      if (Double.compare(step, numbers.get(1) - numbers.get(0)) != 0 || step <= 0) {
        return true;
      }
    }
    return numbers.size() < 3;
  }

  private static void refuseOtherFormats(Path file, String name) throws IOException {
    var head = new byte[4];
    int length;
    try (var in = Files.newInputStream(file)) {
      length = in.readNBytes(head, 0, head.length);
    }
    var start = new String(head, 0, length, StandardCharsets.ISO_8859_1);
    String found = null;
    if (start.startsWith("PK\u0003")
        || start.startsWith("PK\u0005")
        || start.startsWith("PK\u0007")) {
      found = "a ZIP or Excel file";
    } else if (start.startsWith("PAR1")) {
      found = "a Parquet file";
    } else if (start.startsWith("\u00d0\u00cf\u0011\u00e0")) {
      found = "an old Excel file";
    }
    if (found != null) {
      throw unreadable(name + " is " + found + ", not CSV", "Export it as CSV in UTF-8.");
    }
  }

  private static boolean endsWithQuote(Path file) throws IOException {
    int last = -1;
    try (var reader = reader(file)) {
      for (int c = reader.read(); c >= 0; c = reader.read()) {
        last = Character.isWhitespace(c) ? last : c;
      }
    }
    return last == '"';
  }

  private static InputStream bytes(Path file) throws IOException {
    var in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    in.mark(2);
    boolean zipped = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    return zipped ? new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16) : in;
  }

  private static BufferedReader reader(Path file) throws IOException {
    var in = bytes(file);
    var strict =
        charset(in)
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    var reader = new BufferedReader(new InputStreamReader(in, strict), 1 << 16);
    reader.mark(1);
    if (reader.read() != '\uFEFF') {
      reader.reset();
    }
    return reader;
  }

  /// UTF-8, unless a byte order mark says UTF-16, as Excel's "Unicode text" does.
  private static Charset charset(InputStream in) throws IOException {
    in.mark(2);
    int first = in.read();
    int second = in.read();
    in.reset();
    if (first == 0xff && second == 0xfe) {
      return StandardCharsets.UTF_16LE;
    }
    return first == 0xfe && second == 0xff ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_8;
  }

  private static CsvReader.CsvReaderBuilder csv(char separator) {
    return CsvReader.builder()
        .fieldSeparator(separator)
        .commentStrategy(CommentStrategy.NONE)
        .skipEmptyLines(true)
        .maxBufferSize(16 << 20)
        .allowExtraFields(true)
        .allowMissingFields(true);
  }

  /// The separator that cuts the first lines into the most cells, evenly.
  private static char separator(BufferedReader reader) throws IOException {
    int length = 1 << 15;
    reader.mark(length + 1);
    var head = new char[length];
    int read = reader.read(head);
    reader.reset();
    var text = new String(head, 0, Math.max(read, 0));
    char best = ',';
    double bestScore = 0;
    for (char candidate : SEPARATORS) {
      double score = evenness(text, candidate, read == length);
      if (score > bestScore) {
        best = candidate;
        bestScore = score;
      }
    }
    return best;
  }

  /// How many of the rows are as long as the first one, times nearly nothing where that is a single
  /// cell.
  private static double evenness(String text, char separator, boolean cut) {
    var lengths = new ArrayList<Integer>();
    try (Reader from = new StringReader(text);
        var csv = csv(separator).ofCsvRecord(from)) {
      for (var entry : csv) {
        lengths.add(entry.getFieldCount());
      }
    } catch (IOException | CsvParseException | UncheckedIOException _) {
      // Not well-formed with this separator, at least from here on: judged by what was read.
      cut = false;
    }
    if (cut && lengths.size() > 1) {
      lengths.removeLast();
    }
    if (lengths.isEmpty() || lengths.getFirst() < 2) {
      return 0;
    }
    double even = lengths.stream().filter(lengths.getFirst()::equals).count();
    return even / lengths.size() + Math.min(lengths.getFirst(), 1000) / 1e4;
  }

  private static ProblemException notUtf8(Path file, String name) throws IOException {
    return unreadable(
        "line %d of %s is not UTF-8 text".formatted(firstBadLine(file), name),
        "Save the file as CSV in UTF-8.");
  }

  private static long firstBadLine(Path file) throws IOException {
    try (var in = bytes(file)) {
      long line = 1;
      var bytes = new ByteArrayOutputStream();
      for (int b = in.read(); ; b = in.read()) {
        if (b >= 0 && b != '\n') {
          bytes.write(b);
          continue;
        }
        try {
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray()));
        } catch (CharacterCodingException _) {
          return line;
        }
        if (b < 0) {
          return line;
        }
        line++;
        bytes.reset();
      }
    }
  }

  private static Throwable rootCause(Throwable e) {
    var cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static @Nullable String reason(Throwable e) {
    var cause = rootCause(e);
    return cause.getMessage() == null ? e.getMessage() : cause.getMessage();
  }

  private static ProblemException unreadable(String detail, String remedy) {
    return new ProblemException(ProblemCode.TABLE_UNREADABLE, detail, remedy);
  }
}
