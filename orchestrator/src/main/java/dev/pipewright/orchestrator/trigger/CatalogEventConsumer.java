package dev.pipewright.orchestrator.trigger;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.catalog.v1.CatalogEvent;
import dev.pipewright.orchestrator.OrchestratorSchema;
import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Kafka;
import dev.pipewright.platform.TopicConsumer;
import dev.pipewright.platform.TopicConsumer.InvalidRecord;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Tells triggers what is new in the catalog.
@ApplicationScoped
class CatalogEventConsumer implements TopicConsumer.Handler {
  private final Db db;
  private final Kafka kafka;
  private final Triggers triggers;
  private final Fires starts;
  private @Nullable TopicConsumer consumer;

  CatalogEventConsumer(Db db, Kafka kafka, Triggers triggers, Fires starts) {
    this.db = db;
    this.kafka = kafka;
    this.triggers = triggers;
    this.starts = starts;
  }

  void onStart(@Observes @Priority(100) StartupEvent event) {
    consumer =
        TopicConsumer.start(
            db, OrchestratorSchema.NAME, Topics.CATALOG_EVENTS, kafka.consumer(), this);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (consumer != null) {
      consumer.close();
    }
  }

  @Override
  public void store(Handle tx, List<ConsumerRecord<String, byte[]>> records) throws InvalidRecord {
    for (var record : records) {
      CatalogEvent event;
      try {
        event = CatalogEvent.parseFrom(record.value());
      } catch (InvalidProtocolBufferException e) {
        throw new InvalidRecord("not a CatalogEvent", e);
      }
      var happening = happening(tx, event);
      if (happening != null) {
        triggers.happened(tx, happening);
      }
    }
  }

  @Override
  public void stored() {
    starts.wake();
  }

  private @Nullable Happening happening(Handle tx, CatalogEvent event) {
    var at = Instant.ofEpochSecond(event.getAt().getSeconds(), event.getAt().getNanos());
    var kind =
        switch (event.getEventCase()) {
          case MODEL_VERSION_CREATED -> TriggerRules.MODEL_VERSION;
          case MODEL_ALIAS_SET -> TriggerRules.MODEL_ALIAS;
          case DATASET_VERSION_SEEN -> TriggerRules.DATASET_VERSION;
          // Of a newer version of the tracker.
          case EVENT_NOT_SET -> null;
        };
    if (kind == null) {
      return null;
    }
    var data = Triggers.data(kind, at, event.getName());
    switch (event.getEventCase()) {
      case MODEL_VERSION_CREATED ->
          data.put("version", event.getModelVersionCreated().getVersion());
      case MODEL_ALIAS_SET ->
          data.put("version", event.getModelAliasSet().getVersion())
              .put("alias", event.getModelAliasSet().getAlias());
      case DATASET_VERSION_SEEN ->
          data.put("digest", event.getDatasetVersionSeen().getDigest())
              .put("experiment", event.getDatasetVersionSeen().getExperiment());
      case EVENT_NOT_SET -> {}
    }
    data.put("runId", event.getRunId()).put("pipelineRunId", event.getPipelineRunId());
    return new Happening(
        event.getId(),
        kind,
        at,
        event.getName(),
        event.hasModelAliasSet() ? event.getModelAliasSet().getAlias() : null,
        null,
        data,
        triggers.chain(tx, event.getPipelineRunId()));
  }
}
