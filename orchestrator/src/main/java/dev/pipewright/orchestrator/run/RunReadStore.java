package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.RunChanges;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.Transition;
import dev.pipewright.orchestrator.run.RunStore.RunRow;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
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

  /// A run with all of its tasks, for those who decide by them.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  PipelineRun get(UUID id) {
    return db.read(handle ->
        body(row(handle, id), TaskReadStore.progress(handle, id), TaskReadStore.all(handle, id)));
  }

  /// A run with the tasks of its document, without instances.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  PipelineRun declared(UUID id) {
    return db.read(handle ->
        body(
            row(handle, id),
            TaskReadStore.progress(handle, id),
            TaskReadStore.declared(handle, id)));
  }

  /// A run with as many of its tasks as an answer may hold.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public PipelineRun view(UUID id) {
    return db.read(handle -> {
      var row = row(handle, id);
      var progress = TaskReadStore.progress(handle, id);
      return body(row, progress, TaskReadStore.shown(handle, id, progress));
    });
  }

  /// What changed in a run since a revision.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public RunChanges changes(UUID id, long since) {
    return db.read(handle -> {
      // The run's row first: a change that comes in between is told again, never left out.
      var run = row(handle, id);
      var progress = TaskReadStore.progress(handle, id);
      return new RunChanges(
          since,
          run.revision(),
          RunState.valueOf(run.state()),
          run.paused(),
          run.message(),
          StoredValues.values(run.outputs()),
          run.startedAt(),
          run.endedAt(),
          progress.total(),
          progress.counts(),
          progress.groups(),
          TaskReadStore.changed(handle, id, since, progress));
    });
  }

  private static RunRow row(Handle handle, UUID id) {
    return handle
        .createQuery(RunStore.RUN + " where id = :id")
        .bind("id", id)
        .mapTo(RunRow.class)
        .findOne()
        .orElseThrow(() -> notFound(id.toString()));
  }

  private static PipelineRun body(
      RunRow run, TaskReadStore.Progress progress, List<PipelineRun.Task> tasks) {
    return new PipelineRun(
        run.id().toString(),
        run.number(),
        run.pipeline(),
        run.version(),
        RunState.valueOf(run.state()),
        run.paused(),
        run.message(),
        StoredValues.values(run.params()),
        StoredValues.values(run.outputs()),
        run.priority(),
        StoredValues.tree(run.origin()),
        run.parentRunId() == null ? null : run.parentRunId().toString(),
        run.trackedRunId(),
        run.revision(),
        run.createdAt(),
        run.startedAt(),
        run.endedAt(),
        progress.total(),
        progress.counts(),
        progress.groups(),
        tasks);
  }

  /// The id of a run that is there.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public UUID require(String text) {
    var id = id(text);
    return db.read(handle -> row(handle, id)).id();
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

  /// How many runs of a pipeline are under way.
  int running(String pipeline) {
    return db.read(handle -> NewRunStore.running(handle, pipeline));
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
      var row = row(handle, id);
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

  Page<Transition> history(UUID id, boolean newestFirst, int limit, @Nullable Long after) {
    return Paging.page(
        db.read(handle ->
            handle
                .createQuery(
                    """
                    select revision, at, task, attempt, from_state as "from", to_state as "to", reason
                    from orchestrator.transition where run_id = :run and revision %s :after
                    order by revision %s limit :limit
                    """
                        .formatted(newestFirst ? "<" : ">", newestFirst ? "desc" : "asc"))
                .bind("run", id)
                .bind("after", after != null ? after : newestFirst ? Long.MAX_VALUE : 0)
                .bind("limit", limit + 1)
                .mapTo(Transition.class)
                .list()),
        limit,
        row -> String.valueOf(row.revision()),
        row -> row);
  }
}
