package dev.pipewright.orchestrator.pool;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The SQL of pools. What is taken is what attempts that are launched or run say they take, so it
/// needs no counting and nothing can leak.
@ApplicationScoped
public class PoolStore {
  private final Db db;

  PoolStore(Db db) {
    this.db = db;
  }

  public static PoolStore on(Db db) {
    return new PoolStore(db);
  }

  record Row(String name, int slots, @Nullable String description, long taken, long waiting) {}

  private static final String ROW =
      """
      with used as (
        select s.key as pool, coalesce(sum(s.value::int) filter (where a.state <> 'QUEUED'), 0) as taken,
          count(*) filter (where a.state = 'QUEUED') as waiting
        from orchestrator.attempt a, jsonb_each_text(a.pools) s
        where a.pools is not null
          and (a.state = 'QUEUED' or a.state in ('LAUNCHING', 'RUNNING'))
        group by s.key)
      select p.name, p.slots, p.description, coalesce(u.taken, 0) as taken,
        coalesce(u.waiting, 0) as waiting
      from orchestrator.pool p left join used u on u.pool = p.name
      """;

  /// By name; one more than asked for where there are more.
  List<Row> list(int limit, @Nullable String after) {
    return db.read(handle ->
        handle
            .createQuery(ROW + " where p.name > :after order by p.name limit :limit")
            .bind("after", after == null ? "" : after)
            .bind("limit", limit + 1)
            .mapTo(Row.class)
            .list());
  }

  Optional<Row> find(String name) {
    return db.read(handle -> find(handle, name));
  }

  private static Optional<Row> find(Handle handle, String name) {
    return handle
        .createQuery(ROW + " where p.name = :name")
        .bind("name", name)
        .mapTo(Row.class)
        .findOne();
  }

  /// How many slots each pool has.
  public Map<String, Integer> slots() {
    record Slots(String name, int slots) {}
    var found = new TreeMap<String, Integer>();
    db.read(handle ->
            handle
                .createQuery("select name, slots from orchestrator.pool")
                .mapTo(Slots.class)
                .list())
        .forEach(pool -> found.put(pool.name, pool.slots));
    return found;
  }

  /// @return whether it was made
  boolean put(String name, int slots, @Nullable String description) {
    return db.inTransaction(tx ->
        tx.createQuery(
                """
                insert into orchestrator.pool as p (name, slots, description)
                values (:name, :slots, :description)
                on conflict (name) do update set slots = excluded.slots,
                  description = coalesce(excluded.description, p.description)
                returning xmax = 0
                """)
            .bind("name", name)
            .bind("slots", slots)
            .bind("description", description)
            .mapTo(Boolean.class)
            .one());
  }

  /// What a pool is needed by.
  ///
  /// @param pipelines whose latest version names it
  record Uses(long taken, long waiting, List<String> pipelines) {
    boolean any() {
      return taken > 0 || waiting > 0 || !pipelines.isEmpty();
    }
  }

  /// Deletes it, unless something needs it.
  ///
  /// @param force whether to delete it all the same
  /// @return what needs it; empty where there is no such pool
  Optional<Uses> delete(String name, boolean force) {
    return db.inTransaction(tx -> {
      // Nothing is let in meanwhile.
      tx.createQuery("select name from orchestrator.pool where name = :name for update")
          .bind("name", name)
          .mapTo(String.class)
          .findOne();
      var row = find(tx, name);
      if (row.isEmpty()) {
        return Optional.empty();
      }
      var pipelines =
          tx.createQuery(
                  """
                  select name from orchestrator.pipeline
                  where jsonb_exists(pools::jsonb, :name) order by name
                  """)
              .bind("name", name)
              .mapTo(String.class)
              .list();
      var uses = new Uses(row.get().taken, row.get().waiting, pipelines);
      if (force || !uses.any()) {
        tx.createUpdate("delete from orchestrator.pool where name = :name")
            .bind("name", name)
            .execute();
      }
      return Optional.of(uses);
    });
  }

  // What waits -----------------------------------------------------------------------------------

  /// What a queued attempt asks of a pool.
  ///
  /// @param slots null where there is no such pool
  /// @param ahead how much those ask for that come before it
  public record Want(
      String pool, int share, @Nullable Integer slots, long taken, long ahead, long waitersAhead) {

    /// Whether it cannot have it now.
    public boolean lacks() {
      return slots == null || taken + ahead + share > slots;
    }
  }

  /// What a run's queued attempts ask of pools; of several attempts at one pool the first one's.
  ///
  /// @param task only this one's; null for all
  public List<Want> wants(UUID run, @Nullable String task) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                with mine as (
                  select distinct on (s.key) s.key as pool, s.value::int as share, a.priority,
                    a.created_at, a.id
                  from orchestrator.attempt a, jsonb_each_text(a.pools) s
                  where a.run_id = :run and a.state = 'QUEUED' and a.pools is not null
                    and (cast(:task as text) is null or a.task = :task)
                  order by s.key, a.priority desc, a.created_at, a.id),
                others as (
                  select s.key as pool, s.value::int as share, a.state = 'QUEUED' as queued,
                    a.priority, a.created_at, a.id
                  from orchestrator.attempt a
                  join orchestrator.pipeline_run r on r.id = a.run_id
                  cross join jsonb_each_text(a.pools) s
                  where a.pools is not null
                    and (a.state in ('LAUNCHING', 'RUNNING') or a.state = 'QUEUED' and not r.paused)
                    and s.key in (select pool from mine)
                    and (a.state <> 'QUEUED' or not exists (
                      select from jsonb_each_text(a.pools) t
                      left join orchestrator.pool q on q.name = t.key
                      where q.slots is null or q.slots < t.value::int)))
                select m.pool, m.share, p.slots,
                  coalesce(sum(o.share) filter (where not o.queued), 0) as taken,
                  coalesce(sum(o.share) filter (where o.queued), 0) as ahead,
                  count(o.id) filter (where o.queued) as waiters_ahead
                from mine m
                left join orchestrator.pool p on p.name = m.pool
                left join others o on o.pool = m.pool and (not o.queued
                  or o.priority > m.priority
                  or o.priority = m.priority and (o.created_at, o.id) < (m.created_at, m.id))
                group by m.pool, m.share, p.slots order by m.pool
                """)
            .bind("run", run)
            .bind("task", task)
            .mapTo(Want.class)
            .list());
  }

  /// An attempt that has some of a pool, or waits for it.
  ///
  /// @param since when it was launched, or began to wait
  public record User(
      UUID runId, long run, String pipeline, String task, int share, Instant since) {}

  private static final String USER =
      """
      select r.id as run_id, r.number as run, r.pipeline, a.task,
        (a.pools ->> :pool)::int as share, coalesce(a.started_at, a.created_at) as since
      from orchestrator.attempt a join orchestrator.pipeline_run r on r.id = a.run_id
      where a.pools is not null and jsonb_exists(a.pools, :pool)
      """;

  /// Who has some of a pool, the oldest first.
  public List<User> holders(String pool, int most) {
    return users(pool, "and a.state in ('LAUNCHING', 'RUNNING') order by a.created_at, a.id", most);
  }

  /// Who waits for some of a pool, in the order in which they have their places.
  List<User> waiters(String pool, int most) {
    return users(pool, "and a.state = 'QUEUED' order by a.priority desc, a.created_at, a.id", most);
  }

  private List<User> users(String pool, String which, int most) {
    return db.read(handle ->
        handle
            .createQuery(USER + which + " limit :most")
            .bind("pool", pool)
            .bind("most", most)
            .mapTo(User.class)
            .list());
  }
}
