package dev.pipewright.orchestrator.run;

import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// What will happen to a run by itself: retries, deadlines, its timeout. A task's time is set anew
/// more often than it comes, so times that no longer hold stay where they are and are passed over
/// when their turn comes; nothing is ever looked for in the queue.
final class LiveTimers {
  private final PriorityQueue<Timer> queue = new PriorityQueue<>();
  private long number;

  /// @param task null for the run's timeout
  record Timer(Instant at, long number, @Nullable LiveTask task) implements Comparable<Timer> {
    private static final Comparator<Timer> ORDER =
        Comparator.comparing(Timer::at).thenComparing(Timer::number);

    @Override
    public int compareTo(Timer other) {
      return ORDER.compare(this, other);
    }

    /// @param stopped whether the run is to stop, which its timeout would have it do
    private boolean holds(boolean stopped) {
      return task == null ? !stopped : at.equals(task.dueAt);
    }
  }

  /// @param task null for the run's timeout
  void add(Instant at, @Nullable LiveTask task) {
    queue.add(new Timer(at, number++, task));
  }

  /// Takes out the first that is due; null where none is.
  @Nullable Timer poll(Instant now, boolean stopped) {
    while (!queue.isEmpty() && !queue.peek().at.isAfter(now)) {
      var timer = queue.poll();
      if (timer.holds(stopped)) {
        return timer;
      }
    }
    return null;
  }

  /// When the first comes; null where none does.
  @Nullable Instant next(boolean stopped) {
    while (!queue.isEmpty()) {
      var timer = queue.peek();
      if (timer.holds(stopped)) {
        return timer.at;
      }
      queue.poll();
    }
    return null;
  }
}
