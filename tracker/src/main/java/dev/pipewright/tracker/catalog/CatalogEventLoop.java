package dev.pipewright.tracker.catalog;

import dev.pipewright.platform.Loop;
import dev.pipewright.tracker.TrackerRelay;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Sends what is new in the catalog for as long as the server runs.
@ApplicationScoped
class CatalogEventLoop {
  private static final Duration LOOK = Duration.ofMillis(500);

  private final CatalogEventStore store;
  private final TrackerRelay relay;
  private @Nullable Loop loop;

  CatalogEventLoop(CatalogEventStore store, TrackerRelay relay) {
    this.store = store;
    this.relay = relay;
  }

  void onStart(@Observes @Priority(100) StartupEvent event) {
    loop = Loop.start("catalog-events", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  private boolean step() {
    int sent = store.send();
    if (sent > 0) {
      relay.wake();
    }
    return sent > 0;
  }
}
