package dev.pipewright.tracker.evaluation;

import dev.pipewright.platform.Db;
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

/// All SQL of evaluation datasets and their records.
@ApplicationScoped
public class EvaluationDatasetStore {
  private final Db db;

  EvaluationDatasetStore(Db db) {
    this.db = db;
  }

  public static EvaluationDatasetStore on(Db db) {
    return new EvaluationDatasetStore(db);
  }

  /// @param digest changes with every change of the records
  /// @param tags, schema and profile are JSON
  public record DatasetRow(
      String id,
      String name,
      String digest,
      String tags,
      @Nullable String schema,
      @Nullable String profile,
      Instant createdAt,
      Instant updatedAt,
      @Nullable String createdBy,
      @Nullable String updatedBy) {}

  private static final String SELECT =
      """
      select d.id, d.name, d.digest, d.tags::text as tags, d.schema::text as schema,
        d.profile::text as profile, d.created_at, d.updated_at, d.created_by, d.updated_by
      from tracker.evaluation_dataset d
      """;

  public static void create(Handle tx, DatasetRow dataset) {
    tx.createUpdate(
            """
            insert into tracker.evaluation_dataset
              (id, name, digest, tags, schema, profile, created_at, updated_at, created_by, updated_by)
            values (:id, :name, :digest, :tags::jsonb, :schema::json, :profile::json, :createdAt,
              :updatedAt, :createdBy, :updatedBy)
            """)
        .bindMethods(dataset)
        .execute();
  }

  public Optional<DatasetRow> find(String id) {
    return all(List.of(id)).stream().findFirst();
  }

  /// Keeps others from changing it until the transaction ends.
  public static Optional<DatasetRow> lock(Handle tx, String id) {
    return tx.createQuery(SELECT + "where d.id = :id for update")
        .bind("id", id)
        .mapTo(DatasetRow.class)
        .findOne();
  }

  /// In the order of the ids; those that do not exist are left out.
  public List<DatasetRow> all(List<String> ids) {
    return db.read(handle ->
        handle
            .createQuery(
                SELECT
                    + "join unnest(:ids) with ordinality as asked (id, place) on asked.id = d.id order by place")
            .bindArray("ids", String.class, ids)
            .mapTo(DatasetRow.class)
            .list());
  }

  public void delete(String id) {
    db.useTransaction(tx ->
        tx.createUpdate("delete from tracker.evaluation_dataset where id = :id")
            .bind("id", id)
            .execute());
  }

  /// @param tags JSON
  public boolean addTags(String id, String tags) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                    "update tracker.evaluation_dataset set tags = tags || :tags::jsonb where id = :id")
                .bind("id", id)
                .bind("tags", tags)
                .execute()
            > 0);
  }

  public void deleteTag(String id, String key) {
    db.useTransaction(tx ->
        tx.createUpdate("update tracker.evaluation_dataset set tags = tags - :key where id = :id")
            .bind("id", id)
            .bind("key", key)
            .execute());
  }

  /// Says that the dataset is another one than before.
  public static void update(Handle tx, DatasetRow dataset) {
    tx.createUpdate(
            """
            update tracker.evaluation_dataset set digest = :digest, schema = :schema::json,
              profile = :profile::json, updated_at = :updatedAt, updated_by = :updatedBy
            where id = :id
            """)
        .bindMethods(dataset)
        .execute();
  }

  // Experiments

  public static void add(Handle tx, String id, Collection<Long> experiments) {
    tx.createUpdate(
            """
            insert into tracker.evaluation_dataset_experiment (dataset, experiment_id)
            select :id, unnest(:experiments) on conflict do nothing
            """)
        .bind("id", id)
        .bindArray("experiments", Long.class, experiments)
        .execute();
  }

  public static void remove(Handle tx, String id, Collection<Long> experiments) {
    tx.createUpdate(
            """
            delete from tracker.evaluation_dataset_experiment
            where dataset = :id and experiment_id = any(:experiments)
            """)
        .bind("id", id)
        .bindArray("experiments", Long.class, experiments)
        .execute();
  }

  public Map<String, List<String>> experiments(Collection<String> ids) {
    record Row(String dataset, String experiment) {}

    var found = new HashMap<String, List<String>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select dataset, experiment_id::text as experiment
                    from tracker.evaluation_dataset_experiment
                    where dataset = any(:ids) order by experiment_id
                    """)
                .bindArray("ids", String.class, ids)
                .map((rs, context) -> new Row(rs.getString(1), rs.getString(2)))
                .list())
        .forEach(each ->
            found.computeIfAbsent(each.dataset, id -> new ArrayList<>()).add(each.experiment));
    return found;
  }

  // Records

  /// @param digest of the inputs, which tell records of a dataset apart
  /// @param inputs and the others without a comment are JSON
  /// @param sourceId such as the trace it was made of
  public record RecordRow(
      String id,
      String dataset,
      String digest,
      String inputs,
      @Nullable String outputs,
      @Nullable String expectations,
      String tags,
      @Nullable String source,
      @Nullable String sourceId,
      @Nullable String sourceType,
      Instant createdAt,
      Instant updatedAt,
      @Nullable String createdBy,
      @Nullable String updatedBy) {}

  private static final String RECORDS =
      """
      select id, dataset, digest, inputs::text as inputs, outputs::text as outputs,
        expectations::text as expectations, tags::text as tags, source::text as source, source_id,
        source_type, created_at, updated_at, created_by, updated_by
      from tracker.evaluation_record
      """;

  /// By their digests.
  public static Map<String, RecordRow> records(
      Handle tx, String dataset, Collection<String> digests) {
    var found = new HashMap<String, RecordRow>();
    tx.createQuery(RECORDS + "where dataset = :dataset and digest = any(:digests)")
        .bind("dataset", dataset)
        .bindArray("digests", String.class, digests)
        .mapTo(RecordRow.class)
        .forEach(row -> found.put(row.digest, row));
    return found;
  }

  public static void put(Handle tx, Collection<RecordRow> records) {
    var batch =
        tx.prepareBatch(
            """
            insert into tracker.evaluation_record
              (id, dataset, digest, inputs, outputs, expectations, tags, source, source_id, source_type,
               created_at, updated_at, created_by, updated_by)
            values (:id, :dataset, :digest, :inputs::json, :outputs::json, :expectations::json,
              :tags::json, :source::json, :sourceId, :sourceType, :createdAt, :updatedAt, :createdBy,
              :updatedBy)
            on conflict (dataset, digest) do update set
              outputs = excluded.outputs, expectations = excluded.expectations, tags = excluded.tags,
              updated_at = excluded.updated_at, updated_by = excluded.updated_by
            """);
    records.forEach(each -> batch.bindMethods(each).add());
    if (!records.isEmpty()) {
      batch.execute();
    }
  }

  public static long count(Handle tx, String dataset) {
    return tx.createQuery("select count(*) from tracker.evaluation_record where dataset = :dataset")
        .bind("dataset", dataset)
        .mapTo(Long.class)
        .one();
  }

  public static int deleteRecords(Handle tx, String dataset, Collection<String> ids) {
    return tx.createUpdate(
            "delete from tracker.evaluation_record where dataset = :dataset and id = any(:ids)")
        .bind("dataset", dataset)
        .bindArray("ids", String.class, ids)
        .execute();
  }

  /// Oldest first.
  ///
  /// @param after the last one of the page before
  public List<RecordRow> page(String dataset, int limit, @Nullable String after) {
    return db.read(handle ->
        handle
            .createQuery(
                RECORDS
                    + """
                    where dataset = :dataset and (cast(:after as text) is null or (created_at, id) >
                      (select created_at, id from tracker.evaluation_record where id = :after))
                    order by created_at, id limit :limit
                    """)
            .bind("dataset", dataset)
            .bind("after", after)
            .bind("limit", limit)
            .mapTo(RecordRow.class)
            .list());
  }
}
