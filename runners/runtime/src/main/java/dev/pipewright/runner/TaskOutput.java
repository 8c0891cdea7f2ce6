package dev.pipewright.runner;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Standard output and error of tasks that share one process: what a task's thread prints, and what
/// threads print that it starts, is its own; everything else is the process's.
final class TaskOutput {
  private static final InheritableThreadLocal<@Nullable Streams> CURRENT =
      new InheritableThreadLocal<>();

  private TaskOutput() {}

  /// Where one task's output goes.
  record Streams(OutputStream out, OutputStream err) {}

  /// To be done once, before anything of a task.
  static void install() {
    System.setOut(new PrintStream(new Switch(System.out, false), true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(new Switch(System.err, true), true, StandardCharsets.UTF_8));
  }

  /// Does something of which the output is a task's.
  static void during(Streams streams, Work work) throws Exception {
    CURRENT.set(streams);
    try {
      work.run();
    } finally {
      CURRENT.remove();
    }
  }

  /// What a task does.
  interface Work {
    void run() throws Exception;
  }

  private static final class Switch extends OutputStream {
    private final PrintStream otherwise;
    private final boolean stderr;

    Switch(PrintStream otherwise, boolean stderr) {
      this.otherwise = otherwise;
      this.stderr = stderr;
    }

    private OutputStream current() {
      var streams = CURRENT.get();
      return streams == null ? otherwise : stderr ? streams.err : streams.out;
    }

    @Override
    public void write(int b) throws IOException {
      current().write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      current().write(bytes, offset, count);
    }

    @Override
    public void flush() throws IOException {
      current().flush();
    }
  }
}
