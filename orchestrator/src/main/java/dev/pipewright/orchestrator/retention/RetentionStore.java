package dev.pipewright.orchestrator.retention;

import dev.pipewright.language.Retention;
import dev.pipewright.orchestrator.run.RunDeletionStore;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/// The SQL that finds the runs which nothing keeps, and the rows of other tables that are too old
/// to be of use.
@ApplicationScoped
class RetentionStore {
  private final Db db;
  private final RunDeletionStore runs;

  RetentionStore(Db db, RunDeletionStore runs) {
    this.db = db;
    this.runs = runs;
  }

  /// The runs that go. Runs that others called go with those. Those of a backfill under way stay:
  /// it counts by them. So do those whose end triggers have not heard of.
  private static final String GOES =
      """
      from orchestrator.pipeline_run r
      where r.pipeline = :pipeline and r.parent_run_id is null and r.number < :below
        and r.state in ('SUCCEEDED', 'FAILED', 'CANCELLED') and r.ended_at < :before
        and not exists (
          select from orchestrator.backfill b
          where b.state = 'RUNNING' and b.id::text = r.origin ->> 'backfill')
        and not exists (select from orchestrator.run_end e where e.run_id = r.id)
      """;

  /// The names of all pipelines.
  List<String> pipelines() {
    return db.read(handle ->
        handle
            .createQuery("select name from orchestrator.pipeline order by name")
            .mapTo(String.class)
            .list());
  }

  /// What goes of a pipeline.
  ///
  /// @param first the number of the oldest run
  /// @param last the number of the newest
  record Found(long runs, @Nullable Long first, @Nullable Long last) {}

  Found find(String pipeline, Retention rule, Instant now) {
    return db.read(handle -> {
      var select = "select count(*) as runs, min(r.number) as first, max(r.number) as last " + GOES;
      return bind(handle, select, pipeline, rule, now).mapTo(Found.class).one();
    });
  }

  /// Deletes some, the oldest first.
  ///
  /// @return how many
  int delete(String pipeline, Retention rule, Instant now, int most) {
    return db.inTransaction(tx -> {
      // One that is being retried just now is left alone.
      var select = "select r.id " + GOES + " order by r.number limit :most for update skip locked";
      var ids = bind(tx, select, pipeline, rule, now).bind("most", most).mapTo(UUID.class).list();
      return ids.isEmpty() ? 0 : runs.delete(tx, ids);
    });
  }

  private static Query bind(
      Handle handle, String select, String pipeline, Retention rule, Instant now) {
    return handle
        .createQuery(select)
        .bind("pipeline", pipeline)
        .bind("below", below(handle, pipeline, rule.keepLast()))
        .bind("before", rule.olderThan() == null ? now : now.minus(rule.olderThan()));
  }

  /// The number of the oldest run that is one of the newest that have ended.
  private static long below(Handle handle, String pipeline, @Nullable Integer keepLast) {
    if (keepLast == null) {
      return Long.MAX_VALUE;
    }
    Optional<Long> oldest =
        handle
            .createQuery(
                """
                select number from orchestrator.pipeline_run
                where pipeline = :pipeline and parent_run_id is null
                  and state in ('SUCCEEDED', 'FAILED', 'CANCELLED')
                order by number desc offset :keep - 1 limit 1
                """)
            .bind("pipeline", pipeline)
            .bind("keep", keepLast)
            .mapTo(Long.class)
            .findOne();
    return oldest.orElse(0L);
  }

  /// Outputs by what they depend on, remembered longer than any pipeline may ask for.
  int forgetCached(Instant before, int most) {
    return deleteOld(
        """
        delete from orchestrator.cache_entry where key = any(array(
          select key from orchestrator.cache_entry where created_at < :before limit :most))
        """,
        before,
        most);
  }

  /// Messages that could never be handled.
  int forgetDeadLetters(Instant before, int most) {
    return deleteOld(
        """
        delete from orchestrator.dead_letter where id = any(array(
          select id from orchestrator.dead_letter where created_at < :before order by id limit :most))
        """,
        before,
        most);
  }

  /// Which runs were deleted.
  int forgetDeleted(Instant before, int most) {
    return deleteOld(
        """
        delete from orchestrator.deleted_run where id = any(array(
          select id from orchestrator.deleted_run where at < :before limit :most))
        """,
        before,
        most);
  }

  private int deleteOld(String delete, Instant before, int most) {
    return db.inTransaction(
        tx -> tx.createUpdate(delete).bind("before", before).bind("most", most).execute());
  }

  /// The longest that a pipeline may ask for cached outputs of.
  static final Duration LONGEST_CACHED = Duration.ofDays(366);
}
