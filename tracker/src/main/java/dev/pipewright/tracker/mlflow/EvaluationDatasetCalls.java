package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Ids;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.evaluation.EvaluationDatasetStore;
import dev.pipewright.tracker.evaluation.EvaluationDatasetStore.DatasetRow;
import dev.pipewright.tracker.evaluation.EvaluationDatasetStore.RecordRow;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.search.Bindings;
import dev.pipewright.tracker.search.Entity;
import dev.pipewright.tracker.search.EntitySearchStore;
import dev.pipewright.tracker.search.EntitySearchStore.Key;
import dev.pipewright.tracker.search.Field;
import dev.pipewright.tracker.search.FilterParser;
import dev.pipewright.tracker.search.FilterSchema;
import dev.pipewright.tracker.search.OrderBy;
import dev.pipewright.tracker.search.SqlFilter;
import dev.pipewright.tracker.search.SqlFilter.Source;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Evaluation datasets: questions with what should come out. Records with the same inputs are one
/// record. Several fields are JSON within JSON, as the protocol has it.
@ApplicationScoped
class EvaluationDatasetCalls implements Routes.Family {
  private static final String USER_TAG = "mlflow.user";
  private static final int DEFAULT_RESULTS = 1000;
  private static final int MOST_RESULTS = 50_000;
  private static final int DIGEST = 8;
  private static final List<String> PARTS = List.of("inputs", "outputs", "expectations");

  private final Db db;
  private final EvaluationDatasetStore datasets;
  private final EntitySearchStore search;
  private final Clock clock;

  EvaluationDatasetCalls(
      Db db, EvaluationDatasetStore datasets, EntitySearchStore search, Clock clock) {
    this.db = db;
    this.datasets = datasets;
    this.search = search;
    this.clock = clock;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("3.0/mlflow/datasets/create", Repeat.MAKES_ANOTHER, this::create)
        .post("3.0/mlflow/datasets/search", this::search)
        .get("3.0/mlflow/datasets/search", this::search)
        .get("3.0/mlflow/datasets/{dataset_id}", this::get)
        .delete("3.0/mlflow/datasets/{dataset_id}", this::delete)
        .patch("3.0/mlflow/datasets/{dataset_id}/tags", this::setTags)
        .delete("3.0/mlflow/datasets/{dataset_id}/tags/{key}", this::deleteTag)
        .post("3.0/mlflow/datasets/{dataset_id}/records", this::putRecords)
        .get("3.0/mlflow/datasets/{dataset_id}/records", this::records)
        .delete("3.0/mlflow/datasets/{dataset_id}/records", this::deleteRecords)
        .get("3.0/mlflow/datasets/{dataset_id}/experiment-ids", this::experiments)
        .post("3.0/mlflow/datasets/{dataset_id}/add-experiments", this::addExperiments)
        .post("3.0/mlflow/datasets/{dataset_id}/remove-experiments", this::removeExperiments);
  }

  private record Dataset(
      String datasetId,
      String name,
      String tags,
      @Nullable String schema,
      @Nullable String profile,
      String digest,
      long createdTime,
      long lastUpdateTime,
      @Nullable String createdBy,
      @Nullable String lastUpdatedBy,
      List<String> experimentIds) {}

  private record Answer(Dataset dataset) {}

  private List<Dataset> entities(List<DatasetRow> rows) {
    var experiments = datasets.experiments(rows.stream().map(DatasetRow::id).toList());
    return rows.stream()
        .map(row ->
            new Dataset(
                row.id(),
                row.name(),
                row.tags(),
                row.schema(),
                row.profile(),
                row.digest(),
                row.createdAt().toEpochMilli(),
                row.updatedAt().toEpochMilli(),
                row.createdBy(),
                row.updatedBy(),
                experiments.getOrDefault(row.id(), List.of())))
        .toList();
  }

  private Answer answer(String id) {
    return new Answer(entities(List.of(datasets.find(id).orElseThrow(() -> none(id)))).getFirst());
  }

  private static MlflowError none(String id) {
    return MlflowError.notFound("Evaluation dataset with id '" + id + "' not found");
  }

  private static String digest(String name, Instant at) {
    return Digests.of(name + ":" + at.toEpochMilli())
        .substring("sha256:".length(), "sha256:".length() + DIGEST);
  }

  /// JSON within JSON.
  private static JsonNode parse(String json, String parameter) {
    JsonNode read;
    try {
      read = MlflowJson.MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw MlflowError.invalid(
          "Parameter '" + parameter + "' must be valid JSON: " + e.getOriginalMessage());
    }
    if (read.toString().contains("\\u0000")) {
      throw MlflowError.invalid(
          "The value of parameter '"
              + parameter
              + "' holds a NUL character, which cannot be stored.");
    }
    return read;
  }

  /// Tags are text; what is null is left out.
  private static ObjectNode tags(String json) {
    var tags = JsonNodeFactory.instance.objectNode();
    if (json.isEmpty()) {
      return tags;
    }
    if (!(parse(json, "tags") instanceof ObjectNode given)) {
      throw MlflowError.invalid("Parameter 'tags' must be a JSON object.");
    }
    given
        .properties()
        .forEach(each -> {
          if (!each.getValue().isNull()) {
            tags.put(
                each.getKey(),
                each.getValue().isTextual()
                    ? each.getValue().textValue()
                    : each.getValue().toString());
          }
        });
    return tags;
  }

  private static @Nullable String user(JsonNode tags) {
    return tags.path(USER_TAG).isTextual() ? tags.path(USER_TAG).textValue() : null;
  }

  private String id(String prefix) {
    return prefix + Ids.uuid7(clock.millis()).toString().replace("-", "");
  }

  private Object create(Call call) {
    var name = call.requireString("name");
    var experiments = Rules.experimentIds(call.strings("experiment_ids"));
    var tags = tags(call.string("tags", ""));
    var now = clock.instant();
    var id = id("d-");
    db.useTransaction(tx -> {
      EvaluationDatasetStore.create(
          tx,
          new DatasetRow(
              id,
              name,
              digest(name, now),
              tags.toString(),
              null,
              null,
              now,
              now,
              user(tags),
              user(tags)));
      add(tx, id, experiments);
    });
    return answer(id);
  }

  private static void add(Handle tx, String id, List<Long> experiments) {
    experiments.forEach(experiment -> ExperimentCalls.find(tx, experiment));
    EvaluationDatasetStore.add(tx, id, experiments);
  }

  private Object get(Call call) {
    return answer(call.requireString("dataset_id"));
  }

  /// Once more is no error.
  private @Nullable Object delete(Call call) {
    datasets.delete(call.requireString("dataset_id"));
    return null;
  }

  private Object setTags(Call call) {
    var id = call.requireString("dataset_id");
    if (!datasets.addTags(id, tags(call.requireString("tags")).toString())) {
      throw MlflowError.notFound("Could not find evaluation dataset with ID " + id);
    }
    return answer(id);
  }

  /// Once more is no error.
  private @Nullable Object deleteTag(Call call) {
    datasets.deleteTag(call.requireString("dataset_id"), call.requireString("key"));
    return null;
  }

  private Object experiments(Call call) {
    var id = call.requireString("dataset_id");
    return new Experiments(datasets.experiments(List.of(id)).getOrDefault(id, List.of()));
  }

  private record Experiments(List<String> experimentIds) {}

  private Object addExperiments(Call call) {
    var id = call.requireString("dataset_id");
    var experiments = Rules.experimentIds(call.strings("experiment_ids"));
    db.useTransaction(tx -> {
      var dataset = lock(tx, id);
      add(tx, id, experiments);
      EvaluationDatasetStore.update(tx, changed(dataset, dataset.digest()));
    });
    return answer(id);
  }

  private static DatasetRow lock(Handle tx, String id) {
    return EvaluationDatasetStore.lock(tx, id)
        .orElseThrow(() -> MlflowError.notFound("Dataset '" + id + "' not found"));
  }

  private DatasetRow changed(DatasetRow row, String digest) {
    return new DatasetRow(
        row.id(),
        row.name(),
        digest,
        row.tags(),
        row.schema(),
        row.profile(),
        row.createdAt(),
        clock.instant(),
        row.createdBy(),
        row.updatedBy());
  }

  private Object removeExperiments(Call call) {
    var id = call.requireString("dataset_id");
    var experiments = Rules.experimentIds(call.strings("experiment_ids"));
    db.useTransaction(tx -> {
      var dataset = lock(tx, id);
      EvaluationDatasetStore.remove(tx, id, experiments);
      EvaluationDatasetStore.update(tx, changed(dataset, dataset.digest()));
    });
    return answer(id);
  }

  // Records

  private record Put(int insertedCount, int updatedCount) {}

  private Object putRecords(Call call) {
    var id = call.requireString("dataset_id");
    if (!(parse(call.requireString("records"), "records") instanceof ArrayNode given)) {
      throw MlflowError.invalid("Parameter 'records' must be a JSON array.");
    }
    var byDigest = new LinkedHashMap<String, List<JsonNode>>();
    for (var record : given) {
      if (!record.isObject() || record.hasNonNull("inputs") && !record.path("inputs").isObject()) {
        throw MlflowError.invalid(
            "Each of the records must be a JSON object whose inputs are a JSON object.");
      }
      byDigest.computeIfAbsent(digest(record.path("inputs")), key -> new ArrayList<>()).add(record);
    }
    return db.inTransaction(tx -> {
      var dataset = EvaluationDatasetStore.lock(tx, id).orElseThrow(() -> none(id));
      var known = EvaluationDatasetStore.records(tx, id, byDigest.keySet());
      int inserted = 0;
      var rows = new ArrayList<RecordRow>();
      for (var each : byDigest.entrySet()) {
        var row = known.get(each.getKey());
        for (var record : each.getValue()) {
          if (row == null) {
            inserted++;
            row = row(id, each.getKey(), record);
          } else {
            row = merged(row, record);
          }
        }
        if (row != null) {
          rows.add(row);
        }
      }
      EvaluationDatasetStore.put(tx, rows);
      var now = clock.instant();
      @Nullable String user = null;
      for (var record : given) {
        var said = user(record.path("tags"));
        user = said == null ? user : said;
      }
      EvaluationDatasetStore.update(
          tx,
          new DatasetRow(
              id,
              dataset.name(),
              digest(dataset.name(), now),
              dataset.tags(),
              schema(dataset.schema(), given),
              profile(EvaluationDatasetStore.count(tx, id)),
              dataset.createdAt(),
              now,
              dataset.createdBy(),
              user));
      return new Put(inserted, given.size() - inserted);
    });
  }

  /// The same whatever the order of the keys.
  private static String digest(JsonNode inputs) {
    try {
      var sorted =
          MlflowJson.MAPPER
              .writer()
              .with(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
              .writeValueAsString(MlflowJson.MAPPER.treeToValue(object(inputs), Object.class));
      return Digests.of(sorted).substring("sha256:".length());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("inputs did not become JSON", e);
    }
  }

  private static ObjectNode object(JsonNode node) {
    return node instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
  }

  private RecordRow row(String dataset, String digest, JsonNode record) {
    var now = clock.instant();
    var source = record.path("source");
    var type = source.path("source_type").asText("");
    var sourceId =
        source.path("source_data").path(type.equals("TRACE") ? "trace_id" : "source_id").asText("");
    return new RecordRow(
        id("dr-"),
        dataset,
        digest,
        object(record.path("inputs")).toString(),
        record.hasNonNull("outputs") ? record.path("outputs").toString() : null,
        record.hasNonNull("expectations") ? record.path("expectations").toString() : null,
        object(record.path("tags")).toString(),
        source.isObject() ? source.toString() : null,
        sourceId.isEmpty() ? null : sourceId,
        type.isEmpty() ? null : type,
        now,
        now,
        user(record.path("tags")),
        user(record.path("tags")));
  }

  private RecordRow merged(RecordRow old, JsonNode record) {
    var user = user(record.path("tags"));
    return new RecordRow(
        old.id(),
        old.dataset(),
        old.digest(),
        old.inputs(),
        record.has("outputs")
            ? record.path("outputs").isNull() ? null : record.path("outputs").toString()
            : old.outputs(),
        merge(old.expectations(), record.path("expectations")),
        record.path("tags").isObject()
            ? object(parse(old.tags(), "tags")).setAll(object(record.path("tags"))).toString()
            : old.tags(),
        old.source(),
        old.sourceId(),
        old.sourceType(),
        old.createdAt(),
        clock.instant(),
        old.createdBy(),
        user == null ? old.updatedBy() : user);
  }

  private static @Nullable String merge(@Nullable String old, JsonNode added) {
    if (!added.isObject()) {
      return old;
    }
    var merged =
        old == null ? JsonNodeFactory.instance.objectNode() : object(parse(old, "records"));
    merged.setAll(object(added));
    return merged.toString();
  }

  /// Which fields the records have, and of which type their first values are.
  private static @Nullable String schema(@Nullable String known, ArrayNode records) {
    if (known == null && records.isEmpty()) {
      return null;
    }
    var schema =
        known == null ? JsonNodeFactory.instance.objectNode() : object(parse(known, "schema"));
    for (var part : PARTS) {
      if (!schema.has(part)) {
        schema.putObject(part);
      }
    }
    if (!schema.has("version")) {
      schema.put("version", "1.0");
    }
    for (var record : records) {
      for (var part : PARTS) {
        var value = record.path(part);
        if (value.isObject() && schema.path(part) instanceof ObjectNode fields) {
          value
              .properties()
              .forEach(field -> {
                if (!fields.has(field.getKey())) {
                  fields.put(field.getKey(), type(field.getValue()));
                }
              });
        } else if (part.equals("outputs")
            && record.hasNonNull(part)
            && schema.path(part).isEmpty()
            && schema.path(part).isObject()) {
          schema.put(part, type(value));
        }
      }
    }
    return schema.toString();
  }

  private static String type(JsonNode value) {
    return switch (value.getNodeType()) {
      case NULL, MISSING -> "null";
      case BOOLEAN -> "boolean";
      case NUMBER -> value.isIntegralNumber() ? "integer" : "float";
      case STRING -> "string";
      case ARRAY -> "array";
      case OBJECT -> "object";
      case BINARY, POJO -> "unknown";
    };
  }

  private static @Nullable String profile(long records) {
    return records == 0 ? null : "{\"num_records\": " + records + "}";
  }

  private record Records(String records, @Nullable String nextPageToken) {}

  private Object records(Call call) {
    var id = call.requireString("dataset_id");
    var token = call.string("page_token", "");
    int most = Searches.maxResults(call, DEFAULT_RESULTS, MOST_RESULTS);
    if (datasets.find(id).isEmpty()) {
      throw none(id);
    }
    var rows = datasets.page(id, most + 1, token.isEmpty() ? null : token);
    var shown = rows.size() > most ? rows.subList(0, most) : rows;
    var array = JsonNodeFactory.instance.arrayNode();
    shown.forEach(row -> array.add(message(row)));
    return new Records(array.toString(), rows.size() > most ? shown.getLast().id() : null);
  }

  private static ObjectNode message(RecordRow row) {
    var message = JsonNodeFactory.instance.objectNode();
    message.put("dataset_record_id", row.id());
    message.put("dataset_id", row.dataset());
    set(message, "inputs", row.inputs());
    set(message, "outputs", row.outputs());
    set(message, "expectations", row.expectations());
    set(message, "tags", row.tags());
    set(message, "source", row.source());
    var texts = new LinkedHashMap<String, @Nullable String>();
    texts.put("source_id", row.sourceId());
    texts.put("source_type", row.sourceType());
    texts.put("created_by", row.createdBy());
    texts.put("last_updated_by", row.updatedBy());
    texts.forEach((name, value) -> {
      if (value != null) {
        message.put(name, value);
      }
    });
    message.put("created_time", row.createdAt().toEpochMilli());
    message.put("last_update_time", row.updatedAt().toEpochMilli());
    return message;
  }

  private static void set(ObjectNode message, String name, @Nullable String json) {
    if (json != null) {
      message.set(name, parse(json, name));
    }
  }

  private Object deleteRecords(Call call) {
    var id = call.requireString("dataset_id");
    var ids = call.strings("dataset_record_ids");
    return db.inTransaction(tx -> {
      var dataset = EvaluationDatasetStore.lock(tx, id).orElseThrow(() -> none(id));
      int deleted = EvaluationDatasetStore.deleteRecords(tx, id, ids);
      if (deleted > 0) {
        var now = clock.instant();
        EvaluationDatasetStore.update(
            tx,
            new DatasetRow(
                id,
                dataset.name(),
                digest(dataset.name(), now),
                dataset.tags(),
                dataset.schema(),
                profile(EvaluationDatasetStore.count(tx, id)),
                dataset.createdAt(),
                now,
                dataset.createdBy(),
                dataset.updatedBy()));
      }
      return Map.of("deleted_count", deleted);
    });
  }

  // Search

  private static final Map<String, Key> COLUMNS =
      Map.of(
          "name", new Key("d.name", "text", true),
          "created_by", new Key("d.created_by", "text", true),
          "last_updated_by", new Key("d.updated_by", "text", true),
          "created_time", new Key("d.created_at", "timestamptz", true),
          "last_update_time", new Key("d.updated_at", "timestamptz", true));

  private record Page(List<Dataset> datasets, @Nullable String nextPageToken) {}

  private Object search(Call call) {
    int most = Searches.maxResults(call, DEFAULT_RESULTS, MOST_RESULTS);
    var text = call.string("filter_string", "");
    var filter = FilterParser.parse(text.isEmpty() ? null : text, FilterSchema.EVALUATION_DATASETS);
    var order = OrderBy.parse(call.strings("order_by"), FilterSchema.EVALUATION_DATASETS);
    var experiments = Rules.experimentIds(call.strings("experiment_ids"));
    var bindings = new Bindings();
    var where = SqlFilter.compile(filter, EvaluationDatasetCalls::source, bindings);
    if (!experiments.isEmpty()) {
      where +=
          " and exists (select from tracker.evaluation_dataset_experiment e where e.dataset = d.id and e.experiment_id = any ("
              + bindings.add(experiments.toArray(Long[]::new))
              + "))";
    }
    var last = new ArrayList<Key>();
    if (order.isEmpty()) {
      last.add(new Key("d.created_at", "timestamptz", false));
    }
    last.add(new Key("d.id", "text", true));
    var found =
        search.search(
            new EntitySearchStore.Query(
                "tracker.evaluation_dataset d",
                List.of("d.id"),
                where,
                bindings,
                Searches.order(order, COLUMNS, last),
                most,
                call.string("page_token"),
                List.of("evaluation datasets", experiments, filter, order)));
    return new Page(
        entities(datasets.all(found.rows().stream().map(List::getFirst).toList())), found.next());
  }

  private static Source source(Field field, Bindings bindings) {
    if (field.entity() == Entity.TAG) {
      return Source.column("(d.tags ->> " + bindings.add(field.key()) + ")", SqlFilter.Type.TEXT);
    }
    var column = COLUMNS.get(field.key());
    if (column == null) {
      throw MlflowError.invalid("Invalid attribute key '" + field.key() + "' specified.");
    }
    return Source.column(
        column.expression(),
        column.type().equals("text") ? SqlFilter.Type.TEXT : SqlFilter.Type.TIME);
  }
}
