package dev.pipewright.orchestrator.fire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.FireState;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.orchestrator.run.RunLoop;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of occasions.
@ApplicationScoped
public class FireStore {
  private static final TypeReference<List<Problem.Violation>> ERRORS = new TypeReference<>() {};

  private final Db db;

  FireStore(Db db) {
    this.db = db;
  }

  public static FireStore on(Db db) {
    return new FireStore(db);
  }

  /// What an occasion belongs to.
  public enum Owner {
    SCHEDULE,
    BACKFILL,
    TRIGGER;

    private String column() {
      return switch (this) {
        case SCHEDULE -> "schedule";
        case BACKFILL -> "backfill";
        case TRIGGER -> "trigger";
      };
    }
  }

  /// How an occasion was settled.
  ///
  /// @param code null where there is no problem
  public record Settled(
      FireState state,
      @Nullable String code,
      @Nullable String reason,
      List<Problem.Violation> errors,
      @Nullable UUID run) {
    public static Settled started(UUID run) {
      return new Settled(FireState.STARTED, null, null, List.of(), run);
    }

    public static Settled skipped(String reason) {
      return new Settled(FireState.SKIPPED, null, reason, List.of(), null);
    }

    public static Settled refused(Problem problem) {
      return new Settled(
          FireState.REFUSED, problem.code(), problem.detail(), problem.errors(), null);
    }
  }

  /// An occasion, before anything came of it.
  ///
  /// @param key unique; of the run too
  /// @param wanted null for one that is settled already
  /// @param dueAt null to hold it back
  /// @param settled null for one that is to start a run
  public record NewFire(
      Owner owner,
      long ownerNumber,
      String key,
      Instant time,
      @Nullable Instant until,
      int times,
      @Nullable Wanted wanted,
      @Nullable Instant dueAt,
      @Nullable Instant deadlineAt,
      @Nullable Settled settled) {

    public static NewFire planned(
        Owner owner,
        long ownerNumber,
        String key,
        Instant time,
        Wanted wanted,
        @Nullable Instant dueAt,
        @Nullable Instant deadlineAt) {
      return new NewFire(owner, ownerNumber, key, time, null, 1, wanted, dueAt, deadlineAt, null);
    }

    public static NewFire settled(
        Owner owner, long ownerNumber, String key, Instant time, Settled settled) {
      return new NewFire(owner, ownerNumber, key, time, null, 1, null, null, null, settled);
    }
  }

  /// @return its number; empty when there was one with the key
  public Optional<Long> add(Handle tx, NewFire fire, Instant now) {
    var settled = fire.settled;
    return tx.createQuery(
            """
            insert into orchestrator.fire (%s, key, time, until, times, wanted, state, due_at,
              deadline_at, code, reason, errors, at, created_at)
            values (:owner, :key, :time, :until, :times, cast(:wanted as jsonb), :state, :dueAt,
              :deadlineAt, :code, :reason, cast(:errors as jsonb), :at, :now)
            on conflict (key) do nothing returning number
            """
                .formatted(fire.owner.column()))
        .bind("owner", fire.ownerNumber)
        .bind("key", fire.key)
        .bind("time", fire.time)
        .bind("until", fire.until)
        .bind("times", fire.times)
        .bind("wanted", fire.wanted == null ? null : fire.wanted.json())
        .bind("state", settled == null ? "PLANNED" : settled.state.name())
        .bind("dueAt", fire.dueAt)
        .bind("deadlineAt", fire.deadlineAt)
        .bind("code", settled == null ? null : settled.code)
        .bind("reason", settled == null ? null : settled.reason)
        .bind("errors", settled == null ? null : json(settled.errors))
        .bind("at", settled == null ? null : now.atOffset(ZoneOffset.UTC))
        .bind("now", now)
        .mapTo(Long.class)
        .findOne();
  }

  /// An occasion whose run is to start now.
  public record Due(
      long number,
      String key,
      Instant time,
      String wanted,
      @Nullable Instant deadlineAt,
      @Nullable Long schedule,
      @Nullable Long backfill) {}

  /// Takes occasions that are due. Who takes one and vanishes holds it until the lease ends.
  public List<Due> claim(Instant now, int most, Duration lease) {
    return db.inTransaction(tx ->
        tx.createQuery(
                """
                update orchestrator.fire set due_at = :until where number = any(array(
                  select number from orchestrator.fire
                  where state = 'PLANNED' and due_at <= :now
                  order by due_at, number limit :most for update skip locked))
                returning number, key, time, wanted::text as wanted, deadline_at, schedule, backfill
                """)
            .bind("now", now)
            .bind("until", now.plus(lease))
            .bind("most", most)
            .mapTo(Due.class)
            .list());
  }

  Optional<UUID> runOf(String key) {
    return db.read(handle ->
        handle
            .createQuery("select id from orchestrator.pipeline_run where idempotency_key = :key")
            .bind("key", key)
            .mapTo(UUID.class)
            .findOne());
  }

  /// Writes down what came of an occasion, and cancels its run where the backfill was cancelled
  /// with its runs while that run was starting.
  ///
  /// @return whether the run was cancelled
  boolean settle(Due due, Settled settled, Instant now) {
    return db.inTransaction(tx -> {
      // Asked first: whoever cancels takes the backfill's row before those of its occasions.
      var run = due.backfill != null && runsCancelled(tx, due.backfill) ? settled.run : null;
      boolean first = settle(tx, due.number, settled, now);
      if (run == null || !first) {
        return false;
      }
      RunLoop.cancel(tx, List.of(run));
      return true;
    });
  }

  /// Under a lock, so that whoever cancels the backfill either sees the run, or is seen here.
  private static boolean runsCancelled(Handle tx, long backfill) {
    return tx.createQuery(
            "select runs_cancelled from orchestrator.backfill where number = :number for share")
        .bind("number", backfill)
        .mapTo(Boolean.class)
        .one();
  }

  private static boolean settle(Handle tx, long number, Settled settled, Instant now) {
    return tx.createUpdate(
                """
                update orchestrator.fire set state = :state, code = :code, reason = :reason,
                  errors = cast(:errors as jsonb), run_id = :run, at = :now
                where number = :number and state = 'PLANNED'
                """)
            .bind("number", number)
            .bind("state", settled.state.name())
            .bind("code", settled.code)
            .bind("reason", settled.reason)
            .bind("errors", json(settled.errors))
            .bind("run", settled.run)
            .bind("now", now)
            .execute()
        == 1;
  }

  /// Nothing came of it yet, and it waits for its backfill to let it go again; once that is
  /// cancelled, it is over.
  void holdBack(long number, long backfill, Instant now) {
    db.useTransaction(tx -> {
      // Under a lock, so that whoever cancels the backfill either sees it, or is seen here.
      boolean goesOn =
          tx.createQuery(
                  "select state = 'RUNNING' from orchestrator.backfill where number = :number for share")
              .bind("number", backfill)
              .mapTo(Boolean.class)
              .one();
      if (goesOn) {
        tx.createUpdate(
                "update orchestrator.fire set due_at = null where number = :number and state = 'PLANNED'")
            .bind("number", number)
            .execute();
      } else {
        settle(tx, number, Settled.skipped(Fires.CANCELLED), now);
      }
    });
  }

  /// Deletes some of those that were settled before a time, but those of backfills under way, whose
  /// count they are.
  int deleteOld(Instant before, int most) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                """
                delete from orchestrator.fire where number = any(array(
                  select f.number from orchestrator.fire f
                  where f.at < :before and not exists (
                    select from orchestrator.backfill b
                    where b.number = f.backfill and b.state = 'RUNNING')
                  limit :most))
                """)
            .bind("before", before)
            .bind("most", most)
            .execute());
  }

  private record Row(
      long number,
      Instant time,
      @Nullable Instant until,
      int times,
      String state,
      @Nullable String code,
      @Nullable String reason,
      @Nullable String errors,
      @Nullable UUID runId,
      @Nullable String runState,
      @Nullable Instant at) {
    Fire fire() {
      return new Fire(
          number,
          time,
          until,
          times,
          FireState.valueOf(state),
          code,
          reason,
          FireStore.errors(errors),
          runId == null ? null : runId.toString(),
          runState == null ? null : RunState.valueOf(runState),
          at);
    }
  }

  private static final String ROW =
      """
      select f.number, f.time, f.until, f.times, f.state, f.code, f.reason, f.errors::text as errors,
        f.run_id, r.state as run_state, f.at
      from orchestrator.fire f left join orchestrator.pipeline_run r on r.id = f.run_id
      """;

  /// Newest first.
  public Page<Fire> history(Owner owner, long ownerNumber, int limit, @Nullable Long before) {
    var rows =
        db.read(handle ->
            handle
                .createQuery(
                    ROW
                        + " where f."
                        + owner.column()
                        + " = :owner and f.number < :before order by f.number desc limit :limit")
                .bind("owner", ownerNumber)
                .bind("before", before == null ? Long.MAX_VALUE : before)
                .bind("limit", limit + 1)
                .mapTo(Row.class)
                .list());
    return Paging.page(rows, limit, row -> String.valueOf(row.number), Row::fire);
  }

  /// The newest that is not merely planned.
  public @Nullable Fire last(Owner owner, long ownerNumber) {
    return db.read(handle ->
        handle
            .createQuery(
                ROW
                    + " where f."
                    + owner.column()
                    + " = :owner and f.state <> 'PLANNED' order by f.number desc limit 1")
            .bind("owner", ownerNumber)
            .mapTo(Row.class)
            .findOne()
            .map(Row::fire)
            .orElse(null));
  }

  /// The one with a key.
  public Optional<Fire> find(Handle handle, String key) {
    return handle
        .createQuery(ROW + " where f.key = :key")
        .bind("key", key)
        .mapTo(Row.class)
        .findOne()
        .map(Row::fire);
  }

  /// Forgets one that started nothing, so that it can come again.
  public void forget(Handle tx, String key) {
    tx.createUpdate(
            "delete from orchestrator.fire where key = :key and state in ('SKIPPED', 'REFUSED')")
        .bind("key", key)
        .execute();
  }

  private static @Nullable String json(List<Problem.Violation> errors) {
    try {
      return errors.isEmpty() ? null : Json.MAPPER.writeValueAsString(errors);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("errors did not become JSON", e);
    }
  }

  private static List<Problem.Violation> errors(@Nullable String json) {
    try {
      return json == null ? List.of() : Json.MAPPER.readValue(json, ERRORS);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("stored errors are damaged", e);
    }
  }
}
