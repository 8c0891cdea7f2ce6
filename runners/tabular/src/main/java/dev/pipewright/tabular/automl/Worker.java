package dev.pipewright.tabular.automl;

import dev.pipewright.contract.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The search's side of a [TrialWorker]. The process is started at the first order, and again after
/// one that it did not survive.
final class Worker implements AutoCloseable {
  private final Path folder;
  private final long heap;
  private @Nullable Process process;
  private @Nullable BufferedReader answers;
  private @Nullable Writer orders;
  private volatile boolean closed;

  /// @param heap bytes
  Worker(Path folder, long heap) {
    this.folder = folder;
    this.heap = heap;
  }

  /// Waits for the answer. A process that ends instead is a problem of the order.
  TrialWorker.Answer ask(TrialWorker.Order order) throws IOException {
    long began = System.nanoTime();
    try {
      start();
      var to = orders;
      var from = answers;
      if (to == null || from == null) {
        throw new IOException("the process did not start");
      }
      to.write(Json.MAPPER.writeValueAsString(order) + "\n");
      to.flush();
      for (var line = from.readLine(); line != null; line = from.readLine()) {
        int at = line.indexOf(TrialWorker.ANSWER);
        if (at >= 0) {
          return Json.MAPPER.readValue(
              line.substring(at + TrialWorker.ANSWER.length()), TrialWorker.Answer.class);
        }
      }
      if (closed) {
        // It was ended with the search, and says nothing about the order.
        throw new IOException("the search is over");
      }
    } catch (IOException e) {
      if (closed) {
        throw e;
      }
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    return new TrialWorker.Answer(List.of(), List.of(), seconds, "its process " + ending());
  }

  private void start() throws IOException {
    if (closed) {
      throw new IOException("the search is over");
    }
    if (process != null && process.isAlive()) {
      return;
    }
    var words = new ArrayList<String>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.add("--enable-native-access=ALL-UNNAMED");
    words.add("--sun-misc-unsafe-memory-access=allow");
    words.add("-XX:+UseSerialGC");
    words.add("-Xmx" + heap / 1024 + "k");
    words.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
    words.add("-cp");
    words.add(System.getProperty("java.class.path"));
    words.add(TrialWorker.class.getName());
    words.add(folder.toString());
    var builder = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT);
    // One thread in each process, and processes side by side: threads of one model wait for each
    // other most of the time.
    builder.environment().put("OMP_NUM_THREADS", "1");
    builder.environment().put("OMP_WAIT_POLICY", "passive");
    builder.environment().put("MKL_NUM_THREADS", "1");
    builder.environment().put("DJL_OFFLINE", "true");
    builder.environment().put("OPT_OUT_TRACKING", "true");
    builder.environment().put("CUDA_VISIBLE_DEVICES", "");
    var started = builder.start();
    process = started;
    orders = started.outputWriter(StandardCharsets.UTF_8);
    answers =
        new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
  }

  private String ending() {
    var ended = process;
    if (ended == null) {
      return "did not start";
    }
    try {
      if (!ended.waitFor(10, TimeUnit.SECONDS)) {
        ended.destroyForcibly();
        return "stopped answering";
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    int code = ended.isAlive() ? -1 : ended.exitValue();
    return code > 128 ? "was killed by signal " + (code - 128) : "ended with " + code;
  }

  @Override
  public void close() {
    closed = true;
    var running = process;
    if (running != null) {
      running.destroyForcibly();
    }
  }
}
