package dev.pipewright.tracker.metric;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Points of one metric as bytes. Format 2, the first byte, then the number of points and three
/// columns in blocks of 128:
///
/// - steps, then timestamps: each block has the smallest difference between neighbours, then how
///   much each difference exceeds it, in as many bits as the largest needs. What grows evenly costs
///   nothing.
/// - values: what differs from the value before (XOR), without the zero bits that all of a block
///   have in common at the front and at the end. A column of 32-bit floats takes half the room.
///
/// Numbers outside the packed bits are LEB128. Whole blocks of equal width decode without a branch
/// a point. The ideas are those of frame of reference and of Gorilla (Pelkonen et al., VLDB 2015).
///
/// Format 1 is what the first release wrote; it is only read.
final class MetricChunk {
  private static final byte VERSION = 2;
  private static final int BLOCK = 128;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private MetricChunk() {}

  static byte[] encode(Points points) {
    var out = new Writer(16 + points.size() * 12);
    out.write(VERSION);
    out.unsigned(points.size());
    differences(out, points.steps());
    differences(out, points.timestamps());
    values(out, points.values());
    return out.bytes();
  }

  static Points decode(byte[] data) {
    if (data[0] == 1) {
      return FirstFormat.decode(data);
    }
    if (data[0] != VERSION) {
      throw new IllegalArgumentException("unknown chunk version " + data[0]);
    }
    var in = new Reader(data, 1);
    int points = (int) in.unsigned();
    var steps = new long[points];
    var timestamps = new long[points];
    var values = new double[points];
    differences(in, steps);
    differences(in, timestamps);
    values(in, values);
    return new Points(steps, timestamps, values);
  }

  private static void differences(Writer out, long[] column) {
    var block = new long[BLOCK];
    long before = 0;
    for (int from = 0; from < column.length; from += BLOCK) {
      int n = Math.min(BLOCK, column.length - from);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < n; i++) {
        block[i] = column[from + i] - before;
        before = column[from + i];
        // The very first has nothing before it; it must not widen its block.
        least = from + i == 0 ? least : Math.min(least, block[i]);
      }
      if (from == 0) {
        out.zigzag(block[0]);
        least = n == 1 ? 0 : least;
        block[0] = least;
      }
      long all = 0;
      for (int i = 0; i < n; i++) {
        block[i] -= least;
        all |= block[i];
      }
      int width = 64 - Long.numberOfLeadingZeros(all);
      out.zigzag(least);
      out.write(width);
      out.bits(block, n, width, 0);
    }
  }

  private static void differences(Reader in, long[] column) {
    long before = 0;
    for (int from = 0; from < column.length; from += BLOCK) {
      int n = Math.min(BLOCK, column.length - from);
      long first = from == 0 ? in.zigzag() : 0;
      long least = in.zigzag();
      int width = in.read();
      in.bits(column, from, n, width, 0);
      for (int i = from; i < from + n; i++) {
        before += column[i] + least;
        column[i] = before;
        if (i == 0) {
          before = first;
          column[0] = first;
        }
      }
    }
  }

  private static void values(Writer out, double[] column) {
    var block = new long[BLOCK];
    long before = 0;
    for (int from = 0; from < column.length; from += BLOCK) {
      int n = Math.min(BLOCK, column.length - from);
      long all = 0;
      for (int i = 0; i < n; i++) {
        long bits = Double.doubleToRawLongBits(column[from + i]);
        block[i] = bits ^ before;
        before = bits;
        all |= from + i == 0 ? 0 : block[i];
      }
      if (from == 0) {
        out.fixed(block[0]);
        block[0] = 0;
      }
      int shift = all == 0 ? 0 : Long.numberOfTrailingZeros(all);
      int width = 64 - Long.numberOfLeadingZeros(all) - shift;
      out.write(shift);
      out.write(all == 0 ? 0 : width);
      out.bits(block, n, all == 0 ? 0 : width, shift);
    }
  }

  private static void values(Reader in, double[] column) {
    var block = new long[BLOCK];
    long before = 0;
    for (int from = 0; from < column.length; from += BLOCK) {
      int n = Math.min(BLOCK, column.length - from);
      if (from == 0) {
        before = in.fixed();
      }
      int shift = in.read();
      int width = in.read();
      in.bits(block, 0, n, width, shift);
      for (int i = 0; i < n; i++) {
        before ^= block[i];
        column[from + i] = Double.longBitsToDouble(before);
      }
    }
  }

  private static final class Writer {
    private byte[] data;
    private int at;

    Writer(int room) {
      this.data = new byte[room];
    }

    private void ensure(int more) {
      if (at + more > data.length) {
        data = Arrays.copyOf(data, Math.max(at + more, data.length * 2));
      }
    }

    void write(int value) {
      ensure(1);
      data[at++] = (byte) value;
    }

    void unsigned(long value) {
      while ((value & ~0x7FL) != 0) {
        write((int) (value & 0x7F | 0x80));
        value >>>= 7;
      }
      write((int) value);
    }

    void zigzag(long value) {
      unsigned(value << 1 ^ value >> 63);
    }

    void fixed(long value) {
      ensure(Long.BYTES);
      LONG.set(data, at, value);
      at += Long.BYTES;
    }

    /// The `width` bits above the lowest `shift` of each, one after the other, the lowest first.
    void bits(long[] block, int n, int width, int shift) {
      ensure(n * Long.BYTES + 2 * Long.BYTES);
      long pending = 0;
      int filled = 0;
      for (int i = 0; i < n && width > 0; i++) {
        long each = block[i] >>> shift;
        pending |= each << filled;
        if (filled + width >= Long.SIZE) {
          LONG.set(data, at, pending);
          at += Long.BYTES;
          int written = Long.SIZE - filled;
          pending = written == Long.SIZE ? 0 : each >>> written;
          filled = width - written;
        } else {
          filled += width;
        }
      }
      for (; filled > 0; filled -= Byte.SIZE) {
        data[at++] = (byte) pending;
        pending >>>= Byte.SIZE;
      }
    }

    byte[] bytes() {
      return Arrays.copyOf(data, at);
    }
  }

  private static final class Reader {
    private final byte[] data;
    private int at;

    /// Room behind the end lets whole words be read there.
    Reader(byte[] data, int at) {
      this.data = Arrays.copyOf(data, data.length + 2 * Long.BYTES);
      this.at = at;
    }

    int read() {
      return data[at++] & 0xFF;
    }

    long unsigned() {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        int each = read();
        value |= (each & 0x7FL) << shift;
        if (each < 0x80) {
          return value;
        }
      }
    }

    long zigzag() {
      long value = unsigned();
      return value >>> 1 ^ -(value & 1);
    }

    long fixed() {
      long value = (long) LONG.get(data, at);
      at += Long.BYTES;
      return value;
    }

    void bits(long[] into, int from, int n, int width, int shift) {
      if (width == 0) {
        Arrays.fill(into, from, from + n, 0);
        return;
      }
      long mask = -1L >>> (Long.SIZE - width);
      long bit = (long) at * Byte.SIZE;
      for (int i = from; i < from + n; i++) {
        int word = (int) (bit >>> 3);
        int skip = (int) (bit & 7);
        long each = (long) LONG.get(data, word) >>> skip;
        if (skip + width > Long.SIZE) {
          each |= (long) data[word + Long.BYTES] << (Long.SIZE - skip);
        }
        into[i] = (each & mask) << shift;
        bit += width;
      }
      at += (n * width + 7) / Byte.SIZE;
    }
  }

  /// Differences of differences and whole bytes of XOR, a control byte a value.
  private static final class FirstFormat {
    static Points decode(byte[] data) {
      var in = ByteBuffer.wrap(data, 1, data.length - 1);
      int points = (int) unsigned(in);
      var steps = differences(in, points);
      var timestamps = differences(in, points);
      var values = new double[points];
      long before = 0;
      for (int i = 0; i < points; i++) {
        int control = in.get() & 0xFF;
        int leading = control >> 4;
        int trailing = control & 0xF;
        long changed = 0;
        for (int at = 7 - leading; at >= trailing; at--) {
          changed |= (in.get() & 0xFFL) << (at * 8);
        }
        before ^= changed;
        values[i] = Double.longBitsToDouble(before);
      }
      return new Points(steps, timestamps, values);
    }

    private static long[] differences(ByteBuffer in, int points) {
      var column = new long[points];
      long before = 0;
      long delta = 0;
      for (int i = 0; i < points; i++) {
        long coded = unsigned(in);
        delta += coded >>> 1 ^ -(coded & 1);
        before += delta;
        column[i] = before;
      }
      return column;
    }

    private static long unsigned(ByteBuffer in) {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte each = in.get();
        value |= (each & 0x7FL) << shift;
        if (each >= 0) {
          return value;
        }
      }
    }
  }
}
