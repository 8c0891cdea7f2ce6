package dev.pipewright.client.tracking;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A folder with everything that one process logged to one server and that has not arrived there.
/// Whoever holds its lock writes and delivers; the lock goes with the process, and then another one
/// may deliver the rest.
///
/// `server` names the server, `N.segment` are the records, `files` has copies of files to upload,
/// and `delivered` says up to where everything has arrived.
final class Spool implements AutoCloseable {
  private static final String SUFFIX = ".segment";
  private static final int LARGEST = 64 * 1024;

  final Path folder;
  final String server;
  private final long limit;
  private final int segmentSize;
  private final FileChannel lockFile;
  private final FileChannel delivered;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Condition hurry = lock.newCondition();
  private final Deque<Segment> segments = new ArrayDeque<>();

  /// Runs that have not ended, with the newest time they logged at.
  private final Map<String, Long> open = new LinkedHashMap<>();

  private @Nullable Segment reader;
  private long readTo = -1;
  private long nextSegment;
  private long nextCopy;
  private long copied;
  private long dropped;
  private int hurried;
  private boolean deliveryEnded;
  private boolean closed;
  private Position acknowledged;

  /// A place between two records.
  record Position(long segment, int offset) implements Comparable<Position> {
    @Override
    public int compareTo(Position other) {
      return segment != other.segment
          ? Long.compare(segment, other.segment)
          : Integer.compare(offset, other.offset);
    }
  }

  /// Entries in order, and where they end.
  record Window(List<Entry> entries, Position end) {}

  private Spool(
      Path folder,
      String server,
      long limit,
      int segmentSize,
      FileChannel lockFile,
      FileChannel delivered) {
    this.folder = folder;
    this.server = server;
    this.limit = limit;
    this.segmentSize = segmentSize;
    this.lockFile = lockFile;
    this.delivered = delivered;
    this.acknowledged = new Position(0, 0);
  }

  /// A new one.
  static Spool create(Path folder, String server, long limit, int segmentSize) {
    try {
      Files.createDirectories(folder.resolve("files"));
      var lockFile = lock(folder);
      if (lockFile == null) {
        throw new FileAlreadyExistsException(folder.toString());
      }
      Files.writeString(folder.resolve("server"), server);
      var spool = new Spool(folder, server, limit, segmentSize, lockFile, delivered(folder));
      spool.lock.lock();
      try {
        spool.roll();
      } finally {
        spool.lock.unlock();
      }
      return spool;
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  /// One that a process left; null while somebody holds it, or when there is nothing in it. Runs
  /// that were under way when the process died have failed.
  ///
  /// @param server only if it is for this one; null for any
  static @Nullable Spool takeOver(Path folder, @Nullable String server, int segmentSize)
      throws IOException {
    var named = folder.resolve("server");
    // Written under the lock: a folder without it is another process's, who is just making it.
    if (!Files.exists(named)) {
      return null;
    }
    var left = Files.readString(named);
    if (server != null && !server.equals(left)) {
      return null;
    }
    var lockFile = lock(folder);
    if (lockFile == null) {
      return null;
    }
    var spool = new Spool(folder, left, Long.MAX_VALUE, segmentSize, lockFile, delivered(folder));
    spool.load();
    return spool;
  }

  private static @Nullable FileChannel lock(Path folder) throws IOException {
    var channel =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // Held by this process.
    }
    channel.close();
    return null;
  }

  private static FileChannel delivered(Path folder) throws IOException {
    return FileChannel.open(
        folder.resolve("delivered"),
        StandardOpenOption.CREATE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  private void load() throws IOException {
    var mark = ByteBuffer.allocate(12);
    if (delivered.read(mark, 0) == 12) {
      acknowledged = new Position(mark.flip().getLong(), mark.getInt());
    }
    long lastWritten = 0;
    lock.lock();
    try (var files = Files.list(folder)) {
      for (var file : files.filter(each -> each.toString().endsWith(SUFFIX)).sorted().toList()) {
        var name = file.getFileName().toString();
        long number = Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
        nextSegment = number + 1;
        lastWritten = Files.getLastModifiedTime(file).toMillis();
        var segment = Segment.open(file, number);
        for (var entry = segment.read(segment.position());
            entry != null;
            entry = segment.read(segment.position())) {
          note(entry);
        }
        segment.close();
        if (number >= acknowledged.segment) {
          segments.add(Segment.open(file, number));
        } else {
          Files.delete(file);
        }
      }
      var abandoned = Map.copyOf(open);
      open.clear();
      roll();
      for (var run : abandoned.entrySet()) {
        write(
            new Entry.Ended(
                run.getKey(), "FAILED", run.getValue() > 0 ? run.getValue() : lastWritten));
      }
    } finally {
      lock.unlock();
    }
  }

  private void note(Entry entry) {
    switch (entry) {
      case Entry.Started started -> open.put(started.run(), started.at());
      case Entry.Open goesOn -> open.putIfAbsent(goesOn.run(), 0L);
      case Entry.Point point -> open.computeIfPresent(point.run(), (run, at) -> point.at());
      case Entry.Ended ended -> open.remove(ended.run());
      case Entry.Param param -> {}
      case Entry.Tag tag -> {}
      case Entry.Artifact artifact -> {}
      case Entry.ModelStarted model -> {}
      case Entry.ModelFile file -> {}
      case Entry.ModelEnded model -> {}
    }
  }

  /// Appends a point, or counts it as dropped when the spool is full.
  void point(String run, String key, long step, long at, double value) {
    lock.lock();
    try {
      requireOpen();
      var segment = segments.getLast();
      int room = Segment.OVERHEAD + Segment.POINT;
      if (!segment.hasRoom(room + Segment.room(run) + Segment.room(key))) {
        if (full()) {
          dropped++;
          return;
        }
        try {
          segment = roll();
        } catch (IOException e) {
          dropped++;
          return;
        }
      }
      if (!segment.knows(key)) {
        Names.check("metric", key);
      }
      segment.point(run, key, step, at, value);
    } finally {
      lock.unlock();
    }
  }

  /// Appends anything else, also when the spool is full: there is little of it.
  void append(Entry entry) {
    lock.lock();
    try {
      requireOpen();
      note(entry);
      write(entry);
      if (entry instanceof Entry.Ended) {
        segments.getLast().force();
      }
    } catch (IOException e) {
      throw unwritable(folder, e);
    } finally {
      lock.unlock();
    }
  }

  private void write(Entry entry) throws IOException {
    var json = Segment.bytes(entry);
    if (json.length > LARGEST) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          "A %s of %,d bytes is too large to log; %,d are the most."
              .formatted(
                  entry.getClass().getSimpleName().toLowerCase(Locale.ROOT), json.length, LARGEST));
    }
    var segment = segments.getLast();
    if (!segment.hasRoom(Segment.OVERHEAD + 1 + json.length)) {
      segment = roll();
    }
    segment.entry(json);
  }

  /// Copies a file, for it may change before it is uploaded.
  ///
  /// @return the copy's name
  String copy(Path file) {
    String name;
    lock.lock();
    try {
      requireOpen();
      name = Long.toString(nextCopy++);
    } finally {
      lock.unlock();
    }
    try {
      Files.copy(file, copyOf(name));
      long size = Files.size(copyOf(name));
      lock.lock();
      try {
        copied += size;
      } finally {
        lock.unlock();
      }
      return name;
    } catch (NoSuchFileException e) {
      throw new ProblemException(ProblemCode.INPUT_MISSING, "There is no file " + file + ".", e);
    } catch (IOException e) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "%s cannot be copied to %s: %s.".formatted(file, folder, e.getMessage()),
          e);
    }
  }

  Path copyOf(String name) {
    return folder.resolve("files").resolve(name);
  }

  void dropCopy(String name) throws IOException {
    var file = copyOf(name);
    if (Files.exists(file)) {
      long size = Files.size(file);
      Files.delete(file);
      lock.lock();
      try {
        copied -= size;
      } finally {
        lock.unlock();
      }
    }
  }

  private boolean full() {
    return copied + (segments.size() + 1L) * segmentSize > limit;
  }

  private Segment roll() throws IOException {
    var file = folder.resolve("%012d%s".formatted(nextSegment, SUFFIX));
    // Large enough for what goes on in it.
    int size = Math.max(segmentSize, open.size() * 128 + 4 * LARGEST);
    var segment = Segment.create(file, nextSegment, size);
    nextSegment++;
    for (var run : open.keySet()) {
      segment.entry(Segment.bytes(new Entry.Open(run)));
    }
    segments.add(segment);
    return segment;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the tracking was closed");
    }
  }

  /// The next entries that have not been read, at most so many.
  Window read(int most) throws IOException {
    var entries = new ArrayList<Entry>();
    while (true) {
      var segment = currentReader();
      int end;
      boolean last;
      lock.lock();
      try {
        end = segment.position();
        last = segment == segments.getLast();
      } finally {
        lock.unlock();
      }
      for (var entry = segment.read(end); entry != null; entry = segment.read(end)) {
        entries.add(entry);
        if (entries.size() == most) {
          break;
        }
      }
      if (entries.size() == most || last) {
        return new Window(entries, new Position(segment.number, segment.readPosition()));
      }
      reader = null;
      readTo = segment.number;
    }
  }

  private Segment currentReader() throws IOException {
    var current = reader;
    if (current != null) {
      return current;
    }
    Segment next;
    lock.lock();
    try {
      next =
          segments.stream()
              .filter(segment -> segment.number > readTo)
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("the spool has no segment to read"));
    } finally {
      lock.unlock();
    }
    // After a restart: its texts count, its entries have arrived.
    while (next.number == acknowledged.segment && next.readPosition() < acknowledged.offset) {
      if (next.read(acknowledged.offset) == null) {
        break;
      }
    }
    reader = next;
    return next;
  }

  /// Waits for a while, unless somebody waits for the delivery.
  void rest(long millis) throws InterruptedException {
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(millis);
      while (hurried == 0 && left > 0) {
        left = hurry.awaitNanos(left);
      }
      if (hurried > 0 && acknowledged.compareTo(end()) >= 0) {
        hurry.awaitNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
    } finally {
      lock.unlock();
    }
  }

  /// Everything before this position has arrived.
  void acknowledge(Position position) throws IOException {
    var mark = ByteBuffer.allocate(12).putLong(position.segment).putInt(position.offset).flip();
    delivered.write(mark, 0);
    lock.lock();
    try {
      acknowledged = position;
      while (segments.getFirst().number < position.segment) {
        segments.removeFirst().delete();
      }
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  Position end() {
    lock.lock();
    try {
      var last = segments.getLast();
      return new Position(last.number, last.position());
    } finally {
      lock.unlock();
    }
  }

  /// Makes what was written survive a power cut.
  void force() {
    lock.lock();
    try {
      segments.forEach(Segment::force);
    } finally {
      lock.unlock();
    }
  }

  /// Waits until everything before this position has arrived.
  ///
  /// @return whether it has
  boolean awaitDelivery(Position position, long nanos) throws InterruptedException {
    lock.lock();
    try {
      hurried++;
      hurry.signalAll();
      long left = nanos;
      while (acknowledged.compareTo(position) < 0) {
        if (left <= 0 || deliveryEnded) {
          return false;
        }
        left = arrived.awaitNanos(left);
      }
      return true;
    } finally {
      hurried--;
      lock.unlock();
    }
  }

  /// Nobody delivers any more, so nobody should wait for it.
  void deliveryEnded() {
    lock.lock();
    try {
      deliveryEnded = true;
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// How many points found no room.
  long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  List<String> openRuns() {
    lock.lock();
    try {
      return List.copyOf(open.keySet());
    } finally {
      lock.unlock();
    }
  }

  /// Gives the folder back; removes it when everything has arrived.
  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      boolean done = acknowledged.compareTo(end()) >= 0;
      segments.forEach(Segment::close);
      delivered.close();
      if (done) {
        remove();
      }
      lockFile.close();
    } finally {
      lock.unlock();
    }
  }

  private void remove() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static ProblemException unwritable(Path folder, IOException e) {
    return new ProblemException(
        ProblemCode.SPOOL_UNUSABLE,
        "The spool %s cannot be written: %s.".formatted(folder, e.getMessage()),
        e);
  }
}
