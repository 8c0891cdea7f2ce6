package dev.pipewright.tracker.watch;

import dev.pipewright.platform.Loop;
import dev.pipewright.tracker.TrackerRelay;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Tells what is new of watched metrics for as long as the server runs.
@ApplicationScoped
class WatchedPointLoop {
  /// For what another server noted and did not live to tell.
  private static final Duration LOOK = Duration.ofSeconds(2);

  /// What comes meanwhile goes into one message.
  private static final Duration GATHER = Duration.ofMillis(100);

  private final WatchedPointStore store;
  private final TrackerRelay relay;
  private @Nullable Loop loop;

  WatchedPointLoop(WatchedPointStore store, TrackerRelay relay) {
    this.store = store;
    this.relay = relay;
  }

  void onStart(@Observes @Priority(100) StartupEvent event) {
    var started = Loop.start("watched-metrics", LOOK, this::step);
    store.whenNoted(started::wake);
    loop = started;
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  private boolean step() throws InterruptedException {
    if (store.send() == 0) {
      return false;
    }
    relay.wake();
    Thread.sleep(GATHER);
    return true;
  }
}
