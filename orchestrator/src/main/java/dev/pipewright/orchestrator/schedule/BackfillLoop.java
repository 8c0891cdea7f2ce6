package dev.pipewright.orchestrator.schedule;

import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.orchestrator.run.RunLoop.RunChanged;
import dev.pipewright.orchestrator.schedule.BackfillReader.Pace;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Lets go of as many times of each backfill as may run at once.
@ApplicationScoped
class BackfillLoop {
  private static final Duration LOOK = Duration.ofSeconds(1);

  /// How many that have a succeeded run already are passed over in one transaction.
  private static final int MOST_SKIPPED = 500;

  private final Db db;
  private final BackfillStore store;
  private final Runnable letGo;
  private final InstantSource clock;
  private final AtomicBoolean busy = new AtomicBoolean();
  private @Nullable Loop loop;

  @Inject
  BackfillLoop(Db db, BackfillStore store, Fires starts, Clock clock) {
    this(db, store, starts::wake, clock);
  }

  /// @param letGo called after occasions were let go
  BackfillLoop(Db db, BackfillStore store, Runnable letGo, InstantSource clock) {
    this.db = db;
    this.store = store;
    this.letGo = letGo;
    this.clock = clock;
  }

  void onStart(@Observes StartupEvent event) {
    loop = Loop.start("backfills", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  /// A run of a backfill may have ended, which makes room.
  void onChange(@Observes RunChanged changed) {
    if (busy.get()) {
      wake();
    }
  }

  void wake() {
    if (loop != null) {
      loop.wake();
    }
  }

  boolean step() {
    var running = store.running();
    busy.set(!running.isEmpty());
    boolean more = false;
    for (long number : running) {
      more |= db.inTransaction(tx -> advance(tx, number));
    }
    if (!running.isEmpty()) {
      letGo.run();
    }
    return more;
  }

  private boolean advance(Handle tx, long number) {
    var row = store.lock(tx, number).orElse(null);
    if (row == null) {
      return false;
    }
    var pace = Pace.of(ScheduleStore.json(row.asked()));
    var now = clock.instant();
    int active = store.active(tx, number);
    int room = pace.parallel() - active;
    int skipped = 0;
    while (room > 0 && skipped < MOST_SKIPPED) {
      var held = store.held(tx, number, pace.newestFirst(), room);
      for (var each : held) {
        if (!pace.again() && store.hasSucceeded(tx, row.pipeline(), each.time())) {
          store.skip(tx, each.number(), "There is a run for this time that succeeded.", now);
          skipped++;
        } else {
          store.letGo(tx, each.number(), now);
          room--;
          active++;
        }
      }
      if (held.isEmpty()) {
        if (active == 0) {
          store.end(tx, number, "ENDED", now);
        }
        return false;
      }
    }
    return skipped >= MOST_SKIPPED;
  }
}
