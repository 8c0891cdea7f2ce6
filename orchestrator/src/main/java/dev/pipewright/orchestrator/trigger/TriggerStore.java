package dev.pipewright.orchestrator.trigger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of triggers and of what they listen for.
@ApplicationScoped
class TriggerStore {
  private static final String ROW =
      """
      select number, name, spec::text as spec, event, paused, secret, created_at, updated_at
      from orchestrator.trigger
      """;

  private final Db db;

  TriggerStore(Db db) {
    this.db = db;
  }

  record Row(
      long number,
      String name,
      String spec,
      String event,
      boolean paused,
      byte @Nullable [] secret,
      Instant createdAt,
      Instant updatedAt) {
    JsonNode json() {
      return TriggerStore.json(spec);
    }
  }

  static JsonNode json(String text) {
    try {
      return Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored document is damaged", e);
    }
  }

  Optional<Row> lock(Handle tx, String name) {
    return tx.createQuery(ROW + " where name = :name for update")
        .bind("name", name)
        .mapTo(Row.class)
        .findOne();
  }

  /// @return false when somebody made it in the meantime
  boolean create(
      Handle tx,
      String name,
      JsonNode spec,
      String event,
      boolean paused,
      byte @Nullable [] secret,
      Instant now) {
    return tx.createUpdate(
                """
                insert into orchestrator.trigger (name, spec, event, paused, secret, created_at, updated_at)
                values (:name, cast(:spec as jsonb), :event, :paused, :secret, :now, :now)
                on conflict do nothing
                """)
            .bind("name", name)
            .bind("spec", spec.toString())
            .bind("event", event)
            .bind("paused", paused)
            .bind("secret", secret)
            .bind("now", now)
            .execute()
        == 1;
  }

  /// @param secret null leaves it as it is
  void update(
      Handle tx,
      long number,
      JsonNode spec,
      String event,
      boolean paused,
      byte @Nullable [] secret,
      Instant now) {
    tx.createUpdate(
            """
            update orchestrator.trigger set spec = cast(:spec as jsonb), event = :event,
              paused = :paused, secret = coalesce(cast(:secret as bytea), secret), updated_at = :now
            where number = :number
            """)
        .bind("number", number)
        .bind("spec", spec.toString())
        .bind("event", event)
        .bind("paused", paused)
        .bind("secret", secret)
        .bind("now", now)
        .execute();
  }

  boolean delete(String name) {
    return db.inTransaction(tx ->
        tx.createUpdate("delete from orchestrator.trigger where name = :name")
                .bind("name", name)
                .execute()
            == 1);
  }

  Optional<Row> find(String name) {
    return db.read(handle ->
        handle
            .createQuery(ROW + " where name = :name")
            .bind("name", name)
            .mapTo(Row.class)
            .findOne());
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

  /// Those that listen for a kind of event, since before it happened.
  List<Row> listening(Handle tx, String event, Instant at) {
    return tx.createQuery(
            ROW + " where event = :event and not paused and created_at <= :at order by number")
        .bind("event", event)
        .bind("at", at)
        .mapTo(Row.class)
        .list();
  }

  /// A run that ended and what there is to know of it.
  record RunEnd(
      UUID runId,
      long revision,
      String pipeline,
      int version,
      String state,
      Instant at,
      long number,
      String params,
      String outputs,
      @Nullable String message,
      @Nullable Instant scheduledAt) {}

  /// Takes ends of runs that nobody else deals with, in their order. They are gone with the
  /// transaction. One whose run was deleted since is gone too.
  List<RunEnd> takeRunEnds(Handle tx, int most) {
    return tx.createQuery(
            """
            with taken as (
              delete from orchestrator.run_end where number = any(array(
                select number from orchestrator.run_end order by number limit :most
                for update skip locked))
              returning number as place, run_id, revision, pipeline, version, state, at)
            select t.run_id, t.revision, t.pipeline, t.version, t.state, t.at, r.number,
              r.params::text as params, r.outputs::text as outputs, r.message, r.scheduled_at
            from taken t join orchestrator.pipeline_run r on r.id = t.run_id order by t.place
            """)
        .bind("most", most)
        .mapTo(RunEnd.class)
        .list();
  }

  /// What started a run, or the run that called it, and so on up.
  Optional<JsonNode> origin(Handle tx, UUID run) {
    return tx.createQuery(
            """
            with recursive up (id, parent_run_id, origin) as (
              select id, parent_run_id, origin from orchestrator.pipeline_run where id = :run
              union all
              select r.id, r.parent_run_id, r.origin
              from orchestrator.pipeline_run r join up on r.id = up.parent_run_id)
            select origin::text from up where parent_run_id is null
            """)
        .bind("run", run)
        .mapTo(String.class)
        .findOne()
        .map(TriggerStore::json);
  }
}
