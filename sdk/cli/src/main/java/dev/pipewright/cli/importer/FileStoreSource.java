package dev.pipewright.cli.importer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// The folder `mlruns` that MLflow writes when it has no server.
///
/// A damaged `meta.yaml` costs what it describes and nothing else.
final class FileStoreSource implements MlflowSource {
  private static final String META = "meta.yaml";
  private static final String[] RUN_STATUS = {
    "RUNNING", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"
  };
  private static final String[] MODEL_STATUS = {
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED"
  };

  private final Path root;

  FileStoreSource(Path root) {
    this.root = root;
  }

  /// Whether MLflow wrote the folder: there is an experiment or a registered model in it.
  static boolean is(Path folder) {
    try (var files = Files.find(folder, 3, (file, _) -> file.endsWith(META))) {
      return files.anyMatch(file -> file.getNameCount() > folder.getNameCount() + 1);
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  @Override
  public List<JsonNode> experiments() throws Refused {
    var found = new ArrayList<JsonNode>();
    for (var folder : folders(root)) {
      if (Files.exists(folder.resolve(META)) && !folder.endsWith("models")) {
        var experiment = meta(folder);
        experiment.set("tags", texts(folder.resolve("tags")));
        found.add(experiment);
      }
    }
    return found;
  }

  @Override
  public List<JsonNode> runs(JsonNode experiment, Skipped skipped) throws Refused {
    var runs = new ArrayList<JsonNode>();
    var home = root.resolve(experiment.path("experiment_id").asText());
    for (var folder : folders(home)) {
      // Beside the runs there are tags, datasets, models and traces.
      if (Files.exists(folder.resolve(META))) {
        try {
          runs.add(run(home, folder));
        } catch (Refused e) {
          skipped.add("run " + folder.getFileName(), e.getMessage());
        }
      }
    }
    runs.sort(Comparator.comparingLong(run -> run.path("info").path("start_time").asLong()));
    return runs;
  }

  private static JsonNode run(Path experiment, Path folder) throws Refused {
    var info = meta(folder);
    if (info.path("status").isInt()) {
      info.put("status", name(RUN_STATUS, info.path("status").asInt()));
    }
    info.put("artifact_uri", folder.resolve("artifacts").toUri().toString());
    var run = Json.MAPPER.createObjectNode();
    run.set("info", info);
    var data = run.putObject("data");
    data.set("params", texts(folder.resolve("params")));
    data.set("tags", texts(folder.resolve("tags")));
    var metrics = data.putArray("metrics");
    var points = folder.resolve("metrics");
    for (var file : below(points)) {
      metrics.addObject().put("key", key(points, file));
    }
    var inputs = run.putObject("inputs");
    var datasets = inputs.putArray("dataset_inputs");
    var models = inputs.putArray("model_inputs");
    for (var input : folders(folder.resolve("inputs"))) {
      var meta = meta(input);
      var id = meta.path("source_id").asText();
      if (meta.path("source_type").asText().equals("DATASET")) {
        var one = datasets.addObject();
        one.set("dataset", meta(experiment.resolve("datasets").resolve(id)));
        var tags = one.putArray("tags");
        meta.path("tags")
            .properties()
            .forEach(tag ->
                tags.addObject().put("key", tag.getKey()).put("value", tag.getValue().asText()));
      } else {
        models.addObject().put("model_id", id);
      }
    }
    var outputs = run.putObject("outputs").putArray("model_outputs");
    for (var output : folders(folder.resolve("outputs"))) {
      var meta = meta(output);
      outputs
          .addObject()
          .put("model_id", meta.path("destination_id").asText())
          .put("step", meta.path("step").asLong());
    }
    return run;
  }

  @Override
  public void points(JsonNode run, String key, Each each) throws Refused {
    var info = run.path("info");
    var file =
        root.resolve(info.path("experiment_id").asText())
            .resolve(info.path("run_id").asText())
            .resolve("metrics")
            .resolve(key);
    lines(file, key, each);
  }

  /// A line is `timestamp value [step]`, of a logged model `timestamp value step run`, each perhaps
  /// followed by a dataset's name and digest.
  private static void lines(Path file, String key, Each each) throws Refused {
    try (var reader = Files.newBufferedReader(file)) {
      int number = 0;
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          each.take(point(key, line.strip().split(" "), file + ", line " + number));
        }
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static ObjectNode point(String key, String[] parts, String place) throws Refused {
    if (parts.length < 2 || parts.length > 6) {
      throw new Refused(0, place + " is not 'timestamp value step'");
    }
    try {
      var point = Json.MAPPER.createObjectNode().put("key", key);
      point.put("timestamp", Long.parseLong(parts[0])).put("value", number(parts[1]));
      // With five parts, the last two are a dataset and the third is the step.
      point.put("step", parts.length == 2 ? 0 : Long.parseLong(parts[2]));
      if (parts.length >= 5) {
        point.put("dataset_name", parts[parts.length - 2]);
        point.put("dataset_digest", parts[parts.length - 1]);
      }
      if (parts.length == 4 || parts.length == 6) {
        point.put("run_id", parts[3]);
      }
      return point;
    } catch (NumberFormatException e) {
      throw new Refused(0, place + " has a part that is not a number: " + e.getMessage());
    }
  }

  /// Python's words for what is not a number differ from ours.
  static double number(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "nan" -> Double.NaN;
      case "inf", "infinity" -> Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  @Override
  public List<JsonNode> loggedModels(JsonNode experiment, Skipped skipped) throws Refused {
    var models = new ArrayList<JsonNode>();
    var home = root.resolve(experiment.path("experiment_id").asText()).resolve("models");
    for (var folder : folders(home)) {
      try {
        var info = meta(folder);
        info.put("status", name(MODEL_STATUS, info.path("status").asInt()));
        info.put("artifact_uri", folder.resolve("artifacts").toUri().toString());
        info.set("tags", texts(folder.resolve("tags")));
        var model = Json.MAPPER.createObjectNode();
        model.set("info", info);
        var data = model.putObject("data");
        data.set("params", texts(folder.resolve("params")));
        var metrics = data.putArray("metrics");
        var points = folder.resolve("metrics");
        for (var file : below(points)) {
          lines(file, key(points, file), metrics::add);
        }
        models.add(model);
      } catch (Refused e) {
        skipped.add("logged model " + folder.getFileName(), e.getMessage());
      }
    }
    models.sort(
        Comparator.comparingLong(model -> model.path("info").path("creation_timestamp").asLong()));
    return models;
  }

  @Override
  public List<JsonNode> registeredModels(Skipped skipped) throws Refused {
    var models = new ArrayList<JsonNode>();
    for (var folder : folders(root.resolve("models"))) {
      try {
        var model = meta(folder);
        model.set("tags", texts(folder.resolve("tags")));
        var aliases = Json.MAPPER.createArrayNode();
        for (var alias : texts(folder.resolve("aliases"))) {
          aliases
              .addObject()
              .put("alias", alias.path("key").asText())
              .put("version", alias.path("value").asText());
        }
        model.set("aliases", aliases);
        models.add(model);
      } catch (Refused e) {
        skipped.add("registered model " + folder.getFileName(), e.getMessage());
      }
    }
    return models;
  }

  @Override
  public List<JsonNode> versions(JsonNode model, Skipped skipped) throws Refused {
    var versions = new ArrayList<JsonNode>();
    var name = model.path("name").asText();
    for (var folder : folders(root.resolve("models").resolve(name))) {
      if (folder.getFileName().toString().startsWith("version-")) {
        try {
          var version = meta(folder);
          version.set("tags", texts(folder.resolve("tags")));
          versions.add(version);
        } catch (Refused e) {
          skipped.add(name + " " + folder.getFileName(), e.getMessage());
        }
      }
    }
    versions.sort(Comparator.comparingLong(version -> version.path("version").asLong()));
    return versions;
  }

  @Override
  public List<String> files(Owner owner) throws Refused {
    var folder = folder(owner);
    return below(folder).stream().map(file -> key(folder, file)).toList();
  }

  @Override
  public Path file(Owner owner, String path, Path temporary) throws Refused {
    return folder(owner).resolve(path);
  }

  private static Path folder(Owner owner) {
    return Path.of(URI.create(owner.root()));
  }

  @Override
  public void close() {
    // holds nothing open
  }

  private static String name(String[] names, int number) throws Refused {
    if (number < 0 || number >= names.length) {
      throw new Refused(0, "its status " + number + " is not one of MLflow's");
    }
    return names[number];
  }

  private static ObjectNode meta(Path folder) throws Refused {
    var file = folder.resolve(META);
    try {
      var read = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
      if (Json.MAPPER.valueToTree(read) instanceof ObjectNode object) {
        object.properties().removeIf(field -> field.getValue().isNull());
        return object;
      }
      throw new Refused(0, file + " is empty or no mapping");
    } catch (YamlEngineException e) {
      throw new Refused(0, file + " is no YAML: " + e.getMessage());
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /// The files below a folder as keys and values.
  private static ArrayNode texts(Path folder) throws Refused {
    var texts = Json.MAPPER.createArrayNode();
    for (var file : below(folder)) {
      try {
        texts.addObject().put("key", key(folder, file)).put("value", Files.readString(file));
      } catch (IOException e) {
        throw unreadable(file, e);
      }
    }
    return texts;
  }

  private static String key(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }

  private static List<Path> folders(Path folder) throws Refused {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var entries = Files.list(folder)) {
      return entries
          .filter(
              entry -> Files.isDirectory(entry) && !entry.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
  }

  private static List<Path> below(Path folder) throws Refused {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var entries = Files.walk(folder)) {
      return entries.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
  }

  private static Refused unreadable(Path path, Exception e) {
    return new Refused(0, path + " cannot be read: " + e.getMessage());
  }
}
