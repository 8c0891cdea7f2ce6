package dev.pipewright.tracker.catalog;

import dev.pipewright.platform.Db;
import dev.pipewright.platform.Kafka;
import dev.pipewright.platform.Loop;
import dev.pipewright.platform.OutboxRelay;
import dev.pipewright.tracker.TrackerSchema;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/// Sends what is new in the catalog for as long as the server runs.
@ApplicationScoped
class CatalogEventLoop {
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Db db;
  private final Kafka kafka;
  private final CatalogEventStore store;
  private @Nullable Producer<String, byte[]> producer;
  private @Nullable OutboxRelay relay;
  private @Nullable Loop loop;

  CatalogEventLoop(Db db, Kafka kafka, CatalogEventStore store) {
    this.db = db;
    this.kafka = kafka;
    this.store = store;
  }

  void onStart(@Observes @Priority(100) StartupEvent event) {
    producer = kafka.producer();
    relay = OutboxRelay.start(db, TrackerSchema.NAME, producer);
    loop = Loop.start("catalog-events", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
    if (relay != null) {
      relay.close();
    }
    if (producer != null) {
      producer.close(PATIENCE);
    }
  }

  private boolean step() {
    int sent = store.send();
    if (sent > 0 && relay != null) {
      relay.wake();
    }
    return sent > 0;
  }
}
