package dev.pipewright.tabular.data;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/// A table in columns. Each cell takes eight bytes: a number as it is, a text as its position in
/// the column's pool of texts, boxed in the payload of a NaN. So a column may hold both, and what
/// it means is decided later by [Profile]. A whole number that a double does not hold lies beside
/// the cells: it is a number all the same, the nearest one, and its text has all of its digits.
///
/// Rows lie in chunks of [#CHUNK], of wide tables of fewer ([#shift]); within a chunk, column after
/// column. The chunks are arrays of the heap, or a file mapped into memory which other processes
/// can open ([#save], [#open]).
public final class Frame {
  static final int CHUNK = 1 << 14;
  private static final int CHUNK_CELLS = 1 << 22;
  static final ValueLayout.OfLong CELL =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final long MISSING = 0x7ff8_0000_0000_0000L;
  static final long TEXT = 0x7ff9_0000_0000_0000L;
  static final long LONG = 0x7ffa_0000_0000_0000L;
  static final long HUGE = 0x7ffb_0000_0000_0000L;
  private static final long KIND = 0xffff_0000_0000_0000L;
  private static final long LONG_OR_HUGE = 0xfffe_0000_0000_0000L;

  private static final String CELLS = "cells.bin";
  private static final String HEAD = "frame.json";

  private final String name;
  private final List<String> columns;
  private final List<List<String>> pools;
  private final List<long[]> longs;
  private final List<List<String>> huge;
  private final int rows;
  private final MemorySegment[] chunks;
  private final int shift;

  Frame(
      String name,
      List<String> columns,
      List<List<String>> pools,
      List<long[]> longs,
      List<List<String>> huge,
      int rows,
      MemorySegment[] chunks) {
    this.name = name;
    this.columns = List.copyOf(columns);
    this.pools = List.copyOf(pools);
    this.longs = List.copyOf(longs);
    this.huge = List.copyOf(huge);
    this.rows = rows;
    this.chunks = chunks;
    this.shift = shift(columns.size());
  }

  /// The rows of a chunk, as a power of two: what is written at once is to stay small.
  static int shift(int columns) {
    int rows = Math.clamp(CHUNK_CELLS / Math.max(1, columns), 1, CHUNK);
    return 31 - Integer.numberOfLeadingZeros(rows);
  }

  /// What messages call it.
  public String name() {
    return name;
  }

  public List<String> columns() {
    return columns;
  }

  public int rows() {
    return rows;
  }

  public Column column(int index) {
    return new Column(index);
  }

  /// The column of this name.
  ///
  /// @throws ProblemException COLUMN_NOT_FOUND, with the nearest names
  public Column column(String column) {
    int index = columns.indexOf(column.strip());
    if (index < 0) {
      throw new ProblemException(
          ProblemCode.COLUMN_NOT_FOUND,
          "%s has no column '%s'".formatted(name, column),
          "Did you mean %s? The table has %d columns."
              .formatted(Nearest.of(column, columns, 3), columns.size()));
    }
    return new Column(index);
  }

  /// One column. Reading a cell costs a few instructions; columns are made freely.
  public final class Column {
    private final int index;
    private final List<String> pool;

    private Column(int index) {
      this.index = index;
      this.pool = pools.get(index);
    }

    public String name() {
      return columns.get(index);
    }

    public int index() {
      return index;
    }

    public int rows() {
      return rows;
    }

    /// The different texts, in order of first appearance.
    public List<String> texts() {
      return pool;
    }

    private long raw(int row) {
      int chunk = row >> shift;
      int begin = chunk << shift;
      int inChunk = Math.min(1 << shift, rows - begin);
      return chunks[chunk].getAtIndex(CELL, (long) index * inChunk + row - begin);
    }

    public boolean missing(int row) {
      return raw(row) == MISSING;
    }

    /// The number, which may be infinite; NaN for a text and for a missing cell.
    public double number(int row) {
      long raw = raw(row);
      return isDigits(raw) ? Double.parseDouble(digits(index, raw)) : Double.longBitsToDouble(raw);
    }

    /// Whether it is a whole number that only its text says to the last digit.
    public boolean byDigits(int row) {
      return isDigits(raw(row));
    }

    /// The text's position in [#texts]; -1 for a number and for a missing cell.
    public int code(int row) {
      long raw = raw(row);
      return (raw & KIND) == TEXT ? (int) raw : -1;
    }

    /// The cell as text, a number in its shortest form; empty for a missing cell.
    public String text(int row) {
      long raw = raw(row);
      if (raw == MISSING) {
        return "";
      }
      return (raw & KIND) == TEXT
          ? pool.get((int) raw)
          : isDigits(raw) ? digits(index, raw) : Cells.label(Double.longBitsToDouble(raw));
    }
  }

  private static boolean isDigits(long raw) {
    return (raw & LONG_OR_HUGE) == LONG;
  }

  private String digits(int column, long raw) {
    return (raw & KIND) == LONG
        ? Long.toString(longs.get(column)[(int) raw])
        : huge.get(column).get((int) raw);
  }

  /// Writes it into a folder, for [#open]; of whole numbers that a double does not hold, the
  /// nearest one.
  public void save(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (var out =
        FileChannel.open(
            folder.resolve(CELLS),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      for (int chunk = 0; chunk < chunks.length; chunk++) {
        var bytes = nearest(chunk).asByteBuffer();
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
      }
    }
    Json.MAPPER.writeValue(folder.resolve(HEAD).toFile(), new Head(name, columns, pools, rows));
  }

  /// A chunk with doubles in place of digits.
  private MemorySegment nearest(int chunk) {
    var inexact =
        IntStream.range(0, columns.size())
            .filter(column -> longs.get(column).length > 0 || !huge.get(column).isEmpty())
            .toArray();
    if (inexact.length == 0) {
      return chunks[chunk];
    }
    int inChunk = Math.min(1 << shift, rows - (chunk << shift));
    var cells = MemorySegment.ofArray(chunks[chunk].toArray(ValueLayout.JAVA_BYTE));
    for (int column : inexact) {
      for (long at = (long) column * inChunk; at < (column + 1L) * inChunk; at++) {
        long raw = cells.getAtIndex(CELL, at);
        if (isDigits(raw)) {
          double number = Double.parseDouble(digits(column, raw));
          cells.setAtIndex(CELL, at, Double.doubleToLongBits(number));
        }
      }
    }
    return cells;
  }

  private record Head(String name, List<String> columns, List<List<String>> pools, int rows) {}

  /// Maps one that was saved; it takes no heap beside its texts.
  public static Frame open(Path folder) throws IOException {
    var head = Json.MAPPER.readValue(folder.resolve(HEAD).toFile(), new TypeReference<Head>() {});
    try (var channel = FileChannel.open(folder.resolve(CELLS), StandardOpenOption.READ)) {
      var all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
      return new Frame(
          head.name,
          head.columns,
          head.pools,
          Collections.nCopies(head.columns.size(), new long[0]),
          Collections.nCopies(head.columns.size(), List.of()),
          head.rows,
          cut(all, head.rows, head.columns.size()));
    }
  }

  static MemorySegment[] cut(MemorySegment all, int rows, int columns) {
    var chunks = new ArrayList<MemorySegment>();
    long at = 0;
    int most = 1 << shift(columns);
    for (int row = 0; row < rows; row += most) {
      long size = (long) Math.min(most, rows - row) * columns * Long.BYTES;
      chunks.add(all.asSlice(at, size));
      at += size;
    }
    return chunks.toArray(MemorySegment[]::new);
  }

  /// The same rows, but the cells of one column come from other rows: that of row `i` from row
  /// `from[i]`.
  public Frame with(int column, int[] from) {
    var copies = new MemorySegment[chunks.length];
    for (int chunk = 0; chunk < copies.length; chunk++) {
      copies[chunk] = MemorySegment.ofArray(chunks[chunk].toArray(ValueLayout.JAVA_BYTE));
    }
    var taken = new Column(column);
    for (int row = 0; row < rows; row++) {
      int chunk = row >> shift;
      int begin = chunk << shift;
      int inChunk = Math.min(1 << shift, rows - begin);
      copies[chunk].setAtIndex(CELL, (long) column * inChunk + row - begin, taken.raw(from[row]));
    }
    return new Frame(name, columns, pools, longs, huge, rows, copies);
  }

  /// Some of the rows, in the given order, in memory of its own.
  public Frame rows(int[] chosen) {
    var builder = new FrameBuilder(name, columns, pools);
    for (int row : chosen) {
      for (int column = 0; column < columns.size(); column++) {
        long raw = new Column(column).raw(row);
        if (isDigits(raw)) {
          builder.whole(column, new BigInteger(digits(column, raw)));
        } else {
          builder.raw(column, raw);
        }
      }
      builder.endRow();
    }
    return builder.build();
  }
}
