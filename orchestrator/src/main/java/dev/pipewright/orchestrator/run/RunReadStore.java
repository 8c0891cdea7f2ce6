package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.Transition;
import dev.pipewright.orchestrator.run.RunStore.RunRow;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// What people read about runs: the SQL behind the pages and lists.
@ApplicationScoped
public class RunReadStore {
  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

  private final Db db;

  RunReadStore(Db db) {
    this.db = db;
  }

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public PipelineRun get(String id) {
    return get(id(id));
  }

  PipelineRun get(UUID id) {
    return db.read(handle -> {
      var run =
          handle
              .createQuery(RunStore.RUN + " where id = :id")
              .bind("id", id)
              .mapTo(RunRow.class)
              .findOne()
              .orElseThrow(() -> notFound(id.toString()));
      var attempts = attempts(handle, id);
      return new PipelineRun(
          id.toString(),
          run.number(),
          run.pipeline(),
          run.version(),
          RunState.valueOf(run.state()),
          run.paused(),
          run.message(),
          RunStore.values(run.params()),
          RunStore.values(run.outputs()),
          run.priority(),
          RunStore.tree(run.origin()),
          run.parentRunId() == null ? null : run.parentRunId().toString(),
          run.trackedRunId(),
          run.revision(),
          run.createdAt(),
          run.startedAt(),
          run.endedAt(),
          tasks(handle, id).stream()
              .map(task -> body(task, attempts.getOrDefault(task.name(), List.of())))
              .toList());
    });
  }

  private record TaskRow(
      String name,
      @Nullable String groupName,
      String kind,
      String[] needs,
      String state,
      @Nullable String reason,
      String outputs,
      @Nullable String item,
      @Nullable Instant dueAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  private record AttemptRow(
      UUID id,
      String task,
      int number,
      String state,
      String trackedRunId,
      @Nullable String failure,
      @Nullable Integer exitCode,
      @Nullable String code,
      @Nullable String message,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  private static List<TaskRow> tasks(Handle handle, UUID run) {
    return handle
        .createQuery(
            """
            select name, group_name, kind, needs, state, reason, outputs::text as outputs,
              item::text as item, due_at, started_at, ended_at
            from orchestrator.task where run_id = :run order by position, group_name is not null, index
            """)
        .bind("run", run)
        .mapTo(TaskRow.class)
        .list();
  }

  private static Map<String, List<AttemptRow>> attempts(Handle handle, UUID run) {
    var found = new HashMap<String, List<AttemptRow>>();
    handle
        .createQuery(
            """
            select id, task, number, state, tracked_run_id, failure, exit_code, code, message,
              created_at, started_at, ended_at
            from orchestrator.attempt where run_id = :run order by task, number
            """)
        .bind("run", run)
        .mapTo(AttemptRow.class)
        .forEach(row -> found.computeIfAbsent(row.task, task -> new ArrayList<>()).add(row));
    return found;
  }

  /// The id of the run that an address names by its id or its number.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public UUID id(String text) {
    if (NUMBER.matcher(text).matches()) {
      return db.read(handle ->
          handle
              .createQuery("select id from orchestrator.pipeline_run where number = :number")
              .bind("number", Long.parseLong(text))
              .mapTo(UUID.class)
              .findOne()
              .orElseThrow(() -> notFound(text)));
    }
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw notFound(text);
    }
  }

  static ProblemException notFound(String id) {
    return new ProblemException(
        ProblemCode.PIPELINE_RUN_NOT_FOUND, "There is no pipeline run '" + id + "'.");
  }

  private static PipelineRun.Task body(TaskRow task, List<AttemptRow> attempts) {
    return new PipelineRun.Task(
        task.name(),
        task.groupName(),
        task.item() == null ? null : RunStore.tree(task.item()),
        task.kind(),
        List.of(task.needs()),
        TaskState.valueOf(task.state()),
        task.reason(),
        RunStore.values(task.outputs()),
        task.dueAt(),
        task.startedAt(),
        task.endedAt(),
        attempts.stream()
            .map(row ->
                new PipelineRun.Attempt(
                    row.id().toString(),
                    row.number(),
                    AttemptState.valueOf(row.state()),
                    row.trackedRunId(),
                    row.failure() == null ? null : FailureKind.valueOf(row.failure()),
                    row.exitCode(),
                    row.code(),
                    row.message(),
                    row.createdAt(),
                    row.startedAt(),
                    row.endedAt()))
            .toList());
  }

  /// How many runs of a pipeline are under way.
  int running(String pipeline) {
    return db.read(handle -> RunStore.running(handle, pipeline));
  }

  private record Count(UUID runId, String state, int tasks) {}

  /// Newest first.
  Page<PipelineRunSummary> page(
      int limit, @Nullable Long before, @Nullable String pipeline, @Nullable RunState state) {
    var where = new StringBuilder(" where number < :before");
    if (pipeline != null) {
      where.append(" and pipeline = :pipeline");
    }
    if (state != null) {
      where.append(" and state = :state");
    }
    return db.read(handle -> {
      var query =
          handle
              .createQuery(RunStore.RUN + where + " order by number desc limit :limit")
              .bind("before", before == null ? Long.MAX_VALUE : before)
              .bind("limit", limit + 1);
      if (pipeline != null) {
        query.bind("pipeline", pipeline);
      }
      if (state != null) {
        query.bind("state", state.name());
      }
      var rows = query.mapTo(RunRow.class).list();
      var counts = counts(handle, rows);
      return Paging.page(
          rows,
          limit,
          row -> String.valueOf(row.number()),
          row -> summary(row, counts.getOrDefault(row.id(), Map.of())));
    });
  }

  public PipelineRunSummary summary(UUID id) {
    return db.read(handle -> {
      var row =
          handle
              .createQuery(RunStore.RUN + " where id = :id")
              .bind("id", id)
              .mapTo(RunRow.class)
              .findOne()
              .orElseThrow(() -> notFound(id.toString()));
      return summary(row, counts(handle, List.of(row)).getOrDefault(id, Map.of()));
    });
  }

  private static Map<UUID, Map<TaskState, Integer>> counts(Handle handle, List<RunRow> rows) {
    var found = new HashMap<UUID, Map<TaskState, Integer>>();
    handle
        .createQuery(
            """
            select run_id, state, count(*) as tasks from orchestrator.task
            where run_id = any(:runs) and group_name is null group by run_id, state
            """)
        .bindArray("runs", UUID.class, rows.stream().map(RunRow::id).toList())
        .mapTo(Count.class)
        .forEach(count ->
            found
                .computeIfAbsent(count.runId, id -> new EnumMap<>(TaskState.class))
                .put(TaskState.valueOf(count.state), count.tasks));
    return found;
  }

  private static PipelineRunSummary summary(RunRow row, Map<TaskState, Integer> tasks) {
    return new PipelineRunSummary(
        row.id().toString(),
        row.number(),
        row.pipeline(),
        row.version(),
        RunState.valueOf(row.state()),
        row.message(),
        tasks,
        row.createdAt(),
        row.startedAt(),
        row.endedAt());
  }

  /// Oldest first.
  Page<Transition> history(UUID id, int limit, @Nullable Long after) {
    return Paging.page(
        db.read(handle ->
            handle
                .createQuery(
                    """
                    select revision, at, task, attempt, from_state as "from", to_state as "to", reason
                    from orchestrator.transition where run_id = :run and revision > :after
                    order by revision limit :limit
                    """)
                .bind("run", id)
                .bind("after", after == null ? 0 : after)
                .bind("limit", limit + 1)
                .mapTo(Transition.class)
                .list()),
        limit,
        row -> String.valueOf(row.revision()),
        row -> row);
  }
}
