package dev.pipewright.orchestrator.retention;

import dev.pipewright.contract.api.PruneOutcome;
import dev.pipewright.platform.Loop;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Prunes once an hour, and forgets what is of no use any more.
@ApplicationScoped
class RetentionLoop {
  private static final Logger LOG = Logger.getLogger(RetentionLoop.class);
  private static final Duration LOOK = Duration.ofHours(1);
  private static final Duration KEPT = Duration.ofDays(90);
  private static final int AT_ONCE = 1_000;

  private final Pruning pruning;
  private final RetentionStore store;
  private final Clock clock;
  private @Nullable Loop loop;

  RetentionLoop(Pruning pruning, RetentionStore store, Clock clock) {
    this.pruning = pruning;
    this.store = store;
    this.clock = clock;
  }

  void onStart(@Observes StartupEvent event) {
    loop = Loop.start("retention", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  private boolean step() {
    var outcome = pruning.prune(false);
    if (!outcome.pipelines().isEmpty()) {
      LOG.infof(
          "deleted %d runs that nothing keeps, of %d pipelines",
          outcome.pipelines().stream().mapToLong(PruneOutcome.Entry::runs).sum(),
          outcome.pipelines().size());
    }
    var now = clock.instant();
    int cached = store.forgetCached(now.minus(RetentionStore.LONGEST_CACHED), AT_ONCE);
    int letters = store.forgetDeadLetters(now.minus(KEPT), AT_ONCE);
    int runs = store.forgetDeleted(now.minus(KEPT), AT_ONCE);
    return outcome.more() || cached == AT_ONCE || letters == AT_ONCE || runs == AT_ONCE;
  }
}
