package dev.pipewright.runner;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// The local file that everything to be delivered is written to first, in order. A record is its
/// payload's length (4 bytes), its kind (1), its payload, and the CRC-32 of kind and payload (4).
/// What a crash left half-written at the end is cut off when the file is opened again.
///
/// A spool that is opened [#later] has no file while it holds nothing but reports: what neither
/// takes long nor tells anything leaves nothing to be found again, and a file costs more time than
/// many a task.
final class Spool implements AutoCloseable {
  private static final int OVERHEAD = 9;
  private static final int LARGEST = 64 * 1024 * 1024;
  private static final int MOST_FRESH = 16;
  private static final int LARGEST_FRESH = 64 * 1024;

  private final Opener opener;
  private volatile @Nullable FileChannel channel;
  private byte[] held = {};
  private boolean closed;

  /// What was written last, which is mostly what is read next.
  private final Deque<Fresh> fresh = new ArrayDeque<>();

  private long end;
  private Runnable onAppend = () -> {};

  /// Makes the file.
  @FunctionalInterface
  interface Opener {
    FileChannel open() throws IOException;
  }

  private record Fresh(long start, Positioned entry) {}

  /// What is delivered.
  sealed interface Entry {
    record Event(RunEvent event) implements Entry {}

    record Report(TaskReport report) implements Entry {}

    /// A file that must be stored before what follows is told.
    record Upload(String digest, String file) implements Entry {}
  }

  /// @param end where the next one begins
  record Positioned(Entry entry, long end) {}

  private Spool(Opener opener) {
    this.opener = opener;
  }

  /// A spool that makes its file when there is something to be found again.
  static Spool later(Opener opener) {
    return new Spool(opener);
  }

  static Spool open(Path file) throws IOException {
    var channel = create(file);
    var spool = new Spool(() -> channel);
    spool.channel = channel;
    spool.end = channel.size();
    long whole = 0;
    for (var next = spool.read(0); next != null; next = spool.read(whole)) {
      whole = next.end;
    }
    channel.truncate(whole);
    spool.end = whole;
    return spool;
  }

  static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /// Makes sure that there is a file, unless the spool is closed.
  synchronized void settle() {
    if (channel == null && !closed) {
      try {
        var made = opener.open();
        write(made, ByteBuffer.wrap(held), 0);
        channel = made;
        held = new byte[0];
      } catch (IOException e) {
        throw new UncheckedIOException("the spool cannot be written", e);
      }
    }
  }

  synchronized boolean isSettled() {
    return channel != null;
  }

  /// Has something done after each entry that is added, and at once.
  void onAppend(Runnable told) {
    synchronized (this) {
      onAppend = told;
    }
    told.run();
  }

  void append(Entry entry) {
    Runnable told;
    synchronized (this) {
      write(entry);
      told = onAppend;
    }
    told.run();
  }

  private void write(Entry entry) {
    var payload =
        switch (entry) {
          case Entry.Event(var event) -> event.toByteArray();
          case Entry.Report(var report) -> report.toByteArray();
          case Entry.Upload(var digest, var file) ->
              (digest + "\n" + file).getBytes(StandardCharsets.UTF_8);
        };
    byte kind =
        switch (entry) {
          case Entry.Event event -> 1;
          case Entry.Report report -> 2;
          case Entry.Upload upload -> 3;
        };
    var record =
        ByteBuffer.allocate(payload.length + OVERHEAD)
            .putInt(payload.length)
            .put(kind)
            .put(payload)
            .putInt(crc(kind, payload))
            .flip();
    try {
      if (!(entry instanceof Entry.Report)) {
        settle();
      }
      long at = end + record.remaining();
      var made = channel;
      if (made == null) {
        held = Arrays.copyOf(held, (int) at);
        record.get(held, (int) end, record.remaining());
      } else {
        write(made, record, end);
      }
      if (payload.length <= LARGEST_FRESH) {
        fresh.add(new Fresh(end, new Positioned(entry, at)));
        if (fresh.size() > MOST_FRESH) {
          fresh.remove();
        }
      }
      end = at;
    } catch (IOException e) {
      throw new UncheckedIOException("the spool cannot be written", e);
    }
  }

  private static void write(FileChannel channel, ByteBuffer bytes, long position)
      throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }

  /// Makes what was written survive a power cut.
  void force() {
    settle();
    var made = channel;
    try {
      if (made != null) {
        made.force(false);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the spool cannot be written", e);
    }
  }

  /// The entry that begins here; null when there is none yet.
  @Nullable Positioned read(long position) throws IOException {
    var known = fresh(position);
    if (known != null) {
      return known;
    }
    if (position + OVERHEAD > end()) {
      return null;
    }
    var head = ByteBuffer.allocate(5);
    fill(head, position);
    int length = head.getInt();
    byte kind = head.get();
    if (length < 0 || length > LARGEST || position + OVERHEAD + length > end()) {
      return null;
    }
    var rest = ByteBuffer.allocate(length + 4);
    fill(rest, position + 5);
    var payload = new byte[length];
    rest.get(payload);
    if (rest.getInt() != crc(kind, payload)) {
      return null;
    }
    return new Positioned(parse(kind, payload), position + OVERHEAD + length);
  }

  private synchronized @Nullable Positioned fresh(long position) {
    while (!fresh.isEmpty() && fresh.peek().start < position) {
      fresh.remove();
    }
    var next = fresh.peek();
    return next != null && next.start == position ? next.entry : null;
  }

  synchronized long end() {
    return end;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    if (channel != null) {
      channel.close();
    }
  }

  private void fill(ByteBuffer buffer, long position) throws IOException {
    var made = channel;
    if (made == null) {
      synchronized (this) {
        if (channel == null) {
          buffer.put(held, (int) position, buffer.remaining()).flip();
          return;
        }
        made = channel;
      }
    }
    long at = position;
    while (buffer.hasRemaining()) {
      int read = made.read(buffer, at);
      if (read < 0) {
        throw new EOFException("the spool ends at " + at);
      }
      at += read;
    }
    buffer.flip();
  }

  private static Entry parse(byte kind, byte[] payload) throws InvalidProtocolBufferException {
    return switch (kind) {
      case 1 -> new Entry.Event(RunEvent.parseFrom(payload));
      case 2 -> new Entry.Report(TaskReport.parseFrom(payload));
      case 3 -> {
        var parts = new String(payload, StandardCharsets.UTF_8).split("\n", 2);
        yield new Entry.Upload(parts[0], parts[1]);
      }
      default -> throw new InvalidProtocolBufferException("unknown kind of entry: " + kind);
    };
  }

  private static int crc(byte kind, byte[] payload) {
    var crc = new CRC32();
    crc.update(kind);
    crc.update(payload);
    return (int) crc.getValue();
  }
}
