package dev.pipewright.platform;

import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Hands what just changed to the pages that look at it, over server-sent events. Topics are
/// strings such as a run's id. A reader that is slower than the changes loses none of the changes'
/// effect: when its queue is full it is told to read everything anew.
public final class Live<M> {
  private static final Logger LOG = Logger.getLogger(Live.class);
  private static final int QUEUE = 1_000;
  private static final long HEARTBEAT_SECONDS = 15;

  private final Map<String, Set<Reader<M>>> readers = new ConcurrentHashMap<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  public void publish(String topic, M message) {
    for (var reader : readers.getOrDefault(topic, Set.of())) {
      reader.offer(message);
    }
  }

  /// Ends every stream, so that a server that stops need not wait for its readers.
  public void close() {
    closed.set(true);
  }

  /// A subscription; its owner reads it in one thread and closes it.
  public Reader<M> subscribe(String topic) {
    var reader = new Reader<M>(this, topic);
    readers.compute(
        topic,
        (key, before) -> {
          Set<Reader<M>> set = before == null ? ConcurrentHashMap.newKeySet() : before;
          set.add(reader);
          return set;
        });
    return reader;
  }

  private void unsubscribe(Reader<M> reader) {
    readers.computeIfPresent(
        reader.topic,
        (key, set) -> {
          set.remove(reader);
          return set.isEmpty() ? null : set;
        });
  }

  /// One reader's queue.
  public static final class Reader<M> implements AutoCloseable {
    private final Live<M> live;
    private final String topic;
    private final BlockingQueue<M> queue = new LinkedBlockingQueue<>(QUEUE);
    private final AtomicBoolean overflowed = new AtomicBoolean();

    private Reader(Live<M> live, String topic) {
      this.live = live;
      this.topic = topic;
    }

    private void offer(M message) {
      if (!queue.offer(message)) {
        overflow();
      }
    }

    private void overflow() {
      overflowed.set(true);
    }

    /// The next message; null when there was none for a heartbeat's time.
    public @Nullable M next() throws InterruptedException {
      for (long waited = 0; waited < HEARTBEAT_SECONDS; waited++) {
        var message = queue.poll(1, TimeUnit.SECONDS);
        if (message != null || isBroken()) {
          return message;
        }
      }
      return null;
    }

    /// The next message if there is one already.
    public @Nullable M nextNow() {
      return queue.poll();
    }

    /// Whether messages were dropped or the server stops: the stream must end, and the page reads
    /// anew.
    public boolean isBroken() {
      return overflowed.get() || live.closed.get();
    }

    @Override
    public void close() {
      live.unsubscribe(this);
    }
  }

  /// What is sent over one connection, from its first event to its last.
  @FunctionalInterface
  public interface Stream {
    void run() throws InterruptedException;
  }

  /// Lets a stream run in a thread of its own, while the request that asked for it returns: the
  /// framework begins the answer only then.
  public static void stream(SseEventSink sink, Stream stream) {
    Thread.ofVirtual()
        .name("events")
        .start(() -> {
          try (sink) {
            stream.run();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (RuntimeException e) {
            // The page connects again by itself and reads everything anew.
            LOG.warnf("a stream of events ended early: %s", Loop.rootMessage(e));
          }
        });
  }

  /// Sends one event and waits until it is out, which bounds what a slow connection can hold up in
  /// memory.
  ///
  /// @return whether the other side is still there
  public static boolean send(SseEventSink sink, OutboundSseEvent event) {
    if (sink.isClosed()) {
      return false;
    }
    try {
      sink.send(event).toCompletableFuture().join();
      return true;
    } catch (CompletionException | IllegalStateException e) {
      // The reader left: what an event stream ends with.
      return false;
    }
  }

  /// Keeps the connection open through proxies, and notices when it is not.
  public static boolean heartbeat(SseEventSink sink, Sse sse) {
    return send(sink, sse.newEventBuilder().comment("still here").build());
  }
}
