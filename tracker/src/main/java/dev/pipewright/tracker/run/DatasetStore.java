package dev.pipewright.tracker.run;

import dev.pipewright.contract.api.TrackedRun.DatasetInput;
import dev.pipewright.contract.tracking.v1.DatasetUsed;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.Pairs;
import dev.pipewright.tracker.run.RunStore.RunKey;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of datasets and of the runs that read them.
@ApplicationScoped
public class DatasetStore {
  /// The tag that says what a dataset was used for.
  public static final String CONTEXT = "mlflow.data.context";

  private final Db db;

  DatasetStore(Db db) {
    this.db = db;
  }

  public static DatasetStore on(Db db) {
    return new DatasetStore(db);
  }

  /// A dataset as MLflow's clients describe it.
  ///
  /// @param tags of its use by one run
  public record Dataset(
      String name,
      String digest,
      String sourceType,
      String source,
      @Nullable String schema,
      @Nullable String profile,
      Map<String, String> tags) {}

  /// What a pipeline says: content known by its digest.
  public void used(Handle tx, RunKey run, DatasetUsed dataset) {
    long id =
        ensure(
            tx,
            run.experimentId(),
            new Dataset(
                dataset.getName(),
                dataset.getDigest(),
                "blob",
                dataset.getDigest(),
                null,
                null,
                Map.of()),
            dataset.getSize(),
            dataset.getRows() < 0 ? null : dataset.getRows());
    link(tx, run, id, Map.of(CONTEXT, dataset.getRole()));
  }

  /// A dataset that the run has keeps the tags it has.
  public void used(Handle tx, RunKey run, List<Dataset> datasets) {
    for (var dataset : datasets) {
      link(tx, run, ensure(tx, run.experimentId(), dataset, null, null), dataset.tags);
    }
  }

  private static long ensure(
      Handle tx, long experiment, Dataset dataset, @Nullable Long size, @Nullable Long rows) {
    // The update makes the row visible to "returning" when it is there already.
    return tx.createQuery(
            """
            insert into tracker.dataset
              (experiment_id, name, digest, source_type, source, schema, profile, size, rows)
            values (:experiment, :name, :digest, :sourceType, :source, :schema, :profile, :size, :rows)
            on conflict (experiment_id, name, digest) do update set
              size = coalesce(dataset.size, excluded.size),
              rows = coalesce(dataset.rows, excluded.rows)
            returning id
            """)
        .bind("experiment", experiment)
        .bindMethods(dataset)
        .bind("size", size)
        .bind("rows", rows)
        .mapTo(Long.class)
        .one();
  }

  private static void link(Handle tx, RunKey run, long dataset, Map<String, String> tags) {
    tx.createUpdate(
            """
            insert into tracker.run_dataset (run, dataset, context, tags)
            values (:run, :dataset, :context, :tags::jsonb) on conflict do nothing
            """)
        .bind("run", run.number())
        .bind("dataset", dataset)
        .bind("context", tags.getOrDefault(CONTEXT, ""))
        .bind("tags", json(tags))
        .execute();
  }

  /// When a run's experiment turns out to be another one, the datasets it read are that one's.
  public void moved(Handle tx, RunKey to) {
    tx.createUpdate(
            """
            with mine as (select d.*, u.dataset as old, u.context from tracker.run_dataset u
                join tracker.dataset d on d.id = u.dataset where u.run = :run),
              copies as (insert into tracker.dataset
                  (experiment_id, name, digest, source_type, source, schema, profile, size, rows)
                select distinct on (name, digest) :experiment, name, digest, source_type, source, schema, profile,
                  size, rows from mine
                on conflict (experiment_id, name, digest) do update set size = excluded.size
                returning id, name, digest)
            update tracker.run_dataset u set dataset = copies.id
            from mine join copies using (name, digest)
            where u.run = :run and u.dataset = mine.old and u.context = mine.context
            """)
        .bind("run", to.number())
        .bind("experiment", to.experimentId())
        .execute();
  }

  private record UseRow(
      String runId,
      String name,
      String digest,
      String sourceType,
      String source,
      @Nullable String schema,
      @Nullable String profile,
      @Nullable Long size,
      @Nullable Long rows,
      String context,
      String tags) {}

  private List<UseRow> uses(Collection<String> runIds) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select r.id as run_id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile,
                  d.size, d.rows, u.context, u.tags::text as tags
                from tracker.run r join tracker.run_dataset u on u.run = r.number
                join tracker.dataset d on d.id = u.dataset
                where r.id = any(:runs) order by u.context, d.name, d.id
                """)
            .bindArray("runs", String.class, runIds)
            .mapTo(UseRow.class)
            .list());
  }

  public Map<String, List<DatasetInput>> inputs(Collection<String> runIds) {
    var found = new HashMap<String, List<DatasetInput>>();
    for (var row : uses(runIds)) {
      found.computeIfAbsent(row.runId, id -> new ArrayList<>()).add(input(row));
    }
    return found;
  }

  public Map<String, List<Dataset>> datasets(Collection<String> runIds) {
    var found = new HashMap<String, List<Dataset>>();
    for (var row : uses(runIds)) {
      found
          .computeIfAbsent(row.runId, id -> new ArrayList<>())
          .add(
              new Dataset(
                  row.name,
                  row.digest,
                  row.sourceType,
                  row.source,
                  row.schema,
                  row.profile,
                  Pairs.of(row.tags)));
    }
    return found;
  }

  /// The datasets that any run of a pipeline run read.
  public List<DatasetInput> ofPipelineRun(String pipelineRunId) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select distinct d.name, d.digest, coalesce(d.size, 0) as size, u.context as role, d.rows
                from tracker.run r join tracker.run_dataset u on u.run = r.number
                join tracker.dataset d on d.id = u.dataset
                where r.pipeline_run_id = :id order by role, d.name
                """)
            .bind("id", pipelineRunId)
            .mapTo(DatasetInput.class)
            .list());
  }

  /// A dataset of an experiment and one use of it.
  public record Summary(
      String experimentId, String name, String digest, @Nullable String context) {}

  public List<Summary> summaries(Collection<Long> experiments, int most) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select distinct d.experiment_id::text as experiment_id, d.name, d.digest,
                  nullif(u.context, '') as context
                from tracker.dataset d join tracker.run_dataset u on u.dataset = d.id
                where d.experiment_id = any(:experiments) order by 1, 2, 3, 4 limit :most
                """)
            .bindArray("experiments", Long.class, experiments)
            .bind("most", most)
            .mapTo(Summary.class)
            .list());
  }

  private static DatasetInput input(UseRow row) {
    return new DatasetInput(
        row.name, row.digest, row.size == null ? 0 : row.size, row.context, row.rows);
  }

  private static String json(Map<String, String> tags) {
    var clean = new TreeMap<String, String>();
    // PostgreSQL takes every character but this one.
    tags.forEach(
        (key, value) -> clean.put(key.replace('\0', '\uFFFD'), value.replace('\0', '\uFFFD')));
    return Pairs.json(clean);
  }
}
