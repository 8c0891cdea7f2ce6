package dev.pipewright.tracker.ingest;

import dev.pipewright.contract.Topics;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Kafka;
import dev.pipewright.platform.TopicConsumer;
import dev.pipewright.tracker.TrackerSchema;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.jspecify.annotations.Nullable;

/// Reads run events for as long as the server runs.
@ApplicationScoped
class RunEventConsumer {
  private final Db db;
  private final Kafka kafka;
  private final Ingest ingest;
  private final MeterRegistry meters;
  private @Nullable TopicConsumer consumer;

  RunEventConsumer(Db db, Kafka kafka, Ingest ingest, MeterRegistry meters) {
    this.db = db;
    this.kafka = kafka;
    this.ingest = ingest;
    this.meters = meters;
  }

  void onStart(@Observes @Priority(100) StartupEvent event) {
    var started =
        TopicConsumer.start(db, TrackerSchema.NAME, Topics.RUN_EVENTS, kafka.consumer(), ingest);
    meters.gauge("pipewright.ingest.lag", started, TopicConsumer::lag);
    consumer = started;
  }

  void onStop(@Observes ShutdownEvent event) {
    if (consumer != null) {
      consumer.close();
    }
  }
}
