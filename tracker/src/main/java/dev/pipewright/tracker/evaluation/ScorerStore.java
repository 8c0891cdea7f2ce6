package dev.pipewright.tracker.evaluation;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of scorers and their versions.
@ApplicationScoped
public class ScorerStore {
  private final Db db;

  ScorerStore(Db db) {
    this.db = db;
  }

  public static ScorerStore on(Db db) {
    return new ScorerStore(db);
  }

  /// @param id of the scorer, the same for all versions
  public record ScorerRow(
      String id,
      long experimentId,
      String name,
      int version,
      String serialized,
      Instant createdAt) {}

  private static final String SELECT =
      """
      select s.id, s.experiment_id, s.name, v.version, v.serialized, v.created_at
      from tracker.scorer s join tracker.scorer_version v on v.scorer = s.id
      """;

  /// Adds the next version.
  ///
  /// @param id of the scorer when it is new
  public static ScorerRow register(
      Handle tx, String id, long experimentId, String name, String serialized, Instant now) {
    // The update locks the scorer, so that two versions at once get two numbers.
    var scorer =
        tx.createQuery(
                """
                insert into tracker.scorer (id, experiment_id, name) values (:id, :experiment, :name)
                on conflict (experiment_id, name) do update set name = excluded.name returning id
                """)
            .bind("id", id)
            .bind("experiment", experimentId)
            .bind("name", name)
            .mapTo(String.class)
            .one();
    int version =
        tx.createQuery(
                """
                insert into tracker.scorer_version (scorer, version, serialized, created_at)
                select :scorer, coalesce(max(version), 0) + 1, :serialized, :now
                from tracker.scorer_version where scorer = :scorer returning version
                """)
            .bind("scorer", scorer)
            .bind("serialized", serialized)
            .bind("now", now)
            .mapTo(Integer.class)
            .one();
    return new ScorerRow(scorer, experimentId, name, version, serialized, now);
  }

  /// The newest version of each scorer, by experiment and name.
  ///
  /// @param experiments null for all that are not deleted
  public List<ScorerRow> newest(@Nullable Collection<Long> experiments) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select distinct on (s.experiment_id, s.name)
                  s.id, s.experiment_id, s.name, v.version, v.serialized, v.created_at
                from tracker.scorer s join tracker.scorer_version v on v.scorer = s.id
                join tracker.experiment e on e.id = s.experiment_id
                where e.deleted_at is null and (:all or s.experiment_id = any(:experiments))
                order by s.experiment_id, s.name, v.version desc
                """)
            .bind("all", experiments == null)
            .bindArray("experiments", Long.class, experiments == null ? List.of() : experiments)
            .mapTo(ScorerRow.class)
            .list());
  }

  /// Oldest first; empty when there is no such scorer.
  public static List<ScorerRow> versions(Handle handle, long experimentId, String name) {
    return handle
        .createQuery(
            SELECT + "where s.experiment_id = :experiment and s.name = :name order by v.version")
        .bind("experiment", experimentId)
        .bind("name", name)
        .mapTo(ScorerRow.class)
        .list();
  }

  /// @param version null for the scorer with all its versions
  public static boolean delete(
      Handle tx, long experimentId, String name, @Nullable Integer version) {
    if (version == null) {
      return tx.createUpdate(
                  "delete from tracker.scorer where experiment_id = :experiment and name = :name")
              .bind("experiment", experimentId)
              .bind("name", name)
              .execute()
          > 0;
    }
    return tx.createUpdate(
                """
                delete from tracker.scorer_version v using tracker.scorer s
                where s.id = v.scorer and s.experiment_id = :experiment and s.name = :name
                  and v.version = :version
                """)
            .bind("experiment", experimentId)
            .bind("name", name)
            .bind("version", version)
            .execute()
        > 0;
  }
}
