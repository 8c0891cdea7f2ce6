package dev.pipewright.tracker.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.ModelVersion;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.RegisterModel;
import dev.pipewright.contract.api.RegisteredModel;
import dev.pipewright.contract.api.TrackedRun.DatasetInput;
import dev.pipewright.contract.api.TrackedRun.LoggedModel;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.ModelLogged;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.artifact.MediaTypes;
import dev.pipewright.tracker.run.DatasetStore;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.run.RunStore.RunKey;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of logged models and of the catalog.
@ApplicationScoped
public class ModelStore {
  private static final TypeReference<List<DataRef.FileRef>> FILES = new TypeReference<>() {};

  private final Db db;
  private final RunStore runs;
  private final DatasetStore datasets;

  ModelStore(Db db, RunStore runs, DatasetStore datasets) {
    this.db = db;
    this.runs = runs;
    this.datasets = datasets;
  }

  public static ModelStore on(Db db, RunStore runs, DatasetStore datasets) {
    return new ModelStore(db, runs, datasets);
  }

  /// A logged model never changes; one that is logged again is the same.
  public void logged(Handle tx, RunKey run, Instant at, ModelLogged model) {
    var files =
        model.getFilesList().stream()
            .map(file -> new DataRef.FileRef(file.getPath(), file.getDigest(), file.getSize()))
            .toList();
    tx.createUpdate(
            """
            insert into tracker.logged_model
              (id, run_id, experiment_id, name, flavor, digest, size, files, params, artifact_uri,
               created_at, updated_at)
            values (:id, :run, :experiment, :name, :flavor, :digest, :size, :files::jsonb, :params::jsonb,
              'mlflow-artifacts:/' || :experiment || '/models/' || :id || '/artifacts', :at, :at)
            on conflict do nothing
            """)
        .bind("id", model.getModelId())
        .bind("run", run.id())
        .bind("experiment", run.experimentId())
        .bind("name", model.getName())
        .bind("flavor", model.getFlavor())
        .bind("digest", model.getDigest())
        .bind("size", files.stream().mapToLong(DataRef.FileRef::size).sum())
        .bind("files", json(files))
        .bind("params", json(model.getParamsMap()))
        .bind("at", at)
        .execute();
    tx.createUpdate(
            """
            insert into tracker.run_model (run, model_id, direction) values (:run, :id, 'OUTPUT')
            on conflict do nothing
            """)
        .bind("run", run.number())
        .bind("id", model.getModelId())
        .execute();
    var root =
        tx.createQuery(
                "select tracker.artifact_root(artifact_uri) from tracker.logged_model where id = :id")
            .bind("id", model.getModelId())
            .mapTo(String.class)
            .one();
    for (var file : files) {
      ArtifactStore.put(
          tx,
          root + "/" + file.path(),
          file.digest(),
          file.size(),
          MediaTypes.ofName(file.path()),
          at);
    }
  }

  /// Keeps the newest value that a run measured on a model.
  public void measured(Handle tx, String runId, List<MetricSeries> series) {
    var batch =
        tx.prepareBatch(
            """
            insert into tracker.model_metric
              (model_id, key, run_id, dataset_name, dataset_digest, step, timestamp, value)
            values (:model, :key, :run, :datasetName, :datasetDigest, :step, :timestamp, :value)
            on conflict (model_id, key, run_id, dataset_name, dataset_digest) do update set
              step = excluded.step, timestamp = excluded.timestamp, value = excluded.value
            where (excluded.step, excluded.timestamp) >= (model_metric.step, model_metric.timestamp)
            """);
    boolean any = false;
    for (var each : series) {
      if (!each.getModelId().isEmpty() && each.getStepsCount() > 0) {
        int last = each.getStepsCount() - 1;
        batch
            .bind("model", each.getModelId())
            .bind("key", each.getKey())
            .bind("run", runId)
            .bind("datasetName", each.getDatasetName())
            .bind("datasetDigest", each.getDatasetDigest())
            .bind("step", each.getSteps(last))
            .bind("timestamp", each.getTimestamps(last))
            .bind("value", each.getValues(last))
            .add();
        any = true;
      }
    }
    if (any) {
      batch.execute();
    }
  }

  public Map<String, List<LoggedModel>> ofRuns(Collection<String> runIds) {
    var found = new HashMap<String, List<LoggedModel>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select run_id, id, name, coalesce(flavor, '') as flavor, coalesce(digest, '') as digest,
                      coalesce(size, 0) as size, created_at
                    from tracker.logged_model
                    where run_id = any(:runs) and deleted_at is null order by created_at, id
                    """)
                .bindArray("runs", String.class, runIds)
                .map((rs, context) ->
                    Map.entry(
                        rs.getString(1),
                        new LoggedModel(
                            rs.getString(2),
                            rs.getString(3),
                            rs.getString(4),
                            rs.getString(5),
                            rs.getLong(6),
                            rs.getTimestamp(7).toInstant())))
                .list())
        .forEach(entry ->
            found.computeIfAbsent(entry.getKey(), id -> new ArrayList<>()).add(entry.getValue()));
    return found;
  }

  /// The outcome of registering.
  record Registered(int version, boolean created) {}

  /// Makes the next version of a name.
  ///
  /// @param idempotencyKey a repeated request with the same key answers the first one's version;
  ///   null for none
  Registered register(String name, RegisterModel request, @Nullable String idempotencyKey) {
    var digest = Digests.of(json(request));
    return db.inTransaction(tx -> {
      tx.createUpdate(
              """
              insert into tracker.registered_model (name) values (:name)
              on conflict (name) do update set updated_at = now()
              """)
          .bind("name", name)
          .execute();
      // The row is locked now: versions of one name are counted one after the other.
      var earlier = byKey(tx, idempotencyKey);
      if (earlier.isPresent()) {
        if (!earlier.get().name.equals(name) || !earlier.get().requestDigest.equals(digest)) {
          throw new ProblemException(
              ProblemCode.IDEMPOTENCY_KEY_REUSED,
              "The idempotency key '"
                  + idempotencyKey
                  + "' made version "
                  + earlier.get().version
                  + " of model '"
                  + earlier.get().name
                  + "' from another request.");
        }
        return new Registered(earlier.get().version, false);
      }
      int version =
          tx.createQuery(
                  """
                  update tracker.registered_model set last_version = last_version + 1
                  where name = :name returning last_version
                  """)
              .bind("name", name)
              .mapTo(Integer.class)
              .one();
      var model = request.model();
      var pipeline = request.pipeline();
      tx.createUpdate(
              """
              insert into tracker.model_version
                (name, version, source, storage_location, model_id, run_id, flavor, digest, size, files,
                 pipeline, pipeline_version, pipeline_run_id, idempotency_key, request_digest)
              values (:name, :version, 'models:/' || :model,
                 (select artifact_uri from tracker.logged_model where id = :model), :model, :run, :flavor,
                 :digest, :size, :files::jsonb, :pipeline, :pipelineVersion, :pipelineRun, :key, :request)
              """)
          .bind("name", name)
          .bind("version", version)
          .bind("model", model.modelId())
          .bind("run", model.runId())
          .bind("flavor", request.flavor())
          .bind("digest", model.digest())
          .bind("size", model.size())
          .bind("files", json(model.files()))
          .bind("pipeline", pipeline == null ? null : pipeline.pipeline())
          .bind("pipelineVersion", pipeline == null ? null : pipeline.version())
          .bind("pipelineRun", pipeline == null ? null : pipeline.pipelineRunId())
          .bind("key", idempotencyKey)
          .bind("request", digest)
          .execute();
      if (request.alias() != null) {
        tx.createUpdate(
                """
                insert into tracker.model_alias (name, alias, version) values (:name, :alias, :version)
                on conflict (name, alias) do update set version = excluded.version
                """)
            .bind("name", name)
            .bind("alias", request.alias())
            .bind("version", version)
            .execute();
      }
      return new Registered(version, true);
    });
  }

  private record Earlier(String name, int version, String requestDigest) {}

  private static Optional<Earlier> byKey(Handle tx, @Nullable String idempotencyKey) {
    if (idempotencyKey == null) {
      return Optional.empty();
    }
    return tx.createQuery(
            "select name, version, request_digest from tracker.model_version where idempotency_key = :key")
        .bind("key", idempotencyKey)
        .mapTo(Earlier.class)
        .findOne();
  }

  private record ModelRow(
      String name,
      long number,
      @Nullable String description,
      int versions,
      @Nullable Integer latest,
      Instant createdAt,
      Instant updatedAt) {}

  private static final String MODELS =
      """
      select m.name, m.number, m.description, m.created_at, m.updated_at,
        (select count(*) from tracker.model_version v where v.name = m.name) as versions,
        (select max(version) from tracker.model_version v where v.name = m.name) as latest
      from tracker.registered_model m
      """;

  Page<RegisteredModel> models(int limit, @Nullable Long before) {
    var page =
        Paging.page(
            db.read(handle ->
                handle
                    .createQuery(
                        MODELS + " where m.number < :before order by m.number desc limit :limit")
                    .bind("before", before == null ? Long.MAX_VALUE : before)
                    .bind("limit", limit + 1)
                    .mapTo(ModelRow.class)
                    .list()),
            limit,
            row -> String.valueOf(row.number),
            row -> row);
    return new Page<>(assembleModels(page.items()), page.next());
  }

  RegisteredModel model(String name) {
    var row =
        db.read(handle ->
                handle
                    .createQuery(MODELS + " where m.name = :name")
                    .bind("name", name)
                    .mapTo(ModelRow.class)
                    .findOne())
            .orElseThrow(() ->
                new ProblemException(
                    ProblemCode.MODEL_NOT_FOUND, "There is no registered model '" + name + "'."));
    return assembleModels(List.of(row)).getFirst();
  }

  private List<RegisteredModel> assembleModels(List<ModelRow> rows) {
    var latest = new HashMap<String, ModelVersion>();
    var names = rows.stream().map(ModelRow::name).toList();
    var versions =
        db.read(handle ->
            handle
                .createQuery(
                    "select distinct on (name) "
                        + VERSION_COLUMNS
                        + " from tracker.model_version where name = any(:names)"
                        + " order by name, version desc")
                .bindArray("names", String.class, names)
                .mapTo(VersionRow.class)
                .list());
    assembleVersions(versions).forEach(version -> latest.put(version.name(), version));
    var aliases = aliases(names);
    return rows.stream()
        .map(row -> {
          var ofName = new TreeMap<String, Integer>();
          aliases
              .getOrDefault(row.name, Map.of())
              .forEach((version, list) -> list.forEach(alias -> ofName.put(alias, version)));
          return new RegisteredModel(
              row.name,
              row.description,
              row.versions,
              latest.get(row.name),
              ofName,
              row.createdAt,
              row.updatedAt);
        })
        .toList();
  }

  private static final String VERSION_COLUMNS =
      "name, version, coalesce(model_id, '') as model_id, coalesce(run_id, '') as run_id,"
          + " coalesce(flavor, '') as flavor, coalesce(digest, '') as digest, coalesce(size, 0) as size,"
          + " coalesce(files, '[]')::text as files, pipeline,"
          + " pipeline_version, pipeline_run_id, created_at";

  private record VersionRow(
      String name,
      int version,
      String modelId,
      String runId,
      String flavor,
      String digest,
      long size,
      String files,
      @Nullable String pipeline,
      @Nullable Integer pipelineVersion,
      @Nullable String pipelineRunId,
      Instant createdAt) {}

  /// Newest first.
  Page<ModelVersion> versions(String name, int limit, @Nullable Long before) {
    model(name);
    var page =
        Paging.page(
            db.read(handle ->
                handle
                    .createQuery(
                        "select "
                            + VERSION_COLUMNS
                            + " from tracker.model_version"
                            + " where name = :name and version < :before"
                            + " order by version desc limit :limit")
                    .bind("name", name)
                    .bind("before", before == null ? Integer.MAX_VALUE : before)
                    .bind("limit", limit + 1)
                    .mapTo(VersionRow.class)
                    .list()),
            limit,
            row -> String.valueOf(row.version),
            row -> row);
    return new Page<>(assembleVersions(page.items()), page.next());
  }

  ModelVersion version(String name, int version) {
    model(name);
    var row =
        db.read(handle ->
                handle
                    .createQuery(
                        "select "
                            + VERSION_COLUMNS
                            + " from tracker.model_version where name = :name and version = :version")
                    .bind("name", name)
                    .bind("version", version)
                    .mapTo(VersionRow.class)
                    .findOne())
            .orElseThrow(() ->
                new ProblemException(
                    ProblemCode.MODEL_VERSION_NOT_FOUND,
                    "Model '" + name + "' has no version " + version + "."));
    return assembleVersions(List.of(row)).getFirst();
  }

  private record Measure(String modelId, String key, double value) {}

  private List<ModelVersion> assembleVersions(List<VersionRow> rows) {
    var metrics = new HashMap<String, Map<String, Double>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select distinct on (model_id, key) model_id, key, value
                    from tracker.model_metric where model_id = any(:models)
                    order by model_id, key, timestamp desc
                    """)
                .bindArray("models", String.class, rows.stream().map(VersionRow::modelId).toList())
                .mapTo(Measure.class)
                .list())
        .forEach(each ->
            metrics.computeIfAbsent(each.modelId, id -> new TreeMap<>()).put(each.key, each.value));
    var aliases = aliases(rows.stream().map(VersionRow::name).distinct().toList());
    var ofRun = datasets.inputs(rows.stream().map(VersionRow::runId).toList());
    return rows.stream()
        .map(row ->
            new ModelVersion(
                row.name,
                row.version,
                aliases.getOrDefault(row.name, Map.of()).getOrDefault(row.version, List.of()),
                row.modelId,
                row.flavor,
                row.digest,
                row.size,
                files(row.files),
                metrics.getOrDefault(row.modelId, Map.of()),
                lineage(row, ofRun.getOrDefault(row.runId, List.of())),
                row.createdAt))
        .toList();
  }

  private ModelVersion.Lineage lineage(VersionRow row, List<DatasetInput> ofRun) {
    var read = new ArrayList<>(ofRun);
    if (row.pipelineRunId != null) {
      read.addAll(datasets.ofPipelineRun(row.pipelineRunId));
    }
    // The same data read by several tasks is one dataset; the rows are known by those that counted
    // them.
    var distinct = new LinkedHashMap<List<String>, DatasetInput>();
    for (var each : read) {
      distinct.merge(List.of(each.digest(), each.role()), each, (a, b) -> a.rows() == null ? b : a);
    }
    return new ModelVersion.Lineage(
        row.runId,
        runs.find(row.runId).map(RunStore.RunRow::name).orElse(null),
        row.pipeline,
        row.pipelineVersion,
        row.pipelineRunId,
        List.copyOf(distinct.values()));
  }

  private record AliasRow(String name, String alias, int version) {}

  /// By name and version, sorted.
  private Map<String, Map<Integer, List<String>>> aliases(Collection<String> names) {
    var found = new HashMap<String, Map<Integer, List<String>>>();
    db.read(handle ->
            handle
                .createQuery(
                    "select name, alias, version from tracker.model_alias where name = any(:names) order by alias")
                .bindArray("names", String.class, names)
                .mapTo(AliasRow.class)
                .list())
        .forEach(row ->
            found
                .computeIfAbsent(row.name, name -> new HashMap<>())
                .computeIfAbsent(row.version, version -> new ArrayList<>())
                .add(row.alias));
    return found;
  }

  private static String json(Object value) {
    try {
      return Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record did not become JSON", e);
    }
  }

  private static List<DataRef.FileRef> files(String json) {
    try {
      return Objects.requireNonNull(Json.MAPPER.readValue(json, FILES));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored list of files is damaged", e);
    }
  }
}
