package dev.pipewright.tracker.catalog;

import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.catalog.v1.CatalogEvent;
import dev.pipewright.contract.catalog.v1.DatasetVersionSeen;
import dev.pipewright.contract.catalog.v1.ModelAliasSet;
import dev.pipewright.contract.catalog.v1.ModelVersionCreated;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Outbox;
import dev.pipewright.tracker.TrackerSchema;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// What is new in the catalog is noted by the database, with the change, whoever makes it; here it
/// becomes messages.
@ApplicationScoped
class CatalogEventStore {
  private static final int BATCH = 500;

  private final Db db;
  private final Outbox outbox = new Outbox(TrackerSchema.NAME);

  CatalogEventStore(Db db) {
    this.db = db;
  }

  private record Row(
      long number,
      UUID id,
      Instant at,
      String kind,
      String name,
      @Nullable String runId,
      @Nullable String pipelineRunId,
      int version,
      String alias,
      String digest,
      String experiment) {}

  /// Puts what was noted into the outbox.
  ///
  /// @return how many
  int send() {
    return db.inTransaction(tx -> {
      // One at a time over all replicas keeps the order.
      var mine =
          tx.createQuery("select pg_try_advisory_xact_lock(hashtext('tracker.catalog_event'))")
              .mapTo(Boolean.class)
              .one();
      return mine ? send(tx) : 0;
    });
  }

  private int send(Handle tx) {
    var rows =
        tx.createQuery(
                """
                select e.number, e.id, e.at, e.kind, e.name, e.run_id, r.pipeline_run_id,
                  coalesce(e.version, 0) as version, coalesce(e.alias, '') as alias,
                  coalesce(e.digest, '') as digest, coalesce(e.experiment, '') as experiment
                from tracker.catalog_event e left join tracker.run r on r.id = e.run_id
                order by e.number limit :batch
                """)
            .bind("batch", BATCH)
            .mapTo(Row.class)
            .list();
    for (var row : rows) {
      outbox.append(tx, outbox.nextNumber(tx), Topics.CATALOG_EVENTS, row.name, event(row));
    }
    if (!rows.isEmpty()) {
      tx.createUpdate("delete from tracker.catalog_event where number = any(:numbers)")
          .bindArray("numbers", Long.class, rows.stream().map(Row::number).toList())
          .execute();
    }
    return rows.size();
  }

  private static CatalogEvent event(Row row) {
    var event =
        CatalogEvent.newBuilder()
            .setId(row.id.toString())
            .setAt(
                Timestamp.newBuilder()
                    .setSeconds(row.at.getEpochSecond())
                    .setNanos(row.at.getNano()))
            .setName(row.name)
            .setRunId(row.runId == null ? "" : row.runId)
            .setPipelineRunId(row.pipelineRunId == null ? "" : row.pipelineRunId);
    switch (row.kind) {
      case "MODEL_VERSION" ->
          event.setModelVersionCreated(ModelVersionCreated.newBuilder().setVersion(row.version));
      case "MODEL_ALIAS" ->
          event.setModelAliasSet(
              ModelAliasSet.newBuilder().setAlias(row.alias).setVersion(row.version));
      case "DATASET_VERSION" ->
          event.setDatasetVersionSeen(
              DatasetVersionSeen.newBuilder().setDigest(row.digest).setExperiment(row.experiment));
      default -> throw new IllegalStateException("an unknown kind of event: " + row.kind);
    }
    return event.build();
  }
}
