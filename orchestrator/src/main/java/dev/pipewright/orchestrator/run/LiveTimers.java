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

    private boolean holds(@Nullable Instant deadline) {
      return at.equals(task == null ? deadline : task.dueAt);
    }
  }

  /// @param task null for the run's timeout
  void add(Instant at, @Nullable LiveTask task) {
    queue.add(new Timer(at, number++, task));
  }

  /// Takes out the first that is due; null where none is.
  ///
  /// @param deadline of the run; null where it has none, or stops already
  @Nullable Timer poll(Instant now, @Nullable Instant deadline) {
    while (!queue.isEmpty() && !queue.peek().at.isAfter(now)) {
      var timer = queue.poll();
      if (timer.holds(deadline)) {
        return timer;
      }
    }
    return null;
  }

  /// When the first comes; null where none does.
  ///
  /// @param deadline of the run; null where it has none, or stops already
  @Nullable Instant next(@Nullable Instant deadline) {
    while (!queue.isEmpty()) {
      var timer = queue.peek();
      if (timer.holds(deadline)) {
        return timer.at;
      }
      queue.poll();
    }
    return null;
  }
}
