package dev.pipewright.tabular.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Collects a [Frame] row by row: a value for each column, then [#endRow]. A table larger than
/// [#IN_HEAP] goes to a temporary file as it grows, which is gone when the frame is.
public final class FrameBuilder {
  private static final long IN_HEAP = 64L << 20;

  /// From here on a double does not hold every whole number.
  private static final BigInteger INEXACT = BigInteger.ONE.shiftLeft(53);

  private final String name;
  private final List<String> columns;
  private final List<Map<String, Integer>> codes = new ArrayList<>();
  private final List<List<String>> pools = new ArrayList<>();
  private final List<Map<String, Integer>> hugeCodes = new ArrayList<>();
  private final List<List<String>> huge = new ArrayList<>();
  private final long[][] longs;
  private final int[] longCount;
  private final List<MemorySegment> chunks = new ArrayList<>();
  private final int most;
  private final long[] chunk;
  private int inChunk;
  private int rows;
  private @Nullable FileChannel spill;

  public FrameBuilder(String name, List<String> columns) {
    this.name = name;
    this.columns = List.copyOf(columns);
    this.most = 1 << Frame.shift(columns.size());
    this.chunk = new long[columns.size() * most];
    for (int i = 0; i < columns.size(); i++) {
      codes.add(new HashMap<>());
      pools.add(new ArrayList<>());
      hugeCodes.add(new HashMap<>());
      huge.add(new ArrayList<>());
    }
    longs = new long[columns.size()][0];
    longCount = new int[columns.size()];
    Arrays.fill(chunk, Frame.MISSING);
  }

  /// With the texts of another frame, whose cells are then taken over as they are.
  FrameBuilder(String name, List<String> columns, List<List<String>> pools) {
    this(name, columns);
    this.pools.clear();
    this.pools.addAll(pools);
  }

  /// Sets the row's cell; NaN is a missing one.
  public void number(int column, double value) {
    set(column, Double.isNaN(value) ? Frame.MISSING : Double.doubleToLongBits(value + 0.0));
  }

  /// Sets the row's cell to a whole number, of which no digit gets lost.
  public void whole(int column, BigInteger value) {
    if (value.abs().compareTo(INEXACT) < 0) {
      number(column, value.doubleValue());
    } else if (value.bitLength() < Long.SIZE) {
      int at = longCount[column]++;
      if (at == longs[column].length) {
        longs[column] = Arrays.copyOf(longs[column], Math.max(16, at + at / 2));
      }
      longs[column][at] = value.longValue();
      set(column, Frame.LONG | at);
    } else {
      set(column, Frame.HUGE | code(huge, hugeCodes, column, value.toString()));
    }
  }

  /// Sets the row's cell to a text as it is.
  public void text(int column, String text) {
    set(column, Frame.TEXT | code(pools, codes, column, text));
  }

  /// The text's position in the column's pool, where it now is.
  private static int code(
      List<List<String>> pools, List<Map<String, Integer>> codes, int column, String text) {
    var pool = pools.get(column);
    return codes
        .get(column)
        .computeIfAbsent(
            text,
            added -> {
              pool.add(added);
              return pool.size() - 1;
            });
  }

  /// Sets the row's cell to what is written there: nothing, a number or a text ([Cells]).
  public void cell(int column, String written) {
    double number = Cells.parse(written);
    if (Math.abs(number) >= INEXACT.doubleValue() && Cells.digits(written.strip())) {
      whole(column, new BigInteger(written.strip()));
    } else if (!Double.isNaN(number)) {
      set(column, Double.doubleToLongBits(number + 0.0));
    } else if (!Cells.missing(written)) {
      text(column, written.strip());
    }
  }

  void raw(int column, long cell) {
    set(column, cell);
  }

  private void set(int column, long cell) {
    chunk[column * most + inChunk] = cell;
  }

  /// Goes to the next row. A cell that was not set is missing.
  public void endRow() {
    rows++;
    if (++inChunk == most) {
      flush();
    }
  }

  public int rows() {
    return rows;
  }

  private void flush() {
    int width = columns.size();
    var packed = MemorySegment.ofArray(new byte[width * inChunk * Long.BYTES]);
    for (int column = 0; column < width; column++) {
      MemorySegment.copy(
          chunk, column * most, packed, Frame.CELL, (long) column * inChunk * Long.BYTES, inChunk);
    }
    try {
      if (spill == null && (long) (rows + 1) * width * Long.BYTES > IN_HEAP) {
        spill();
      }
      if (spill != null) {
        write(packed);
      } else {
        chunks.add(packed);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the table does not fit on the disk", e);
    }
    Arrays.fill(chunk, Frame.MISSING);
    inChunk = 0;
  }

  private void spill() throws IOException {
    var path = Files.createTempFile("pipewright-table", ".bin");
    spill =
        FileChannel.open(
            path,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
    for (var before : chunks) {
      write(before);
    }
    chunks.clear();
  }

  private void write(MemorySegment segment) throws IOException {
    var bytes = segment.asByteBuffer();
    while (bytes.hasRemaining()) {
      spill.write(bytes);
    }
  }

  public Frame build() {
    if (inChunk > 0) {
      flush();
    }
    var done = chunks.toArray(MemorySegment[]::new);
    if (spill != null) {
      // The mapping outlives the file's name and its channel.
      try (var channel = spill) {
        var all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
        done = Frame.cut(all, rows, columns.size());
      } catch (IOException e) {
        throw new UncheckedIOException("the table cannot be read back from the disk", e);
      }
    }
    return new Frame(name, columns, pools, List.of(longs), huge, rows, done);
  }
}
