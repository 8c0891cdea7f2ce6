package dev.pipewright.orchestrator.schedule;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of schedules.
@ApplicationScoped
class ScheduleStore {
  private static final String ROW =
      """
      select number, name, spec::text as spec, paused, next_at, created_at, updated_at
      from orchestrator.schedule
      """;

  private final Db db;

  ScheduleStore(Db db) {
    this.db = db;
  }

  record Row(
      long number,
      String name,
      String spec,
      boolean paused,
      @Nullable Instant nextAt,
      Instant createdAt,
      Instant updatedAt) {
    JsonNode json() {
      return ScheduleStore.json(spec);
    }

    Rules rules() {
      return ScheduleReader.stored(json());
    }
  }

  static JsonNode json(String text) {
    try {
      return Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored document is damaged", e);
    }
  }

  /// Locks a schedule, so that its times are dealt with by one at a time.
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
      boolean paused,
      @Nullable Instant nextAt,
      Instant now) {
    return tx.createUpdate(
                """
                insert into orchestrator.schedule (name, spec, paused, next_at, created_at, updated_at)
                values (:name, cast(:spec as jsonb), :paused, :next, :now, :now) on conflict do nothing
                """)
            .bind("name", name)
            .bind("spec", spec.toString())
            .bind("paused", paused)
            .bind("next", nextAt)
            .bind("now", now)
            .execute()
        == 1;
  }

  void update(
      Handle tx,
      long number,
      JsonNode spec,
      boolean paused,
      @Nullable Instant nextAt,
      Instant now) {
    tx.createUpdate(
            """
            update orchestrator.schedule set spec = cast(:spec as jsonb), paused = :paused,
              next_at = :next, updated_at = :now
            where number = :number
            """)
        .bind("number", number)
        .bind("spec", spec.toString())
        .bind("paused", paused)
        .bind("next", nextAt)
        .bind("now", now)
        .execute();
  }

  boolean delete(String name) {
    return db.inTransaction(tx ->
        tx.createUpdate("delete from orchestrator.schedule where name = :name")
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

  /// One whose time has come and that nobody else deals with; it stays locked.
  ///
  /// @param but these
  Optional<Row> due(Handle tx, Instant now, Collection<Long> but) {
    return tx.createQuery(
            ROW
                + """
                 where next_at <= :now and number <> all(:but)
                order by next_at limit 1 for no key update skip locked
                """)
        .bind("now", now)
        .bindArray("but", Long.class, but)
        .mapTo(Row.class)
        .findOne();
  }

  void dealtWith(Handle tx, long number, @Nullable Instant nextAt) {
    tx.createUpdate("update orchestrator.schedule set next_at = :next where number = :number")
        .bind("number", number)
        .bind("next", nextAt)
        .execute();
  }
}
