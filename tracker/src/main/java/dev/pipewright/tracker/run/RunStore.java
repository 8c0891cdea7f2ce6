package dev.pipewright.tracker.run;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Experiment;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.RunStatus;
import dev.pipewright.contract.api.TrackedRun.DatasetInput;
import dev.pipewright.contract.tracking.v1.DatasetUsed;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of experiments and runs with their params, tags and datasets.
@ApplicationScoped
public class RunStore {
  private static final String COLUMNS =
      """
      select r.id, r.number, r.name, r.experiment_id, e.name as experiment, r.status, r.message,
        r.parent_run_id, r.pipeline, r.pipeline_version, r.pipeline_run_id, r.task, r.attempt,
        r.start_time, r.end_time
      from tracker.run r join tracker.experiment e on e.id = r.experiment_id
      """;

  private final Db db;

  RunStore(Db db) {
    this.db = db;
  }

  public static RunStore on(Db db) {
    return new RunStore(db);
  }

  /// A run's own row.
  public record RunRow(
      String id,
      long number,
      String name,
      long experimentId,
      String experiment,
      String status,
      @Nullable String message,
      @Nullable String parentRunId,
      @Nullable String pipeline,
      @Nullable Integer pipelineVersion,
      @Nullable String pipelineRunId,
      @Nullable String task,
      @Nullable Integer attempt,
      Instant startTime,
      @Nullable Instant endTime) {}

  /// Makes sure that the runs exist, so that facts about them can be stored whatever arrived first.
  /// What is known of the run comes with [#started].
  public void ensure(Handle tx, Map<String, Instant> firstSeen) {
    var missing = new HashMap<>(firstSeen);
    tx.createQuery("select id from tracker.run where id = any(:ids)")
        .bindArray("ids", String.class, firstSeen.keySet())
        .mapTo(String.class)
        .forEach(missing::remove);
    if (missing.isEmpty()) {
      return;
    }
    long experiment = experiment(tx, "Default");
    var batch =
        tx.prepareBatch(
            """
            insert into tracker.run (id, experiment_id, name, status, start_time)
            values (:id, :experiment, :id, 'RUNNING', :at) on conflict do nothing
            """);
    missing.forEach(
        (id, at) -> batch.bind("id", id).bind("experiment", experiment).bind("at", at).add());
    batch.execute();
  }

  public void started(Handle tx, String runId, Instant at, RunStarted started) {
    var source = started.getPipeline();
    tx.createUpdate(
            """
            update tracker.run set
              experiment_id = :experiment, name = :name, start_time = least(start_time, :at),
              parent_run_id = nullif(:parent, ''), pipeline = nullif(:pipeline, ''),
              pipeline_version = nullif(:version, 0), pipeline_run_id = nullif(:pipelineRun, ''),
              task = nullif(:task, ''), attempt = nullif(:attempt, 0)
            where id = :id
            """)
        .bind("id", runId)
        .bind("experiment", experiment(tx, started.getExperiment()))
        .bind("name", started.getName())
        .bind("at", at)
        .bind("parent", started.getParentRunId())
        .bind("pipeline", source.getPipeline())
        .bind("version", source.getVersion())
        .bind("pipelineRun", source.getPipelineRunId())
        .bind("task", source.getTask())
        .bind("attempt", source.getAttempt())
        .execute();
  }

  /// Ends a run; a run that has ended keeps its first end.
  public void finished(Handle tx, String runId, Instant at, RunFinished finished) {
    var status =
        switch (finished.getStatus()) {
          case RUN_STATUS_FINISHED -> RunStatus.FINISHED;
          case RUN_STATUS_KILLED -> RunStatus.KILLED;
          case RUN_STATUS_FAILED, RUN_STATUS_UNSPECIFIED, UNRECOGNIZED -> RunStatus.FAILED;
        };
    tx.createUpdate(
            """
            update tracker.run set status = :status, message = nullif(:message, ''), end_time = :at
            where id = :id and end_time is null
            """)
        .bind("id", runId)
        .bind("status", status.name())
        .bind("message", finished.getMessage().replace('\0', '\uFFFD'))
        .bind("at", at)
        .execute();
  }

  /// A param keeps its first value, as in MLflow.
  public void params(Handle tx, String runId, Map<String, String> params) {
    pairs(
        tx,
        "insert into tracker.param (run_id, key, value) values (:run, :key, :value) on conflict do nothing",
        runId,
        params);
  }

  /// A tag takes its newest value.
  public void tags(Handle tx, String runId, Map<String, String> tags) {
    pairs(
        tx,
        """
        insert into tracker.tag (run_id, key, value) values (:run, :key, :value)
        on conflict (run_id, key) do update set value = excluded.value
        """,
        runId,
        tags);
  }

  private static void pairs(Handle tx, String sql, String runId, Map<String, String> pairs) {
    var batch = tx.prepareBatch(sql);
    pairs.forEach((key, value) ->
        batch
            .bind("run", runId)
            .bind("key", key.replace('\0', '\uFFFD'))
            .bind("value", value.replace('\0', '\uFFFD'))
            .add());
    batch.execute();
  }

  public void dataset(Handle tx, String runId, DatasetUsed dataset) {
    tx.createUpdate(
            """
            insert into tracker.dataset_input (run_id, digest, role, name, size, rows)
            values (:run, :digest, :role, :name, :size, :rows) on conflict do nothing
            """)
        .bind("run", runId)
        .bind("digest", dataset.getDigest())
        .bind("role", dataset.getRole())
        .bind("name", dataset.getName())
        .bind("size", dataset.getSize())
        .bind("rows", dataset.getRows() < 0 ? null : dataset.getRows())
        .execute();
  }

  private static long experiment(Handle tx, String name) {
    var found =
        tx.createQuery("select id from tracker.experiment where name = :name")
            .bind("name", name)
            .mapTo(Long.class)
            .findOne();
    return found.orElseGet(() ->
        // The update makes the row visible to "returning" when another transaction was first.
        tx.createQuery(
                """
                insert into tracker.experiment (name) values (:name)
                on conflict (name) do update set name = excluded.name returning id
                """)
            .bind("name", name)
            .mapTo(Long.class)
            .one());
  }

  /// Newest first.
  Page<Experiment> experiments(int limit, @Nullable Long before) {
    return Paging.page(
        db.read(handle ->
            handle
                .createQuery(
                    """
                    select id::text as id, name,
                      (select count(*) from tracker.run where experiment_id = e.id) as runs, created_at
                    from tracker.experiment e where id < :before order by e.id desc limit :limit
                    """)
                .bind("before", before == null ? Long.MAX_VALUE : before)
                .bind("limit", limit + 1)
                .mapTo(Experiment.class)
                .list()),
        limit,
        Experiment::id,
        row -> row);
  }

  public RunRow get(String runId) {
    return db.read(handle ->
            handle
                .createQuery(COLUMNS + " where r.id = :id")
                .bind("id", runId)
                .mapTo(RunRow.class)
                .findOne())
        .orElseThrow(() ->
            new ProblemException(ProblemCode.RUN_NOT_FOUND, "There is no run '" + runId + "'."));
  }

  public Optional<RunRow> find(String runId) {
    return db.read(handle ->
        handle
            .createQuery(COLUMNS + " where r.id = :id")
            .bind("id", runId)
            .mapTo(RunRow.class)
            .findOne());
  }

  /// Newest first.
  public Page<RunRow> page(
      int limit, @Nullable Long before, @Nullable String experiment, @Nullable String pipelineRun) {
    var where = new StringBuilder(" where r.number < :before");
    if (experiment != null) {
      where.append(
          " and r.experiment_id = (select id from tracker.experiment where name = :experiment)");
    }
    if (pipelineRun != null) {
      where.append(" and r.pipeline_run_id = :pipelineRun");
    }
    return db.read(handle -> {
      var query =
          handle
              .createQuery(COLUMNS + where + " order by r.number desc limit :limit")
              .bind("before", before == null ? Long.MAX_VALUE : before)
              .bind("limit", limit + 1);
      if (experiment != null) {
        query.bind("experiment", experiment);
      }
      if (pipelineRun != null) {
        query.bind("pipelineRun", pipelineRun);
      }
      return Paging.page(
          query.mapTo(RunRow.class).list(), limit, row -> String.valueOf(row.number()), row -> row);
    });
  }

  private record Pair(String runId, String key, String value) {}

  public Map<String, Map<String, String>> params(Collection<String> runIds) {
    return pairs("select run_id, key, value from tracker.param where run_id = any(:runs)", runIds);
  }

  public Map<String, Map<String, String>> tags(Collection<String> runIds) {
    return pairs("select run_id, key, value from tracker.tag where run_id = any(:runs)", runIds);
  }

  private Map<String, Map<String, String>> pairs(String sql, Collection<String> runIds) {
    var found = new HashMap<String, Map<String, String>>();
    db.read(handle ->
            handle
                .createQuery(sql)
                .bindArray("runs", String.class, runIds)
                .mapTo(Pair.class)
                .list())
        .forEach(pair ->
            found.computeIfAbsent(pair.runId, id -> new TreeMap<>()).put(pair.key, pair.value));
    return found;
  }

  public Map<String, List<DatasetInput>> datasets(Collection<String> runIds) {
    var found = new HashMap<String, List<DatasetInput>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select run_id, name, digest, size, role, rows from tracker.dataset_input
                    where run_id = any(:runs) order by role, name
                    """)
                .bindArray("runs", String.class, runIds)
                .map((rs, context) ->
                    Map.entry(
                        rs.getString(1),
                        new DatasetInput(
                            rs.getString(2),
                            rs.getString(3),
                            rs.getLong(4),
                            rs.getString(5),
                            (Long) rs.getObject(6))))
                .list())
        .forEach(entry ->
            found.computeIfAbsent(entry.getKey(), id -> new ArrayList<>()).add(entry.getValue()));
    return found;
  }

  /// The datasets that any run of a pipeline run read.
  public List<DatasetInput> datasetsOfPipelineRun(String pipelineRunId) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select distinct d.name, d.digest, d.size, d.role, d.rows
                from tracker.dataset_input d join tracker.run r on r.id = d.run_id
                where r.pipeline_run_id = :id order by d.role, d.name
                """)
            .bind("id", pipelineRunId)
            .mapTo(DatasetInput.class)
            .list());
  }
}
