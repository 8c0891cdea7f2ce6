package dev.pipewright.orchestrator;

import dev.pipewright.platform.Db;
import dev.pipewright.platform.Kafka;
import dev.pipewright.platform.OutboxRelay;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.jspecify.annotations.Nullable;

/// Sends what is in the orchestrator's outbox for as long as the server runs.
@ApplicationScoped
public class OrchestratorRelay {
  private final Db db;
  private final Kafka kafka;
  private @Nullable OutboxRelay relay;

  public OrchestratorRelay(Db db, Kafka kafka) {
    this.db = db;
    this.kafka = kafka;
  }

  void onStart(@Observes @Priority(90) StartupEvent event) {
    relay = OutboxRelay.start(db, OrchestratorSchema.NAME, kafka);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (relay != null) {
      relay.close();
    }
  }

  /// There is something to send.
  public void wake() {
    if (relay != null) {
      relay.wake();
    }
  }
}
