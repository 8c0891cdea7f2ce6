package dev.pipewright.cli.tensorboard;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The records of a TFRecord file, one after the other: eight bytes of length, its checksum, the
/// content, its checksum, all little-endian. A checksum is a CRC-32C, turned by 15 bits and with a
/// constant added, so that the checksum of something that holds checksums is not a weak one.
final class TfRecords implements Closeable {
  private static final int HEADER = Long.BYTES + Integer.BYTES;
  private static final int MASK = 0xa282ead8;

  /// Larger records are graphs, never points or images that anybody looks at.
  private static final int MOST = 32 << 20;

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private long position;
  private boolean ended;

  /// @param in is closed with this
  TfRecords(InputStream in) {
    this.in = new BufferedInputStream(in, 1 << 16);
  }

  /// What is found at a place of the file.
  sealed interface Next {
    /// Where it begins.
    long at();

    record Content(long at, byte[] bytes) implements Next {}

    record TooLarge(long at, long length) implements Next {}

    record Damaged(long at, String how) implements Next {}

    /// The file ends before the record does: it is still written, or its writer was killed.
    record CutOff(long at) implements Next {}
  }

  /// Null at the end.
  @Nullable Next next() throws IOException {
    if (ended) {
      return null;
    }
    long at = position;
    var header = take(HEADER);
    if (header.length == 0) {
      return null;
    }
    if (header.length < HEADER) {
      return cutOff(at);
    }
    var fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    long length = fields.getLong();
    if (fields.getInt() != masked(header, Long.BYTES)) {
      ended = true; // without a length there is no way to the next record
      return new Next.Damaged(at, "the length of a record does not have its checksum");
    }
    if (length < 0 || length > MOST) {
      return skip(at, length);
    }
    var content = take((int) length);
    var checksum = take(Integer.BYTES);
    if (content.length < length || checksum.length < Integer.BYTES) {
      return cutOff(at);
    }
    if (number(checksum) != masked(content, content.length)) {
      return new Next.Damaged(at, "the content of a record does not have its checksum");
    }
    return new Next.Content(at, content);
  }

  private Next skip(long at, long length) throws IOException {
    for (long left = length; left > 0; ) {
      int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
      if (read < 0) {
        return cutOff(at);
      }
      left -= read;
      position += read;
    }
    return take(Integer.BYTES).length < Integer.BYTES || length < 0
        ? cutOff(at)
        : new Next.TooLarge(at, length);
  }

  private Next cutOff(long at) {
    ended = true;
    return new Next.CutOff(at);
  }

  private byte[] take(int count) throws IOException {
    var taken = in.readNBytes(count);
    position += taken.length;
    return taken;
  }

  private static int number(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  static int masked(byte[] bytes, int count) {
    var crc = new CRC32C();
    crc.update(bytes, 0, count);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
