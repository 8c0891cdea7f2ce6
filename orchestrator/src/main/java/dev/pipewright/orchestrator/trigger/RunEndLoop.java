package dev.pipewright.orchestrator.trigger;

import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.orchestrator.trigger.TriggerStore.RunEnd;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Tells triggers of runs that ended. The database notes each end in the transaction that ends the
/// run, and only while a trigger listens.
@ApplicationScoped
class RunEndLoop {
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final int AT_ONCE = 100;

  private final Db db;
  private final TriggerStore store;
  private final Triggers triggers;
  private final Fires starts;
  private @Nullable Loop loop;

  RunEndLoop(Db db, TriggerStore store, Triggers triggers, Fires starts) {
    this.db = db;
    this.store = store;
    this.triggers = triggers;
    this.starts = starts;
  }

  void onStart(@Observes StartupEvent event) {
    loop = Loop.start("run-ends", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  private boolean step() {
    int taken = db.inTransaction(this::tell);
    if (taken > 0) {
      starts.wake();
    }
    return taken == AT_ONCE;
  }

  private int tell(Handle tx) {
    var ends = store.takeRunEnds(tx, AT_ONCE);
    for (var end : ends) {
      triggers.happened(tx, happening(tx, end));
    }
    return ends.size();
  }

  private Happening happening(Handle tx, RunEnd end) {
    var run = end.runId().toString();
    var data = Triggers.data(TriggerRules.RUN_ENDED, end.at(), end.pipeline());
    data.put("version", end.version())
        .put("state", end.state())
        .put("runId", run)
        .put("number", end.number())
        .put("message", end.message())
        .put("scheduledAt", end.scheduledAt() == null ? null : end.scheduledAt().toString())
        .set("params", TriggerStore.json(end.params()));
    data.set("outputs", TriggerStore.json(end.outputs()));
    return new Happening(
        run + ":" + end.revision(),
        TriggerRules.RUN_ENDED,
        end.at(),
        end.pipeline(),
        null,
        end.state(),
        data,
        triggers.chain(tx, run));
  }
}
