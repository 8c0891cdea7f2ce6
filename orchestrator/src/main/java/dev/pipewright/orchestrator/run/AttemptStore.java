package dev.pipewright.orchestrator.run;

import com.google.protobuf.Timestamp;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.ExpectedRuns;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The SQL of attempts as launchers see them: which wait, who launches them, which are over.
@ApplicationScoped
public class AttemptStore implements ExpectedRuns {
  private final Db db;

  AttemptStore(Db db) {
    this.db = db;
  }

  /// An attempt that is not over.
  ///
  /// @param task as it is called in the run; of an instance with its index: `train[3]`
  /// @param pooled whether it takes from pools
  public record ActiveAttempt(
      UUID id,
      UUID runId,
      long runNumber,
      String pipeline,
      int version,
      String parentRunId,
      String task,
      int number,
      String state,
      String trackedRunId,
      boolean stopRequested,
      boolean pooled,
      String inputs) {

    /// The task of the pipeline that it is an attempt of.
    public String declaredTask() {
      int bracket = task.indexOf('[');
      return bracket < 0 ? task : task.substring(0, bracket);
    }
  }

  private static final String ACTIVE =
      """
      select a.id, a.run_id, r.number as run_number, r.pipeline, r.version,
        r.tracked_run_id as parent_run_id, a.task, a.number, a.state, a.tracked_run_id,
        a.stop_requested, a.pools is not null as pooled, a.inputs::text as inputs, a.priority,
        a.created_at
      from orchestrator.attempt a join orchestrator.pipeline_run r on r.id = a.run_id
      """;

  /// The queued attempts that their pools have room for.
  ///
  /// Whoever waits has a place in each of its pools, by priority and age, and what those before it
  /// ask for is kept for them: many small ones never keep a large one out, and one that still lacks
  /// another pool does not lose its turn. What can never fit, because a pool is too small or not
  /// there, keeps nothing.
  ///
  /// Each share is 1 at least, so no more than the free slots need be looked at; a full pool costs
  /// nothing, however many wait.
  private static final String FITS =
      """
      with taken as (
        select s.key as pool, sum(s.value::int) as share
        from orchestrator.attempt a, jsonb_each_text(a.pools) s
        where a.pools is not null and a.state in ('LAUNCHING', 'RUNNING') group by s.key)
      select w.id
      from (select p.name, p.slots - coalesce(t.share, 0) as free
            from orchestrator.pool p left join taken t on t.pool = p.name) p
      cross join lateral (
        select a.id, a.pools,
          sum((a.pools ->> p.name)::int) over (order by a.priority desc, a.created_at, a.id) as upto
        from orchestrator.attempt a join orchestrator.pipeline_run r on r.id = a.run_id
        where a.state = 'QUEUED' and a.pools is not null and jsonb_exists(a.pools, p.name)
          and not r.paused
          and not exists (
            select from jsonb_each_text(a.pools) s left join orchestrator.pool q on q.name = s.key
            where q.slots is null or q.slots < s.value::int)
        order by a.priority desc, a.created_at, a.id
        limit greatest(0, least(p.free, 1000))) w
      where w.upto <= p.free
      group by w.id, w.pools
      having count(*) = (select count(*) from jsonb_object_keys(w.pools))
      """;

  /// Attempts that a server launches or has launched, oldest first.
  public List<ActiveAttempt> active(String server, int most) {
    return db.read(handle ->
        handle
            .createQuery(
                ACTIVE
                    + """
                    where a.state in ('LAUNCHING', 'RUNNING')
                      and coalesce(a.server, :server) = :server
                    order by a.created_at, a.id limit :most
                    """)
            .bind("server", server)
            .bind("most", most)
            .mapTo(ActiveAttempt.class)
            .list());
  }

  /// Those of a server's attempts that are to be stopped.
  public Set<UUID> stopping(String server) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select id from orchestrator.attempt
                where state in ('LAUNCHING', 'RUNNING') and server = :server and stop_requested
                """)
            .bind("server", server)
            .mapTo(UUID.class)
            .set());
  }

  /// When it was last noted of each attempt of other servers that it is still there.
  public Map<UUID, Instant> beats(String server) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select id, coalesce(heartbeat_at, created_at) as beat from orchestrator.attempt
                where state in ('LAUNCHING', 'RUNNING') and server not in (:server, 'engine')
                """)
            .bind("server", server)
            .collectRows(
                Collectors.toMap(
                    row -> row.getColumn("id", UUID.class),
                    row -> row.getColumn("beat", Instant.class))));
  }

  /// Those of these attempts that somebody has launched and that are not over.
  public List<ActiveAttempt> launched(Collection<UUID> attempts) {
    return db.read(handle ->
        handle
            .createQuery(
                ACTIVE
                    + """
                    where a.id = any(:attempts) and a.state in ('LAUNCHING', 'RUNNING')
                    order by a.created_at, a.id
                    """)
            .bindArray("attempts", UUID.class, attempts)
            .mapTo(ActiveAttempt.class)
            .list());
  }

  /// Notes that these attempts are still there.
  public void beat(Collection<UUID> attempts, Instant now) {
    db.useTransaction(tx -> beat(tx, attempts, now));
  }

  static void beat(Handle tx, Collection<UUID> attempts, Instant now) {
    // In one order always, so that two who do this never wait for each other.
    tx.createUpdate(
            """
            update orchestrator.attempt a set heartbeat_at = :now
            from (select id from orchestrator.attempt
                  where id = any(:attempts) and state in ('LAUNCHING', 'RUNNING')
                  order by id for update skip locked) b
            where a.id = b.id
            """)
        .bind("now", now)
        .bindArray("attempts", UUID.class, attempts)
        .execute();
  }

  /// Attempts that nobody launches yet and no pool keeps back, in the order in which they are to be
  /// launched.
  public List<ActiveAttempt> queued(int most) {
    return db.read(handle ->
        handle
            .createQuery(
                "("
                    + ACTIVE
                    + """
                      where a.state = 'QUEUED' and a.pools is null and not r.paused
                      order by a.priority desc, a.created_at, a.id limit :most)
                    union all (
                    """
                    + ACTIVE
                    + "where a.id in ("
                    + FITS
                    + """
                    ) order by a.priority desc, a.created_at, a.id limit :most)
                    order by priority desc, created_at, id limit :most
                    """)
            .bind("most", most)
            .mapTo(ActiveAttempt.class)
            .list());
  }

  /// How many queued attempts that wait for no pool are to be launched before this one.
  long before(UUID attempt) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select count(*) from orchestrator.attempt q, orchestrator.attempt a
                where a.id = :id and q.state = 'QUEUED' and q.pools is null
                  and (q.priority > a.priority
                    or q.priority = a.priority and (q.created_at, q.id) < (a.created_at, a.id))
                """)
            .bind("id", attempt)
            .mapTo(Long.class)
            .one());
  }

  /// Makes queued attempts this server's to launch, of those that take from no pool.
  ///
  /// @return those that nobody else was faster with
  public Set<UUID> claim(Collection<UUID> attempts, String server, Instant now) {
    return db.inTransaction(tx ->
        tx.createQuery(
                """
                update orchestrator.attempt set state = 'LAUNCHING', server = :server,
                  heartbeat_at = :now
                where id in (
                  select id from orchestrator.attempt
                  where id = any(:attempts) and state = 'QUEUED' and pools is null
                  for update skip locked)
                returning id
                """)
            .bind("server", server)
            .bind("now", now)
            .bindArray("attempts", UUID.class, attempts)
            .mapTo(UUID.class)
            .set());
  }

  /// As [#claim], of those that take from pools. One server at a time claims from a pool, so that
  /// each sees what the others have taken.
  public Set<UUID> claimPooled(Collection<UUID> attempts, String server, Instant now) {
    return db.inTransaction(tx -> {
      // In one order always, so that two who do this never wait for each other.
      tx.createQuery(
              """
              select name from orchestrator.pool
              where name in (
                select jsonb_object_keys(pools) from orchestrator.attempt
                where id = any(:attempts) and pools is not null)
              order by name for no key update
              """)
          .bindArray("attempts", UUID.class, attempts)
          .mapTo(String.class)
          .list();
      return tx.createQuery(
              """
              update orchestrator.attempt set state = 'LAUNCHING', server = :server,
                heartbeat_at = :now
              where id in (
                select id from orchestrator.attempt
                where id = any(:attempts) and state = 'QUEUED' and id in (
              """
                  + FITS
                  + """
                    ) for update skip locked)
                  returning id
                  """)
          .bind("server", server)
          .bind("now", now)
          .bindArray("attempts", UUID.class, attempts)
          .mapTo(UUID.class)
          .set();
    });
  }

  /// Those of these attempts that are not over.
  public Set<UUID> notOver(Collection<UUID> attempts) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select id from orchestrator.attempt
                where id = any(:attempts) and state in ('QUEUED', 'LAUNCHING', 'RUNNING')
                """)
            .bindArray("attempts", UUID.class, attempts)
            .mapTo(UUID.class)
            .set());
  }

  @Override
  public boolean isExpected(String trackedRunId) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select exists (select 1 from orchestrator.attempt
                  where state in ('LAUNCHING', 'RUNNING') and tracked_run_id = :run)
                """)
            .bind("run", trackedRunId)
            .mapTo(Boolean.class)
            .one());
  }

  /// Ends an attempt whose runner could not be started, in the words its runner would have used.
  public void launchFailed(ActiveAttempt attempt, String why, @Nullable String code, Instant now) {
    var report =
        TaskReport.newBuilder()
            .setPipelineRunId(attempt.runId.toString())
            .setTask(attempt.task)
            .setAttemptId(attempt.id.toString())
            .setSeq(Long.MAX_VALUE)
            .setAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
            .setFinished(
                TaskFinished.newBuilder()
                    .setOutcome(
                        code == null
                            ? Outcome.OUTCOME_SYSTEM_FAILURE
                            : Outcome.OUTCOME_USER_FAILURE)
                    .setCode(code == null ? ProblemCode.TASK_LOST.name() : code)
                    .setMessage(why))
            .build();
    db.useTransaction(tx -> InboxStore.keepReports(tx, List.of(report)));
  }
}
