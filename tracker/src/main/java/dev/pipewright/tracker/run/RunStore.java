package dev.pipewright.tracker.run;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.RunStatus;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of runs with their params and tags.
@ApplicationScoped
public class RunStore {
  private static final String COLUMNS =
      """
      select r.id, r.number, r.name, r.experiment_id, e.name as experiment, r.status, r.message,
        r.user_id, r.artifact_uri, r.deleted_at, r.parent_run_id, r.pipeline, r.pipeline_version,
        r.pipeline_run_id, r.task, r.attempt, r.start_time, r.end_time
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
      String userId,
      String artifactUri,
      @Nullable Instant deletedAt,
      @Nullable String parentRunId,
      @Nullable String pipeline,
      @Nullable Integer pipelineVersion,
      @Nullable String pipelineRunId,
      @Nullable String task,
      @Nullable Integer attempt,
      Instant startTime,
      @Nullable Instant endTime) {}

  /// What rows of a run are keyed by.
  ///
  /// @param watched the metric whose points somebody wants to be told of; null for most
  public record RunKey(
      String id, long number, long experimentId, boolean deleted, @Nullable String watched) {}

  /// Of the runs that exist.
  public Map<String, RunKey> keys(Handle tx, Collection<String> ids) {
    var found = new HashMap<String, RunKey>();
    tx.createQuery(
            """
            select id, number, experiment_id, deleted_at is not null as deleted, watched
            from tracker.run where id = any(:ids)
            """)
        .bindArray("ids", String.class, ids)
        .mapTo(RunKey.class)
        .forEach(key -> found.put(key.id, key));
    return found;
  }

  /// Makes sure that the runs exist, so that facts about them can be stored whatever arrived first.
  /// What is known of the run comes with [#started].
  public Map<String, RunKey> ensure(Handle tx, Map<String, Instant> firstSeen) {
    var keys = keys(tx, firstSeen.keySet());
    if (keys.size() == firstSeen.size()) {
      return keys;
    }
    var batch =
        tx.prepareBatch(
            """
            insert into tracker.run (id, experiment_id, name, status, start_time, artifact_uri)
            values (:id, :experiment, :id, 'RUNNING', :at,
              'mlflow-artifacts:/' || :experiment || '/' || :id || '/artifacts')
            on conflict do nothing
            """);
    firstSeen.forEach((id, at) -> {
      if (!keys.containsKey(id)) {
        batch.bind("id", id).bind("experiment", ExperimentStore.DEFAULT).bind("at", at).add();
      }
    });
    batch.execute();
    return keys(tx, firstSeen.keySet());
  }

  /// @return the run's key in its experiment, which may be another one than before
  public RunKey started(Handle tx, RunKey run, Instant at, RunStarted started) {
    var source = started.getPipeline();
    long experiment = ExperimentStore.ensure(tx, started.getExperiment());
    tx.createUpdate(
            """
            update tracker.run set
              experiment_id = :experiment, name = :name, start_time = least(start_time, :at),
              parent_run_id = nullif(:parent, ''), pipeline = nullif(:pipeline, ''),
              pipeline_version = nullif(:version, 0), pipeline_run_id = nullif(:pipelineRun, ''),
              task = nullif(:task, ''), attempt = nullif(:attempt, 0),
              watched = nullif(:watched, '')
            where number = :run
            """)
        .bind("run", run.number)
        .bind("experiment", experiment)
        .bind("name", started.getName())
        .bind("at", at)
        .bind("parent", started.getParentRunId())
        .bind("pipeline", source.getPipeline())
        .bind("version", source.getVersion())
        .bind("pipelineRun", source.getPipelineRunId())
        .bind("task", source.getTask())
        .bind("attempt", source.getAttempt())
        .bind("watched", started.getWatchedMetric())
        .execute();
    var now =
        new RunKey(
            run.id,
            run.number,
            experiment,
            run.deleted,
            started.getWatchedMetric().isEmpty() ? null : started.getWatchedMetric());
    if (experiment == run.experimentId) {
      return now;
    }
    for (var table : List.of("param", "tag")) {
      tx.createUpdate(
              "update tracker." + table + " set experiment_id = :experiment where run = :run")
          .bind("run", run.number)
          .bind("experiment", experiment)
          .execute();
    }
    return now;
  }

  /// What a client says of a run that it makes.
  ///
  /// @param artifactUri where its files go
  public record NewRun(
      String id,
      long experimentId,
      String name,
      String userId,
      Instant startTime,
      String artifactUri,
      @Nullable String parentRunId) {}

  public RunKey create(Handle tx, NewRun run) {
    long number =
        tx.createQuery(
                """
                insert into tracker.run
                  (id, experiment_id, name, status, user_id, start_time, artifact_uri, parent_run_id)
                values (:id, :experimentId, :name, 'RUNNING', :userId, :startTime, :artifactUri, :parentRunId)
                returning number
                """)
            .bindMethods(run)
            .mapTo(Long.class)
            .one();
    return new RunKey(run.id, number, run.experimentId, false, null);
  }

  /// A client may be inside a task's attempt, such as an MLflow script that ends the run it was
  /// given: status and end of a pipeline's runs stay with those who run the pipeline.
  ///
  /// @param status null to leave it; likewise the others
  public void update(
      Handle tx,
      long run,
      @Nullable String status,
      @Nullable Instant endTime,
      @Nullable String name) {
    tx.createUpdate(
            """
            update tracker.run set
              status = case when pipeline_run_id is null
                then coalesce(cast(:status as text), status) else status end,
              end_time = case when pipeline_run_id is null
                then coalesce(cast(:end as timestamptz), end_time) else end_time end,
              name = coalesce(cast(:name as text), name)
            where number = :run
            """)
        .bind("run", run)
        .bind("status", status)
        .bind("end", endTime)
        .bind("name", name)
        .execute();
  }

  public void setDeleted(Handle tx, long run, boolean deleted) {
    tx.createUpdate(
            "update tracker.run set deleted_at = "
                + (deleted ? "coalesce(deleted_at, now())" : "null")
                + " where number = :run")
        .bind("run", run)
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

  /// A run's param or tag.
  public record Entry(RunKey run, String key, String value) {
    /// The same of what the run's key is now.
    public Entry in(Map<String, RunKey> keys) {
      return new Entry(keys.getOrDefault(run.id, run), key, value);
    }
  }

  /// A param keeps its first value.
  ///
  /// @return those that have another value
  public List<Entry> params(Handle tx, List<Entry> params) {
    if (params.isEmpty()) {
      return List.of();
    }
    // A repeated key makes one row: the first of each is tried, the rest are compared.
    var firsts = new LinkedHashMap<Identity, Entry>();
    params.forEach(param -> firsts.putIfAbsent(new Identity(param.run.number, param.key), param));
    insert(
        tx,
        """
        insert into tracker.param (run, key, value, experiment_id)
        select * from unnest(:runs, :keys, :values, :experiments) order by 1, 2
        on conflict do nothing
        """,
        firsts.values());
    var stored = values(tx, firsts.keySet());
    return params.stream()
        .filter(param -> !param.value.equals(stored.get(new Identity(param.run.number, param.key))))
        .toList();
  }

  /// The values that params have, of those that have one.
  public Map<Identity, String> values(Handle tx, Collection<Identity> params) {
    var stored = new HashMap<Identity, String>();
    tx.createQuery(
            """
            select run, key, value from tracker.param
            join unnest(:runs, :keys) as asked (run, key) using (run, key)
            """)
        .bindArray("runs", Long.class, params.stream().map(Identity::run).toList())
        .bindArray("keys", String.class, params.stream().map(Identity::key).toList())
        .map((rs, context) ->
            Map.entry(new Identity(rs.getLong(1), rs.getString(2)), rs.getString(3)))
        .forEach(row -> stored.put(row.getKey(), row.getValue()));
    return stored;
  }

  /// What makes a param or tag one.
  public record Identity(long run, String key) {}

  /// A tag takes its newest value.
  public void tags(Handle tx, List<Entry> tags) {
    if (tags.isEmpty()) {
      return;
    }
    var newest = new LinkedHashMap<Identity, Entry>();
    tags.forEach(tag -> newest.put(new Identity(tag.run.number, tag.key), tag));
    insert(
        tx,
        """
        insert into tracker.tag (run, key, value, experiment_id)
        select * from unnest(:runs, :keys, :values, :experiments) order by 1, 2
        on conflict (run, key) do update set value = excluded.value where tag.value <> excluded.value
        """,
        newest.values());
  }

  /// Sorted by run and key, so that two transactions never wait for each other's rows.
  private static void insert(Handle tx, String sql, Collection<Entry> entries) {
    tx.createUpdate(sql)
        .bindArray("runs", Long.class, entries.stream().map(e -> e.run.number).toList())
        .bindArray("keys", String.class, entries.stream().map(e -> clean(e.key)).toList())
        .bindArray("values", String.class, entries.stream().map(e -> clean(e.value)).toList())
        .bindArray(
            "experiments", Long.class, entries.stream().map(e -> e.run.experimentId).toList())
        .execute();
  }

  /// PostgreSQL takes every character but this one.
  private static String clean(String text) {
    return text.replace('\0', '\uFFFD');
  }

  /// Makes other transactions that lock the run wait for the end of this one.
  public void lock(Handle tx, long run) {
    tx.createQuery("select number from tracker.run where number = :run for no key update")
        .bind("run", run)
        .mapTo(Long.class)
        .one();
  }

  public @Nullable String tag(Handle tx, long run, String key) {
    return tx.createQuery("select value from tracker.tag where run = :run and key = :key")
        .bind("run", run)
        .bind("key", key)
        .mapTo(String.class)
        .findOne()
        .orElse(null);
  }

  /// False when there is no such tag.
  public boolean untag(Handle tx, long run, String key) {
    return tx.createUpdate("delete from tracker.tag where run = :run and key = :key")
            .bind("run", run)
            .bind("key", key)
            .execute()
        > 0;
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

  public boolean exists(String runId) {
    return db.read(handle ->
        handle
            .createQuery("select exists (select 1 from tracker.run where id = :id)")
            .bind("id", runId)
            .mapTo(Boolean.class)
            .one());
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
    var where = new StringBuilder(" where r.number < :before and r.deleted_at is null");
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

  /// By the number of the run.
  public Map<Long, Map<String, String>> params(Collection<Long> runs) {
    return params(runs, null);
  }

  /// @param keys null for all of them
  public Map<Long, Map<String, String>> params(
      Collection<Long> runs, @Nullable Collection<String> keys) {
    return pairs("param", runs, keys);
  }

  /// By the number of the run.
  public Map<Long, Map<String, String>> tags(Collection<Long> runs) {
    return tags(runs, null);
  }

  /// @param keys null for all of them
  public Map<Long, Map<String, String>> tags(
      Collection<Long> runs, @Nullable Collection<String> keys) {
    return pairs("tag", runs, keys);
  }

  private Map<Long, Map<String, String>> pairs(
      String table, Collection<Long> runs, @Nullable Collection<String> keys) {
    var found = new HashMap<Long, Map<String, String>>();
    if (runs.isEmpty() || keys != null && keys.isEmpty()) {
      return found;
    }
    db.read(handle -> {
      var query =
          handle
              .createQuery(
                  "select run, key, value from tracker."
                      + table
                      + " where run = any(:runs)"
                      + (keys == null ? "" : " and key = any(:keys)"))
              .bindArray("runs", Long.class, runs);
      if (keys != null) {
        query.bindArray("keys", String.class, keys);
      }
      // Thousands of rows a page: without an object for each.
      return query.scanResultSet((results, context) -> {
        try (var rows = results.get()) {
          while (rows.next()) {
            found
                .computeIfAbsent(rows.getLong(1), run -> new TreeMap<>())
                .put(rows.getString(2), rows.getString(3));
          }
        }
        return found;
      });
    });
    return found;
  }

  /// In the order of the numbers; runs that do not exist are left out.
  public List<RunRow> all(List<Long> numbers) {
    return db.read(handle ->
        handle
            .createQuery(
                COLUMNS
                    + " join unnest(:runs) with ordinality as asked (number, place)"
                    + " on asked.number = r.number order by asked.place")
            .bindArray("runs", Long.class, numbers)
            .mapTo(RunRow.class)
            .list());
  }
}
