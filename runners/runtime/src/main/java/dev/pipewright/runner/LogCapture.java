package dev.pipewright.runner;

import dev.pipewright.contract.tracking.v1.LogLine;
import dev.pipewright.contract.tracking.v1.LogLines;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;

/// Collects the lines of standard output and error and tells them in batches, a few times a second.
final class LogCapture implements AutoCloseable {
  private static final int MOST_LINES = 1_000;
  private static final int MOST_CHARACTERS = 128 * 1024;
  private static final int LONGEST_LINE = 16 * 1024;
  private static final long FLUSH_MILLIS = 200;

  private final EventLog events;
  private final ScheduledExecutorService timer;
  private final Masks masks;
  private final List<LogLine> pending = new ArrayList<>();
  private int characters;
  private long lines;
  private long lost;

  LogCapture(EventLog events, ScheduledExecutorService timer, Masks masks) {
    this.events = events;
    this.timer = timer;
    this.masks = masks;
  }

  synchronized void line(String text, boolean stderr) {
    if (lost > 0) {
      long gap = lost;
      lost = 0;
      add("(%d lines could not be kept: the disk was full)".formatted(gap), true);
    }
    add(masks.apply(text), stderr);
    if (pending.size() >= MOST_LINES || characters >= MOST_CHARACTERS) {
      flush();
    } else if (pending.size() == 1) {
      Timers.after(timer, FLUSH_MILLIS, this::flush);
    }
  }

  private void add(String text, boolean stderr) {
    pending.add(
        LogLine.newBuilder()
            .setNumber(++lines)
            .setTimestamp(events.nowMillis())
            .setStderr(stderr)
            .setText(EventLog.clean(text))
            .build());
    characters += text.length();
  }

  /// Reads a stream to its end, in the thread that calls.
  void drain(InputStream stream, boolean stderr) throws IOException {
    try (var lines = new Lines(stderr)) {
      stream.transferTo(lines);
    }
  }

  /// What is written to it becomes lines.
  OutputStream stream(boolean stderr) {
    return new Lines(stderr);
  }

  /// What cannot be kept is counted and left out: the work goes on.
  synchronized void flush() {
    if (pending.isEmpty()) {
      return;
    }
    try {
      events.tell(RunEvent.newBuilder().setLogLines(LogLines.newBuilder().addAllLines(pending)));
    } catch (UncheckedIOException e) {
      lost += pending.size();
      lines -= pending.size();
    }
    pending.clear();
    characters = 0;
  }

  @Override
  public synchronized void close() {
    flush();
  }

  /// Splits bytes into lines. A line that never ends is cut into pieces.
  private final class Lines extends OutputStream {
    private final boolean stderr;
    private byte[] line = new byte[256];
    private int length;

    Lines(boolean stderr) {
      this.stderr = stderr;
    }

    @Override
    public synchronized void write(int b) {
      if (b == '\n') {
        end();
        return;
      }
      if (length == line.length) {
        line = Arrays.copyOf(line, length * 2);
      }
      line[length++] = (byte) b;
      if (length == LONGEST_LINE) {
        int cut = masks.cut(line, length);
        var rest = Arrays.copyOfRange(line, cut, length);
        length = cut;
        end();
        System.arraycopy(rest, 0, line, 0, rest.length);
        length = rest.length;
      }
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int count) {
      for (int i = offset; i < offset + count; i++) {
        write(bytes[i]);
      }
    }

    @Override
    public synchronized void close() {
      if (length > 0) {
        end();
      }
    }

    private void end() {
      int shown = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
      line(new String(line, 0, shown, StandardCharsets.UTF_8), stderr);
      length = 0;
    }

    private void line(String text, boolean stderr) {
      LogCapture.this.line(text, stderr);
    }
  }
}
