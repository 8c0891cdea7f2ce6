package dev.pipewright.runner;

import dev.pipewright.contract.Topics;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/// Delivers the spool to Kafka, in order, from where the broker has it. It waits for the broker and
/// the tracker for as long as it takes; the work goes on meanwhile. What was delivered but not yet
/// noted as such is delivered again after a crash, which the receivers notice by the numbers the
/// events carry.
final class Shipper implements AutoCloseable {
  private static final long LOOK_MILLIS = 50;

  private final Spool spool;
  private final Tracker tracker;
  private final FileChannel ackedFile;
  private final Producer<String, byte[]> producer;
  private final Deque<InFlight> inFlight = new ArrayDeque<>();
  private final Thread thread;
  private long acked;
  private volatile @Nullable Exception failure;
  private volatile boolean closed;

  private static final class InFlight {
    final long end;
    boolean done;

    InFlight(long end) {
      this.end = end;
    }
  }

  private Shipper(Spool spool, Path acked, String bootstrap, Tracker tracker) throws IOException {
    this.spool = spool;
    this.tracker = tracker;
    this.ackedFile =
        FileChannel.open(
            acked, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    var number = ByteBuffer.allocate(Long.BYTES);
    if (ackedFile.read(number, 0) == Long.BYTES) {
      this.acked = number.flip().getLong();
    }
    this.producer = producer(bootstrap);
    this.thread = Thread.ofPlatform().name("shipper").daemon(true).unstarted(this::ship);
  }

  static Shipper start(Spool spool, Path acked, String bootstrap, Tracker tracker)
      throws IOException {
    var shipper = new Shipper(spool, acked, bootstrap, tracker);
    shipper.thread.start();
    return shipper;
  }

  private static Producer<String, byte[]> producer(String bootstrap) {
    return new KafkaProducer<>(
        Map.of(
            "bootstrap.servers",
            bootstrap,
            "acks",
            "all",
            "enable.idempotence",
            true,
            "linger.ms",
            5,
            "compression.type",
            "lz4",
            "max.block.ms",
            Long.MAX_VALUE,
            "delivery.timeout.ms",
            Integer.MAX_VALUE,
            "max.request.size",
            8 * 1024 * 1024),
        new StringSerializer(),
        new ByteArraySerializer());
  }

  private void ship() {
    long position = acked;
    try {
      while (!closed && failure == null) {
        var next = spool.read(position);
        if (next == null) {
          spool.await(position, LOOK_MILLIS);
          continue;
        }
        switch (next.entry()) {
          case Spool.Entry.Event(var event) ->
              send(Topics.RUN_EVENTS, event.getRunId(), event.toByteArray(), next.end());
          case Spool.Entry.Report(var report) ->
              send(
                  Topics.TASK_REPORTS, report.getPipelineRunId(), report.toByteArray(), next.end());
          case Spool.Entry.Upload(var digest, var file) -> {
            upload(digest, Path.of(file));
            note(new InFlight(next.end()), true);
          }
        }
        position = next.end();
      }
    } catch (InterruptedException e) {
      // Closed.
    } catch (Exception e) {
      fail(e);
    }
  }

  private void upload(String digest, Path file) throws InterruptedException {
    try {
      tracker.upload(digest, file);
    } catch (IOException e) {
      // It will never succeed, and must not hold up what comes after it.
      System.err.println(file + " could not be stored: " + e);
    }
  }

  // The callback hears how it went.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void send(String topic, String key, byte[] payload, long end) {
    var message = new InFlight(end);
    note(message, false);
    producer.send(
        new ProducerRecord<>(topic, key, payload),
        (metadata, exception) -> {
          if (exception == null) {
            noteDone(message);
          } else if (exception instanceof RecordTooLargeException) {
            // It can never be delivered, and must not hold up what comes after it.
            System.err.println("an event of " + payload.length + " bytes is too large to deliver");
            noteDone(message);
          } else {
            fail(exception);
          }
        });
  }

  private synchronized void note(InFlight message, boolean done) {
    inFlight.add(message);
    if (done) {
      noteDone(message);
    }
  }

  private synchronized void noteDone(InFlight message) {
    message.done = true;
    boolean moved = false;
    while (!inFlight.isEmpty() && inFlight.peek().done) {
      acked = inFlight.poll().end;
      moved = true;
    }
    if (moved) {
      try {
        ackedFile.write(ByteBuffer.allocate(Long.BYTES).putLong(acked).flip(), 0);
      } catch (IOException e) {
        fail(e);
      }
      notifyAll();
    }
  }

  private synchronized void fail(Exception e) {
    if (failure == null && !closed) {
      failure = e;
      e.printStackTrace();
    }
    notifyAll();
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
  public void close() throws IOException {
    closed = true;
    thread.interrupt();
    producer.close(Duration.ZERO);
    ackedFile.close();
  }
}
