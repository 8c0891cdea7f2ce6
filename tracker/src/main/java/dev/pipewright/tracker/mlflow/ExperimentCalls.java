package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.ErrorCode;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.run.DatasetStore;
import dev.pipewright.tracker.run.ExperimentStore;
import dev.pipewright.tracker.run.ExperimentStore.ExperimentRow;
import dev.pipewright.tracker.search.Bindings;
import dev.pipewright.tracker.search.Entity;
import dev.pipewright.tracker.search.EntitySearchStore;
import dev.pipewright.tracker.search.EntitySearchStore.Key;
import dev.pipewright.tracker.search.Field;
import dev.pipewright.tracker.search.FilterParser;
import dev.pipewright.tracker.search.FilterSchema;
import dev.pipewright.tracker.search.OrderBy;
import dev.pipewright.tracker.search.SqlFilter;
import dev.pipewright.tracker.webhook.WebhookStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Experiments and their tags.
@ApplicationScoped
class ExperimentCalls implements Routes.Family {
  private static final int MOST_EXPERIMENTS_OF_DATASETS = 20;
  private static final int MOST_DATASETS = 1000;
  private static final int MOST_RESULTS = 50_000;

  private final Db db;
  private final ExperimentStore experiments;
  private final DatasetStore datasets;
  private final EntitySearchStore search;
  private final WebhookStore webhooks;

  ExperimentCalls(
      Db db,
      ExperimentStore experiments,
      DatasetStore datasets,
      EntitySearchStore search,
      WebhookStore webhooks) {
    this.webhooks = webhooks;
    this.db = db;
    this.search = search;
    this.experiments = experiments;
    this.datasets = datasets;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("2.0/mlflow/experiments/create", Repeat.IS_REFUSED, this::create)
        .get("2.0/mlflow/experiments/get", this::get)
        .get("2.0/mlflow/experiments/get-by-name", this::getByName)
        .get("2.0/mlflow/experiments/search", this::search)
        .post("2.0/mlflow/experiments/search", this::search)
        .post("2.0/mlflow/experiments/update", this::update)
        .post("2.0/mlflow/experiments/delete", call -> setDeleted(call, true))
        .post("2.0/mlflow/experiments/restore", call -> setDeleted(call, false))
        .post("2.0/mlflow/experiments/set-experiment-tag", this::setTag)
        .post("2.0/mlflow/experiments/delete-experiment-tag", Repeat.IS_REFUSED, this::deleteTag)
        .post("2.0/mlflow/experiments/search-datasets", this::searchDatasets);
  }

  private Object create(Call call) {
    var name = call.requireString("name");
    var location = call.string("artifact_location", "");
    var tags = tags(call.objects("tags"));
    Rules.experimentName(name);
    if (!location.isEmpty()) {
      artifactLocation(location);
    }
    tags.forEach(Rules::experimentTag);
    return db.inTransaction(tx -> {
      long id =
          ExperimentStore.create(tx, name, location.isEmpty() ? null : location)
              .orElseThrow(() -> MlflowError.exists(taken(name)));
      ExperimentStore.tag(tx, id, tags);
      webhooks.emitExperiment(tx, "CREATED", id);
      return Map.of("experiment_id", String.valueOf(id));
    });
  }

  private String taken(String name) {
    var deleted = experiments.find(name).filter(row -> row.deletedAt() != null);
    return "Experiment(name="
        + name
        + ") already exists."
        + (deleted.isPresent()
            ? " It is deleted; restore it, delete it for good, or take another name."
            : "");
  }

  private static void artifactLocation(String location) {
    if (location.length() > Rules.ARTIFACT_LOCATION) {
      throw MlflowError.invalid(
          "Invalid artifact path length. The length of the artifact path cannot be greater than "
              + Rules.ARTIFACT_LOCATION
              + " characters.");
    }
    if (location.startsWith("runs:")) {
      throw MlflowError.invalid(
          "Artifact location cannot be a runs:/ URI. Given: '" + location + "'");
    }
    if (location.contains("#") || location.contains("?") || location.contains("..")) {
      throw MlflowError.invalid(
          "'artifact_location' URL can't include fragments, queries or '..'. Given: '"
              + location
              + "'");
    }
  }

  Object get(Call call) {
    var id = call.requireString("experiment_id");
    return Map.of("experiment", entity(find(Rules.experimentId(id))));
  }

  private Object getByName(Call call) {
    var name = call.requireString("experiment_name");
    return Map.of(
        "experiment",
        entity(
            experiments
                .find(name)
                .orElseThrow(() ->
                    MlflowError.notFound("Could not find experiment with name '" + name + "'"))));
  }

  private @Nullable Object update(Call call) {
    long id = Rules.experimentId(call.requireString("experiment_id"));
    var name = call.requireString("new_name");
    Rules.experimentName(name);
    db.useTransaction(tx -> {
      var found = find(tx, id);
      if (found.deletedAt() != null) {
        throw MlflowError.invalid(
            "Cannot rename experiment " + id + " because it is deleted. Restore it first.");
      }
      if (!ExperimentStore.rename(tx, id, name)) {
        throw MlflowError.exists(taken(name));
      }
      if (!found.name().equals(name)) {
        webhooks.emitExperiment(tx, "UPDATED", id);
      }
    });
    return null;
  }

  private @Nullable Object setDeleted(Call call, boolean deleted) {
    long id = Rules.experimentId(call.requireString("experiment_id"));
    db.useTransaction(tx -> {
      var found = find(tx, id);
      // A repeated request finds its work done.
      if (deleted != (found.deletedAt() != null)) {
        ExperimentStore.setDeleted(tx, id, deleted);
        webhooks.emitExperiment(tx, deleted ? "DELETED" : "UPDATED", id);
      }
    });
    return null;
  }

  private @Nullable Object setTag(Call call) {
    long id = Rules.experimentId(call.requireString("experiment_id"));
    var key = call.requireString("key");
    var value = call.string("value", "");
    Rules.experimentTag(key, value);
    db.useTransaction(tx -> {
      active(find(tx, id));
      ExperimentStore.tag(tx, id, Map.of(key, value));
    });
    return null;
  }

  private @Nullable Object deleteTag(Call call) {
    long id = Rules.experimentId(call.requireString("experiment_id"));
    var key = call.requireString("key");
    db.useTransaction(tx -> {
      active(find(tx, id));
      if (!ExperimentStore.untag(tx, id, key)) {
        throw MlflowError.notFound("No tag with name: " + key + " in experiment with id " + id);
      }
    });
    return null;
  }

  private static final Map<String, Key> COLUMNS =
      Map.of(
          "name", new Key("e.name", "text", true),
          "experiment_id", new Key("e.id", "bigint", true),
          "creation_time", new Key("e.created_at", "timestamptz", true),
          "last_update_time", new Key("e.updated_at", "timestamptz", true));

  private Object search(Call call) {
    int most = Searches.maxResults(call, 0, MOST_RESULTS);
    var text = Searches.filter(call);
    var filter = FilterParser.parse(text, FilterSchema.EXPERIMENTS);
    var order = OrderBy.parse(call.strings("order_by"), FilterSchema.EXPERIMENTS);
    var view = call.constant("view_type", Searches.VIEWS);
    var bindings = new Bindings();
    var where = SqlFilter.compile(filter, ExperimentCalls::source, bindings);
    var found =
        search.search(
            new EntitySearchStore.Query(
                "tracker.experiment e",
                List.of("e.id"),
                where + Searches.lifecycle("e.deleted_at", view),
                bindings,
                Searches.order(
                    order,
                    COLUMNS,
                    List.of(
                        new Key("e.created_at", "timestamptz", false),
                        new Key("e.id", "bigint", true))),
                most,
                call.string("page_token"),
                List.of("experiments", filter, order, String.valueOf(view))));
    var ids = found.rows().stream().map(row -> Long.valueOf(row.getFirst())).toList();
    return new Page(entities(experiments.all(ids)), found.next());
  }

  private record Page(List<Entities.Experiment> experiments, @Nullable String nextPageToken) {}

  private static SqlFilter.Source source(Field field, Bindings bindings) {
    if (field.entity() == Entity.TAG) {
      return SqlFilter.Source.rows(
          "t.value",
          SqlFilter.Type.TEXT,
          "tracker.experiment_tag t where t.experiment_id = e.id and t.key = "
              + bindings.add(field.key()));
    }
    return switch (field.key()) {
      case "name" -> SqlFilter.Source.column("e.name", SqlFilter.Type.TEXT);
      case "experiment_id" -> SqlFilter.Source.column("e.id::text", SqlFilter.Type.TEXT);
      case "creation_time" -> SqlFilter.Source.column("e.created_at", SqlFilter.Type.TIME);
      case "last_update_time" -> SqlFilter.Source.column("e.updated_at", SqlFilter.Type.TIME);
      default -> throw new IllegalArgumentException("no column for " + field);
    };
  }

  Object searchDatasets(Call call) {
    var ids = call.strings("experiment_ids");
    if (ids.isEmpty()) {
      throw MlflowError.invalid("SearchDatasets request must specify at least one experiment_id.");
    }
    if (ids.size() > MOST_EXPERIMENTS_OF_DATASETS) {
      throw MlflowError.invalid(
          "SearchDatasets request cannot specify more than %d experiment_ids. Received %d experiment_ids."
              .formatted(MOST_EXPERIMENTS_OF_DATASETS, ids.size()));
    }
    var summaries = datasets.summaries(Rules.experimentIds(ids), MOST_DATASETS);
    return Map.of("dataset_summaries", summaries);
  }

  private ExperimentRow find(long id) {
    return experiments.find(id).orElseThrow(() -> none(id));
  }

  static ExperimentRow find(Handle tx, long id) {
    return ExperimentStore.find(tx, id).orElseThrow(() -> none(id));
  }

  private static MlflowError none(long id) {
    return MlflowError.notFound("No Experiment with id=" + id + " exists");
  }

  static void active(ExperimentRow experiment) {
    if (experiment.deletedAt() != null) {
      throw new MlflowError(
          ErrorCode.INVALID_PARAMETER_VALUE,
          "The experiment "
              + experiment.id()
              + " must be in the 'active' state. Current state is deleted.");
    }
  }

  private Entities.Experiment entity(ExperimentRow row) {
    return entities(List.of(row)).getFirst();
  }

  private List<Entities.Experiment> entities(List<ExperimentRow> rows) {
    var tags = experiments.tags(rows.stream().map(ExperimentRow::id).toList());
    return rows.stream()
        .map(row ->
            new Entities.Experiment(
                String.valueOf(row.id()),
                row.name(),
                row.artifactLocation(),
                Entities.lifecycleStage(row.deletedAt()),
                row.updatedAt().toEpochMilli(),
                row.createdAt().toEpochMilli(),
                Entities.pairs(tags.getOrDefault(row.id(), Map.of()))))
        .toList();
  }

  /// By key; the last of a repeated one counts.
  static Map<String, String> tags(List<JsonNode> tags) {
    var read = new LinkedHashMap<String, String>();
    for (int i = 0; i < tags.size(); i++) {
      var path = "tags[" + i + "]";
      var value = Call.string(tags.get(i), "value", path + ".value");
      read.put(Call.requireString(tags.get(i), "key", path + ".key"), value == null ? "" : value);
    }
    return read;
  }
}
