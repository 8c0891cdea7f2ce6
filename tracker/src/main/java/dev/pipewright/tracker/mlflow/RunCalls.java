package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.ingest.RunWrites;
import dev.pipewright.tracker.ingest.RunWrites.Outcome;
import dev.pipewright.tracker.ingest.RunWrites.Write;
import dev.pipewright.tracker.live.RunChange;
import dev.pipewright.tracker.live.RunLive;
import dev.pipewright.tracker.metric.MetricStore;
import dev.pipewright.tracker.mlflow.Entities.ModelInput;
import dev.pipewright.tracker.mlflow.Entities.ModelOutput;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.run.DatasetStore;
import dev.pipewright.tracker.run.RunModelStore;
import dev.pipewright.tracker.run.RunModelStore.Direction;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.run.RunStore.NewRun;
import dev.pipewright.tracker.run.RunStore.RunKey;
import dev.pipewright.tracker.run.RunStore.RunRow;
import dev.pipewright.tracker.search.RunQuery;
import dev.pipewright.tracker.search.RunSearchStore;
import dev.pipewright.tracker.webhook.WebhookStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Runs and what is logged to them.
@ApplicationScoped
class RunCalls implements Routes.Family {
  private static final String PARENT_TAG = "mlflow.parentRunId";
  private static final String LOGGED_MODELS_TAG = "mlflow.log-model.history";
  private static final List<String> STATUSES =
      List.of("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED");
  private static final int DEFAULT_RESULTS = 1000;
  private static final int MOST_RESULTS = 50_000;
  private static final int DATASET_NAME = 500;
  private static final int DATASET_DIGEST = 36;
  private static final int DATASET_SOURCE = 65_535;
  private static final int DATASET_SCHEMA = 1_048_575;
  private static final int DATASET_PROFILE = 16_777_215;
  private static final int INPUT_TAG_KEY = 255;
  private static final int INPUT_TAG_VALUE = 500;
  private static final int MOST_DATASETS = 1000;

  private final Db db;
  private final RunStore runs;
  private final RunWrites writes;
  private final DatasetStore datasets;
  private final RunModelStore models;
  private final MetricStore metrics;
  private final RunSearchStore search;
  private final WebhookStore webhooks;
  private final RunLive live;
  private final Clock clock;

  RunCalls(
      Db db,
      RunStore runs,
      RunWrites writes,
      DatasetStore datasets,
      RunModelStore models,
      MetricStore metrics,
      RunSearchStore search,
      WebhookStore webhooks,
      RunLive live,
      Clock clock) {
    this.db = db;
    this.runs = runs;
    this.writes = writes;
    this.datasets = datasets;
    this.models = models;
    this.metrics = metrics;
    this.search = search;
    this.webhooks = webhooks;
    this.live = live;
    this.clock = clock;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("2.0/mlflow/runs/create", Repeat.MAKES_ANOTHER, this::create)
        .get("2.0/mlflow/runs/get", this::get)
        .post("2.0/mlflow/runs/search", this::search)
        .post("2.0/mlflow/runs/update", this::update)
        .post("2.0/mlflow/runs/delete", call -> setDeleted(call, true))
        .post("2.0/mlflow/runs/restore", call -> setDeleted(call, false))
        .post("2.0/mlflow/runs/log-metric", this::logMetric)
        .post("2.0/mlflow/runs/log-parameter", this::logParam)
        .post("2.0/mlflow/runs/set-tag", this::setTag)
        .post("2.0/mlflow/runs/delete-tag", Repeat.IS_REFUSED, this::deleteTag)
        .post("2.0/mlflow/runs/log-batch", this::logBatch)
        .post("2.0/mlflow/runs/log-model", this::logModel)
        .post("2.0/mlflow/runs/log-inputs", this::logInputs)
        .post("2.0/mlflow/runs/outputs", this::logOutputs);
  }

  /// Beyond the protocol, the client may choose the run's id, so that it can ask again when the
  /// answer was lost and still makes one run.
  private Object create(Call call) {
    return Map.of("run", run(created(call)));
  }

  /// @return the new run's id
  String created(Call call) {
    var asked = call.string("experiment_id", "");
    long experimentId = asked.isEmpty() ? 0 : Rules.experimentId(asked);
    var tags = ExperimentCalls.tags(call.objects("tags"));
    var given = call.string("run_name", "");
    var tagged = tags.getOrDefault(RunWrites.NAME_TAG, "");
    if (!given.isEmpty() && !tagged.isEmpty() && !given.equals(tagged)) {
      throw MlflowError.invalid(
          "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different"
              + " values (run_name='%s', mlflow.runName='%s').".formatted(given, tagged));
    }
    var name = !given.isEmpty() ? given : !tagged.isEmpty() ? tagged : RunName.random();
    tags.put(RunWrites.NAME_TAG, name);
    tags.forEach((key, value) -> Rules.tag(key, value, ""));
    var start = Instant.ofEpochMilli(time(call.integer("start_time", 0), "start_time"));
    var chosen = call.string("run_id", "");
    if (!chosen.isEmpty()) {
      Rules.newId(chosen, "", "run_id");
    }
    var id = chosen.isEmpty() ? Ids.uuid7(clock.millis()).toString().replace("-", "") : chosen;
    db.useTransaction(tx -> {
      var existing = runs.keys(tx, List.of(id)).get(id);
      if (existing != null) {
        if (existing.experimentId() != experimentId) {
          throw MlflowError.exists("Run '" + id + "' is in another experiment.");
        }
        return;
      }
      var experiment = ExperimentCalls.find(tx, experimentId);
      ExperimentCalls.active(experiment);
      var run =
          runs.create(
              tx,
              new NewRun(
                  id,
                  experimentId,
                  name,
                  call.string("user_id", ""),
                  start,
                  under(experiment.artifactLocation(), id + "/artifacts"),
                  tags.get(PARENT_TAG)));
      runs.tags(tx, entries(run, tags));
      webhooks.emitRuns(tx, "CREATED", List.of(id));
    });
    return id;
  }

  /// A URI's path may be followed by a query, which stays at the end.
  static String under(String location, String path) {
    int query = location.indexOf('?');
    var base = query < 0 ? location : location.substring(0, query);
    return (base.endsWith("/") ? base : base + "/")
        + path
        + (query < 0 ? "" : location.substring(query));
  }

  /// PostgreSQL's and Java's time both end long before a 64-bit number does.
  private static long time(long millis, String parameter) {
    if (millis < 0 || millis > 253_402_300_799_999L) {
      throw MlflowError.invalid(
          "Invalid value "
              + millis
              + " for parameter '"
              + parameter
              + "' supplied. It is milliseconds since 1970 and ends with the year 9999.");
    }
    return millis;
  }

  Object get(Call call) {
    return Map.of("run", run(call.runId()));
  }

  private record Page(List<Entities.Run> runs, @Nullable String nextPageToken) {}

  Object search(Call call) {
    var view = call.constant("run_view_type", Searches.VIEWS);
    long most = call.integer("max_results", DEFAULT_RESULTS);
    if (most < 0 || most > MOST_RESULTS) {
      throw MlflowError.invalid(
          "Invalid value "
              + most
              + " for parameter 'max_results' supplied. It must be between 0 and "
              + MOST_RESULTS
              + ".");
    }
    var query =
        RunQuery.of(
            Rules.experimentIds(call.strings("experiment_ids")),
            Searches.filter(call),
            call.strings("order_by"),
            view == null ? RunQuery.View.ACTIVE_ONLY : RunQuery.View.valueOf(view),
            (int) most,
            call.string("page_token"));
    var columns = Columns.of(call.strings("columns"));
    var found = search.search(query);
    var rows = runs.all(found.runs().stream().map(RunSearchStore.Found::number).toList());
    return new Page(assemble(rows, columns), found.next());
  }

  Object update(Call call) {
    var id = call.runId();
    var status = call.constant("status", STATUSES);
    var end = call.integer("end_time");
    var name = call.string("run_name", "");
    db.useTransaction(tx -> {
      var run = active(tx, id);
      @Nullable RunRow before = null;
      if (status != null && webhooks.isHeard("RUN", "UPDATED")) {
        runs.lock(tx, run.number());
        before = row(id);
      }
      runs.update(
          tx,
          run.number(),
          status,
          end == null ? null : Instant.ofEpochMilli(time(end, "end_time")),
          name.isEmpty() ? null : name);
      if (!name.isEmpty()) {
        Rules.tag(RunWrites.NAME_TAG, name, "");
        runs.tags(tx, entries(run, Map.of(RunWrites.NAME_TAG, name)));
      }
      // A repeated request changes nothing, so nobody is told.
      if (before != null && !before.equals(row(id))) {
        webhooks.emitRuns(tx, "UPDATED", List.of(id));
      }
    });
    var row = row(id);
    live.publish(id, new RunChange(List.of(), List.of(), true, row.endTime() != null));
    return Map.of("run_info", info(row));
  }

  private @Nullable Object setDeleted(Call call, boolean deleted) {
    var id = call.requireString("run_id");
    db.useTransaction(tx -> {
      var run = key(tx, id);
      runs.setDeleted(tx, run.number(), deleted);
      if (deleted && !run.deleted()) {
        webhooks.emitRuns(tx, "DELETED", List.of(id));
      }
    });
    return null;
  }

  private @Nullable Object logMetric(Call call) throws InterruptedException {
    var id = call.runId();
    var key = call.requireString("key");
    double value = call.requireNumber("value");
    long timestamp = call.requireInteger("timestamp");
    long step = call.integer("step", 0);
    Rules.metric(key, timestamp, value, "");
    var series =
        new Point(
                key,
                value,
                timestamp,
                step,
                call.string("model_id", ""),
                call.string("dataset_name", ""),
                call.string("dataset_digest", ""))
            .alone();
    return store(new Write(id, List.of(series), Map.of(), Map.of()));
  }

  private @Nullable Object logParam(Call call) throws InterruptedException {
    var id = call.runId();
    var key = call.requireString("key");
    var value = call.string("value", "");
    Rules.param(key, value, "");
    return store(new Write(id, List.of(), Map.of(key, value), Map.of()));
  }

  private @Nullable Object setTag(Call call) throws InterruptedException {
    var id = call.runId();
    var key = call.requireString("key");
    var value = call.string("value", "");
    Rules.tag(key, value, "");
    return store(new Write(id, List.of(), Map.of(), Map.of(key, value)));
  }

  private @Nullable Object deleteTag(Call call) {
    var id = call.requireString("run_id");
    var key = call.requireString("key");
    db.useTransaction(tx -> {
      if (!runs.untag(tx, active(tx, id).number(), key)) {
        throw MlflowError.notFound("No tag with name: " + key + " in run with id " + id);
      }
    });
    return null;
  }

  private @Nullable Object logBatch(Call call) throws InterruptedException {
    return store(batch(call));
  }

  /// Logs params and tags as a part of the transaction that is under way.
  void logBatchNow(Call call) {
    var batch = batch(call);
    db.useTransaction(tx -> {
      var run = active(tx, batch.runId());
      var different = runs.params(tx, entries(run, batch.params()));
      if (!different.isEmpty()) {
        throw MlflowError.invalid("The param '" + different.getFirst().key() + "' comes twice.");
      }
      runs.tags(tx, entries(run, batch.tags()));
    });
  }

  private static Write batch(Call call) {
    var id = call.requireString("run_id");
    var points = points(call.objects("metrics"));
    var params = pairs(call.objects("params"), "params");
    var tags = pairs(call.objects("tags"), "tags");
    Rules.runId(id);
    for (int i = 0; i < params.size(); i++) {
      Rules.param(params.get(i).key(), params.get(i).value(), "params[" + i + "]");
    }
    for (int i = 0; i < tags.size(); i++) {
      Rules.tag(tags.get(i).key(), tags.get(i).value(), "tags[" + i + "]");
    }
    Rules.batch(points.size(), params.size(), tags.size());
    Rules.distinct(params.stream().map(Entities.Pair::key).toList());
    return new Write(id, series(points), map(params), map(tags));
  }

  private record Point(
      String key,
      double value,
      long timestamp,
      long step,
      String modelId,
      String datasetName,
      String datasetDigest) {
    MetricSeries alone() {
      return addTo(builder()).build();
    }

    MetricSeries.Builder builder() {
      return MetricSeries.newBuilder()
          .setKey(key)
          .setModelId(modelId)
          .setDatasetName(datasetName)
          .setDatasetDigest(datasetDigest);
    }

    MetricSeries.Builder addTo(MetricSeries.Builder series) {
      return series.addSteps(step).addTimestamps(timestamp).addValues(value);
    }

    List<String> identity() {
      return List.of(key, modelId, datasetName, datasetDigest);
    }
  }

  private static List<Point> points(List<JsonNode> metrics) {
    var points = new ArrayList<Point>(metrics.size());
    for (int i = 0; i < metrics.size(); i++) {
      var path = "metrics[" + i + "]";
      var each = metrics.get(i);
      var key = Call.requireString(each, "key", path + ".key");
      double value = Call.requireNumber(each, "value", path + ".value");
      long timestamp = Call.requireInteger(each, "timestamp", path + ".timestamp");
      var step = Call.integer(each, "step", path + ".step");
      Rules.metric(key, timestamp, value, path);
      points.add(
          new Point(
              key,
              value,
              timestamp,
              step == null ? 0 : step,
              orEmpty(Call.string(each, "model_id", path + ".model_id")),
              orEmpty(Call.string(each, "dataset_name", path + ".dataset_name")),
              orEmpty(Call.string(each, "dataset_digest", path + ".dataset_digest"))));
    }
    return points;
  }

  private static List<MetricSeries> series(List<Point> points) {
    var series = new LinkedHashMap<List<String>, MetricSeries.Builder>();
    points.forEach(point ->
        point.addTo(series.computeIfAbsent(point.identity(), identity -> point.builder())));
    return series.values().stream().map(MetricSeries.Builder::build).toList();
  }

  private static List<Entities.Pair> pairs(List<JsonNode> entries, String name) {
    var pairs = new ArrayList<Entities.Pair>(entries.size());
    for (int i = 0; i < entries.size(); i++) {
      var path = name + "[" + i + "]";
      pairs.add(
          new Entities.Pair(
              Call.requireString(entries.get(i), "key", path + ".key"),
              orEmpty(Call.string(entries.get(i), "value", path + ".value"))));
    }
    return pairs;
  }

  /// The last of a repeated key counts.
  private static Map<String, String> map(List<Entities.Pair> pairs) {
    var map = new LinkedHashMap<String, String>();
    pairs.forEach(pair -> map.put(pair.key(), pair.value()));
    return map;
  }

  private @Nullable Object store(Write write) throws InterruptedException {
    switch (writes.write(write)) {
      case Outcome.Stored() -> {}
      case Outcome.NoSuchRun() -> throw MlflowError.noRun(write.runId());
      case Outcome.RunIsDeleted() -> throw deleted(write.runId());
      case Outcome.ParamsDiffer(var params) -> throw changed(write, params);
    }
    return null;
  }

  private static MlflowError changed(Write write, List<RunWrites.Difference> params) {
    if (write.params().size() == 1) {
      var param = params.getFirst();
      return MlflowError.invalid(
          ("Changing param values is not allowed. Param with key='%s' was already logged with"
                  + " value='%s' for run ID='%s'. Attempted logging new value '%s'.")
              .formatted(param.key(), param.stored(), write.runId(), param.attempted()));
    }
    var list =
        params.stream()
            .map(param ->
                "{'key': '%s', 'old_value': '%s', 'new_value': '%s'}"
                    .formatted(param.key(), param.stored(), param.attempted()))
            .collect(Collectors.joining(", ", "[", "]"));
    return MlflowError.invalid(
        "Changing param values is not allowed. Params were already logged='%s' for run ID='%s'."
            .formatted(list, write.runId()));
  }

  /// What clients before 2.x tell of a model that they logged: kept as a tag.
  private @Nullable Object logModel(Call call) {
    var id = call.requireString("run_id");
    var json = call.requireString("model_json");
    JsonNode model;
    try {
      model = MlflowJson.MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw MlflowError.invalid("Malformed model info. \n " + json + " \n is not a valid JSON.");
    }
    var missing =
        new LinkedHashSet<>(List.of("artifact_path", "flavors", "utc_time_created", "run_id"));
    missing.removeIf(model::has);
    if (!missing.isEmpty()) {
      throw MlflowError.invalid(
          "Model json is missing mandatory fields: "
              + missing.stream().map(each -> "'" + each + "'").toList());
    }
    db.useTransaction(tx -> {
      var run = active(tx, id);
      runs.lock(tx, run.number());
      var before = runs.tag(tx, run.number(), LOGGED_MODELS_TAG);
      runs.tags(tx, entries(run, Map.of(LOGGED_MODELS_TAG, append(before, model))));
    });
    return null;
  }

  private static String append(@Nullable String before, JsonNode model) {
    ArrayNode list = MlflowJson.MAPPER.createArrayNode();
    if (before != null) {
      try {
        MlflowJson.MAPPER.readTree(before).forEach(list::add);
      } catch (JsonProcessingException e) {
        throw MlflowError.invalid(
            "The run's tag '" + LOGGED_MODELS_TAG + "' holds no JSON, so no model can be added.");
      }
    }
    // A repeated request adds nothing.
    for (var each : list) {
      if (each.equals(model)) {
        return list.toString();
      }
    }
    var text = list.add(model).toString();
    Rules.tag(LOGGED_MODELS_TAG, text, "");
    return text;
  }

  private @Nullable Object logInputs(Call call) {
    var id = call.requireString("run_id");
    Rules.runId(id);
    var read = new ArrayList<DatasetStore.Dataset>();
    var inputs = call.objects("datasets");
    if (inputs.size() > MOST_DATASETS) {
      throw MlflowError.invalid(
          "A log-inputs request can contain at most %d datasets. Got %d datasets."
              .formatted(MOST_DATASETS, inputs.size()));
    }
    for (int i = 0; i < inputs.size(); i++) {
      read.add(dataset(inputs.get(i), "datasets[" + i + "]"));
    }
    var modelIds =
        call.objects("models").stream()
            .map(model -> Call.requireString(model, "model_id", "models.model_id"))
            .toList();
    db.useTransaction(tx -> {
      var run = active(tx, id);
      datasets.used(tx, run, read);
      var steps = new HashMap<String, Long>();
      modelIds.forEach(model -> steps.put(model, 0L));
      models.link(tx, run, Direction.INPUT, steps);
    });
    return null;
  }

  private static DatasetStore.Dataset dataset(JsonNode input, String path) {
    var dataset = input.path("dataset");
    var name = Call.requireString(dataset, "name", path + ".dataset.name");
    var digest = Call.requireString(dataset, "digest", path + ".dataset.digest");
    var type = orEmpty(Call.string(dataset, "source_type", path + ".dataset.source_type"));
    var source = orEmpty(Call.string(dataset, "source", path + ".dataset.source"));
    var schema = Call.string(dataset, "schema", path + ".dataset.schema");
    var profile = Call.string(dataset, "profile", path + ".dataset.profile");
    Rules.length("name", DATASET_NAME, name);
    Rules.length("digest", DATASET_DIGEST, digest);
    Rules.length("source", DATASET_SOURCE, source);
    Rules.length("schema", DATASET_SCHEMA, orEmpty(schema));
    Rules.length("profile", DATASET_PROFILE, orEmpty(profile));
    var tags = new LinkedHashMap<String, String>();
    for (var tag : input.path("tags")) {
      var key = Call.requireString(tag, "key", path + ".tags.key");
      var value = orEmpty(Call.string(tag, "value", path + ".tags.value"));
      Rules.length("key", INPUT_TAG_KEY, key);
      Rules.length("value", INPUT_TAG_VALUE, value);
      tags.put(key, value);
    }
    return new DatasetStore.Dataset(name, digest, type, source, schema, profile, tags);
  }

  private @Nullable Object logOutputs(Call call) {
    var id = call.requireString("run_id");
    if (!call.has("models")) {
      throw MlflowError.missing("models");
    }
    var steps = new LinkedHashMap<String, Long>();
    for (var model : call.objects("models")) {
      var step = Call.integer(model, "step", "models.step");
      steps.put(Call.requireString(model, "model_id", "models.model_id"), step == null ? 0 : step);
    }
    db.useTransaction(tx -> models.link(tx, active(tx, id), Direction.OUTPUT, steps));
    return null;
  }

  private RunKey key(Handle tx, String id) {
    var key = runs.keys(tx, Set.of(id)).get(id);
    if (key == null) {
      throw MlflowError.noRun(id);
    }
    return key;
  }

  private RunKey active(Handle tx, String id) {
    var key = key(tx, id);
    if (key.deleted()) {
      throw deleted(id);
    }
    return key;
  }

  private static MlflowError deleted(String id) {
    return MlflowError.invalid(
        "The run " + id + " must be in the 'active' state. Current state is deleted.");
  }

  private RunRow row(String id) {
    return runs.find(id).orElseThrow(() -> MlflowError.noRun(id));
  }

  private Entities.Run run(String id) {
    return assemble(List.of(row(id)), Columns.ALL).getFirst();
  }

  /// Puts runs together with one query a part however many there are.
  private List<Entities.Run> assemble(List<RunRow> rows, Columns columns) {
    var ids = rows.stream().map(RunRow::id).toList();
    var numbers = rows.stream().map(RunRow::number).toList();
    var params = runs.params(numbers, columns.params());
    var tags = runs.tags(numbers, columns.tags());
    var latest = metrics.latest(numbers, columns.metrics());
    var read =
        columns.inputs() ? datasets.datasets(ids) : Map.<String, List<DatasetStore.Dataset>>of();
    var linked =
        columns.inputs() || columns.outputs()
            ? models.ofRuns(ids)
            : Map.<String, List<RunModelStore.RunModel>>of();
    return rows.stream()
        .map(row -> {
          var id = row.id();
          var ofRun = linked.getOrDefault(id, List.of());
          return new Entities.Run(
              info(row),
              new Entities.RunData(
                  latest.getOrDefault(row.number(), List.of()).stream()
                      .map(metric ->
                          new Entities.Metric(
                              metric.key(),
                              metric.value(),
                              metric.timestamp().toEpochMilli(),
                              metric.step()))
                      .toList(),
                  Entities.pairs(params.getOrDefault(row.number(), Map.of())),
                  Entities.pairs(tags.getOrDefault(row.number(), Map.of()))),
              new Entities.RunInputs(
                  read.getOrDefault(id, List.of()).stream().map(RunCalls::input).toList(),
                  ofRun.stream()
                      .filter(model -> model.direction() == Direction.INPUT)
                      .map(model -> new ModelInput(model.modelId()))
                      .toList()),
              new Entities.RunOutputs(
                  ofRun.stream()
                      .filter(model -> model.direction() == Direction.OUTPUT)
                      .map(model -> new ModelOutput(model.modelId(), model.step()))
                      .toList()));
        })
        .toList();
  }

  private static Entities.DatasetInput input(DatasetStore.Dataset dataset) {
    return new Entities.DatasetInput(
        Entities.pairs(dataset.tags()),
        new Entities.Dataset(
            dataset.name(),
            dataset.digest(),
            dataset.sourceType(),
            dataset.source(),
            dataset.schema(),
            dataset.profile()));
  }

  private static Entities.RunInfo info(RunRow row) {
    return new Entities.RunInfo(
        row.id(),
        row.id(),
        row.name(),
        String.valueOf(row.experimentId()),
        row.userId(),
        row.status(),
        row.startTime().toEpochMilli(),
        row.endTime() == null ? null : row.endTime().toEpochMilli(),
        row.artifactUri(),
        Entities.lifecycleStage(row.deletedAt()));
  }

  private static List<RunStore.Entry> entries(RunKey run, Map<String, String> pairs) {
    return pairs.entrySet().stream()
        .map(pair -> new RunStore.Entry(run, pair.getKey(), pair.getValue()))
        .toList();
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
