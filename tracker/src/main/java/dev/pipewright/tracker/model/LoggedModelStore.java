package dev.pipewright.tracker.model;

import dev.pipewright.platform.Db;
import dev.pipewright.tracker.Pairs;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of logged models as clients make and change them.
@ApplicationScoped
public class LoggedModelStore {
  private final Db db;

  LoggedModelStore(Db db) {
    this.db = db;
  }

  public static LoggedModelStore on(Db db) {
    return new LoggedModelStore(db);
  }

  /// @param runId the run that made it; null when no run did
  /// @param status one of the protocol's names
  public record LoggedModelRow(
      String id,
      long experimentId,
      String name,
      @Nullable String modelType,
      @Nullable String runId,
      String status,
      @Nullable String statusMessage,
      String artifactUri,
      Map<String, String> params,
      Map<String, String> tags,
      Instant createdAt,
      Instant updatedAt,
      @Nullable Instant deletedAt) {}

  private record Row(
      String id,
      long experimentId,
      String name,
      @Nullable String modelType,
      @Nullable String runId,
      String status,
      @Nullable String statusMessage,
      String artifactUri,
      String params,
      String tags,
      Instant createdAt,
      Instant updatedAt,
      @Nullable Instant deletedAt) {}

  private static final String COLUMNS =
      """
      select id, experiment_id, name, model_type, run_id, status, status_message, artifact_uri,
        params::text as params, tags::text as tags, created_at, updated_at, deleted_at
      from tracker.logged_model
      """;

  public void create(Handle tx, LoggedModelRow model) {
    tx.createUpdate(
            """
            insert into tracker.logged_model
              (id, experiment_id, name, model_type, run_id, status, artifact_uri, params, tags,
               created_at, updated_at)
            values (:id, :experimentId, :name, :modelType, :runId, :status, :artifactUri,
              :paramsJson::jsonb, :tagsJson::jsonb, :createdAt, :updatedAt)
            """)
        .bindMethods(model)
        .bind("paramsJson", Pairs.json(model.params))
        .bind("tagsJson", Pairs.json(model.tags))
        .execute();
  }

  public Optional<LoggedModelRow> find(String id) {
    return all(List.of(id)).stream().findFirst();
  }

  /// In the order of the ids; those that do not exist are left out.
  public List<LoggedModelRow> all(List<String> ids) {
    return db
        .read(handle ->
            handle
                .createQuery(
                    COLUMNS
                        + " join unnest(:ids) with ordinality as asked (id, place) using (id) order by place")
                .bindArray("ids", String.class, ids)
                .mapTo(Row.class)
                .list())
        .stream()
        .map(row ->
            new LoggedModelRow(
                row.id,
                row.experimentId,
                row.name,
                row.modelType,
                row.runId,
                row.status,
                row.statusMessage,
                row.artifactUri,
                Pairs.of(row.params),
                Pairs.of(row.tags),
                row.createdAt,
                row.updatedAt,
                row.deletedAt))
        .toList();
  }

  /// False when there is no such model; likewise the others.
  public boolean setStatus(String id, String status) {
    return changed(id, "status = :value", status);
  }

  public boolean delete(String id) {
    return changed(id, "deleted_at = coalesce(deleted_at, now())", "");
  }

  public boolean addTags(String id, Map<String, String> tags) {
    return db.inTransaction(tx -> addTags(tx, id, tags));
  }

  public boolean addTags(Handle tx, String id, Map<String, String> tags) {
    return changed(tx, id, "tags = tags || :value::jsonb", Pairs.json(tags));
  }

  /// A param keeps its first value.
  public boolean addParams(String id, Map<String, String> params) {
    return changed(id, "params = :value::jsonb || params", Pairs.json(params));
  }

  /// False when the model has no such tag.
  public boolean deleteTag(String id, String key) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                    """
                    update tracker.logged_model set tags = tags - :key, updated_at = now()
                    where id = :id and jsonb_exists(tags, :key)
                    """)
                .bind("id", id)
                .bind("key", key)
                .execute()
            > 0);
  }

  private boolean changed(String id, String change, String value) {
    return db.inTransaction(tx -> changed(tx, id, change, value));
  }

  private static boolean changed(Handle tx, String id, String change, String value) {
    var update =
        tx.createUpdate(
                "update tracker.logged_model set updated_at = now(), " + change + " where id = :id")
            .bind("id", id);
    return (change.contains(":value") ? update.bind("value", value) : update).execute() > 0;
  }

  /// A value that a run measured on a model, with the dataset it said it used.
  public record Measure(
      String modelId,
      String key,
      double value,
      long timestamp,
      long step,
      String runId,
      String datasetName,
      String datasetDigest) {}

  public Map<String, List<Measure>> measures(Collection<String> modelIds) {
    var found = new HashMap<String, List<Measure>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select model_id, key, value, timestamp, step, run_id, dataset_name, dataset_digest
                    from tracker.model_metric where model_id = any(:models)
                    order by model_id, key, timestamp, step
                    """)
                .bindArray("models", String.class, modelIds)
                .mapTo(Measure.class)
                .list())
        .forEach(each -> found.computeIfAbsent(each.modelId, id -> new ArrayList<>()).add(each));
    return found;
  }

  /// A version of a registered model that is this logged model.
  public record Registration(String modelId, String name, int version) {}

  public Map<String, List<Registration>> registrations(Collection<String> modelIds) {
    var found = new HashMap<String, List<Registration>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select model_id, name, version from tracker.model_version
                    where model_id = any(:models) order by name, version
                    """)
                .bindArray("models", String.class, modelIds)
                .mapTo(Registration.class)
                .list())
        .forEach(each -> found.computeIfAbsent(each.modelId, id -> new ArrayList<>()).add(each));
    return found;
  }
}
