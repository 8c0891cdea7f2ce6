package dev.pipewright.client.tracking;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A file of the spool, mapped into memory: what was written to it outlives the process, however
/// that ends, without a call to the system. Its blocks are taken from the disk when it is made, so
/// that a full disk shows then and not as a fault in the middle of a write.
///
/// A record is its payload's length (4 bytes), the CRC-32C of the payload (4), and the payload: a
/// kind (1) and what the kind says. A length of 0 is the end. A text that repeats (a run's id, a
/// metric's key) is written once and then meant by its number, which counts from 0 in each file.
final class Segment {
  static final int OVERHEAD = 8;
  static final int POINT = 1 + 4 + 4 + 8 + 8 + 8;

  private static final byte TEXT = 1;
  private static final byte A_POINT = 2;
  private static final byte ENTRY = 3;

  final long number;
  private final Path file;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final ByteBuffer writing;
  private final ByteBuffer reading;
  private final CRC32C crc = new CRC32C();
  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<String> texts = new ArrayList<>();

  private Segment(Path file, long number, long size) throws IOException {
    this.file = file;
    this.number = number;
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
    }
    writing = memory.asByteBuffer();
    reading = memory.asByteBuffer();
  }

  static Segment create(Path file, long number, int size) throws IOException {
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      var zeros = ByteBuffer.allocateDirect(Math.min(size, 1 << 20));
      for (long at = 0; at < size; ) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), size - at));
        at += channel.write(zeros, at);
      }
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw e;
    }
    return new Segment(file, number, size);
  }

  /// One that another process wrote; nothing more is written to it.
  static Segment open(Path file, long number) throws IOException {
    var segment = new Segment(file, number, Files.size(file));
    segment.writing.position(segment.end());
    return segment;
  }

  /// Where the last whole record ends.
  private int end() {
    int at = 0;
    while (at + OVERHEAD < writing.capacity()) {
      int length = writing.getInt(at);
      if (length <= 0
          || length > writing.capacity() - at - OVERHEAD
          || checksum(at + OVERHEAD, length) != writing.getInt(at + 4)) {
        break;
      }
      at += OVERHEAD + length;
    }
    return at;
  }

  int position() {
    return writing.position();
  }

  int size() {
    return writing.capacity();
  }

  boolean hasRoom(int bytes) {
    return writing.remaining() >= bytes;
  }

  boolean knows(String text) {
    return numbers.containsKey(text);
  }

  /// What a text takes at most.
  static int room(String text) {
    return OVERHEAD + 1 + 3 * text.length();
  }

  void point(String run, String key, long step, long at, double value) {
    int runNumber = number(run);
    int keyNumber = number(key);
    int start = begin();
    writing
        .put(A_POINT)
        .putInt(runNumber)
        .putInt(keyNumber)
        .putLong(step)
        .putLong(at)
        .putDouble(value);
    end(start);
  }

  static byte[] bytes(Entry entry) {
    try {
      return Json.MAPPER.writerFor(Entry.class).writeValueAsBytes(entry);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an entry did not become JSON", e);
    }
  }

  void entry(byte[] json) {
    int start = begin();
    writing.put(ENTRY).put(json);
    end(start);
  }

  private int number(String text) {
    var known = numbers.get(text);
    if (known != null) {
      return known;
    }
    int start = begin();
    writing.put(TEXT).put(text.getBytes(StandardCharsets.UTF_8));
    end(start);
    numbers.put(text, numbers.size());
    return numbers.size() - 1;
  }

  private int begin() {
    int start = writing.position();
    writing.position(start + OVERHEAD);
    return start;
  }

  /// The length comes last: before it, there is no record.
  private void end(int start) {
    int length = writing.position() - start - OVERHEAD;
    writing.putInt(start + 4, checksum(start + OVERHEAD, length));
    writing.putInt(start, length);
  }

  private int checksum(int at, int length) {
    int position = writing.position();
    int limit = writing.limit();
    crc.reset();
    crc.update(writing.limit(at + length).position(at));
    writing.limit(limit).position(position);
    return (int) crc.getValue();
  }

  int readPosition() {
    return reading.position();
  }

  /// The next entry before this position; null when there is none. Only one thread reads.
  @Nullable Entry read(int end) throws IOException {
    while (reading.position() < end) {
      int length = reading.getInt();
      reading.getInt();
      switch (reading.get()) {
        case TEXT -> texts.add(StandardCharsets.UTF_8.decode(slice(length - 1)).toString());
        case A_POINT -> {
          return new Entry.Point(
              texts.get(reading.getInt()),
              texts.get(reading.getInt()),
              reading.getLong(),
              reading.getLong(),
              reading.getDouble());
        }
        case ENTRY -> {
          var json = new byte[length - 1];
          reading.get(json);
          return Json.MAPPER.readValue(json, Entry.class);
        }
        default -> throw new IOException(file + " was written by a newer version");
      }
    }
    return null;
  }

  private ByteBuffer slice(int length) {
    var slice = reading.slice(reading.position(), length);
    reading.position(reading.position() + length);
    return slice;
  }

  /// Makes what was written survive a power cut.
  void force() {
    memory.force();
  }

  void close() {
    arena.close();
  }

  void delete() throws IOException {
    close();
    Files.deleteIfExists(file);
  }
}
