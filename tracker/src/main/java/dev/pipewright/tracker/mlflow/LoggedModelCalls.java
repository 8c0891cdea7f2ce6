package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.mlflow.Entities.Pair;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.model.LoggedModelStore;
import dev.pipewright.tracker.model.LoggedModelStore.LoggedModelRow;
import dev.pipewright.tracker.search.Bindings;
import dev.pipewright.tracker.search.Entity;
import dev.pipewright.tracker.search.EntitySearchStore;
import dev.pipewright.tracker.search.EntitySearchStore.Key;
import dev.pipewright.tracker.search.Field;
import dev.pipewright.tracker.search.FilterParser;
import dev.pipewright.tracker.search.FilterSchema;
import dev.pipewright.tracker.search.OrderBy;
import dev.pipewright.tracker.search.SqlFilter;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Logged models: what a run made, before or without a name in the registry.
@ApplicationScoped
class LoggedModelCalls implements Routes.Family {
  private static final List<String> STATUSES =
      List.of("LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED");
  private static final int DEFAULT_RESULTS = 50;
  private static final int MOST_RESULTS = 1000;
  private static final String BAD_NAME_CHARACTERS = "/:.%\"'";

  private final Db db;
  private final LoggedModelStore models;
  private final EntitySearchStore search;
  private final Clock clock;

  LoggedModelCalls(Db db, LoggedModelStore models, EntitySearchStore search, Clock clock) {
    this.db = db;
    this.search = search;
    this.models = models;
    this.clock = clock;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("2.0/mlflow/logged-models", Repeat.MAKES_ANOTHER, this::create)
        .post("2.0/mlflow/logged-models/search", this::search)
        .get("2.0/mlflow/logged-models/{model_id}", this::get)
        .patch("2.0/mlflow/logged-models/{model_id}", this::finish)
        .delete("2.0/mlflow/logged-models/{model_id}", this::delete)
        .patch("2.0/mlflow/logged-models/{model_id}/tags", this::setTags)
        .delete(
            "2.0/mlflow/logged-models/{model_id}/tags/{tag_key}",
            Repeat.IS_REFUSED,
            this::deleteTag)
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

  /// Beyond the protocol, the client may choose the model's id, as with a run's.
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
    var chosen = call.string("model_id", "");
    if (!chosen.isEmpty()) {
      Rules.newId(chosen, "m-", "model_id");
      if (models.find(chosen).isPresent()) {
        return Map.of("model", entity(chosen, true));
      }
    }
    var id =
        chosen.isEmpty() ? "m-" + Ids.uuid7(clock.millis()).toString().replace("-", "") : chosen;
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

  private record Page(List<Model> models, @Nullable String nextPageToken) {}

  /// A dataset that a value was measured with.
  private record MeasuredWith(String name, @Nullable String digest) {
    static MeasuredWith of(JsonNode dataset) {
      return new MeasuredWith(
          Call.requireString(dataset, "dataset_name", "datasets.dataset_name"),
          emptyAsNull(Call.string(dataset, "dataset_digest", "datasets.dataset_digest")));
    }

    String condition(Bindings bindings) {
      return "(x.dataset_name = "
          + bindings.add(name)
          + (digest == null ? ")" : " and x.dataset_digest = " + bindings.add(digest) + ")");
    }
  }

  private Object search(Call call) {
    var experiments = Rules.experimentIds(call.strings("experiment_ids"));
    if (experiments.isEmpty()) {
      throw MlflowError.missing("experiment_ids");
    }
    int asked = (int) Math.min(call.integer("max_results", 0), MOST_RESULTS);
    int most = asked <= 0 ? DEFAULT_RESULTS : asked;
    var text = Searches.filter(call);
    var filter = FilterParser.parse(text, FilterSchema.LOGGED_MODELS);
    var datasets = call.objects("datasets").stream().map(MeasuredWith::of).toList();
    var bindings = new Bindings();
    var measuredWith =
        datasets.stream()
            .map(dataset -> dataset.condition(bindings))
            .collect(Collectors.joining(" or ", " and (", ")"));
    var ofDatasets = datasets.isEmpty() ? "" : measuredWith;
    var where = new StringBuilder("l.deleted_at is null and l.experiment_id = any (");
    where.append(bindings.add(experiments.toArray(Long[]::new))).append(") and ");
    where.append(
        SqlFilter.compile(filter, (field, values) -> source(field, values, ofDatasets), bindings));
    if (!datasets.isEmpty()) {
      where
          .append(" and exists (select from tracker.model_metric x where x.model_id = l.id")
          .append(ofDatasets)
          .append(")");
    }
    var order = call.objects("order_by");
    var found =
        search.search(
            new EntitySearchStore.Query(
                "tracker.logged_model l",
                List.of("l.id"),
                where.toString(),
                bindings,
                order(order, bindings),
                most,
                call.string("page_token"),
                List.of("logged models", experiments, filter, datasets, order)));
    var ids = found.rows().stream().map(List::getFirst).toList();
    return new Page(entities(models.all(ids)), found.next());
  }

  private static final Map<String, Key> COLUMNS =
      Map.of(
          "name", new Key("l.name", "text", true),
          "model_id", new Key("l.id", "text", true),
          "model_type", new Key("l.model_type", "text", true),
          "status", new Key("l.status", "text", true),
          "source_run_id", new Key("l.run_id", "text", true),
          "creation_timestamp", new Key("l.created_at", "timestamptz", true),
          "last_updated_timestamp", new Key("l.updated_at", "timestamptz", true));

  private static List<Key> order(List<JsonNode> asked, Bindings bindings) {
    var keys = new ArrayList<Key>();
    for (var each : asked) {
      var name = Call.requireString(each, "field_name", "order_by.field_name");
      boolean ascending = each.path("ascending").asBoolean(true);
      var field = OrderBy.parse(List.of(name), FilterSchema.LOGGED_MODELS).getFirst().field();
      if (field.entity() == Entity.METRIC) {
        var dataset = emptyAsNull(Call.string(each, "dataset_name", "order_by.dataset_name"));
        var digest = emptyAsNull(Call.string(each, "dataset_digest", "order_by.dataset_digest"));
        keys.add(
            new Key(
                "(select x.value from tracker.model_metric x where x.model_id = l.id and x.key = "
                    + bindings.add(field.key())
                    + (dataset == null ? "" : " and x.dataset_name = " + bindings.add(dataset))
                    + (digest == null ? "" : " and x.dataset_digest = " + bindings.add(digest))
                    + " order by x.timestamp desc, x.step desc, x.run_id limit 1)",
                "double precision",
                ascending));
      } else {
        keys.add(
            Searches.order(List.of(new OrderBy(field, ascending)), COLUMNS, List.of()).getFirst());
      }
    }
    var complete = new ArrayList<>(keys);
    for (var last :
        List.of(new Key("l.created_at", "timestamptz", false), new Key("l.id", "text", true))) {
      if (keys.stream().noneMatch(key -> key.expression().equals(last.expression()))) {
        complete.add(last);
      }
    }
    return complete;
  }

  private static SqlFilter.Source source(Field field, Bindings bindings, String ofDatasets) {
    return switch (field.entity()) {
      case METRIC ->
          SqlFilter.Source.rows(
              "x.value",
              SqlFilter.Type.NUMBER,
              "tracker.model_metric x where x.model_id = l.id and x.key = "
                  + bindings.add(field.key())
                  + ofDatasets);
      case PARAMETER ->
          SqlFilter.Source.column(
              "(l.params ->> " + bindings.add(field.key()) + ")", SqlFilter.Type.TEXT);
      case TAG ->
          SqlFilter.Source.column(
              "(l.tags ->> " + bindings.add(field.key()) + ")", SqlFilter.Type.TEXT);
      default -> {
        var column = COLUMNS.get(field.key());
        if (column == null) {
          throw new IllegalArgumentException("no column for " + field);
        }
        yield SqlFilter.Source.column(
            // Clients filter by the short form of a status.
            field.key().equals("status")
                ? "replace(l.status, 'LOGGED_MODEL_', '')"
                : column.expression(),
            column.type().equals("text") ? SqlFilter.Type.TEXT : SqlFilter.Type.TIME);
      }
    };
  }

  private static @Nullable String emptyAsNull(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
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
