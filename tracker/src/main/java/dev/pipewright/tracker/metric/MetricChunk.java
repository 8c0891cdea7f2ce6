package dev.pipewright.tracker.metric;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/// Points of one metric as bytes, a column after the other:
///
/// - the number of points
/// - steps, then timestamps: each the difference of differences to the two before (0 for what grows
///   evenly), zigzag-coded
/// - values: the bits that differ from the value before (XOR); a control byte with the number of
///   leading and trailing zero bytes in its halves, then the bytes between. An equal value costs
///   one byte.
///
/// All whole numbers are LEB128. The first byte is the format's version. The idea of delta-of-delta
/// and XOR coding is that of Gorilla (Pelkonen et al., VLDB 2015), kept to whole bytes, which is
/// faster and hardly larger.
record MetricChunk(long[] steps, long[] timestamps, double[] values) {
  private static final byte VERSION = 1;

  MetricChunk {
    if (steps.length != timestamps.length || steps.length != values.length) {
      throw new IllegalArgumentException(
          "a chunk's lists differ in length: "
              + steps.length
              + " steps, "
              + timestamps.length
              + " timestamps, "
              + values.length
              + " values");
    }
  }

  int points() {
    return steps.length;
  }

  byte[] encode() {
    var out = new ByteArrayOutputStream(16 + points() * 6);
    out.write(VERSION);
    writeUnsigned(out, points());
    writeDeltas(out, steps);
    writeDeltas(out, timestamps);
    long before = 0;
    for (double value : values) {
      long bits = Double.doubleToRawLongBits(value);
      long changed = bits ^ before;
      before = bits;
      int leading = Long.numberOfLeadingZeros(changed) / 8;
      int trailing = changed == 0 ? 0 : Long.numberOfTrailingZeros(changed) / 8;
      out.write(leading << 4 | trailing);
      for (int at = 7 - leading; at >= trailing; at--) {
        out.write((int) (changed >>> (at * 8)));
      }
    }
    return out.toByteArray();
  }

  static MetricChunk decode(byte[] data) {
    var in = ByteBuffer.wrap(data);
    byte version = in.get();
    if (version != VERSION) {
      throw new IllegalArgumentException("unknown chunk version " + version);
    }
    int points = (int) readUnsigned(in);
    var steps = readDeltas(in, points);
    var timestamps = readDeltas(in, points);
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
    return new MetricChunk(steps, timestamps, values);
  }

  private static void writeDeltas(ByteArrayOutputStream out, long[] column) {
    long before = 0;
    long delta = 0;
    for (long each : column) {
      long next = each - before;
      long change = next - delta;
      writeUnsigned(out, change << 1 ^ change >> 63);
      before = each;
      delta = next;
    }
  }

  private static long[] readDeltas(ByteBuffer in, int points) {
    var column = new long[points];
    long before = 0;
    long delta = 0;
    for (int i = 0; i < points; i++) {
      long zigzag = readUnsigned(in);
      delta += zigzag >>> 1 ^ -(zigzag & 1);
      before += delta;
      column[i] = before;
    }
    return column;
  }

  private static void writeUnsigned(ByteArrayOutputStream out, long value) {
    while ((value & ~0x7FL) != 0) {
      out.write((int) (value & 0x7F | 0x80));
      value >>>= 7;
    }
    out.write((int) value);
  }

  private static long readUnsigned(ByteBuffer in) {
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
