package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
import dev.pipewright.orchestrator.run.RunSnapshot.AttemptSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/// The SQL that moves pipeline runs: their tasks, attempts, inbox and history. What people read is
/// in [RunReadStore], what launchers need in [AttemptStore].
@ApplicationScoped
public class RunStore {
  /// How many runs one look answers at most.
  static final int MOST_DUE = 500;

  private static final TypeReference<LinkedHashMap<String, JsonNode>> VALUES =
      new TypeReference<>() {};

  private final Db db;

  RunStore(Db db) {
    this.db = db;
  }

  static RunStore on(Db db) {
    return new RunStore(db);
  }

  /// A run's own row.
  ///
  /// @param told whether something waits in its inbox
  record RunRow(
      UUID id,
      long number,
      String pipeline,
      int version,
      String state,
      @Nullable String message,
      String params,
      String outputs,
      String trackedRunId,
      long revision,
      int priority,
      boolean paused,
      @Nullable String stop,
      @Nullable Instant scheduledAt,
      String origin,
      @Nullable UUID parentRunId,
      @Nullable UUID parentAttemptId,
      int depth,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      @Nullable Instant wakeAt,
      boolean told) {}

  static final String RUN =
      """
      select id, number, pipeline, version, state, message, params::text as params,
        outputs::text as outputs, tracked_run_id, revision, priority, paused, stop, scheduled_at,
        origin::text as origin, parent_run_id, parent_attempt_id, depth, created_at, started_at,
        ended_at, wake_at,
        exists (select 1 from orchestrator.inbox i where i.run_id = pipeline_run.id) as told
      from orchestrator.pipeline_run
      """;

  // Starting ------------------------------------------------------------------------------------

  /// What is known of a run before it is stored.
  ///
  /// @param priority added to the pipeline's own
  /// @param origin what started it
  /// @param reused by task, what a task of an earlier run left, which this run takes over
  /// @param parent the attempt of another run that this one is the work of
  record NewRun(
      UUID id,
      PipelineSpec spec,
      int version,
      Map<String, JsonNode> params,
      int priority,
      @Nullable Instant scheduledAt,
      Map<String, ?> origin,
      Map<String, Reused> reused,
      @Nullable Parent parent,
      @Nullable String idempotencyKey,
      String requestDigest) {}

  record Reused(UUID attempt, Map<String, JsonNode> outputs, String reason) {}

  record Parent(UUID run, UUID attempt, int depth) {}

  /// What starting came to.
  record Started(UUID id, boolean created) {}

  /// Stores a new run with its tasks; the engine takes it from there.
  Started create(Handle tx, NewRun run, Instant now) {
    int inserted =
        tx.createUpdate(
                """
                insert into orchestrator.pipeline_run
                  (id, pipeline, version, state, params, priority, scheduled_at, origin,
                   parent_run_id, parent_attempt_id, depth, tracked_run_id, idempotency_key,
                   request_digest, created_at, wake_at)
                values (:id, :pipeline, :version, 'QUEUED', :params::jsonb, :priority, :scheduled,
                  :origin::jsonb, :parent, :attempt, :depth, :tracked, :key, :digest, :now, :now)
                on conflict (idempotency_key) do nothing
                """)
            .bind("id", run.id)
            .bind("pipeline", run.spec.name())
            .bind("version", run.version)
            .bind("params", json(run.params))
            .bind("priority", run.spec.priority() + run.priority)
            .bind("scheduled", run.scheduledAt)
            .bind("origin", json(run.origin))
            .bind("parent", run.parent == null ? null : run.parent.run)
            .bind("attempt", run.parent == null ? null : run.parent.attempt)
            .bind("depth", run.parent == null ? 0 : run.parent.depth)
            .bind("tracked", trackedRun(run.id))
            .bind("key", run.idempotencyKey)
            .bind("digest", run.requestDigest)
            .bind("now", now)
            .execute();
    if (inserted == 0) {
      return earlier(tx, Objects.requireNonNull(run.idempotencyKey), run.requestDigest)
          .orElseThrow();
    }
    var tasks = List.copyOf(run.spec.tasks().values());
    var update =
        tx.createUpdate(
                """
                insert into orchestrator.task
                  (run_id, name, position, kind, needs, state, reason, outputs, cached_from, started_at,
                   ended_at)
                select :run, name, position, kind, string_to_array(needs, ' '), state, reason,
                  outputs::jsonb, cached_from, case when state = 'SUCCEEDED' then cast(:now as timestamptz) end,
                  case when state = 'SUCCEEDED' then cast(:now as timestamptz) end
                from unnest(:names, :positions, :kinds, :needs, :states, :reasons, :outputs, :from)
                  as t (name, position, kind, needs, state, reason, outputs, cached_from)
                """)
            .bind("run", run.id)
            .bind("now", now);
    var columns = new Columns<>(tasks, update);
    columns.texts("names", task -> task.name());
    var position = new AtomicInteger();
    columns.numbers("positions", task -> position.getAndIncrement());
    columns.texts("kinds", task -> task.work().label());
    columns.texts("needs", task -> String.join(" ", task.needs()));
    columns.texts("states", task -> run.reused.containsKey(task.name()) ? "SUCCEEDED" : "PENDING");
    columns.texts(
        "reasons",
        task -> run.reused.containsKey(task.name()) ? run.reused.get(task.name()).reason : null);
    columns.texts(
        "outputs",
        task ->
            run.reused.containsKey(task.name()) ? json(run.reused.get(task.name()).outputs) : "{}");
    columns.ids(
        "from",
        task -> run.reused.containsKey(task.name()) ? run.reused.get(task.name()).attempt : null);
    update.execute();
    return new Started(run.id, true);
  }

  static String trackedRun(UUID run) {
    return Ids.runId("pipeline-run", run.toString());
  }

  private record Earlier(UUID id, String requestDigest) {}

  /// What an earlier request with the same key started.
  ///
  /// @throws ProblemException IDEMPOTENCY_KEY_REUSED when that was another request
  static Optional<Started> earlier(Handle tx, String key, String requestDigest) {
    return tx.createQuery(
            "select id, request_digest from orchestrator.pipeline_run where idempotency_key = :key")
        .bind("key", key)
        .mapTo(Earlier.class)
        .findOne()
        .map(earlier -> started(earlier, key, requestDigest));
  }

  private static Started started(Earlier earlier, String key, String requestDigest) {
    if (!earlier.requestDigest.equals(requestDigest)) {
      throw new ProblemException(
          ProblemCode.IDEMPOTENCY_KEY_REUSED,
          "The idempotency key '" + key + "' started run " + earlier.id + " from another request.");
    }
    return new Started(earlier.id, false);
  }

  /// How many runs of a pipeline run already or come before this one, of those that nobody called.
  static int ahead(Handle tx, RunRow run) {
    return tx.createQuery(
            """
            select count(*) from orchestrator.pipeline_run
            where pipeline = :pipeline and parent_run_id is null and id <> :id
              and (state = 'RUNNING' or state = 'QUEUED'
                and (priority > :priority or priority = :priority and number < :number))
            """)
        .bind("pipeline", run.pipeline)
        .bind("id", run.id)
        .bind("priority", run.priority)
        .bind("number", run.number)
        .mapTo(Integer.class)
        .one();
  }

  /// How many runs of a pipeline are under way, of those that nobody called.
  static int running(Handle tx, String pipeline) {
    return tx.createQuery(
            """
            select count(*) from orchestrator.pipeline_run
            where pipeline = :pipeline and state = 'RUNNING' and parent_run_id is null
            """)
        .bind("pipeline", pipeline)
        .mapTo(Integer.class)
        .one();
  }

  /// Runs of a pipeline that have not ended, oldest first, of those that nobody called.
  static List<UUID> open(Handle tx, String pipeline) {
    return tx.createQuery(
            """
            select id from orchestrator.pipeline_run
            where pipeline = :pipeline and state in ('QUEUED', 'RUNNING') and parent_run_id is null
            order by number
            """)
        .bind("pipeline", pipeline)
        .mapTo(UUID.class)
        .list();
  }

  /// Lets nobody else decide which runs of this pipeline may run, until the transaction ends.
  static void alone(Handle tx, String pipeline) {
    tx.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", "pipeline " + pipeline);
  }

  // The inbox -----------------------------------------------------------------------------------

  /// What waits for the engine.
  enum Kind {
    /// Of an attempt.
    REPORT,
    /// By the run that called it.
    CANCEL,
    /// There may be something to do.
    LOOK
  }

  record Message(Kind kind, byte[] content) {}

  static void tell(Handle tx, UUID run, Kind kind, byte[] content) {
    tx.createUpdate(
            "insert into orchestrator.inbox (run_id, kind, message) values (:run, :kind, :message)")
        .bind("run", run)
        .bind("kind", kind.name())
        .bind("message", content)
        .execute();
  }

  /// Keeps reports until the engine decides on them. One of an attempt that is not known here, or
  /// is over, is dropped.
  ///
  /// @return the runs they are of
  Set<UUID> keepReports(Handle tx, Collection<TaskReport> reports) {
    var list = List.copyOf(reports);
    var query =
        tx.createQuery(
            """
            with told as (
              insert into orchestrator.inbox (run_id, kind, message)
              select a.run_id, 'REPORT', r.message
              from unnest(:attempts, :messages) with ordinality as r (attempt, message, place)
              join orchestrator.attempt a on a.id = r.attempt
              where a.state in ('QUEUED', 'LAUNCHING', 'RUNNING')
              order by r.place
              returning run_id)
            select distinct run_id from told
            """);
    var columns = new Columns<>(list, query);
    columns.ids("attempts", report -> UUID.fromString(report.getAttemptId()));
    columns.bytes("messages", TaskReport::toByteArray);
    return query.mapTo(UUID.class).set();
  }

  /// Takes out what waits for the engine, oldest first.
  static List<Message> takeInbox(Handle tx, UUID run) {
    record Row(long number, String kind, byte[] message) {}
    return tx.createQuery(
            """
            with taken as (
              delete from orchestrator.inbox where run_id = :run returning number, kind, message)
            select number, kind, message from taken order by number
            """)
        .bind("run", run)
        .mapTo(Row.class)
        .map(row -> new Message(Kind.valueOf(row.kind), row.message))
        .list();
  }

  static TaskReport report(Message message) {
    try {
      return TaskReport.parseFrom(message.content);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a stored report is damaged", e);
    }
  }

  /// Runs that the engine has to look at.
  List<UUID> needingAttention(Instant now) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select run_id from orchestrator.inbox
                union
                select id from orchestrator.pipeline_run where wake_at <= :now
                limit :most
                """)
            .bind("most", MOST_DUE)
            .bind("now", now)
            .mapTo(UUID.class)
            .list());
  }

  // One step of the engine ----------------------------------------------------------------------

  /// The run's row, held until the transaction ends; empty while another holds it.
  Optional<RunRow> lock(Handle tx, UUID id) {
    return tx.createQuery(RUN + " where id = :id for no key update skip locked")
        .bind("id", id)
        .mapTo(RunRow.class)
        .findOne();
  }

  /// The run's row, held until the transaction ends; waits while another holds it.
  Optional<RunRow> await(Handle tx, UUID id) {
    return tx.createQuery(RUN + " where id = :id for no key update")
        .bind("id", id)
        .mapTo(RunRow.class)
        .findOne();
  }

  private record TaskRow(
      String name,
      @Nullable String groupName,
      int index,
      @Nullable String item,
      String state,
      @Nullable String reason,
      boolean conditionFalse,
      String outputs,
      int userFailures,
      int systemFailures,
      @Nullable Instant dueAt,
      @Nullable UUID attemptId,
      @Nullable Integer number,
      @Nullable String attemptState,
      @Nullable Boolean stopRequested) {}

  RunSnapshot snapshot(Handle tx, RunRow run, PipelineSpec spec) {
    var tasks =
        tx.createQuery(
                """
                select t.name, t.group_name, t.index, t.item::text as item, t.state, t.reason,
                  t.condition_false, t.outputs::text as outputs, t.user_failures, t.system_failures,
                  t.due_at, a.id as attempt_id, a.number, a.state as attempt_state, a.stop_requested
                from orchestrator.task t
                left join (
                  select distinct on (task) task, id, number, state, stop_requested
                  from orchestrator.attempt where run_id = :run order by task, number desc) a
                  on a.task = t.name
                where t.run_id = :run order by t.position, t.group_name is not null, t.index
                """)
            .bind("run", run.id)
            .mapTo(TaskRow.class)
            .map(row ->
                new TaskSnapshot(
                    row.name,
                    row.groupName,
                    row.index,
                    row.item == null ? null : tree(row.item),
                    TaskState.valueOf(row.state),
                    row.reason,
                    row.conditionFalse,
                    values(row.outputs),
                    row.userFailures,
                    row.systemFailures,
                    row.dueAt,
                    row.attemptId == null
                        ? null
                        : new AttemptSnapshot(
                            row.attemptId,
                            row.number,
                            AttemptState.valueOf(row.attemptState),
                            row.stopRequested)))
            .list();
    return new RunSnapshot(
        run.id,
        run.number,
        run.revision,
        RunState.valueOf(run.state),
        run.stop == null ? null : RunSnapshot.Stop.valueOf(run.stop),
        run.paused,
        spec,
        values(run.params),
        run.scheduledAt,
        run.startedAt,
        tasks);
  }

  /// Takes attempts back that nobody launches yet.
  ///
  /// @return those that were taken back
  static Set<UUID> withdraw(Handle tx, Collection<UUID> attempts) {
    return tx.createQuery(
            """
            update orchestrator.attempt set state = 'CANCELLED'
            where id = any(:attempts) and state = 'QUEUED' returning id
            """)
        .bindArray("attempts", UUID.class, attempts)
        .mapTo(UUID.class)
        .set();
  }

  /// Writes what a step changed. Each line of the history is one revision of the run.
  ///
  /// @param cacheKeys of attempts that started, where their outputs may be used again
  /// @param admitted those of them that need not wait in the queue
  /// @return the run's revision now
  long apply(
      Handle tx,
      RunRow run,
      Changes changes,
      Map<UUID, String> cacheKeys,
      Admitted admitted,
      Instant now) {
    create(tx, run, changes.created());
    update(tx, run, changes, now);
    start(tx, run, changes, cacheKeys, admitted, now);
    move(tx, changes);
    history(tx, run, changes, now);
    long revision = run.revision + Math.max(1, changes.lines().size());
    String message = run.message;
    for (var move : changes.moves()) {
      message = move.message();
    }
    tx.createUpdate(
            """
            update orchestrator.pipeline_run set state = :state, message = :message, stop = :stop,
              paused = :paused, revision = :revision, wake_at = :wake, started_at = :started,
              outputs = coalesce(cast(:outputs as jsonb), outputs),
              ended_at = case when :ended then coalesce(ended_at, cast(:now as timestamptz)) end
            where id = :run
            """)
        .bind("state", changes.state().name())
        .bind("message", message)
        .bind("stop", changes.stop() == null ? null : changes.stop().name())
        .bind("paused", changes.paused())
        .bind("revision", revision)
        .bind("wake", changes.state().isTerminal() ? null : changes.nextTimer())
        .bind("started", changes.startedAt())
        .bind("outputs", changes.outputs() == null ? null : json(changes.outputs()))
        .bind("ended", changes.state().isTerminal())
        .bind("now", now)
        .bind("run", run.id)
        .execute();
    return revision;
  }

  /// Nothing changed but when the run must be looked at.
  void wakeAt(Handle tx, RunRow run, @Nullable Instant at) {
    if (!Objects.equals(run.wakeAt, at)) {
      tx.createUpdate("update orchestrator.pipeline_run set wake_at = :at where id = :run")
          .bind("at", at)
          .bind("run", run.id)
          .execute();
    }
  }

  private static void create(Handle tx, RunRow run, List<TaskSnapshot> created) {
    if (created.isEmpty()) {
      return;
    }
    var update =
        tx.createUpdate(
                """
                insert into orchestrator.task
                  (run_id, name, position, kind, needs, state, group_name, index, item)
                select :run, t.name, g.position, g.kind, '{}', t.state, t.group_name, t.index, t.item::json
                from unnest(:names, :groups, :indexes, :items, :states)
                  as t (name, group_name, index, item, state)
                join orchestrator.task g on g.run_id = :run and g.name = t.group_name
                """)
            .bind("run", run.id);
    var columns = new Columns<>(created, update);
    columns.texts("names", TaskSnapshot::name);
    columns.texts("groups", TaskSnapshot::group);
    columns.numbers("indexes", TaskSnapshot::index);
    columns.texts("items", task -> task.item() == null ? null : json(task.item()));
    columns.texts("states", task -> task.state().name());
    update.execute();
  }

  private static void update(Handle tx, RunRow run, Changes changes, Instant now) {
    if (changes.updated().isEmpty()) {
      return;
    }
    var update =
        tx.createUpdate(
                """
                update orchestrator.task t set state = u.state, reason = u.reason,
                  condition_false = u.condition_false, outputs = u.outputs::jsonb,
                  user_failures = u.user_failures, system_failures = u.system_failures,
                  due_at = u.due_at::timestamptz, cached_from = u.cached_from,
                  started_at = case when u.state in ('PENDING', 'READY') then null
                    else coalesce(t.started_at, cast(:now as timestamptz)) end,
                  ended_at = case when u.ended then coalesce(t.ended_at, cast(:now as timestamptz)) end
                from unnest(:names, :states, :reasons, :conditions, :outputs, :user, :system, :due,
                    :from, :ended)
                  as u (name, state, reason, condition_false, outputs, user_failures,
                    system_failures, due_at, cached_from, ended)
                where t.run_id = :run and t.name = u.name
                """)
            .bind("run", run.id)
            .bind("now", now);
    var columns = new Columns<>(changes.updated(), update);
    columns.texts("names", TaskSnapshot::name);
    columns.texts("states", task -> task.state().name());
    columns.texts("reasons", TaskSnapshot::reason);
    columns.flags("conditions", TaskSnapshot::conditionFalse);
    columns.texts("outputs", task -> json(task.outputs()));
    columns.numbers("user", TaskSnapshot::userFailures);
    columns.numbers("system", TaskSnapshot::systemFailures);
    columns.texts("due", task -> task.dueAt() == null ? null : task.dueAt().toString());
    columns.ids("from", task -> changes.cachedFrom().get(task.name()));
    columns.flags("ended", task -> task.state().isTerminal());
    int rows = update.execute();
    if (rows != changes.updated().size()) {
      throw new IllegalStateException(
          "run " + run.id + " lacks tasks: " + rows + " of " + changes.updated().size());
    }
  }

  /// Attempts that begin without waiting in the queue.
  ///
  /// @param server who launches them
  record Admitted(Set<UUID> attempts, @Nullable String server) {
    static final Admitted NONE = new Admitted(Set.of(), null);
  }

  /// What a launcher is told of an attempt that starts now.
  static ActiveAttempt active(RunRow run, Changes.StartedAttempt attempt) {
    return new ActiveAttempt(
        attempt.id(),
        run.id,
        run.number,
        run.pipeline,
        run.version,
        run.trackedRunId,
        attempt.task(),
        attempt.number(),
        AttemptState.LAUNCHING.name(),
        tracked(attempt),
        false,
        false,
        json(attempt.inputs()));
  }

  private static String tracked(Changes.StartedAttempt attempt) {
    return attempt.isCall()
        ? trackedRun(attempt.child())
        : Ids.runId("attempt", attempt.id().toString());
  }

  private static void start(
      Handle tx,
      RunRow run,
      Changes changes,
      Map<UUID, String> cacheKeys,
      Admitted admitted,
      Instant now) {
    if (changes.started().isEmpty()) {
      return;
    }
    var update =
        tx.createUpdate(
                """
                insert into orchestrator.attempt
                  (id, run_id, task, number, state, tracked_run_id, inputs, priority, cache_key,
                   pools, server, heartbeat_at, created_at, started_at)
                select id, :run, task, number, state, tracked, inputs::jsonb, priority, cache_key,
                  pools::jsonb,
                  case state when 'RUNNING' then 'engine' when 'LAUNCHING' then :server end,
                  case state when 'LAUNCHING' then cast(:now as timestamptz) end, :now,
                  case state when 'RUNNING' then cast(:now as timestamptz) end
                from unnest(:ids, :tasks, :numbers, :states, :tracked, :inputs, :priorities, :keys,
                    :pools)
                  as a (id, task, number, state, tracked, inputs, priority, cache_key, pools)
                """)
            .bind("run", run.id)
            .bind("server", admitted.server)
            .bind("now", now);
    var columns = new Columns<>(changes.started(), update);
    columns.ids("ids", Changes.StartedAttempt::id);
    columns.texts("tasks", Changes.StartedAttempt::task);
    columns.numbers("numbers", Changes.StartedAttempt::number);
    columns.texts(
        "states",
        attempt ->
            admitted.attempts.contains(attempt.id())
                ? AttemptState.LAUNCHING.name()
                : attempt.state().name());
    columns.texts("tracked", RunStore::tracked);
    columns.texts("inputs", attempt -> json(attempt.inputs()));
    columns.numbers("priorities", attempt -> run.priority + attempt.spec().priority());
    columns.texts("keys", attempt -> cacheKeys.get(attempt.id()));
    columns.texts(
        "pools", attempt -> attempt.spec().pools().isEmpty() ? null : json(attempt.spec().pools()));
    update.execute();
  }

  private static void move(Handle tx, Changes changes) {
    var began = new HashMap<UUID, Instant>();
    changes.running().forEach(attempt -> began.put(attempt.id(), attempt.at()));
    if (!changes.ended().isEmpty()) {
      var update =
          tx.createUpdate(
              """
              update orchestrator.attempt a set state = e.state, failure = e.failure,
                exit_code = e.exit_code, code = e.code, message = e.message,
                started_at = coalesce(e.began::timestamptz, a.started_at),
                ended_at = e.at::timestamptz
              from unnest(:ids, :states, :failures, :exits, :codes, :messages, :begans, :ats)
                as e (id, state, failure, exit_code, code, message, began, at)
              where a.id = e.id
              """);
      var columns = new Columns<>(changes.ended(), update);
      columns.ids("ids", Changes.EndedAttempt::id);
      columns.texts("states", attempt -> attempt.to().name());
      columns.texts(
          "failures", attempt -> attempt.failure() == null ? null : attempt.failure().name());
      columns.numbers("exits", attempt -> attempt.ending().exitCode());
      columns.texts("codes", attempt -> attempt.ending().code());
      columns.texts("messages", attempt -> attempt.ending().message());
      columns.texts(
          "begans",
          attempt -> {
            var at = began.remove(attempt.id());
            return at == null ? null : at.toString();
          });
      columns.texts("ats", attempt -> attempt.at().toString());
      update.execute();
    }
    // Most of those that take no time have begun and ended in one step.
    var running = changes.running().stream().filter(each -> began.containsKey(each.id())).toList();
    if (!running.isEmpty()) {
      var update =
          tx.createUpdate(
              """
              update orchestrator.attempt a set state = 'RUNNING', started_at = r.at::timestamptz
              from unnest(:ids, :ats) as r (id, at)
              where a.id = r.id and a.state in ('QUEUED', 'LAUNCHING')
              """);
      var columns = new Columns<>(running, update);
      columns.ids("ids", Changes.RunningAttempt::id);
      columns.texts("ats", attempt -> attempt.at().toString());
      update.execute();
    }
    if (!changes.stopped().isEmpty()) {
      tx.createUpdate("update orchestrator.attempt set stop_requested = true where id = any(:ids)")
          .bindArray(
              "ids",
              UUID.class,
              changes.stopped().stream().map(Changes.StoppedAttempt::id).toList())
          .execute();
    }
  }

  private static void history(Handle tx, RunRow run, Changes changes, Instant now) {
    if (changes.lines().isEmpty()) {
      return;
    }
    var update =
        tx.createUpdate(
                """
                insert into orchestrator.transition
                  (run_id, revision, at, task, attempt, from_state, to_state, reason)
                select :run, :revision + place, :now, task, attempt, from_state, to_state, reason
                from unnest(:tasks, :attempts, :from, :to, :reasons) with ordinality
                  as l (task, attempt, from_state, to_state, reason, place)
                """)
            .bind("run", run.id)
            .bind("revision", run.revision)
            .bind("now", now);
    var columns = new Columns<>(changes.lines(), update);
    columns.texts("tasks", Changes.Line::task);
    columns.numbers("attempts", Changes.Line::attempt);
    columns.texts("from", Changes.Line::from);
    columns.texts("to", Changes.Line::to);
    columns.texts("reasons", Changes.Line::reason);
    update.execute();
  }

  // Cached outputs ------------------------------------------------------------------------------

  record CacheRow(
      String key, UUID attemptId, long runNumber, String task, String outputs, Instant createdAt) {}

  static Map<String, CacheRow> cached(Handle tx, Collection<String> keys) {
    var found = new HashMap<String, CacheRow>();
    tx.createQuery(
            """
            select key, attempt_id, run_number, task, outputs::text as outputs, created_at
            from orchestrator.cache_entry where key = any(:keys)
            """)
        .bindArray("keys", String.class, keys)
        .mapTo(CacheRow.class)
        .forEach(row -> found.put(row.key, row));
    return found;
  }

  /// Remembers the outputs of attempts that succeeded and may be used again.
  static void remember(Handle tx, RunRow run, Collection<UUID> attempts, Instant now) {
    tx.createUpdate(
            """
            insert into orchestrator.cache_entry (key, attempt_id, run_number, task, outputs, created_at)
            select distinct on (a.cache_key) a.cache_key, a.id, :number, a.task, t.outputs, :now
            from orchestrator.attempt a
            join orchestrator.task t on t.run_id = a.run_id and t.name = a.task
            where a.id = any(:attempts) and a.cache_key is not null
            on conflict (key) do update set attempt_id = excluded.attempt_id,
              run_number = excluded.run_number, task = excluded.task, outputs = excluded.outputs,
              created_at = excluded.created_at
            """)
        .bind("number", run.number)
        .bind("now", now)
        .bindArray("attempts", UUID.class, attempts)
        .execute();
  }

  // Columns -------------------------------------------------------------------------------------

  /// Binds a list of things as one array for each of their columns.
  private record Columns<T>(List<T> rows, SqlStatement<?> statement) {
    void texts(String name, Function<T, @Nullable String> column) {
      bind(name, "text", column);
    }

    void numbers(String name, Function<T, @Nullable Integer> column) {
      bind(name, "int4", column);
    }

    void flags(String name, Function<T, Boolean> column) {
      bind(name, "bool", column);
    }

    void ids(String name, Function<T, @Nullable UUID> column) {
      bind(name, "uuid", column);
    }

    void bytes(String name, Function<T, byte[]> column) {
      bind(name, "bytea", rows.stream().map(column).toArray(byte[][]::new));
    }

    private void bind(String name, String type, Function<T, ?> column) {
      bind(name, type, rows.stream().map(column).toArray());
    }

    private void bind(String name, String type, Object[] values) {
      statement.bind(
          name,
          (position, prepared, context) ->
              prepared.setArray(position, prepared.getConnection().createArrayOf(type, values)));
    }
  }

  /// The values in a row's JSON.
  public static Map<String, JsonNode> values(String json) {
    if (json.equals("{}")) {
      return Map.of();
    }
    try {
      return Json.MAPPER.readValue(json, VALUES);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("stored values are damaged", e);
    }
  }

  static JsonNode tree(String json) {
    try {
      return Json.MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored value is damaged", e);
    }
  }

  static String json(Object value) {
    if (value instanceof Map<?, ?> map && map.isEmpty()) {
      return "{}";
    }
    try {
      return Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("values did not become JSON", e);
    }
  }
}
