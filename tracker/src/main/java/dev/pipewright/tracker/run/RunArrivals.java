package dev.pipewright.tracker.run;

import dev.pipewright.platform.ExpectedRuns;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;

/// Waits for runs that have begun and were not stored yet.
@ApplicationScoped
public class RunArrivals {
  private static final Duration LONGEST = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(5);

  private final RunStore runs;
  private final List<ExpectedRuns> expected;

  RunArrivals(RunStore runs, @All List<ExpectedRuns> expected) {
    this.runs = runs;
    this.expected = expected;
  }

  /// @return whether the run is there now; false at once for one that nobody is about to tell of
  public boolean await(String runId) throws InterruptedException {
    if (expected.stream().noneMatch(each -> each.isExpected(runId))) {
      return runs.exists(runId);
    }
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (!runs.exists(runId)) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(LOOK);
    }
    return true;
  }
}
