package dev.pipewright.embedded;

import dev.pipewright.contract.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Watches processes and starts again those that die, on the same port and data.
///
/// A process that dies again soon after its restart is given longer and longer pauses, up to half a
/// minute, and never given up.
public final class Supervisor implements AutoCloseable {
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /// Told what happens, on the thread that watches the process.
  public interface Listener {
    void died(EmbeddedProcess process);

    void restarted(EmbeddedProcess process);

    /// @param next until the following attempt
    void failed(EmbeddedProcess process, ProblemException why, Duration next);
  }

  private final Listener listener;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final List<Thread> watchers;

  public Supervisor(List<? extends EmbeddedProcess> processes, Listener listener) {
    this.listener = listener;
    this.watchers =
        processes.stream()
            .map(process ->
                Thread.ofVirtual().name("supervisor-" + process.name()).start(() -> watch(process)))
            .toList();
  }

  /// Ends the watching and waits until no restart is under way; the processes go on.
  @Override
  public void close() {
    closed.countDown();
    for (var watcher : watchers) {
      try {
        watcher.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void watch(EmbeddedProcess process) {
    try {
      int deaths = 0;
      long lastStart = System.nanoTime();
      while (!closed.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        if (process.alive()) {
          if (System.nanoTime() - lastStart > LONGEST_PAUSE.toNanos()) {
            deaths = 0;
          }
          continue;
        }
        listener.died(process);
        while (true) {
          if (deaths > 0 && closed.await(pause(deaths).toMillis(), TimeUnit.MILLISECONDS)) {
            return;
          }
          deaths++;
          try {
            process.restart();
            lastStart = System.nanoTime();
            listener.restarted(process);
            break;
          } catch (ProblemException e) {
            listener.failed(process, e, pause(deaths));
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static Duration pause(int deaths) {
    var doubled = Duration.ofMillis(500L << Math.min(deaths - 1, 10));
    return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }
}
