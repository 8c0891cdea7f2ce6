package dev.pipewright.tracker.mlflow;

import dev.pipewright.platform.Db;
import dev.pipewright.tracker.mlflow.Entities.Pair;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.model.LoggedModelStore;
import dev.pipewright.tracker.model.RegistryStore;
import dev.pipewright.tracker.model.RegistryStore.Alias;
import dev.pipewright.tracker.model.RegistryStore.ModelRow;
import dev.pipewright.tracker.model.RegistryStore.NewVersion;
import dev.pipewright.tracker.model.RegistryStore.VersionRow;
import dev.pipewright.tracker.run.RunStore;
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
import dev.pipewright.tracker.webhook.WebhookStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The model registry: registered models, their versions, aliases and stages. Prompts are
/// registered models with a tag.
@ApplicationScoped
class RegistryCalls implements Routes.Family {
  static final String PROMPT_TAG = "mlflow.prompt.is_prompt";
  private static final String PROMPT_TEXT_TAG = "mlflow.prompt.text";
  private static final String PROMPT_TYPE_TAG = "_mlflow_prompt_type";
  private static final String LOGGED_MODEL_VERSIONS_TAG = "mlflow.modelVersions";
  private static final int TAG_VALUE = 100_000;
  private static final int ALIAS = 255;
  private static final int MOST_MODELS = 1000;
  private static final int MOST_VERSIONS = 200_000;
  private static final Pattern ALIAS_CHARACTERS =
      Pattern.compile("[\\w\\-]*", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern VERSION_ALIAS = Pattern.compile("[vV]\\d+");
  private static final List<String> STAGES = List.of("None", "Staging", "Production", "Archived");
  private static final List<String> ACTIVE_STAGES = List.of("Staging", "Production");

  private final Db db;
  private final RegistryStore registry;
  private final LoggedModelStore loggedModels;
  private final RunStore runs;
  private final WebhookStore webhooks;
  private final EntitySearchStore search;

  RegistryCalls(
      Db db,
      RegistryStore registry,
      LoggedModelStore loggedModels,
      RunStore runs,
      WebhookStore webhooks,
      EntitySearchStore search) {
    this.db = db;
    this.registry = registry;
    this.loggedModels = loggedModels;
    this.runs = runs;
    this.webhooks = webhooks;
    this.search = search;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("2.0/mlflow/registered-models/create", Repeat.IS_REFUSED, this::create)
        .get("2.0/mlflow/registered-models/get", this::get)
        .get("2.0/mlflow/registered-models/search", this::search)
        .get("2.0/mlflow/model-versions/search", this::searchVersions)
        .patch("2.0/mlflow/registered-models/update", this::update)
        .post("2.0/mlflow/registered-models/rename", Repeat.IS_REFUSED, this::rename)
        .delete("2.0/mlflow/registered-models/delete", Repeat.IS_REFUSED, this::delete)
        .get("2.0/mlflow/registered-models/get-latest-versions", this::latestVersions)
        .post("2.0/mlflow/registered-models/get-latest-versions", this::latestVersions)
        .post("2.0/mlflow/registered-models/set-tag", this::setTag)
        .delete("2.0/mlflow/registered-models/delete-tag", this::deleteTag)
        .post("2.0/mlflow/registered-models/alias", this::setAlias)
        .delete("2.0/mlflow/registered-models/alias", this::deleteAlias)
        .get("2.0/mlflow/registered-models/alias", this::getByAlias)
        .post("2.0/mlflow/model-versions/create", Repeat.MAKES_ANOTHER, this::createVersion)
        .get("2.0/mlflow/model-versions/get", this::getVersion)
        .patch("2.0/mlflow/model-versions/update", this::updateVersion)
        .delete("2.0/mlflow/model-versions/delete", Repeat.IS_REFUSED, this::deleteVersion)
        .post("2.0/mlflow/model-versions/transition-stage", this::transition)
        .get("2.0/mlflow/model-versions/get-download-uri", this::downloadUri)
        .post("2.0/mlflow/model-versions/set-tag", this::setVersionTag)
        .delete("2.0/mlflow/model-versions/delete-tag", this::deleteVersionTag);
  }

  record RegisteredModel(
      String name,
      long creationTimestamp,
      long lastUpdatedTimestamp,
      @Nullable String description,
      List<ModelVersion> latestVersions,
      List<Pair> tags,
      List<ModelAlias> aliases) {}

  record ModelAlias(String alias, String version) {}

  record ModelVersion(
      String name,
      String version,
      long creationTimestamp,
      long lastUpdatedTimestamp,
      @Nullable String userId,
      String currentStage,
      @Nullable String description,
      String source,
      @Nullable String runId,
      String status,
      @Nullable String statusMessage,
      List<Pair> tags,
      @Nullable String runLink,
      List<String> aliases,
      @Nullable String modelId) {}

  // Registered models ----------------------------------------------------------------------------

  private Object create(Call call) {
    var name = name(call, "name");
    var tags = ExperimentCalls.tags(call.objects("tags"));
    tags.forEach(RegistryCalls::checkTag);
    var description = call.string("description");
    boolean prompt = isPrompt(tags);
    return db.inTransaction(tx -> {
      if (!registry.create(tx, name, description, tags)) {
        boolean otherIsPrompt =
            registry.find(tx, name).map(row -> isPrompt(row.tags())).orElse(false);
        throw MlflowError.exists(
            otherIsPrompt == prompt
                ? kind(prompt) + " (name=" + name + ") already exists."
                : "Tried to create a %s with name '%s', but the name is already taken by a %s. A model and a prompt cannot have the same name."
                    .formatted(
                        kind(prompt).toLowerCase(Locale.ROOT),
                        name,
                        kind(otherIsPrompt).toLowerCase(Locale.ROOT)));
      }
      var data = new LinkedHashMap<String, Object>();
      data.put("name", name);
      data.put("tags", prompt ? shownPromptTags(tags) : tags);
      data.put("description", description);
      webhooks.emit(tx, prompt ? "PROMPT" : "REGISTERED_MODEL", "CREATED", data);
      return Map.of("registered_model", model(tx, name));
    });
  }

  private static String kind(boolean prompt) {
    return prompt ? "Prompt" : "Registered Model";
  }

  private static Map<String, String> shownPromptTags(Map<String, String> tags) {
    var shown = new TreeMap<>(tags);
    shown.keySet().removeAll(List.of(PROMPT_TAG, PROMPT_TYPE_TAG, PROMPT_TEXT_TAG));
    return shown;
  }

  private static boolean isPrompt(Map<String, String> tags) {
    return "true".equalsIgnoreCase(tags.get(PROMPT_TAG));
  }

  private Object get(Call call) {
    var name = name(call, "name");
    return Map.of(
        "registered_model", db.<RegisteredModel, RuntimeException>read(h -> model(h, name)));
  }

  private Object update(Call call) {
    var name = name(call, "name");
    return db.inTransaction(tx -> {
      existing(tx, name);
      registry.describe(tx, name, call.string("description", ""));
      return Map.of("registered_model", model(tx, name));
    });
  }

  private Object rename(Call call) {
    var name = name(call, "name");
    var newName = name(call, "new_name");
    return db.inTransaction(tx -> {
      existing(tx, name);
      if (!newName.equals(name) && registry.find(tx, newName).isPresent()) {
        throw MlflowError.exists("Registered Model (name=" + newName + ") already exists.");
      }
      registry.rename(tx, name, newName);
      return Map.of("registered_model", model(tx, newName));
    });
  }

  private @Nullable Object delete(Call call) {
    var name = name(call, "name");
    db.useTransaction(tx -> {
      existing(tx, name);
      registry.delete(tx, name);
    });
    return null;
  }

  private Object latestVersions(Call call) {
    var name = name(call, "name");
    var stages = call.strings("stages").stream().map(RegistryCalls::stage).toList();
    return db.read(handle -> {
      existing(handle, name);
      var rows =
          registry.latest(handle, List.of(name)).getOrDefault(name, List.of()).stream()
              .filter(row -> stages.isEmpty() || stages.contains(row.stage()))
              .toList();
      return Map.of("model_versions", versions(handle, rows));
    });
  }

  private @Nullable Object setTag(Call call) {
    var name = name(call, "name");
    var key = call.requireString("key");
    var value = call.string("value", "");
    checkTag(key, value);
    db.useTransaction(tx -> {
      var model = existing(tx, name);
      registry.tag(tx, name, key, value);
      if (isPrompt(model.tags()) && !value.equals(model.tags().get(key))) {
        webhooks.emit(tx, "PROMPT_TAG", "SET", Map.of("name", name, "key", key, "value", value));
      }
    });
    return null;
  }

  private @Nullable Object deleteTag(Call call) {
    var name = name(call, "name");
    var key = call.requireString("key");
    Rules.name(key, "key");
    db.useTransaction(tx -> {
      var model = existing(tx, name);
      registry.untag(tx, name, key);
      if (isPrompt(model.tags()) && model.tags().containsKey(key)) {
        webhooks.emit(tx, "PROMPT_TAG", "DELETED", Map.of("name", name, "key", key));
      }
    });
    return null;
  }

  // Aliases --------------------------------------------------------------------------------------

  private @Nullable Object setAlias(Call call) {
    var name = name(call, "name");
    var alias = alias(call);
    if (alias.equalsIgnoreCase("latest")) {
      throw MlflowError.invalid("'latest' alias name (case insensitive) is reserved.");
    }
    if (VERSION_ALIAS.matcher(alias).matches()) {
      throw MlflowError.invalid("Version alias name '" + alias + "' is reserved.");
    }
    int version = versionNumber(call);
    db.useTransaction(tx -> {
      var model = existing(tx, name);
      existing(tx, name, version);
      boolean changes = !registry.alias(tx, name, alias).equals(Optional.of(version));
      registry.setAlias(tx, name, alias, version);
      // A repeated request tells nothing; likewise below.
      if (changes) {
        webhooks.emit(
            tx,
            isPrompt(model.tags()) ? "PROMPT_ALIAS" : "MODEL_VERSION_ALIAS",
            "CREATED",
            Map.of("name", name, "alias", alias, "version", String.valueOf(version)));
      }
    });
    return null;
  }

  private @Nullable Object deleteAlias(Call call) {
    var name = name(call, "name");
    var alias = alias(call);
    db.useTransaction(tx -> {
      var model = existing(tx, name);
      if (registry.deleteAlias(tx, name, alias).isPresent()) {
        webhooks.emit(
            tx,
            isPrompt(model.tags()) ? "PROMPT_ALIAS" : "MODEL_VERSION_ALIAS",
            "DELETED",
            Map.of("name", name, "alias", alias));
      }
    });
    return null;
  }

  private Object getByAlias(Call call) {
    var name = name(call, "name");
    var alias = alias(call);
    return db.read(handle -> Map.of("model_version", byAlias(handle, name, alias)));
  }

  private ModelVersion byAlias(Handle handle, String name, String alias) {
    existing(handle, name);
    if (alias.equalsIgnoreCase("latest")) {
      return registry.latest(handle, List.of(name)).getOrDefault(name, List.of()).stream()
          .max(Comparator.comparingInt(VersionRow::version))
          .map(row -> versions(handle, List.of(row)).getFirst())
          .orElseThrow(
              () -> MlflowError.notFound("Latest version not found for model " + name + "."));
    }
    int version =
        registry
            .alias(handle, name, alias)
            .orElseThrow(
                () -> MlflowError.invalid("Registered model alias " + alias + " not found."));
    return versions(handle, List.of(existing(handle, name, version))).getFirst();
  }

  private static String alias(Call call) {
    var alias = call.requireString("alias");
    if (!ALIAS_CHARACTERS.matcher(alias).matches()) {
      throw MlflowError.invalid(
          "Invalid alias name: '"
              + alias
              + "'. Names may only contain alphanumerics, underscores (_), and dashes (-).");
    }
    Rules.length("Registered model alias name", ALIAS, alias);
    return alias;
  }

  // Versions -------------------------------------------------------------------------------------

  private Object createVersion(Call call) {
    var name = name(call, "name");
    var source = call.requireString("source");
    var tags = ExperimentCalls.tags(call.objects("tags"));
    tags.forEach(RegistryCalls::checkVersionTag);
    // The protocol's clients tell no description from none: it is there, and empty.
    var description = call.string("description", "");
    boolean prompt = isPrompt(tags);
    return db.inTransaction(tx -> {
      // Locked, so that two versions made at once get two numbers.
      if (registry.lock(tx, name).isEmpty()) {
        throw noModel(name);
      }
      var made =
          prompt
              ? new NewVersion(name, source, source, null, null, null, description, tags)
              : version(tx, call, name, source, description, tags);
      int version = registry.createVersion(tx, made);
      if (made.modelId() != null) {
        rememberOnModel(tx, made.modelId(), name, version);
      }
      emitCreated(tx, made, version, prompt);
      return Map.of("model_version", versions(tx, List.of(existing(tx, name, version))).getFirst());
    });
  }

  private NewVersion version(
      Handle tx,
      Call call,
      String name,
      String source,
      @Nullable String description,
      Map<String, String> tags) {
    var runId = emptyAsNull(call.string("run_id"));
    var modelId = emptyAsNull(call.string("model_id"));
    var storage = source;
    switch (ModelSource.parse(source)) {
      case ModelSource.Location location -> storage = location.uri();
      case ModelSource.RunFiles(var sourceRun, var path) -> {
        // The run may be another server's.
        var run = runs.find(sourceRun);
        if (run.isPresent()) {
          runId = runId == null ? sourceRun : runId;
          storage = RunCalls.under(run.get().artifactUri(), path);
        }
      }
      case ModelSource.Logged(var sourceModel) -> {
        if (modelId != null && !modelId.equals(sourceModel)) {
          throw contradicts(source, "model_id", modelId);
        }
        var model = loggedModel(source, sourceModel);
        modelId = sourceModel;
        runId = runId == null ? model.runId() : runId;
        storage = model.artifactUri();
      }
      case ModelSource.Version(var sourceName, var sourceVersion) -> {
        var from = existing(tx, sourceName, Rules.version(sourceVersion));
        storage = location(from);
        runId = runId == null ? from.runId() : runId;
        modelId = modelId == null ? from.modelId() : modelId;
      }
      case ModelSource.Aliased(var sourceName, var alias) -> {
        existing(tx, sourceName);
        int number =
            registry
                .alias(tx, sourceName, alias)
                .orElseThrow(
                    () -> MlflowError.invalid("Registered model alias " + alias + " not found."));
        var from = existing(tx, sourceName, number);
        source = "models:/" + sourceName + "/" + number;
        storage = location(from);
        runId = runId == null ? from.runId() : runId;
        modelId = modelId == null ? from.modelId() : modelId;
      }
    }
    if (runId == null && modelId != null) {
      runId = loggedModel(source, modelId).runId();
    }
    return new NewVersion(
        name, source, storage, runId, call.string("run_link"), modelId, description, tags);
  }

  private LoggedModelStore.LoggedModelRow loggedModel(String source, String modelId) {
    return loggedModels
        .find(modelId)
        .filter(row -> row.deletedAt() == null)
        .orElseThrow(() ->
            MlflowError.invalid(
                "Invalid model version source: '"
                    + source
                    + "'. Logged model with ID '"
                    + modelId
                    + "' not found."));
  }

  private static MlflowError contradicts(String source, String parameter, String value) {
    return MlflowError.invalid(
        "Invalid model version source: '"
            + source
            + "'. The "
            + parameter
            + " request parameter must identify the resource that contains the source; it is '"
            + value
            + "'.");
  }

  /// A version that was made from a model which is logged later in time is found by its id.
  private String location(VersionRow version) {
    if (ModelSource.parse(version.storageLocation()) instanceof ModelSource.Logged(var modelId)) {
      return loggedModels
          .find(modelId)
          .map(LoggedModelStore.LoggedModelRow::artifactUri)
          .orElse(version.storageLocation());
    }
    return version.storageLocation();
  }

  /// Clients read from a logged model's tag which versions are made of it.
  private void rememberOnModel(Handle tx, String modelId, String name, int version) {
    loggedModels
        .find(modelId)
        .ifPresent(model -> {
          var list = RegisteredVersions.parse(model.tags().get(LOGGED_MODEL_VERSIONS_TAG));
          loggedModels.addTags(
              tx, modelId, Map.of(LOGGED_MODEL_VERSIONS_TAG, list.with(name, version).json()));
        });
  }

  private void emitCreated(Handle tx, NewVersion made, int version, boolean prompt) {
    var data = new LinkedHashMap<String, Object>();
    data.put("name", made.name());
    data.put("version", String.valueOf(version));
    if (prompt) {
      data.put("template", made.tags().get(PROMPT_TEXT_TAG));
      data.put("tags", shownPromptTags(made.tags()));
    } else {
      data.put("source", made.source());
      data.put("run_id", made.runId());
      data.put("tags", made.tags());
    }
    data.put("description", emptyAsNull(made.description()));
    webhooks.emit(tx, prompt ? "PROMPT_VERSION" : "MODEL_VERSION", "CREATED", data);
  }

  private Object getVersion(Call call) {
    var name = name(call, "name");
    int version = versionNumber(call);
    return db.read(handle ->
        Map.of(
            "model_version",
            versions(handle, List.of(existing(handle, name, version))).getFirst()));
  }

  private Object updateVersion(Call call) {
    return changed(
        call,
        (tx, row) ->
            registry.describeVersion(
                tx, row.name(), row.version(), call.string("description", "")));
  }

  private @Nullable Object deleteVersion(Call call) {
    var name = name(call, "name");
    int version = versionNumber(call);
    db.useTransaction(tx -> {
      existing(tx, name, version);
      registry.deleteVersion(tx, name, version);
    });
    return null;
  }

  private Object transition(Call call) {
    var asked = call.requireString("stage");
    var stage = stage(asked);
    boolean archive = Boolean.TRUE.equals(call.bool("archive_existing_versions"));
    if (archive && !ACTIVE_STAGES.contains(stage)) {
      throw MlflowError.invalid(
          "Model version transition cannot archive existing model versions because '"
              + asked
              + "' is not an Active stage. Valid stages are ['Staging', 'Production']");
    }
    return changed(
        call, (tx, row) -> registry.transition(tx, row.name(), row.version(), stage, archive));
  }

  private Object downloadUri(Call call) {
    var name = name(call, "name");
    int version = versionNumber(call);
    return db.read(handle -> Map.of("artifact_uri", location(existing(handle, name, version))));
  }

  private @Nullable Object setVersionTag(Call call) {
    var key = call.requireString("key");
    var value = call.string("value", "");
    checkVersionTag(key, value);
    changed(
        call,
        (tx, row) -> {
          registry.tagVersion(tx, row.name(), row.version(), key, value);
          if (value.equals(row.tags().get(key))) {
            return;
          }
          webhooks.emit(
              tx,
              isPrompt(row.tags()) ? "PROMPT_VERSION_TAG" : "MODEL_VERSION_TAG",
              "SET",
              Map.of(
                  "name",
                  row.name(),
                  "version",
                  String.valueOf(row.version()),
                  "key",
                  key,
                  "value",
                  value));
        });
    return null;
  }

  private @Nullable Object deleteVersionTag(Call call) {
    var key = call.requireString("key");
    Rules.name(key, "key");
    changed(
        call,
        (tx, row) -> {
          registry.untagVersion(tx, row.name(), row.version(), key);
          if (row.tags().containsKey(key)) {
            webhooks.emit(
                tx,
                isPrompt(row.tags()) ? "PROMPT_VERSION_TAG" : "MODEL_VERSION_TAG",
                "DELETED",
                Map.of("name", row.name(), "version", String.valueOf(row.version()), "key", key));
          }
        });
    return null;
  }

  @FunctionalInterface
  private interface Change {
    void apply(Handle tx, VersionRow row);
  }

  private Object changed(Call call, Change change) {
    var name = name(call, "name");
    int version = versionNumber(call);
    return db.inTransaction(tx -> {
      change.apply(tx, existing(tx, name, version));
      return Map.of("model_version", versions(tx, List.of(existing(tx, name, version))).getFirst());
    });
  }

  // Searches -------------------------------------------------------------------------------------

  private static final Map<String, Key> MODEL_COLUMNS =
      Map.of(
          "name", new Key("m.name", "text", true),
          "last_updated_timestamp", new Key("m.updated_at", "timestamptz", true));

  private static final Map<String, Key> VERSION_COLUMNS =
      Map.of(
          "name", new Key("v.name", "text", true),
          "version_number", new Key("v.version", "int", true),
          "creation_timestamp", new Key("v.created_at", "timestamptz", true),
          "last_updated_timestamp", new Key("v.updated_at", "timestamptz", true));

  private static final String NO_PROMPTS =
      " and (%s ->> '" + PROMPT_TAG + "') is distinct from 'true'";

  private Object search(Call call) {
    int most = Searches.maxResults(call, 100, MOST_MODELS);
    var filter = FilterParser.parse(Searches.filter(call), FilterSchema.REGISTERED_MODELS);
    var order = OrderBy.parse(call.strings("order_by"), FilterSchema.REGISTERED_MODELS_ORDER);
    var bindings = new Bindings();
    var where = SqlFilter.compile(filter, RegistryCalls::modelSource, bindings);
    var found =
        search.search(
            new EntitySearchStore.Query(
                "tracker.registered_model m",
                List.of("m.name"),
                where + (Searches.asksForPrompts(filter) ? "" : NO_PROMPTS.formatted("m.tags")),
                bindings,
                Searches.order(order, MODEL_COLUMNS, List.of(new Key("m.name", "text", true))),
                most,
                call.string("page_token"),
                List.of("registered models", filter, order)));
    var names = found.rows().stream().map(List::getFirst).toList();
    return new ModelPage(
        db.read(handle -> models(handle, registry.models(handle, names))), found.next());
  }

  private record ModelPage(
      List<RegisteredModel> registeredModels, @Nullable String nextPageToken) {}

  Object searchVersions(Call call) {
    int most = Searches.maxResults(call, MOST_VERSIONS, MOST_VERSIONS);
    var filter = FilterParser.parse(Searches.filter(call), FilterSchema.MODEL_VERSIONS);
    var order = OrderBy.parse(call.strings("order_by"), FilterSchema.MODEL_VERSIONS);
    var bindings = new Bindings();
    var where = SqlFilter.compile(filter, RegistryCalls::versionSource, bindings);
    var last = new ArrayList<Key>();
    if (order.isEmpty()) {
      last.add(new Key("v.updated_at", "timestamptz", false));
    }
    last.add(new Key("v.name", "text", true));
    last.add(new Key("v.version", "int", false));
    var found =
        search.search(
            new EntitySearchStore.Query(
                "tracker.model_version v",
                List.of("v.name", "v.version"),
                where + (Searches.asksForPrompts(filter) ? "" : NO_PROMPTS.formatted("v.tags")),
                bindings,
                Searches.order(order, VERSION_COLUMNS, last),
                most,
                call.string("page_token"),
                List.of("model versions", filter, order)));
    var keys =
        found.rows().stream()
            .map(row -> new RegistryStore.VersionKey(row.getFirst(), Integer.parseInt(row.get(1))))
            .toList();
    return new VersionPage(
        db.read(handle -> versions(handle, registry.versions(handle, keys))), found.next());
  }

  private record VersionPage(List<ModelVersion> modelVersions, @Nullable String nextPageToken) {}

  private static Source modelSource(Field field, Bindings bindings) {
    return field.entity() == Entity.TAG
        ? tag("m.tags", field, bindings)
        : Source.column("m.name", SqlFilter.Type.TEXT);
  }

  private static Source versionSource(Field field, Bindings bindings) {
    if (field.entity() == Entity.TAG) {
      return tag("v.tags", field, bindings);
    }
    return switch (field.key()) {
      case "name" -> Source.column("v.name", SqlFilter.Type.TEXT);
      case "run_id" -> Source.column("v.run_id", SqlFilter.Type.TEXT);
      case "source_path" -> Source.column("v.source", SqlFilter.Type.TEXT);
      case "version_number" -> Source.column("v.version::float8", SqlFilter.Type.NUMBER);
      case "creation_timestamp" -> Source.column("v.created_at", SqlFilter.Type.TIME);
      case "last_updated_timestamp" -> Source.column("v.updated_at", SqlFilter.Type.TIME);
      default -> throw new IllegalArgumentException("no column for " + field);
    };
  }

  /// What is no prompt has no tag that says so.
  private static Source tag(String tags, Field field, Bindings bindings) {
    var value = tags + " ->> " + bindings.add(field.key());
    return Source.column(
        Searches.isPromptTag(field) ? "coalesce(" + value + ", 'false')" : "(" + value + ")",
        SqlFilter.Type.TEXT);
  }

  // Checks and answers ---------------------------------------------------------------------------

  private static String name(Call call, String parameter) {
    var name = call.requireString(parameter);
    if (name.isBlank()) {
      throw MlflowError.missing(parameter);
    }
    if (name.contains("/") || name.contains(":")) {
      throw MlflowError.invalid(
          "Invalid model name '" + name + "'. Names cannot contain '/' or ':'.");
    }
    Rules.path(name, "name");
    Rules.length(parameter, 256, name);
    return name;
  }

  private static void checkTag(String key, String value) {
    Rules.name(key, "key");
    Rules.length("key", Rules.KEY, key);
    Rules.length("value", TAG_VALUE, value);
  }

  private static void checkVersionTag(String key, String value) {
    if (key.equals(PROMPT_TEXT_TAG) && value.length() > TAG_VALUE) {
      throw MlflowError.invalid("Prompt text exceeds max length of " + TAG_VALUE + " characters.");
    }
    checkTag(key, value);
  }

  private static int versionNumber(Call call) {
    return Rules.version(
        call.get("version").isIntegralNumber()
            ? call.get("version").asText()
            : call.requireString("version"));
  }

  private static String stage(String stage) {
    return STAGES.stream()
        .filter(each -> each.equalsIgnoreCase(stage))
        .findFirst()
        .orElseThrow(() ->
            MlflowError.invalid(
                "Invalid Model Version stage: "
                    + stage
                    + ". Value must be one of None, Staging, Production, Archived."));
  }

  private ModelRow existing(Handle handle, String name) {
    return registry.find(handle, name).orElseThrow(() -> noModel(name));
  }

  private VersionRow existing(Handle handle, String name, int version) {
    return registry
        .version(handle, name, version)
        .orElseThrow(() ->
            MlflowError.notFound(
                "Model Version (name=" + name + ", version=" + version + ") not found"));
  }

  private static MlflowError noModel(String name) {
    return MlflowError.notFound("Registered Model with name=" + name + " not found");
  }

  private static @Nullable String emptyAsNull(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  private RegisteredModel model(Handle handle, String name) {
    return models(handle, List.of(existing(handle, name))).getFirst();
  }

  List<RegisteredModel> models(Handle handle, List<ModelRow> rows) {
    var names = rows.stream().map(ModelRow::name).toList();
    var latest = registry.latest(handle, names);
    var aliases = registry.aliases(handle, names);
    return rows.stream()
        .map(row -> {
          var ofName = aliases.getOrDefault(row.name(), List.of());
          return new RegisteredModel(
              row.name(),
              row.createdAt().toEpochMilli(),
              row.updatedAt().toEpochMilli(),
              row.description(),
              latest.getOrDefault(row.name(), List.of()).stream()
                  .map(version -> version(version, ofName))
                  .toList(),
              Entities.pairs(row.tags()),
              ofName.stream()
                  .map(alias -> new ModelAlias(alias.alias(), String.valueOf(alias.version())))
                  .toList());
        })
        .toList();
  }

  List<ModelVersion> versions(Handle handle, Collection<VersionRow> rows) {
    var aliases = registry.aliases(handle, rows.stream().map(VersionRow::name).distinct().toList());
    return rows.stream()
        .map(row -> version(row, aliases.getOrDefault(row.name(), List.of())))
        .toList();
  }

  private static ModelVersion version(VersionRow row, List<Alias> ofName) {
    return new ModelVersion(
        row.name(),
        String.valueOf(row.version()),
        row.createdAt().toEpochMilli(),
        row.updatedAt().toEpochMilli(),
        row.userId(),
        row.stage(),
        row.description(),
        row.source(),
        row.runId() == null ? "" : row.runId(),
        row.status(),
        row.statusMessage(),
        Entities.pairs(row.tags()),
        row.runLink(),
        ofName.stream()
            .filter(alias -> alias.version() == row.version())
            .map(Alias::alias)
            .toList(),
        row.modelId());
  }
}
