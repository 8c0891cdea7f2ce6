package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.mlflow.Entities.Pair;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.model.LoggedModelStore;
import dev.pipewright.tracker.model.LoggedModelStore.LoggedModelRow;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Logged models: what a run made, before or without a name in the registry.
@ApplicationScoped
class LoggedModelCalls implements Routes.Family {
  private static final List<String> STATUSES =
      List.of("LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED");
  private static final String BAD_NAME_CHARACTERS = "/:.%\"'";

  private final Db db;
  private final LoggedModelStore models;
  private final Clock clock;

  LoggedModelCalls(Db db, LoggedModelStore models, Clock clock) {
    this.db = db;
    this.models = models;
    this.clock = clock;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("2.0/mlflow/logged-models", this::create)
        .get("2.0/mlflow/logged-models/{model_id}", this::get)
        .patch("2.0/mlflow/logged-models/{model_id}", this::finish)
        .delete("2.0/mlflow/logged-models/{model_id}", this::delete)
        .patch("2.0/mlflow/logged-models/{model_id}/tags", this::setTags)
        .delete("2.0/mlflow/logged-models/{model_id}/tags/{tag_key}", this::deleteTag)
        .post("2.0/mlflow/logged-models/{model_id}/params", this::logParams);
  }

  private record Model(Info info, Data data) {}

  private record Info(
      String modelId,
      String experimentId,
      String name,
      long creationTimestampMs,
      long lastUpdatedTimestampMs,
      String artifactUri,
      String status,
      @Nullable String modelType,
      @Nullable String sourceRunId,
      @Nullable String statusMessage,
      List<Pair> tags,
      List<Registration> registrations) {}

  private record Registration(String name, String version) {}

  private record Data(List<Pair> params, List<Entities.Metric> metrics) {}

  private Object create(Call call) {
    long experimentId = Rules.experimentId(call.requireString("experiment_id"));
    var given = call.string("name", "");
    if (given.chars().anyMatch(each -> BAD_NAME_CHARACTERS.indexOf(each) >= 0)) {
      throw MlflowError.invalid(
          "Invalid model name ('"
              + given
              + "') provided. Model name must be a non-empty string and cannot contain the"
              + " following characters: ('/', ':', '.', '%', '\"', \"'\")");
    }
    var params = pairs(call.objects("params"), "params");
    var tags = pairs(call.objects("tags"), "tags");
    var id = "m-" + Ids.uuid7(clock.millis()).toString().replace("-", "");
    var now = clock.instant();
    var run = call.string("source_run_id", "");
    db.useTransaction(tx -> {
      var experiment = ExperimentCalls.find(tx, experimentId);
      ExperimentCalls.active(experiment);
      models.create(
          tx,
          new LoggedModelRow(
              id,
              experimentId,
              given.isEmpty() ? RunName.random() : given,
              call.string("model_type"),
              run.isEmpty() ? null : run,
              "LOGGED_MODEL_PENDING",
              null,
              RunCalls.under(experiment.artifactLocation(), "models/" + id + "/artifacts"),
              params,
              tags,
              now,
              now,
              null));
    });
    return Map.of("model", entity(id, false));
  }

  private Object get(Call call) {
    return Map.of(
        "model",
        entity(call.requireString("model_id"), Boolean.TRUE.equals(call.bool("allow_deleted"))));
  }

  private Object finish(Call call) {
    var id = call.requireString("model_id");
    var status = call.constant("status", STATUSES);
    if (status == null) {
      throw MlflowError.missing("status");
    }
    found(models.setStatus(id, status), id);
    return Map.of("model", entity(id, true));
  }

  private @Nullable Object delete(Call call) {
    var id = call.requireString("model_id");
    found(models.delete(id), id);
    return null;
  }

  private Object setTags(Call call) {
    var id = call.requireString("model_id");
    found(models.addTags(id, pairs(call.objects("tags"), "tags")), id);
    return Map.of("model", entity(id, true));
  }

  private @Nullable Object deleteTag(Call call) {
    var id = call.requireString("model_id");
    var key = call.requireString("tag_key");
    find(id, true);
    if (!models.deleteTag(id, key)) {
      throw MlflowError.notFound(
          "No tag with key '" + key + "' found for model with ID '" + id + "'.");
    }
    return null;
  }

  private @Nullable Object logParams(Call call) {
    var id = call.requireString("model_id");
    found(models.addParams(id, pairs(call.objects("params"), "params")), id);
    return null;
  }

  private static Map<String, String> pairs(List<JsonNode> entries, String name) {
    var pairs = new LinkedHashMap<String, String>();
    for (int i = 0; i < entries.size(); i++) {
      var path = name + "[" + i + "]";
      var value = Call.string(entries.get(i), "value", path + ".value");
      pairs.put(
          Call.requireString(entries.get(i), "key", path + ".key"), value == null ? "" : value);
    }
    return pairs;
  }

  private static void found(boolean found, String id) {
    if (!found) {
      throw none(id);
    }
  }

  private static MlflowError none(String id) {
    return MlflowError.notFound("Logged model with ID '" + id + "' not found.");
  }

  private LoggedModelRow find(String id, boolean deletedToo) {
    return models
        .find(id)
        .filter(row -> deletedToo || row.deletedAt() == null)
        .orElseThrow(() -> none(id));
  }

  private Model entity(String id, boolean deletedToo) {
    return entities(List.of(find(id, deletedToo))).getFirst();
  }

  private List<Model> entities(List<LoggedModelRow> rows) {
    var ids = rows.stream().map(LoggedModelRow::id).toList();
    var measures = models.measures(ids);
    var registrations = models.registrations(ids);
    return rows.stream()
        .map(row ->
            new Model(
                new Info(
                    row.id(),
                    String.valueOf(row.experimentId()),
                    row.name(),
                    row.createdAt().toEpochMilli(),
                    row.updatedAt().toEpochMilli(),
                    row.artifactUri(),
                    row.status(),
                    row.modelType(),
                    row.runId(),
                    row.statusMessage(),
                    Entities.pairs(row.tags()),
                    registrations.getOrDefault(row.id(), List.of()).stream()
                        .map(each -> new Registration(each.name(), String.valueOf(each.version())))
                        .toList()),
                new Data(
                    Entities.pairs(row.params()),
                    measures.getOrDefault(row.id(), List.of()).stream()
                        .map(LoggedModelCalls::metric)
                        .toList())))
        .toList();
  }

  private static Entities.Metric metric(LoggedModelStore.Measure measure) {
    return new Entities.Metric(
        measure.key(),
        measure.value(),
        measure.timestamp(),
        measure.step(),
        measure.datasetName().isEmpty() ? null : measure.datasetName(),
        measure.datasetDigest().isEmpty() ? null : measure.datasetDigest(),
        measure.modelId(),
        measure.runId());
  }
}
