package dev.pipewright.contract.task;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Messages both ways over one connection, each with its length in front, as a varint. Sending
/// never waits for the other side.
///
/// @param <I> what comes in
/// @param <O> what goes out
public final class MessageLine<I extends MessageLite, O extends MessageLite>
    implements AutoCloseable {
  private static final int MOST_AT_ONCE = 256;
  private static final long LOOK_MILLIS = 100;
  private static final int BUFFER = 64 * 1024;

  private final SocketChannel channel;
  private final BlockingQueue<O> outgoing = new LinkedBlockingQueue<>();
  private volatile boolean finishing;

  private MessageLine(SocketChannel channel) {
    this.channel = channel;
  }

  /// @param incoming told of what arrived since the last time, in order, by one thread
  /// @param ended told once, by the same thread, when nothing more will come
  public static <I extends MessageLite, O extends MessageLite> MessageLine<I, O> start(
      String name,
      SocketChannel channel,
      Parser<I> parser,
      Consumer<List<I>> incoming,
      Runnable ended) {
    var line = new MessageLine<I, O>(channel);
    Thread.ofPlatform().name(name + "-out").daemon(true).start(line::write);
    Thread.ofPlatform()
        .name(name + "-in")
        .daemon(true)
        .start(() -> {
          line.read(parser, incoming);
          line.close();
          ended.run();
        });
    return line;
  }

  /// Puts a message on its way. What is sent after the end is lost.
  public void send(O message) {
    outgoing.add(message);
  }

  /// Closes it when what was sent so far is on its way.
  public void finish() {
    finishing = true;
  }

  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It is of no use any more either way.
    }
  }

  private void read(Parser<I> parser, Consumer<List<I>> incoming) {
    try (InputStream in = new BufferedInputStream(Channels.newInputStream(channel), BUFFER)) {
      while (true) {
        var messages = new ArrayList<I>();
        do {
          var message = parser.parseDelimitedFrom(in);
          if (message == null) {
            return;
          }
          messages.add(message);
        } while (messages.size() < MOST_AT_ONCE && in.available() > 0);
        incoming.accept(messages);
      }
    } catch (IOException e) {
      // The other side is gone, or this one was closed.
    }
  }

  private void write() {
    try (OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER)) {
      while (channel.isOpen()) {
        if (finishing && outgoing.isEmpty()) {
          close();
          return;
        }
        var next = outgoing.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        if (next == null) {
          continue;
        }
        while (next != null) {
          next.writeDelimitedTo(out);
          next = outgoing.poll();
        }
        out.flush();
      }
    } catch (IOException e) {
      close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
