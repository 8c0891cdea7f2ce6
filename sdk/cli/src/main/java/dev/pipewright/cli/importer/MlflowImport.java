package dev.pipewright.cli.importer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.cli.importer.MlflowSource.Owner;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Brings what MLflow keeps into a server.
///
/// It may be stopped at any moment and started again. What it creates carries the tag [#FROM] with
/// the id it had at its source, and a run that is complete the tag [#DONE]: a run with the first
/// only is completed, with both it is left alone. The ids are MLflow's own, so the same store read
/// as a folder and through a server is still the same.
public final class MlflowImport implements AutoCloseable {
  public static final String FROM = "pipewright.imported.from";
  public static final String DONE = "pipewright.imported.done";

  // as many as MLflow's protocol takes at once
  private static final int METRICS = 1000;
  private static final int OTHERS = 100;

  private static final Pattern LOGGED_MODEL = Pattern.compile("models:/+(m-[^/]+)(/.*)?");

  private static final Pattern OLD_IMAGE =
      Pattern.compile("images/[^/]+%step%-?\\d+%timestamp%\\d+%[^/%]+(%compressed)?\\.\\w+");

  private final MlflowSource source;
  private final MlflowServer target;
  private final Consumer<ImportReport> progress;
  private final ImportReport report = new ImportReport();
  private final Map<String, Copy> runs = new HashMap<>();
  private final Map<String, String> models = new HashMap<>();
  private final TensorboardImport events;
  private boolean tensorboard;

  /// A run on the target.
  private record Copy(String id, String files, boolean done, boolean deleted) {}

  private MlflowImport(MlflowSource source, URI target, Consumer<ImportReport> progress) {
    this.source = source;
    this.target = new MlflowServer(target);
    this.progress = progress;
    this.events = new TensorboardImport(this.target, report, progress);
  }

  /// @throws ProblemException INPUT_MISSING when the folder is not one that MLflow wrote
  public static void requireStore(Path folder) {
    if (!FileStoreSource.is(folder)) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          folder + " is no MLflow store: no folder in it has a meta.yaml.",
          Files.isDirectory(folder.resolve("mlruns"))
              ? "Give the store in it: " + folder.resolve("mlruns")
              : "Give the folder that MLflow wrote, usually named mlruns.");
    }
  }

  /// @param folder `mlruns`, as MLflow writes it without a server
  /// @param progress is told after every step
  public static MlflowImport ofFolder(Path folder, URI target, Consumer<ImportReport> progress) {
    return new MlflowImport(new FileStoreSource(folder.toAbsolutePath()), target, progress);
  }

  /// @param server another MLflow server
  /// @param progress is told after every step
  public static MlflowImport ofServer(URI server, URI target, Consumer<ImportReport> progress) {
    return new MlflowImport(new ServerSource(new MlflowServer(server)), target, progress);
  }

  /// Makes metrics and images out of the event files that runs have among their files.
  public MlflowImport withTensorboard() {
    tensorboard = true;
    return this;
  }

  /// Imports everything that can be; the report says what could not.
  public ImportReport run() {
    attempt(
        "the experiments",
        () -> {
          for (var experiment : source.experiments()) {
            var name = experiment.path("name").asText();
            attempt("experiment '" + name + "'", () -> experiment(name, experiment));
          }
        });
    attempt(
        "the registered models",
        () -> {
          for (var model : source.registeredModels(report::skip)) {
            var name = model.path("name").asText();
            attempt("registered model '" + name + "'", () -> registeredModel(name, model));
          }
        });
    return report;
  }

  private void experiment(String name, JsonNode experiment) throws Refused {
    if (deleted(experiment)) {
      throw new Refused(0, "it is deleted; restore it first if you want it");
    }
    var id = target.experiment(name, tags(experiment.path("tags")));
    copies(id);
    var models = source.loggedModels(experiment, report::skip);
    var known = knownModels(id);
    var found = source.runs(experiment, report::skip);
    report.found(found.size());
    var ids = new HashSet<String>();
    for (var run : found) {
      ids.add(run.path("info").path("run_id").asText());
    }
    for (var model : models) {
      if (!ids.contains(model.path("info").path("source_run_id").asText())) {
        loggedModel(id, model, null, known);
      }
    }
    for (var run : found) {
      var runId = run.path("info").path("run_id").asText();
      var own =
          models.stream()
              .filter(model -> model.path("info").path("source_run_id").asText().equals(runId))
              .toList();
      attempt("run " + runId, () -> run(id, run, own, known));
      progress.accept(report);
    }
  }

  /// What earlier imports left in the experiment.
  private void copies(String experiment) throws Refused {
    var search = body().put("run_view_type", "ALL").put("max_results", 1000);
    search.put("filter", "tags.`" + FROM + "` LIKE 'mlflow:%'");
    search.putArray("experiment_ids").add(experiment);
    target.pages(
        "runs/search",
        search,
        "runs",
        run -> {
          var tags = run.path("data").path("tags");
          runs.put(value(tags, FROM), copy(run.path("info"), value(tags, DONE).equals("true")));
        });
  }

  private Map<String, JsonNode> knownModels(String experiment) throws Refused {
    var known = new HashMap<String, JsonNode>();
    var search = body().put("max_results", 50);
    search.putArray("experiment_ids").add(experiment);
    target.pages(
        "logged-models/search",
        search,
        "models",
        model -> {
          var from = value(model.path("info").path("tags"), FROM);
          if (!from.isEmpty()) {
            known.put(from, model.path("info"));
            models.put(from, model.path("info").path("model_id").asText());
          }
        });
    return known;
  }

  private void run(String experiment, JsonNode run, List<JsonNode> own, Map<String, JsonNode> known)
      throws Refused {
    var info = run.path("info");
    var from = from(info.path("run_id").asText());
    var copy = runs.get(from);
    if (copy == null) {
      copy = create(experiment, run, from);
      runs.put(from, copy);
    }
    if (copy.done()) {
      report.runThere();
      var there = copy;
      if (tensorboard && !there.deleted()) {
        attempt("run " + there.id() + ", its event files", () -> events.artifacts(there.id()));
      }
      if (deleted(info) && !copy.deleted()) {
        target.post("runs/delete", body().put("run_id", copy.id()));
      }
      return;
    }
    if (copy.deleted()) {
      target.post("runs/restore", body().put("run_id", copy.id()));
    }
    int before = report.skipped().size();
    var id = copy.id();
    var thing = "run " + info.path("run_id").asText();
    for (var model : own) {
      attempt(
          "logged model " + model.path("info").path("model_id").asText(),
          () -> loggedModel(experiment, model, id, known));
    }
    attempt(thing + ", its params", () -> others(id, "params", run.path("data").path("params")));
    attempt(thing + ", its tags", () -> others(id, "tags", tags(run.path("data").path("tags"))));
    for (var metric : run.path("data").path("metrics")) {
      var key = metric.path("key").asText();
      attempt(thing + ", metric '" + key + "'", () -> points(id, run, key));
    }
    attempt(thing + ", its inputs", () -> inputs(id, run.path("inputs")));
    attempt(thing + ", its outputs", () -> outputs(id, run.path("outputs").path("model_outputs")));
    var root = copy.files();
    var owner = new Owner(false, info.path("run_id").asText(), info.path("artifact_uri").asText());
    attempt(
        thing + ", its files",
        () -> files(thing, owner, root, target.files(new Owner(false, id, root)).keySet()));
    if (tensorboard) {
      attempt(thing + ", its event files", () -> events.artifacts(id));
    }

    var update = body().put("run_id", id).put("status", info.path("status").asText("RUNNING"));
    if (info.path("end_time").asLong() > 0) {
      update.put("end_time", info.path("end_time").asLong());
    }
    target.post("runs/update", update);
    boolean ended = !List.of("RUNNING", "SCHEDULED").contains(info.path("status").asText());
    if (ended && report.skipped().size() == before) {
      target.post("runs/set-tag", body().put("run_id", id).put("key", DONE).put("value", "true"));
    }
    if (deleted(info)) {
      target.post("runs/delete", body().put("run_id", id));
    }
    report.run();
  }

  private Copy create(String experiment, JsonNode run, String from) throws Refused {
    var info = run.path("info");
    var create = body().put("experiment_id", experiment);
    create.put("start_time", info.path("start_time").asLong());
    create.put("user_id", info.path("user_id").asText(""));
    create.put("run_name", info.path("run_name").asText(""));
    create.putArray("tags").addObject().put("key", FROM).put("value", from);
    return copy(target.post("runs/create", create).path("run").path("info"), false);
  }

  private static Copy copy(JsonNode info, boolean done) {
    return new Copy(
        info.path("run_id").asText(), info.path("artifact_uri").asText(), done, deleted(info));
  }

  private void others(String run, String field, JsonNode items) throws Refused {
    var batch = body().put("run_id", run);
    var part = batch.putArray(field);
    for (var item : items) {
      part.add(item);
      if (part.size() == OTHERS) {
        target.post("runs/log-batch", batch);
        part.removeAll();
      }
    }
    if (!part.isEmpty()) {
      target.post("runs/log-batch", batch);
    }
  }

  private void points(String run, JsonNode from, String key) throws Refused {
    var batch = body().put("run_id", run);
    var part = batch.putArray("metrics");
    source.points(
        from,
        key,
        point -> {
          part.add(point);
          if (part.size() == METRICS) {
            send(batch, part);
          }
        });
    send(batch, part);
  }

  private void send(ObjectNode batch, ArrayNode part) throws Refused {
    if (!part.isEmpty()) {
      target.post("runs/log-batch", batch);
      report.points(part.size());
      part.removeAll();
      progress.accept(report);
    }
  }

  private void inputs(String run, JsonNode inputs) throws Refused {
    var log = body().put("run_id", run);
    log.set("datasets", inputs.path("dataset_inputs").deepCopy());
    var models = log.putArray("models");
    for (var input : inputs.path("model_inputs")) {
      models.addObject().put("model_id", modelId(input));
    }
    if (!log.path("datasets").isEmpty() || !models.isEmpty()) {
      if (!log.path("datasets").isArray()) {
        log.remove("datasets");
      }
      target.post("runs/log-inputs", log);
    }
  }

  private void outputs(String run, JsonNode outputs) throws Refused {
    var log = body().put("run_id", run);
    var models = log.putArray("models");
    for (var output : outputs) {
      models.addObject().put("model_id", modelId(output)).put("step", output.path("step").asLong());
    }
    if (!models.isEmpty()) {
      target.post("runs/outputs", log);
    }
  }

  private String modelId(JsonNode reference) throws Refused {
    var id = reference.path("model_id").asText();
    var found = models.get(from(id));
    if (found == null) {
      throw new Refused(0, "the logged model " + id + " is not imported");
    }
    return found;
  }

  /// @param run the target's run that made it; null when there is none
  private void loggedModel(
      String experiment, JsonNode model, @Nullable String run, Map<String, JsonNode> known)
      throws Refused {
    var info = model.path("info");
    var id = info.path("model_id").asText();
    var from = from(id);
    var copy = known.get(from);
    if (copy == null) {
      var create = body().put("experiment_id", experiment);
      create.put("name", info.path("name").asText());
      if (info.hasNonNull("model_type")) {
        create.put("model_type", info.path("model_type").asText());
      }
      if (run != null) {
        create.put("source_run_id", run);
      }
      create.set("params", items(model.path("data").path("params")));
      var tags = tags(info.path("tags"));
      tags.addObject().put("key", FROM).put("value", from);
      create.set("tags", tags);
      copy = target.post("logged-models", create).path("model").path("info");
      known.put(from, copy);
    }
    var there = copy.path("model_id").asText();
    models.put(from, there);
    if (!copy.path("status").asText().equals("LOGGED_MODEL_PENDING")) {
      return;
    }
    if (run != null) {
      var batch = body().put("run_id", run);
      var part = batch.putArray("metrics");
      for (var metric : model.path("data").path("metrics")) {
        // Only the run that made it is there for certain; others log theirs again when they come.
        if (from(metric.path("run_id").asText(""))
            .equals(from(info.path("source_run_id").asText("")))) {
          part.add(((ObjectNode) metric.deepCopy()).put("model_id", there));
          if (part.size() == METRICS) {
            send(batch, part);
          }
        }
      }
      send(batch, part);
    }
    int before = report.skipped().size();
    files(
        "logged model " + id,
        new Owner(true, id, info.path("artifact_uri").asText()),
        copy.path("artifact_uri").asText(),
        target.files(new Owner(true, there, "")).keySet());
    var status = info.path("status").asText();
    if (!status.equals("LOGGED_MODEL_PENDING") && report.skipped().size() == before) {
      target.send(
          "PATCH", "logged-models/" + there, body().put("model_id", there).put("status", status));
    }
    report.model();
  }

  private void files(String thing, Owner owner, String root, Set<String> present) throws Refused {
    for (var path : source.files(owner)) {
      if (!present.contains(renamed(path))) {
        attempt(thing + ", file '" + path + "'", () -> file(owner, root, path));
      }
    }
  }

  /// MLflow 2 named an image by a form that servers since refuse; this is today's.
  static String renamed(String path) {
    var image = OLD_IMAGE.matcher(path);
    return image.matches() ? path.replace('#', '~').replace('%', '+') : path;
  }

  private void file(Owner owner, String root, String path) throws Refused {
    try {
      var temporary = Files.createTempFile("pipewright-import", ".part");
      try {
        var file = source.file(owner, path, temporary);
        target.upload(root, renamed(path), file);
        report.file(Files.size(file));
        progress.accept(report);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new Refused(0, e.toString());
    }
  }

  private void registeredModel(String name, JsonNode model) throws Refused {
    var there = new HashSet<String>();
    var numbers = new HashMap<String, String>();
    try {
      target.get("registered-models/get", "name", name);
      var quote = name.contains("'") ? '"' : '\'';
      var query = new String[] {"filter", "name = " + quote + name + quote, "max_results", "200"};
      target.pages(
          "model-versions/search",
          query,
          "model_versions",
          version -> {
            var from = value(version.path("tags"), FROM);
            there.add(from);
            numbers.put(from, version.path("version").asText());
          });
    } catch (Refused e) {
      if (e.status() != 404) {
        throw e;
      }
      var create =
          body().put("name", name).put("description", model.path("description").asText(""));
      create.set("tags", tags(model.path("tags")));
      target.post("registered-models/create", create);
    }
    var imported = new HashMap<String, String>();
    for (var version : source.versions(model, report::skip)) {
      var number = version.path("version").asText();
      var from =
          from("%s/%s@%s".formatted(name, number, version.path("creation_timestamp").asText()));
      if (there.contains(from)) {
        imported.put(number, numbers.get(from));
      } else {
        attempt(
            "version %s of registered model '%s'".formatted(number, name),
            () -> imported.put(number, version(name, version, from)));
      }
      progress.accept(report);
    }
    for (var alias : model.path("aliases")) {
      var word = alias.path("alias").asText();
      var number = imported.get(alias.path("version").asText());
      attempt(
          "alias '%s' of registered model '%s'".formatted(word, name),
          () -> {
            if (number == null) {
              throw new Refused(0, "its version is not imported");
            }
            target.post(
                "registered-models/alias",
                body().put("name", name).put("alias", word).put("version", number));
          });
    }
  }

  /// @return its number on the target, which counts without gaps
  private String version(String name, JsonNode version, String from) throws Refused {
    var create = body().put("name", name);
    create.put("description", version.path("description").asText(""));
    var tags = tags(version.path("tags"));
    tags.addObject().put("key", FROM).put("value", from);
    create.set("tags", tags);
    var run = runs.get(from(version.path("run_id").asText("")));
    if (run != null) {
      create.put("run_id", run.id());
    }
    var source = version.path("source").asText();
    var model = models.get(from(loggedModel(version.path("model_id").asText(""), source)));
    if (model != null) {
      create.put("model_id", model).put("source", "models:/" + model);
    } else {
      create.put("source", location(source, version.path("run_id").asText(""), run));
    }
    var made = target.post("model-versions/create", create).path("model_version");
    var number = made.path("version").asText();
    var stage = version.path("current_stage").asText("None");
    if (!stage.equals("None")) {
      target.post(
          "model-versions/transition-stage",
          body()
              .put("name", name)
              .put("version", number)
              .put("stage", stage)
              .put("archive_existing_versions", false));
    }
    report.version();
    return number;
  }

  /// The logged model that a version was made of; MLflow's server names it in the source only.
  static String loggedModel(String id, String source) {
    var named = LOGGED_MODEL.matcher(source);
    return id.isEmpty() && named.matches() ? named.group(1) : id;
  }

  private static String location(String source, String run, @Nullable Copy copy) throws Refused {
    int files = source.indexOf(run + "/artifacts");
    if (!run.isEmpty() && copy != null && files >= 0) {
      return copy.files() + source.substring(files + (run + "/artifacts").length());
    }
    if (source.startsWith("file:")
        || source.startsWith("/")
        || source.startsWith("mlflow-artifacts:")) {
      throw new Refused(0, "its files in " + source + " belong to no run that is imported");
    }
    return source;
  }

  private static String from(String id) {
    return "mlflow:" + id;
  }

  private static boolean deleted(JsonNode thing) {
    return thing.path("lifecycle_stage").asText().equals("deleted");
  }

  private static String value(JsonNode tags, String key) {
    for (var tag : tags) {
      if (tag.path("key").asText().equals(key)) {
        return tag.path("value").asText();
      }
    }
    return "";
  }

  private static ArrayNode items(JsonNode items) {
    return items instanceof ArrayNode array ? array.deepCopy() : Json.MAPPER.createArrayNode();
  }

  /// Without those that an import into the source has left there.
  private static ArrayNode tags(JsonNode tags) {
    var kept = Json.MAPPER.createArrayNode();
    for (var tag : tags) {
      if (!List.of(FROM, DONE).contains(tag.path("key").asText())) {
        kept.add(tag);
      }
    }
    return kept;
  }

  private static ObjectNode body() {
    return Json.MAPPER.createObjectNode();
  }

  @FunctionalInterface
  private interface Step {
    void take() throws Refused;
  }

  private void attempt(String thing, Step step) {
    try {
      step.take();
    } catch (Refused e) {
      report.skip(thing, e.getMessage());
    } catch (UncheckedIOException | IllegalArgumentException e) {
      report.skip(thing, e.toString());
    }
  }

  @Override
  public void close() {
    source.close();
    target.close();
  }
}
