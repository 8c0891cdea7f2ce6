package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.run.RunSnapshot.AttemptSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The SQL that moves pipeline runs: their tasks, attempts, reports and history. What people read
/// is in [RunReadStore].
@ApplicationScoped
public class RunStore {
  /// How many runs one look answers at most.
  static final int MOST_DUE = 100;

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
  record RunRow(
      UUID id,
      long number,
      String pipeline,
      int version,
      String state,
      @Nullable String message,
      String params,
      String trackedRunId,
      long revision,
      boolean cancelRequested,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  static final String RUN =
      """
      select id, number, pipeline, version, state, message, params::text as params, tracked_run_id,
        revision, cancel_requested, created_at, started_at, ended_at
      from orchestrator.pipeline_run
      """;

  // Starting and asking -------------------------------------------------------------------------

  /// What starting came to.
  record Started(UUID id, boolean created) {}

  /// Stores a new run with its tasks; the engine takes it from there.
  Started create(
      PipelineSpec spec,
      int version,
      Map<String, JsonNode> params,
      @Nullable String idempotencyKey,
      String requestDigest,
      Instant now) {
    return db.inTransaction(tx -> {
      var id = Ids.uuid7(now.toEpochMilli());
      int inserted =
          tx.createUpdate(
                  """
                  insert into orchestrator.pipeline_run
                    (id, pipeline, version, state, params, tracked_run_id, idempotency_key,
                     request_digest, created_at)
                  values (:id, :pipeline, :version, 'QUEUED', :params::jsonb, :tracked, :key, :digest, :now)
                  on conflict (idempotency_key) do nothing
                  """)
              .bind("id", id)
              .bind("pipeline", spec.name())
              .bind("version", version)
              .bind("params", json(params))
              .bind("tracked", Ids.runId("pipeline-run", id.toString()))
              .bind("key", idempotencyKey)
              .bind("digest", requestDigest)
              .bind("now", now)
              .execute();
      if (inserted == 0) {
        return earlier(tx, idempotencyKey, requestDigest);
      }
      var batch =
          tx.prepareBatch(
              """
              insert into orchestrator.task (run_id, name, position, kind, needs, state)
              values (:run, :name, :position, :kind, :needs, 'PENDING')
              """);
      int position = 0;
      for (var task : spec.tasks().values()) {
        batch
            .bind("run", id)
            .bind("name", task.name())
            .bind("position", position++)
            .bind("kind", task.kind())
            .bindArray("needs", String.class, task.needs())
            .add();
      }
      batch.execute();
      return new Started(id, true);
    });
  }

  private record Earlier(UUID id, String requestDigest) {}

  private static Started earlier(Handle tx, @Nullable String key, String requestDigest) {
    var earlier =
        tx.createQuery(
                "select id, request_digest from orchestrator.pipeline_run where idempotency_key = :key")
            .bind("key", key)
            .mapTo(Earlier.class)
            .one();
    if (!earlier.requestDigest.equals(requestDigest)) {
      throw new ProblemException(
          ProblemCode.IDEMPOTENCY_KEY_REUSED,
          "The idempotency key '" + key + "' started run " + earlier.id + " from another request.");
    }
    return new Started(earlier.id, false);
  }

  /// Asks for the run's end; the engine stops what runs. Nothing to do for a run that has ended.
  void requestCancel(UUID id) {
    db.useTransaction(tx ->
        tx.createUpdate(
                """
                update orchestrator.pipeline_run set cancel_requested = true, attention = true
                where id = :id and state in ('QUEUED', 'RUNNING')
                """)
            .bind("id", id)
            .execute());
  }

  /// Keeps reports until the engine decides on them; one that comes again is the same row.
  void keepReports(Handle tx, Collection<TaskReport> reports) {
    var batch =
        tx.prepareBatch(
            """
            insert into orchestrator.report (attempt_id, seq, run_id, message)
            select id, :seq, run_id, :message from orchestrator.attempt where id = :attempt
            on conflict do nothing
            """);
    for (var report : reports) {
      batch
          .bind("attempt", UUID.fromString(report.getAttemptId()))
          .bind("seq", report.getSeq())
          .bind("message", report.toByteArray())
          .add();
    }
    batch.execute();
    tx.createUpdate(
            """
            update orchestrator.pipeline_run set attention = true
            where id in (select run_id from orchestrator.attempt where id = any(:attempts))
            """)
        .bindArray(
            "attempts",
            UUID.class,
            reports.stream()
                .map(report -> UUID.fromString(report.getAttemptId()))
                .distinct()
                .toList())
        .execute();
  }

  // The engine ----------------------------------------------------------------------------------

  /// Runs that the engine has to look at, oldest first.
  List<UUID> needingAttention(Instant now) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select id from (
                  select id, number from orchestrator.pipeline_run where attention
                  union
                  select r.id, r.number from orchestrator.task t
                    join orchestrator.pipeline_run r on r.id = t.run_id
                  where t.state = 'RETRYING' and t.retry_at <= :now
                ) due order by number limit :most
                """)
            .bind("most", MOST_DUE)
            .bind("now", now)
            .mapTo(UUID.class)
            .list());
  }

  /// The run's row, held until the transaction ends; empty while another holds it.
  Optional<RunRow> lock(Handle tx, UUID id) {
    return tx.createQuery(RUN + " where id = :id for update skip locked")
        .bind("id", id)
        .mapTo(RunRow.class)
        .findOne();
  }

  record TaskRow(
      UUID runId,
      String name,
      String kind,
      String[] needs,
      String state,
      @Nullable String reason,
      String outputs,
      int userFailures,
      int systemFailures,
      @Nullable Instant retryAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  record AttemptRow(
      UUID id,
      String task,
      int number,
      String state,
      String trackedRunId,
      boolean stopRequested,
      @Nullable String failure,
      @Nullable Integer exitCode,
      @Nullable String code,
      @Nullable String message,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  static List<TaskRow> tasks(Handle handle, UUID run) {
    return handle
        .createQuery(
            """
            select run_id, name, kind, needs, state, reason, outputs::text as outputs, user_failures,
              system_failures, retry_at, started_at, ended_at
            from orchestrator.task where run_id = :run order by position
            """)
        .bind("run", run)
        .mapTo(TaskRow.class)
        .list();
  }

  static Map<String, List<AttemptRow>> attempts(Handle handle, UUID run) {
    var found = new HashMap<String, List<AttemptRow>>();
    handle
        .createQuery(
            """
            select id, task, number, state, tracked_run_id, stop_requested, failure, exit_code, code,
              message, created_at, started_at, ended_at
            from orchestrator.attempt where run_id = :run order by task, number
            """)
        .bind("run", run)
        .mapTo(AttemptRow.class)
        .forEach(row -> found.computeIfAbsent(row.task, task -> new ArrayList<>()).add(row));
    return found;
  }

  RunSnapshot snapshot(Handle tx, RunRow run, PipelineSpec spec) {
    var attempts = attempts(tx, run.id);
    var numbers = new HashMap<UUID, AttemptRow>();
    attempts.values().forEach(list -> list.forEach(row -> numbers.put(row.id, row)));
    var tasks =
        tasks(tx, run.id).stream()
            .map(row -> {
              var newest = attempts.getOrDefault(row.name, List.of());
              return new TaskSnapshot(
                  row.name,
                  TaskState.valueOf(row.state),
                  values(row.outputs),
                  row.userFailures,
                  row.systemFailures,
                  row.retryAt,
                  newest.isEmpty()
                      ? null
                      : new AttemptSnapshot(
                          newest.getLast().number,
                          AttemptState.valueOf(newest.getLast().state),
                          newest.getLast().stopRequested));
            })
            .toList();
    var reports =
        tx.createQuery(
                """
                select message from orchestrator.report
                where run_id = :run and not handled order by attempt_id, seq
                """)
            .bind("run", run.id)
            .mapTo(byte[].class)
            .map(RunStore::parse)
            .map(report ->
                ReportReader.read(
                    report, numbers.get(UUID.fromString(report.getAttemptId())).number))
            .list();
    return new RunSnapshot(
        RunState.valueOf(run.state), run.cancelRequested, spec, values(run.params), tasks, reports);
  }

  /// Writes decisions: rows and history. Each decision is one revision of the run.
  void apply(Handle tx, RunRow run, List<Decision> decisions, Instant now) {
    long revision = run.revision;
    for (var decision : decisions) {
      apply(tx, run, decision, ++revision, now);
    }
    tx.createUpdate(
            "update orchestrator.report set handled = true where run_id = :run and not handled")
        .bind("run", run.id)
        .execute();
    tx.createUpdate(
            "update orchestrator.pipeline_run set revision = :revision, attention = false where id = :run")
        .bind("revision", revision)
        .bind("run", run.id)
        .execute();
  }

  private void apply(Handle tx, RunRow run, Decision decision, long revision, Instant now) {
    switch (decision) {
      case Decision.MoveRun(var from, var to, var message) -> {
        Transitions.check(from, to);
        tx.createUpdate(
                """
                update orchestrator.pipeline_run set state = :to, message = :message,
                  started_at = case when :to = 'RUNNING' then cast(:now as timestamptz) else started_at end,
                  ended_at = case when :ended then cast(:now as timestamptz) else null end
                where id = :run
                """)
            .bind("to", to.name())
            .bind("message", message)
            .bind("ended", to.isTerminal())
            .bind("now", now)
            .bind("run", run.id)
            .execute();
        history(tx, run, revision, now, null, null, from, to, message);
      }
      case Decision.MoveTask(var task, var from, var to, var reason) -> {
        moveTask(tx, run, task, from, to, reason, now);
        history(tx, run, revision, now, task, null, from, to, reason);
      }
      case Decision.StartAttempt(var task, var from, var number, var inputs) -> {
        moveTask(tx, run, task, from, TaskState.RUNNING, null, now);
        var id = Ids.uuid(run.id.toString(), task, String.valueOf(number));
        tx.createUpdate(
                """
                insert into orchestrator.attempt
                  (id, run_id, task, number, state, tracked_run_id, inputs, created_at)
                values (:id, :run, :task, :number, 'LAUNCHING', :tracked, :inputs::jsonb, :now)
                """)
            .bind("id", id)
            .bind("run", run.id)
            .bind("task", task)
            .bind("number", number)
            .bind("tracked", Ids.runId("attempt", id.toString()))
            .bind("inputs", json(inputs))
            .bind("now", now)
            .execute();
        history(tx, run, revision, now, task, number, from, TaskState.RUNNING, null);
      }
      case Decision.AttemptRunning(var task, var number, var at) -> {
        Transitions.check(AttemptState.LAUNCHING, AttemptState.RUNNING);
        tx.createUpdate(
                """
                update orchestrator.attempt set state = 'RUNNING', started_at = :at
                where run_id = :run and task = :task and number = :number
                """)
            .bind("at", at)
            .bind("run", run.id)
            .bind("task", task)
            .bind("number", number)
            .execute();
        history(
            tx,
            run,
            revision,
            now,
            task,
            number,
            AttemptState.LAUNCHING,
            AttemptState.RUNNING,
            null);
      }
      case Decision.EndAttempt(
              var task,
              var number,
              var from,
              var to,
              var failure,
              var ending,
              var at) -> {
        Transitions.check(from, to);
        tx.createUpdate(
                """
                update orchestrator.attempt set state = :to, failure = :failure, exit_code = :exitCode,
                  code = :code, message = :message, ended_at = :at
                where run_id = :run and task = :task and number = :number
                """)
            .bind("to", to.name())
            .bind("failure", failure == null ? null : failure.name())
            .bind("exitCode", ending.exitCode())
            .bind("code", ending.code())
            .bind("message", ending.message())
            .bind("at", at)
            .bind("run", run.id)
            .bind("task", task)
            .bind("number", number)
            .execute();
        if (failure != null) {
          tx.createUpdate(
                  "update orchestrator.task set "
                      + switch (failure) {
                        case USER -> "user_failures = user_failures + 1";
                        case SYSTEM -> "system_failures = system_failures + 1";
                      }
                      + " where run_id = :run and name = :task")
              .bind("run", run.id)
              .bind("task", task)
              .execute();
        }
        history(tx, run, revision, now, task, number, from, to, ending.message());
      }
      case Decision.SucceedTask(var task, var outputs) -> {
        moveTask(tx, run, task, TaskState.RUNNING, TaskState.SUCCEEDED, null, now);
        tx.createUpdate(
                "update orchestrator.task set outputs = :outputs::jsonb where run_id = :run and name = :task")
            .bind("outputs", json(outputs))
            .bind("run", run.id)
            .bind("task", task)
            .execute();
        history(tx, run, revision, now, task, null, TaskState.RUNNING, TaskState.SUCCEEDED, null);
      }
      case Decision.RetryTask(var task, var failure, var at, var reason) -> {
        moveTask(tx, run, task, TaskState.RUNNING, TaskState.RETRYING, reason, now);
        tx.createUpdate(
                "update orchestrator.task set retry_at = :at where run_id = :run and name = :task")
            .bind("at", at)
            .bind("run", run.id)
            .bind("task", task)
            .execute();
        history(tx, run, revision, now, task, null, TaskState.RUNNING, TaskState.RETRYING, reason);
      }
      case Decision.StopAttempt(var task, var number) -> {
        tx.createUpdate(
                """
                update orchestrator.attempt set stop_requested = true
                where run_id = :run and task = :task and number = :number
                """)
            .bind("run", run.id)
            .bind("task", task)
            .bind("number", number)
            .execute();
        history(
            tx,
            run,
            revision,
            now,
            task,
            number,
            TaskState.RUNNING,
            TaskState.RUNNING,
            "asked to stop");
      }
    }
  }

  private static void moveTask(
      Handle tx,
      RunRow run,
      String task,
      TaskState from,
      TaskState to,
      @Nullable String reason,
      Instant now) {
    Transitions.check(from, to);
    int moved =
        tx.createUpdate(
                """
                update orchestrator.task set state = :to, reason = :reason,
                  started_at = case when :to = 'RUNNING' then coalesce(started_at, cast(:now as timestamptz)) else started_at end,
                  ended_at = case when :ended then cast(:now as timestamptz) else null end
                where run_id = :run and name = :task and state = :from
                """)
            .bind("to", to.name())
            .bind("reason", reason)
            .bind("ended", to.isTerminal())
            .bind("now", now)
            .bind("run", run.id)
            .bind("task", task)
            .bind("from", from.name())
            .execute();
    if (moved != 1) {
      throw new IllegalStateException("task " + task + " of run " + run.id + " was not " + from);
    }
  }

  private static void history(
      Handle tx,
      RunRow run,
      long revision,
      Instant now,
      @Nullable String task,
      @Nullable Integer attempt,
      Enum<?> from,
      Enum<?> to,
      @Nullable String reason) {
    tx.createUpdate(
            """
            insert into orchestrator.transition
              (run_id, revision, at, task, attempt, from_state, to_state, reason)
            values (:run, :revision, :now, :task, :attempt, :from, :to, :reason)
            """)
        .bind("run", run.id)
        .bind("revision", revision)
        .bind("now", now)
        .bind("task", task)
        .bind("attempt", attempt)
        .bind("from", from.name())
        .bind("to", to.name())
        .bind("reason", reason)
        .execute();
  }

  // Launching -----------------------------------------------------------------------------------

  /// An attempt that is not over.
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
      String inputs) {}

  /// Oldest first: what runs, then what waits.
  public List<ActiveAttempt> activeAttempts(int most) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select a.id, a.run_id, r.number as run_number, r.pipeline, r.version,
                  r.tracked_run_id as parent_run_id, a.task, a.number, a.state, a.tracked_run_id,
                  a.stop_requested, a.inputs::text as inputs
                from orchestrator.attempt a join orchestrator.pipeline_run r on r.id = a.run_id
                where a.state in ('LAUNCHING', 'RUNNING')
                order by a.created_at, a.id limit :most
                """)
            .bind("most", most)
            .mapTo(ActiveAttempt.class)
            .list());
  }

  /// Those of these attempts that are not over.
  public Set<UUID> notOver(Collection<UUID> attempts) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select id from orchestrator.attempt
                where id = any(:attempts) and state in ('LAUNCHING', 'RUNNING')
                """)
            .bindArray("attempts", UUID.class, attempts)
            .mapTo(UUID.class)
            .set());
  }

  /// Ends an attempt whose runner could not be started, in the words its runner would have used.
  public void launchFailed(ActiveAttempt attempt, String why, Instant now) {
    var report =
        TaskReport.newBuilder()
            .setPipelineRunId(attempt.runId.toString())
            .setTask(attempt.task)
            .setAttemptId(attempt.id.toString())
            .setSeq(Long.MAX_VALUE)
            .setAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
            .setFinished(
                TaskFinished.newBuilder()
                    .setOutcome(Outcome.OUTCOME_SYSTEM_FAILURE)
                    .setCode(ProblemCode.TASK_LOST.name())
                    .setMessage(why))
            .build();
    db.useTransaction(tx -> keepReports(tx, List.of(report)));
  }

  /// The values in a row's JSON.
  public static Map<String, JsonNode> values(String json) {
    try {
      return Json.MAPPER.readValue(json, VALUES);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("stored values are damaged", e);
    }
  }

  private static String json(Object value) {
    try {
      return Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("values did not become JSON", e);
    }
  }

  private static TaskReport parse(byte[] message) {
    try {
      return TaskReport.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a stored report is damaged", e);
    }
  }
}
