package dev.pipewright.runner;

import dev.pipewright.contract.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/// Delivers an attempt's spool from where it was delivered before: events to Kafka, files to the
/// tracker, reports to the server. It waits for whoever is away for as long as it takes; the work
/// goes on meanwhile. What was delivered but not yet noted as such is delivered again after a
/// crash, which the receivers notice by the numbers that it carries.
///
/// Files and reports are in order, and so are events; but events wait for nobody to be told but the
/// broker, and nobody waits for them: a run goes on while the broker is away.
final class Shipper implements AutoCloseable {
  private final Spool spool;
  private final Path ackedFile;
  private final Outlets outlets;
  private final Runnable progress;
  private static final int MOST_KEPT = 16;

  private final Deque<InFlight> inFlight = new ArrayDeque<>();
  private @Nullable FileChannel ackedChannel;
  private long position;
  private long acked;
  private boolean running;
  private boolean endIsKnown;

  /// Events that the producer has not taken yet, oldest first.
  private final Deque<InFlight> events = new ArrayDeque<>();

  private boolean telling;
  private @Nullable Exception failure;
  private volatile boolean closed;
  private volatile @Nullable Thread thread;
  private volatile @Nullable Thread teller;

  private static final class InFlight {
    final long start;
    final long end;
    boolean done;

    /// Not kept of one that has to wait for many others.
    Spool.@Nullable Entry entry;

    InFlight(long start, long end) {
      this.start = start;
      this.end = end;
    }
  }

  /// Where it all goes.
  ///
  /// @param threads where what is to be delivered is read and handed over
  /// @param tellers where events are handed to the producer
  record Outlets(
      Producer<String, byte[]> producer,
      Tracker tracker,
      Reports reports,
      ExecutorService threads,
      ExecutorService tellers) {}

  /// @param progress called whenever more has been delivered, or delivery has failed
  Shipper(Spool spool, Path ackedFile, Outlets outlets, Runnable progress) {
    this.spool = spool;
    this.ackedFile = ackedFile;
    this.outlets = outlets;
    this.progress = progress;
    this.acked = noted(ackedFile);
    this.position = acked;
  }

  private static long noted(Path file) {
    var number = ByteBuffer.allocate(Long.BYTES);
    if (!file.toFile().exists()) {
      return 0;
    }
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.read(number, 0) == Long.BYTES ? number.flip().getLong() : 0;
    } catch (IOException e) {
      throw new UncheckedIOException("what was delivered cannot be read", e);
    }
  }

  /// There is something to deliver.
  synchronized void wake() {
    if (!running && !closed && failure == null) {
      running = true;
      outlets.threads.execute(this::ship);
    }
  }

  private void ship() {
    thread = Thread.currentThread();
    try {
      while (true) {
        var next = spool.read(position);
        if (next == null) {
          synchronized (this) {
            if (position >= spool.end() || closed) {
              running = false;
              thread = null;
              return;
            }
          }
          continue;
        }
        ship(position, next);
        position = next.end();
      }
    } catch (InterruptedException e) {
      // Closed.
    } catch (Exception e) {
      fail(e);
    }
  }

  private void ship(long start, Spool.Positioned next) throws InterruptedException {
    var message = new InFlight(start, next.end());
    synchronized (this) {
      inFlight.add(message);
    }
    switch (next.entry()) {
      case Spool.Entry.Event event -> tell(event, message);
      case Spool.Entry.Report(var report) ->
          outlets.reports.send(
              report,
              stored -> {
                synchronized (this) {
                  endIsKnown |= stored && report.hasFinished();
                }
                noteDone(message, false);
              });
      case Spool.Entry.Upload(var digest, var file) -> {
        upload(digest, Path.of(file));
        noteDone(message, true);
      }
    }
  }

  private synchronized void tell(Spool.Entry.Event event, InFlight message) {
    if (events.size() < MOST_KEPT) {
      message.entry = event;
    }
    events.add(message);
    if (!telling && !closed) {
      telling = true;
      outlets.tellers.execute(this::tell);
    }
  }

  private void tell() {
    synchronized (this) {
      teller = Thread.currentThread();
    }
    try {
      while (true) {
        InFlight next;
        synchronized (this) {
          next = events.peek();
          if (next == null || closed || failure != null) {
            telling = false;
            return;
          }
        }
        send(next);
        synchronized (this) {
          events.remove();
        }
      }
    } catch (Exception e) {
      fail(e);
    } finally {
      synchronized (this) {
        if (Thread.currentThread().equals(teller)) {
          teller = null;
        }
        // The thread goes on for others.
        boolean unused = Thread.interrupted();
      }
    }
  }

  private void send(InFlight message) throws IOException {
    var entry = message.entry;
    if (entry == null) {
      entry = Objects.requireNonNull(spool.read(message.start)).entry();
    }
    message.entry = null;
    if (entry instanceof Spool.Entry.Event(var event)) {
      send(event.getRunId(), event.toByteArray(), message);
    }
  }

  private void upload(String digest, Path file) throws InterruptedException {
    try {
      outlets.tracker.upload(digest, file);
    } catch (IOException e) {
      // It will never succeed, and must not hold up what comes after it.
      System.err.println(file + " could not be stored: " + e);
    }
  }

  // The callback hears how it went.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void send(String key, byte[] payload, InFlight message) {
    outlets.producer.send(
        new ProducerRecord<>(Topics.RUN_EVENTS, key, payload),
        (metadata, exception) -> {
          if (exception == null) {
            noteDone(message, true);
          } else if (exception instanceof RecordTooLargeException) {
            // It can never be delivered, and must not hold up what comes after it.
            System.err.println("an event of " + payload.length + " bytes is too large to deliver");
            noteDone(message, true);
          } else {
            fail(exception);
          }
        });
  }

  /// @param keep whether a later runner is to know; a report may as well be said again
  private void noteDone(InFlight message, boolean keep) {
    synchronized (this) {
      message.done = true;
      boolean moved = false;
      while (!inFlight.isEmpty() && inFlight.peek().done) {
        acked = inFlight.poll().end;
        moved = true;
      }
      if (moved && keep && !closed) {
        keep();
      }
      notifyAll();
    }
    progress.run();
  }

  private void keep() {
    try {
      if (ackedChannel == null) {
        ackedChannel =
            FileChannel.open(ackedFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      }
      ackedChannel.write(ByteBuffer.allocate(Long.BYTES).putLong(acked).flip(), 0);
    } catch (IOException e) {
      // What was delivered is delivered again after a crash, then.
      System.err.println("what was delivered cannot be noted: " + e);
    }
  }

  private void fail(Exception e) {
    synchronized (this) {
      if (failure == null && !closed) {
        failure = e;
        e.printStackTrace();
      }
      notifyAll();
    }
    progress.run();
  }

  /// Whether all that the spool holds was delivered.
  synchronized boolean isDelivered() {
    return failure == null && acked >= spool.end();
  }

  synchronized boolean hasFailed() {
    return failure != null;
  }

  /// Whether the server has committed the attempt's end: nobody will ask for it again.
  synchronized boolean endIsKnown() {
    return endIsKnown;
  }

  /// Waits until everything in the spool was delivered, at most so long.
  ///
  /// @return whether it was
  synchronized boolean awaitDelivery(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (acked < spool.end() && failure == null) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      wait(Math.max(1, left / 1_000_000));
    }
    return failure == null;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    for (var busy : new @Nullable Thread[] {thread, teller}) {
      if (busy != null) {
        busy.interrupt();
      }
    }
    if (ackedChannel != null) {
      ackedChannel.close();
    }
  }
}
