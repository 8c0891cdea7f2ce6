package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRun.Attempt;
import dev.pipewright.contract.api.PipelineRun.Group;
import dev.pipewright.contract.api.PipelineRun.Task;
import dev.pipewright.contract.api.PipelineRun.Trial;
import dev.pipewright.contract.api.RunOverview;
import dev.pipewright.contract.api.TaskOrder;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.orchestrator.run.RunSnapshot.TrialMark;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// What people read about the tasks of a run: all of a small one, counts and pages of a large one.
@ApplicationScoped
class TaskReadStore {
  /// How many tasks a run's own answer holds at most.
  static final int MOST_SHOWN = 500;

  private static final String TASK =
      """
      select name, group_name, kind, needs, state, reason, outputs::text as outputs,
        item::text as item, trial::text as trial, due_at, started_at, ended_at, position,
        case when group_name is null then -1 else index end as place, 0::bigint as rank
      from orchestrator.task
      """;
  private static final String IN_ORDER = " order by position, group_name is not null, index";

  private final Db db;

  TaskReadStore(Db db) {
    this.db = db;
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
      @Nullable String trial,
      @Nullable Instant dueAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      int position,
      int place,
      long rank) {}

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

  // All of them -------------------------------------------------------------------------------

  static List<Task> all(Handle handle, UUID run) {
    var rows =
        handle
            .createQuery(TASK + " where run_id = :run" + IN_ORDER)
            .bind("run", run)
            .mapTo(TaskRow.class)
            .list();
    var attempts =
        handle
            .createQuery(ATTEMPT + " where run_id = :run order by task, number")
            .bind("run", run)
            .mapTo(AttemptRow.class)
            .list();
    return bodies(rows, attempts);
  }

  /// Those of the document, without instances.
  static List<Task> declared(Handle handle, UUID run) {
    return withAttempts(
        handle,
        run,
        handle
            .createQuery(TASK + " where run_id = :run and group_name is null" + IN_ORDER)
            .bind("run", run)
            .mapTo(TaskRow.class)
            .list());
  }

  private static List<Task> named(Handle handle, UUID run, Collection<String> names) {
    return withAttempts(
        handle,
        run,
        handle
            .createQuery(TASK + " where run_id = :run and name = any(:names)" + IN_ORDER)
            .bind("run", run)
            .bindArray("names", String.class, names)
            .mapTo(TaskRow.class)
            .list());
  }

  private static final String ATTEMPT =
      """
      select id, task, number, state, tracked_run_id, failure, exit_code, code, message,
        created_at, started_at, ended_at
      from orchestrator.attempt
      """;

  private static List<Task> withAttempts(Handle handle, UUID run, List<TaskRow> rows) {
    return bodies(
        rows,
        handle
            .createQuery(
                ATTEMPT + " where run_id = :run and task = any(:tasks) order by task, number")
            .bind("run", run)
            .bindArray("tasks", String.class, rows.stream().map(TaskRow::name).toList())
            .mapTo(AttemptRow.class)
            .list());
  }

  private static List<Task> bodies(List<TaskRow> rows, List<AttemptRow> attempts) {
    var byTask = new HashMap<String, List<AttemptRow>>();
    attempts.forEach(row -> byTask.computeIfAbsent(row.task, task -> new ArrayList<>()).add(row));
    return rows.stream().map(row -> body(row, byTask.getOrDefault(row.name, List.of()))).toList();
  }

  private static Task body(TaskRow task, List<AttemptRow> attempts) {
    return new Task(
        task.name(),
        task.groupName(),
        task.item() == null ? null : StoredValues.tree(task.item()),
        task.kind(),
        List.of(task.needs()),
        TaskState.valueOf(task.state()),
        task.reason(),
        StoredValues.values(task.outputs()),
        task.dueAt(),
        task.startedAt(),
        task.endedAt(),
        attempts.stream()
            .map(row ->
                new Attempt(
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
            .toList(),
        task.trial() == null ? null : trial(StoredValues.mark(task.trial())));
  }

  private static Trial trial(TrialMark mark) {
    return new Trial(mark.state().name(), mark.rung(), mark.step(), mark.value());
  }

  // Counts ------------------------------------------------------------------------------------

  /// How far the tasks of a run are.
  ///
  /// @param total all of them
  /// @param declared those of the document
  /// @param counts of all but those that stand for their instances
  record Progress(int total, int declared, Map<TaskState, Integer> counts, List<Group> groups) {}

  private record Count(@Nullable String groupName, String state, int tasks) {}

  static Progress progress(Handle handle, UUID run) {
    int total = 0;
    int declared = 0;
    var counts = new EnumMap<TaskState, Integer>(TaskState.class);
    var groups = new LinkedHashMap<String, Map<TaskState, Integer>>();
    for (var count :
        handle
            .createQuery(
                """
                select group_name, state, count(*)::int as tasks from orchestrator.task
                where run_id = :run group by group_name, state order by group_name
                """)
            .bind("run", run)
            .mapTo(Count.class)
            .list()) {
      var state = TaskState.valueOf(count.state);
      total += count.tasks;
      counts.merge(state, count.tasks, Integer::sum);
      if (count.groupName == null) {
        declared += count.tasks;
      } else {
        groups
            .computeIfAbsent(count.groupName, name -> new EnumMap<>(TaskState.class))
            .put(state, count.tasks);
      }
    }
    if (!groups.isEmpty()) {
      handle
          .createQuery(
              "select state from orchestrator.task where run_id = :run and name = any(:names)")
          .bind("run", run)
          .bindArray("names", String.class, groups.keySet())
          .mapTo(String.class)
          .forEach(state ->
              counts.computeIfPresent(
                  TaskState.valueOf(state), (key, tasks) -> tasks == 1 ? null : tasks - 1));
    }
    return new Progress(
        total,
        declared,
        counts,
        groups.entrySet().stream()
            .map(group -> new Group(group.getKey(), group.getValue()))
            .toList());
  }

  /// Those that a run's own answer holds.
  static List<Task> shown(Handle handle, UUID run, Progress progress) {
    if (progress.total <= MOST_SHOWN) {
      return all(handle, run);
    }
    return progress.declared <= MOST_SHOWN ? declared(handle, run) : List.of();
  }

  // What changed ------------------------------------------------------------------------------

  /// Those that changed since a revision, of those that a run's own answer holds.
  static List<Task> changed(Handle handle, UUID run, long since, Progress progress) {
    if (progress.declared > MOST_SHOWN) {
      return List.of();
    }
    // Only instances have a bracket in their name.
    var which = progress.total > MOST_SHOWN ? " and task not like '%[%'" : "";
    return named(
        handle,
        run,
        handle
            .createQuery(
                """
                select distinct task from orchestrator.transition
                where run_id = :run and revision > :since and task is not null
                """
                    + which)
            .bind("run", run)
            .bind("since", since)
            .mapTo(String.class)
            .list());
  }

  // Pages -------------------------------------------------------------------------------------

  /// Which tasks a page is of; null or empty for all.
  ///
  /// @param group only instances of this task
  /// @param search what the name contains, in whichever case
  /// @param leaves without those that stand for their instances
  record Filter(
      @Nullable String group,
      Set<TaskState> states,
      @Nullable String search,
      @Nullable Range level,
      boolean leaves,
      TaskOrder order) {}

  /// Levels of the overview, both ends included.
  record Range(int from, int to) {}

  /// @throws ProblemException BAD_REQUEST for a cursor that is none
  Page<Task> page(UUID run, Filter filter, int limit, @Nullable String cursor) {
    var after = After.read(cursor);
    return db.read(handle -> {
      var query =
          handle
              .createQuery(sql(filter))
              .bind("run", run)
              .bind("rank", after.rank)
              .bind("position", after.position)
              .bind("place", after.place)
              .bind("limit", limit + 1);
      if (filter.group != null) {
        query.bind("group", filter.group);
      }
      if (!filter.states.isEmpty()) {
        query.bindArray(
            "states", String.class, filter.states.stream().map(TaskState::name).toList());
      }
      if (filter.search != null) {
        query.bind("search", filter.search);
      }
      if (filter.level != null) {
        query.bindArray(
            "names", String.class, levels(handle, run).between(filter.level.from, filter.level.to));
      }
      var rows = query.mapTo(TaskRow.class).list();
      var tasks =
          withAttempts(handle, run, rows).stream()
              .collect(Collectors.toMap(Task::name, task -> task));
      return Paging.page(
          rows,
          limit,
          row -> row.rank + ":" + row.position + ":" + row.place,
          row -> tasks.get(row.name));
    });
  }

  private static String sql(Filter filter) {
    var where = new StringBuilder(" where run_id = :run");
    if (filter.group != null) {
      where.append(" and group_name = :group");
    }
    if (!filter.states.isEmpty()) {
      where.append(" and state = any(:states)");
    }
    if (filter.search != null) {
      where.append(" and strpos(lower(name), lower(:search)) > 0");
    }
    if (filter.level != null) {
      where.append(" and name = any(:names)");
    }
    if (filter.leaves) {
      where.append(
          """
           and (group_name is not null or name not in (
            select group_name from orchestrator.task where run_id = :run and group_name is not null))
          """);
    }
    return """
    select * from (%s %s) t
    where (rank, position, place) > (:rank, :position, :place)
    order by rank, position, place limit :limit
    """
        .formatted(TASK.replace("0::bigint as rank", rank(filter.order) + " as rank"), where);
  }

  private static String rank(TaskOrder order) {
    return switch (order) {
      case DOCUMENT -> "0::bigint";
      case URGENT ->
          """
          array_position(array['FAILED', 'WAITING', 'RETRYING', 'RUNNING', 'UPSTREAM_FAILED',
            'CANCELLED', 'READY', 'PENDING', 'SKIPPED', 'PRUNED', 'SUCCEEDED'], state)::bigint
          """;
      case NEWEST ->
          "(-1000000 * extract(epoch from coalesce(ended_at, started_at, 'epoch')))::bigint";
    };
  }

  /// Where a page begins.
  private record After(long rank, int position, int place) {
    static After read(@Nullable String cursor) {
      var key = Paging.after(cursor);
      if (key == null) {
        return new After(Long.MIN_VALUE, -1, -1);
      }
      var parts = key.split(":", -1);
      try {
        return new After(
            Long.parseLong(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw Paging.badCursor(String.valueOf(cursor));
      }
    }
  }

  /// @throws ProblemException NOT_FOUND
  Task get(UUID run, String name) {
    return db.read(handle -> named(handle, run, List.of(name))).stream()
        .findFirst()
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.NOT_FOUND,
                "Pipeline run '" + run + "' has no task '" + name + "'.",
                "GET /api/v1/pipeline-runs/" + run + "/tasks lists them."));
  }

  // The shape ---------------------------------------------------------------------------------

  RunOverview overview(UUID run) {
    return db.read(handle -> levels(handle, run)).overview();
  }

  private record NodeRow(
      String name,
      String[] needs,
      String state,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  private static Levels levels(Handle handle, UUID run) {
    return new Levels(
        handle
            .createQuery(
                """
                select name, needs, state, started_at, ended_at from orchestrator.task
                where run_id = :run and group_name is null order by position
                """)
            .bind("run", run)
            .mapTo(NodeRow.class)
            .map(row ->
                new Levels.Node(
                    row.name,
                    List.of(row.needs),
                    TaskState.valueOf(row.state),
                    row.startedAt,
                    row.endedAt))
            .list());
  }
}
