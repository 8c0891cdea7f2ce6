package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.Ids;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.run.RunSnapshot.AttemptSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The row of a pipeline run, and all that the engine reads to take it on. How it is written is in
/// [NewRunStore] and [ChangesStore], what waits for it in [InboxStore], what people read in
/// [RunReadStore], what launchers need in [AttemptStore].
final class RunStore {
  private RunStore() {}

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
      @Nullable Instant retriedAt,
      @Nullable Instant endedAt,
      @Nullable Instant wakeAt,
      boolean told) {}

  static final String RUN =
      """
      select id, number, pipeline, version, state, message, params::text as params,
        outputs::text as outputs, tracked_run_id, revision, priority, paused, stop, scheduled_at,
        origin::text as origin, parent_run_id, parent_attempt_id, depth, created_at, started_at,
        retried_at, ended_at, wake_at,
        exists (select 1 from orchestrator.inbox i where i.run_id = pipeline_run.id) as told
      from orchestrator.pipeline_run
      """;

  static String trackedRun(UUID run) {
    return Ids.runId("pipeline-run", run.toString());
  }

  /// The run's row, held until the transaction ends; empty while another holds it.
  static Optional<RunRow> lock(Handle tx, UUID id) {
    return tx.createQuery(RUN + " where id = :id for no key update skip locked")
        .bind("id", id)
        .mapTo(RunRow.class)
        .findOne();
  }

  /// The run's row, held until the transaction ends; waits while another holds it.
  static Optional<RunRow> await(Handle tx, UUID id) {
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
      @Nullable Boolean stopRequested,
      @Nullable String trial) {}

  static RunSnapshot snapshot(Handle tx, RunRow run, PipelineSpec spec) {
    var tasks =
        tx.createQuery(
                """
                select t.name, t.group_name, t.index, t.item::text as item, t.state, t.reason,
                  t.condition_false, t.outputs::text as outputs, t.user_failures, t.system_failures,
                  t.due_at, a.id as attempt_id, a.number, a.state as attempt_state,
                  a.stop_requested, t.trial::text as trial
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
                    row.item == null ? null : StoredValues.tree(row.item),
                    TaskState.valueOf(row.state),
                    row.reason,
                    row.conditionFalse,
                    StoredValues.values(row.outputs),
                    row.userFailures,
                    row.systemFailures,
                    row.dueAt,
                    row.attemptId == null
                        ? null
                        : new AttemptSnapshot(
                            row.attemptId,
                            row.number,
                            AttemptState.valueOf(row.attemptState),
                            row.stopRequested),
                    row.trial == null ? null : StoredValues.mark(row.trial)))
            .list();
    return new RunSnapshot(
        run.id,
        run.number,
        run.revision,
        RunState.valueOf(run.state),
        run.stop == null ? null : RunSnapshot.Stop.valueOf(run.stop),
        run.paused,
        spec,
        StoredValues.values(run.params),
        run.scheduledAt,
        run.startedAt,
        run.retriedAt,
        tasks,
        points(tx, run, spec));
  }

  /// What trials have logged, of a run that has any that may be stopped early.
  private static Map<String, SortedMap<Long, Double>> points(
      Handle tx, RunRow run, PipelineSpec spec) {
    record Row(String task, long step, double value) {}
    var points = new HashMap<String, SortedMap<Long, Double>>();
    if (spec.tasks().values().stream()
        .anyMatch(task -> task.study() != null && task.study().metric() != null)) {
      tx.createQuery("select task, step, value from orchestrator.trial_point where run_id = :run")
          .bind("run", run.id)
          .mapTo(Row.class)
          .forEach(row ->
              points.computeIfAbsent(row.task, _ -> new TreeMap<>()).put(row.step, row.value));
    }
    return points;
  }

  /// Nothing changed but when the run must be looked at.
  static void wakeAt(Handle tx, RunRow run, @Nullable Instant at) {
    if (!Objects.equals(run.wakeAt, at)) {
      tx.createUpdate("update orchestrator.pipeline_run set wake_at = :at where id = :run")
          .bind("at", at)
          .bind("run", run.id)
          .execute();
    }
  }
}
