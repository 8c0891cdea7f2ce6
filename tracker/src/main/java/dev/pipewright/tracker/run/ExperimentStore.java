package dev.pipewright.tracker.run;

import dev.pipewright.contract.api.Experiment;
import dev.pipewright.contract.api.Page;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of experiments and their tags.
@ApplicationScoped
public class ExperimentStore {
  /// The experiment of runs that name none; always there.
  public static final long DEFAULT = 0;

  private static final String COLUMNS =
      """
      select id, name, artifact_location, deleted_at, created_at, updated_at
      from tracker.experiment
      """;

  private final Db db;

  ExperimentStore(Db db) {
    this.db = db;
  }

  public static ExperimentStore on(Db db) {
    return new ExperimentStore(db);
  }

  /// @param artifactLocation where the artifacts of its runs go, unless a run says otherwise
  public record ExperimentRow(
      long id,
      String name,
      String artifactLocation,
      @Nullable Instant deletedAt,
      Instant createdAt,
      Instant updatedAt) {}

  /// The experiment's id; makes the experiment when there is none of that name.
  public static long ensure(Handle tx, String name) {
    return tx.createQuery("select id from tracker.experiment where name = :name")
        .bind("name", name)
        .mapTo(Long.class)
        .findOne()
        // Empty when another transaction was first, whose row is visible now.
        .or(() -> create(tx, name, null))
        .orElseGet(() ->
            tx.createQuery("select id from tracker.experiment where name = :name")
                .bind("name", name)
                .mapTo(Long.class)
                .one());
  }

  /// Empty when the name is taken, by a deleted experiment too.
  ///
  /// @param artifactLocation null for the server's own store
  public static Optional<Long> create(Handle tx, String name, @Nullable String artifactLocation) {
    return tx.createQuery(
            """
            insert into tracker.experiment (id, name, artifact_location) overriding system value
            select id, :name, coalesce(cast(:location as text), 'mlflow-artifacts:/' || id)
            from (select nextval(pg_get_serial_sequence('tracker.experiment', 'id')) as id) next
            on conflict (name) do nothing returning id
            """)
        .bind("name", name)
        .bind("location", artifactLocation)
        .mapTo(Long.class)
        .findOne();
  }

  public Optional<ExperimentRow> find(long id) {
    return db.read(handle -> find(handle, id));
  }

  public static Optional<ExperimentRow> find(Handle handle, long id) {
    return handle
        .createQuery(COLUMNS + " where id = :id")
        .bind("id", id)
        .mapTo(ExperimentRow.class)
        .findOne();
  }

  public Optional<ExperimentRow> find(String name) {
    return db.read(handle ->
        handle
            .createQuery(COLUMNS + " where name = :name")
            .bind("name", name)
            .mapTo(ExperimentRow.class)
            .findOne());
  }

  /// In the order of the ids; those that do not exist are left out.
  public List<ExperimentRow> all(List<Long> ids) {
    return db.read(handle ->
        handle
            .createQuery(
                COLUMNS
                    + " join unnest(:ids) with ordinality as asked (id, place) using (id) order by place")
            .bindArray("ids", Long.class, ids)
            .mapTo(ExperimentRow.class)
            .list());
  }

  /// False when the name is taken. Of two renames to one name at once, the second breaks the name's
  /// unique key.
  public static boolean rename(Handle tx, long id, String name) {
    return tx.createUpdate(
                """
                update tracker.experiment set name = :name, updated_at = now()
                where id = :id
                  and not exists (select from tracker.experiment where name = :name and id <> :id)
                """)
            .bind("id", id)
            .bind("name", name)
            .execute()
        == 1;
  }

  /// Deletes or restores an experiment together with its runs.
  public static void setDeleted(Handle tx, long id, boolean deleted) {
    for (var table : List.of("experiment set updated_at = now(),", "run set")) {
      tx.createUpdate(
              "update tracker."
                  + table
                  + " deleted_at = "
                  + (deleted ? "coalesce(deleted_at, now())" : "null")
                  + (table.startsWith("run") ? " where experiment_id = :id" : " where id = :id"))
          .bind("id", id)
          .execute();
    }
  }

  public static void tag(Handle tx, long id, Map<String, String> tags) {
    var batch =
        tx.prepareBatch(
            """
            insert into tracker.experiment_tag (experiment_id, key, value) values (:id, :key, :value)
            on conflict (experiment_id, key) do update set value = excluded.value
            """);
    tags.forEach((key, value) -> batch.bind("id", id).bind("key", key).bind("value", value).add());
    if (!tags.isEmpty()) {
      batch.execute();
    }
  }

  public static boolean untag(Handle tx, long id, String key) {
    return tx.createUpdate(
                "delete from tracker.experiment_tag where experiment_id = :id and key = :key")
            .bind("id", id)
            .bind("key", key)
            .execute()
        > 0;
  }

  private record TagRow(long experimentId, String key, String value) {}

  public Map<Long, Map<String, String>> tags(Collection<Long> ids) {
    var found = new HashMap<Long, Map<String, String>>();
    db.read(handle ->
            handle
                .createQuery(
                    "select experiment_id, key, value from tracker.experiment_tag where experiment_id = any(:ids)")
                .bindArray("ids", Long.class, ids)
                .mapTo(TagRow.class)
                .list())
        .forEach(tag ->
            found.computeIfAbsent(tag.experimentId, id -> new TreeMap<>()).put(tag.key, tag.value));
    return found;
  }

  /// Those that are not deleted, newest first.
  Page<Experiment> page(int limit, @Nullable Long before) {
    return Paging.page(
        db.read(handle ->
            handle
                .createQuery(
                    """
                    select id::text as id, name,
                      (select count(*) from tracker.run
                        where experiment_id = e.id and deleted_at is null) as runs, created_at
                    from tracker.experiment e where id < :before and deleted_at is null
                    order by e.id desc limit :limit
                    """)
                .bind("before", before == null ? Long.MAX_VALUE : before)
                .bind("limit", limit + 1)
                .mapTo(Experiment.class)
                .list()),
        limit,
        Experiment::id,
        row -> row);
  }
}
