package dev.pipewright.orchestrator.schedule;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.orchestrator.run.RunLoop;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of backfills.
@ApplicationScoped
class BackfillStore {
  private static final String ROW =
      """
      select b.number, b.id, b.asked::text as asked, b.spec::text as spec, b.pipeline, b.state,
        b.created_at, b.ended_at
      from orchestrator.backfill b
      """;

  private final Db db;

  BackfillStore(Db db) {
    this.db = db;
  }

  record Row(
      long number,
      UUID id,
      String asked,
      String spec,
      String pipeline,
      String state,
      Instant createdAt,
      @Nullable Instant endedAt) {}

  /// How many of a backfill's times are how far.
  record Counts(
      long backfill,
      int total,
      int waiting,
      int running,
      int succeeded,
      int failed,
      int skipped,
      int refused) {}

  long create(Handle tx, UUID id, JsonNode asked, JsonNode spec, String pipeline, Instant now) {
    return tx.createQuery(
            """
            insert into orchestrator.backfill (id, asked, spec, pipeline, state, created_at)
            values (:id, cast(:asked as jsonb), cast(:spec as jsonb), :pipeline, 'RUNNING', :now)
            returning number
            """)
        .bind("id", id)
        .bind("asked", asked.toString())
        .bind("spec", spec.toString())
        .bind("pipeline", pipeline)
        .bind("now", now)
        .mapTo(Long.class)
        .one();
  }

  Optional<Row> find(UUID id) {
    return db.read(handle ->
        handle.createQuery(ROW + " where id = :id").bind("id", id).mapTo(Row.class).findOne());
  }

  /// Newest first; one more than asked for where there are more.
  List<Row> list(int limit, @Nullable Long before) {
    return db.read(handle ->
        handle
            .createQuery(ROW + " where number < :before order by number desc limit :limit")
            .bind("before", before == null ? Long.MAX_VALUE : before)
            .bind("limit", limit + 1)
            .mapTo(Row.class)
            .list());
  }

  List<Counts> counts(List<Long> backfills) {
    return db.read(handle -> counts(handle, backfills));
  }

  static List<Counts> counts(Handle handle, List<Long> backfills) {
    return handle
        .createQuery(
            """
            select b.number as backfill, count(f.number)::int as total,
              count(*) filter (where f.state = 'PLANNED')::int as waiting,
              count(*) filter (where r.state in ('QUEUED', 'RUNNING'))::int as running,
              count(*) filter (where r.state = 'SUCCEEDED' or f.state = 'STARTED' and r.state is null)::int
                as succeeded,
              count(*) filter (where r.state in ('FAILED', 'CANCELLED'))::int as failed,
              count(*) filter (where f.state = 'SKIPPED')::int as skipped,
              count(*) filter (where f.state = 'REFUSED')::int as refused
            from unnest(:backfills) as b (number)
            left join orchestrator.fire f on f.backfill = b.number
            left join orchestrator.pipeline_run r on r.id = f.run_id
            group by b.number
            """)
        .bindArray("backfills", Long.class, backfills)
        .mapTo(Counts.class)
        .list();
  }

  List<Long> running() {
    return db.read(handle ->
        handle
            .createQuery(
                "select number from orchestrator.backfill where state = 'RUNNING' order by number")
            .mapTo(Long.class)
            .list());
  }

  /// One under way that nobody else deals with; it stays locked.
  Optional<Row> lock(Handle tx, long number) {
    return tx.createQuery(
            ROW + " where number = :number and state = 'RUNNING' for no key update skip locked")
        .bind("number", number)
        .mapTo(Row.class)
        .findOne();
  }

  Optional<Row> lock(Handle tx, UUID id) {
    return tx.createQuery(ROW + " where id = :id for no key update")
        .bind("id", id)
        .mapTo(Row.class)
        .findOne();
  }

  /// How many of a backfill are let go, or have a run under way.
  int active(Handle tx, long number) {
    return tx.createQuery(
            """
            select count(*) from orchestrator.fire f
            left join orchestrator.pipeline_run r on r.id = f.run_id
            where f.backfill = :number and (f.state = 'PLANNED' and f.due_at is not null
              or f.state = 'STARTED' and r.state in ('QUEUED', 'RUNNING'))
            """)
        .bind("number", number)
        .mapTo(Integer.class)
        .one();
  }

  /// The next that are held back, in the backfill's order.
  List<Held> held(Handle tx, long number, boolean newestFirst, int most) {
    return tx.createQuery(
            """
            select number, time from orchestrator.fire
            where backfill = :number and state = 'PLANNED' and due_at is null
            order by time %s limit :most
            """
                .formatted(newestFirst ? "desc" : "asc"))
        .bind("number", number)
        .bind("most", most)
        .mapTo(Held.class)
        .list();
  }

  record Held(long number, Instant time) {}

  boolean hasSucceeded(Handle tx, String pipeline, Instant time) {
    return tx.createQuery(
            """
            select exists (select from orchestrator.pipeline_run
              where pipeline = :pipeline and scheduled_at = :time and state = 'SUCCEEDED')
            """)
        .bind("pipeline", pipeline)
        .bind("time", time)
        .mapTo(Boolean.class)
        .one();
  }

  void letGo(Handle tx, long fire, Instant now) {
    tx.createUpdate("update orchestrator.fire set due_at = :now where number = :fire")
        .bind("fire", fire)
        .bind("now", now)
        .execute();
  }

  void skip(Handle tx, long fire, String reason, Instant now) {
    tx.createUpdate(
            """
            update orchestrator.fire set state = 'SKIPPED', reason = :reason, at = :now
            where number = :fire and state = 'PLANNED'
            """)
        .bind("fire", fire)
        .bind("reason", reason)
        .bind("now", now)
        .execute();
  }

  /// Those that are let go may be about to start; they do.
  void skipHeld(Handle tx, long number, String reason, Instant now) {
    tx.createUpdate(
            """
            update orchestrator.fire set state = 'SKIPPED', reason = :reason, at = :now
            where backfill = :number and state = 'PLANNED' and due_at is null
            """)
        .bind("number", number)
        .bind("reason", reason)
        .bind("now", now)
        .execute();
  }

  /// Cancels its runs, those too that start at this moment. Once only: a run that is cancelled a
  /// second time does not even end its `finally`.
  ///
  /// @return the runs, for someone to look at after the transaction
  List<UUID> cancelRuns(Handle tx, long number, String reason, Instant now) {
    int first =
        tx.createUpdate(
                """
                update orchestrator.backfill set runs_cancelled = true
                where number = :number and not runs_cancelled
                """)
            .bind("number", number)
            .execute();
    if (first == 0) {
      return List.of();
    }
    // One that is due later was claimed: whoever starts its run finds that it is not wanted.
    tx.createUpdate(
            """
            update orchestrator.fire set state = 'SKIPPED', reason = :reason, at = :now
            where backfill = :number and state = 'PLANNED' and due_at <= :now
            """)
        .bind("number", number)
        .bind("reason", reason)
        .bind("now", now)
        .execute();
    var runs =
        tx.createQuery(
                """
                select r.id from orchestrator.fire f
                join orchestrator.pipeline_run r on r.id = f.run_id
                where f.backfill = :number and r.state in ('QUEUED', 'RUNNING')
                """)
            .bind("number", number)
            .mapTo(UUID.class)
            .list();
    RunLoop.cancel(tx, runs);
    return runs;
  }

  void end(Handle tx, long number, String state, Instant now) {
    tx.createUpdate(
            "update orchestrator.backfill set state = :state, ended_at = :now where number = :number")
        .bind("number", number)
        .bind("state", state)
        .bind("now", now)
        .execute();
  }
}
