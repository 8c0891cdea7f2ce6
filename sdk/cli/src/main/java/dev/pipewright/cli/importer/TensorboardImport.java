package dev.pipewright.cli.importer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import dev.pipewright.cli.importer.MlflowSource.Owner;
import dev.pipewright.cli.tensorboard.EventFile;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Makes metrics and images out of TensorBoard's event files: those of a run, or those of a folder,
/// where each folder that has some is a run.
///
/// It may be stopped at any moment and started again: the server keeps a point that is logged twice
/// once, and an image's name follows from its content. When all files of a run are read, the run
/// gets the tag [#DONE]; it stands for these files at this size, so a file that has grown is read
/// again.
public final class TensorboardImport implements AutoCloseable {
  public static final String DONE = "pipewright.imported.tensorboard";

  /// The folder that the names of metrics are relative to. Kept, so that they stay the same when
  /// there are more folders later.
  public static final String ROOT = "pipewright.imported.tensorboard.root";

  private static final int POINTS = 1000;
  private static final int LONGEST_KEY = 250;
  private static final Pattern NOT_IN_KEYS =
      Pattern.compile("[^/\\w.\\- :]", Pattern.UNICODE_CHARACTER_CLASS);

  private final MlflowServer target;
  private final ImportReport report;
  private final Consumer<ImportReport> progress;

  TensorboardImport(MlflowServer target, ImportReport report, Consumer<ImportReport> progress) {
    this.target = target;
    this.report = report;
    this.progress = progress;
  }

  /// @param progress is told after every step
  public static TensorboardImport into(URI target, Consumer<ImportReport> progress) {
    return new TensorboardImport(new MlflowServer(target), new ImportReport(), progress);
  }

  /// Imports the event files among a run's artifacts.
  ///
  /// @throws ProblemException RUN_NOT_FOUND, or INPUT_MISSING when the run has none
  public ImportReport run(String id) {
    report.found(1);
    try {
      switch (artifacts(id)) {
        case NONE ->
            throw new ProblemException(
                ProblemCode.INPUT_MISSING,
                "Run " + id + " has no file events.out.tfevents.* among its artifacts.",
                "Upload the folder that TensorBoard reads as an artifact, or import the folder.");
        case THERE -> report.runThere();
        case READ -> report.run();
      }
    } catch (Refused e) {
      if (e.status() == 404) {
        throw new ProblemException(ProblemCode.RUN_NOT_FOUND, e.getMessage());
      }
      report.skip("run " + id, e.getMessage());
    }
    return report;
  }

  enum Done {
    NONE,
    THERE,
    READ
  }

  Done artifacts(String id) throws Refused {
    var run = target.get("runs/get", "run_id", id).path("run");
    if (run.path("info").path("lifecycle_stage").asText().equals("deleted")) {
      throw new Refused(0, "it is deleted; restore it first");
    }
    var owner = new Owner(false, id, run.path("info").path("artifact_uri").asText());
    var files = target.files(owner);
    var events = new TreeMap<String, Long>(files);
    events.keySet().removeIf(path -> !EventFile.is(path));
    if (events.isEmpty()) {
      return Done.NONE;
    }
    var tags = tags(run);
    var state = state(events);
    if (state.equals(tags.get(DONE))) {
      return Done.THERE;
    }
    var root = tags.get(ROOT);
    if (root == null) {
      root = common(events.keySet());
      tag(id, ROOT, root);
    }
    int before = report.skipped().size();
    var reading = new Reading(owner, files.keySet());
    for (var path : events.keySet()) {
      var thing = "run " + id + ", file '" + path + "'";
      reading.prefix = prefix(root, path);
      try {
        var temporary = Files.createTempFile("pipewright-import", ".part");
        try {
          target.download(owner, path, temporary);
          reading.file(thing, temporary);
        } finally {
          Files.deleteIfExists(temporary);
        }
      } catch (IOException e) {
        report.skip(thing, e.toString());
      } catch (Refused e) {
        report.skip(thing, e.getMessage());
      }
    }
    reading.end("run " + id);
    if (report.skipped().size() == before) {
      tag(id, DONE, state);
    }
    return Done.READ;
  }

  /// Imports a folder as TensorBoard would show it: each folder in it that has event files is a
  /// run, named by its path.
  ///
  /// @throws ProblemException INPUT_MISSING when there are none
  public ImportReport folder(Path folder, String experiment) {
    var runs = runs(folder);
    if (runs.isEmpty()) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "There is no file events.out.tfevents.* in " + folder + " or below it.",
          "Give the folder that TensorBoard is started with, its --logdir.");
    }
    report.found(runs.size());
    try {
      var id = target.experiment(experiment, Json.MAPPER.createArrayNode());
      var there = copies(id);
      runs.forEach((path, files) -> {
        var relative = folder.relativize(path).toString().replace('\\', '/');
        var name =
            relative.isEmpty() ? String.valueOf(folder.toAbsolutePath().getFileName()) : relative;
        try {
          run(id, name, files, there);
        } catch (IOException | UncheckedIOException e) {
          report.skip("run '" + name + "'", "its files cannot be read: " + e);
        } catch (Refused e) {
          report.skip("run '" + name + "'", e.getMessage());
        }
        progress.accept(report);
      });
    } catch (Refused e) {
      report.skip("experiment '" + experiment + "'", e.getMessage());
    }
    return report;
  }

  private static SortedMap<Path, List<Path>> runs(Path folder) {
    try (var below = Files.walk(folder)) {
      return below
          .filter(file -> EventFile.is(String.valueOf(file.getFileName())))
          .filter(file -> !Files.isDirectory(file))
          .sorted()
          .collect(
              Collectors.groupingBy(
                  file -> folder.resolve(folder.relativize(file).resolve("..").normalize()),
                  TreeMap::new,
                  Collectors.toList()));
    } catch (IOException | UncheckedIOException e) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING, folder + " cannot be read: " + e.getMessage(), e);
    }
  }

  private void run(String experiment, String name, List<Path> files, Map<String, Copy> there)
      throws IOException, Refused {
    var sizes = new TreeMap<String, Long>();
    long start = 0;
    var from = "";
    for (var file : files) {
      sizes.put(String.valueOf(file.getFileName()), Files.size(file));
      if (start == 0) {
        start = EventFile.start(Files.newInputStream(file));
        // Several trainings may start in one second, which is all that a file's name tells.
        from = "tensorboard:" + file.getFileName() + "@" + start;
      }
    }
    if (start == 0) {
      report.note("run '" + name + "' has no events yet");
      return;
    }
    var state = state(sizes);
    var copy = there.get(from);
    if (copy != null && (copy.deleted || copy.state.equals(state))) {
      report.runThere();
      return;
    }
    int before = report.skipped().size();
    if (copy == null) {
      copy = create(experiment, name, start, from);
    }
    var owner = new Owner(false, copy.id, copy.files);
    var reading = new Reading(owner, target.files(owner).keySet());
    for (var file : files) {
      try {
        reading.file("file '" + file + "'", file);
      } catch (IOException e) {
        report.skip("file '" + file + "'", "it cannot be read: " + e);
      }
    }
    reading.end("run '" + name + "'");
    var update = body().put("run_id", copy.id).put("status", "FINISHED");
    target.post("runs/update", update.put("end_time", Math.max(start, reading.last)));
    if (report.skipped().size() == before) {
      tag(copy.id, DONE, state);
    }
    report.run();
  }

  /// A run on the target.
  private record Copy(String id, String files, String state, boolean deleted) {}

  private Copy create(String experiment, String name, long start, String from) throws Refused {
    var create = body().put("experiment_id", experiment).put("run_name", name);
    create.put("start_time", start);
    create.putArray("tags").addObject().put("key", MlflowImport.FROM).put("value", from);
    var info = target.post("runs/create", create).path("run").path("info");
    return new Copy(info.path("run_id").asText(), info.path("artifact_uri").asText(), "", false);
  }

  /// What earlier imports left in the experiment.
  private Map<String, Copy> copies(String experiment) throws Refused {
    var found = new HashMap<String, Copy>();
    var search = body().put("run_view_type", "ALL").put("max_results", 1000);
    search.put("filter", "tags.`" + MlflowImport.FROM + "` LIKE 'tensorboard:%'");
    search.putArray("experiment_ids").add(experiment);
    target.pages(
        "runs/search",
        search,
        "runs",
        run -> {
          var tags = tags(run);
          var info = run.path("info");
          found.put(
              tags.getOrDefault(MlflowImport.FROM, ""),
              new Copy(
                  info.path("run_id").asText(),
                  info.path("artifact_uri").asText(),
                  tags.getOrDefault(DONE, ""),
                  info.path("lifecycle_stage").asText().equals("deleted")));
        });
    return found;
  }

  private static Map<String, String> tags(JsonNode run) {
    var tags = new HashMap<String, String>();
    run.path("data")
        .path("tags")
        .forEach(tag -> tags.put(tag.path("key").asText(), tag.path("value").asText()));
    return tags;
  }

  private void tag(String run, String key, String value) throws Refused {
    target.post("runs/set-tag", body().put("run_id", run).put("key", key).put("value", value));
  }

  /// Stands for the files as they are; an event file only ever grows.
  private static String state(SortedMap<String, Long> sizes) {
    return Digests.of(sizes.toString().getBytes(StandardCharsets.UTF_8));
  }

  /// The folder that all of the files are in or below.
  static String common(Set<String> files) {
    List<String> common = null;
    for (var file : files) {
      var folders = List.of(file.split("/", -1));
      folders = folders.subList(0, folders.size() - 1);
      if (common == null) {
        common = folders;
      }
      int same = 0;
      while (same < Math.min(common.size(), folders.size())
          && common.get(same).equals(folders.get(same))) {
        same++;
      }
      common = common.subList(0, same);
    }
    return common == null ? "" : String.join("/", common);
  }

  /// What is put before the tags of a file: its folder, from the root on.
  static String prefix(String root, String file) {
    var folder = file.substring(0, file.lastIndexOf('/') + 1);
    if (root.isEmpty()) {
      return folder;
    }
    return folder.startsWith(root + "/") ? folder.substring(root.length() + 1) : folder;
  }

  /// A tag as the name of a metric: what names may not have is an underscore.
  static String key(String tag) {
    var parts = new ArrayList<String>();
    for (var part : NOT_IN_KEYS.matcher(tag).replaceAll("_").split("/", -1)) {
      if (!part.isBlank()) {
        parts.add(part.equals(".") || part.equals("..") ? "_" : part);
      }
    }
    return String.join("/", parts);
  }

  private static @Nullable String extension(ByteString image) {
    if (image.startsWith(ByteString.copyFrom(new byte[] {(byte) 0x89, 'P', 'N', 'G'}))) {
      return "png";
    }
    if (image.startsWith(ByteString.copyFrom(new byte[] {(byte) 0xff, (byte) 0xd8}))) {
      return "jpg";
    }
    return image.startsWith(ByteString.copyFromUtf8("GIF8")) ? "gif" : null;
  }

  private static ObjectNode body() {
    return Json.MAPPER.createObjectNode();
  }

  @Override
  public void close() {
    target.close();
  }

  /// The event files of one run on their way to the target.
  private final class Reading implements EventFile.Taker<Refused> {
    private final Owner owner;
    private final Set<String> present;
    private final ObjectNode batch = body();
    private final ArrayNode points = batch.putArray("metrics");

    /// Each metric's tag; null for a tag that cannot be one.
    private final Map<String, @Nullable String> keys = new HashMap<>();

    private final Set<String> taken = new HashSet<>();
    private final SortedMap<String, Integer> others = new TreeMap<>();
    private boolean images;
    private String prefix = "";
    private long last;

    Reading(Owner owner, Set<String> present) {
      this.owner = owner;
      this.present = new HashSet<>(present);
      batch.put("run_id", owner.id());
    }

    void file(String thing, Path file) throws IOException, Refused {
      var outcome = EventFile.read(Files.newInputStream(file), this);
      send();
      last = Math.max(last, outcome.last());
      outcome.damages().forEach(damage -> report.skip(thing, damage));
      outcome.others().forEach((kind, count) -> others.merge(kind, count, Integer::sum));
      if (outcome.cutOff() >= 0) {
        report.note(
            thing
                + " ends within a record at byte "
                + outcome.cutOff()
                + ", as one does that is still written; all before it is imported");
      }
      progress.accept(report);
    }

    void end(String thing) throws Refused {
      if (images) {
        tag(owner.id(), "mlflow.loggedImages", "True");
      }
      if (!others.isEmpty()) {
        report.note(
            thing
                + ": no place for "
                + others.entrySet().stream()
                    .map(other -> other.getValue() + " values of kind " + other.getKey())
                    .collect(Collectors.joining(", ")));
      }
    }

    @Override
    public void scalar(EventFile.Scalar scalar) throws Refused {
      var key = metric(prefix + scalar.tag());
      if (key == null) {
        return;
      }
      points
          .addObject()
          .put("key", key)
          .put("step", scalar.step())
          .put("timestamp", scalar.timestamp())
          .put("value", scalar.value());
      if (points.size() == POINTS) {
        send();
      }
    }

    private @Nullable String metric(String tag) {
      if (keys.containsKey(tag)) {
        return keys.get(tag);
      }
      var key = key(tag);
      var reason =
          key.isEmpty()
              ? "its name is empty"
              : key.length() > LONGEST_KEY
                  ? "its name is longer than " + LONGEST_KEY + " characters"
                  : taken.add(key) ? null : "another tag is already the metric '" + key + "'";
      if (reason != null) {
        report.skip("tag '" + tag + "'", reason);
        key = null;
      } else if (!key.equals(tag)) {
        report.note("tag '" + tag + "' is the metric '" + key + "'");
      }
      keys.put(tag, key);
      return key;
    }

    private void send() throws Refused {
      if (!points.isEmpty()) {
        target.post("runs/log-batch", batch);
        report.points(points.size());
        points.removeAll();
        progress.accept(report);
      }
    }

    @Override
    public void image(EventFile.Image image) throws Refused {
      var thing = "image '" + prefix + image.tag() + "' of step " + image.step();
      var extension = extension(image.content());
      if (extension == null) {
        report.skip(thing, "it is no PNG, JPEG or GIF");
        return;
      }
      var content = image.content().toByteArray();
      images = true;
      // As MLflow's clients name what is logged with a key and a step; the last part makes it
      // unique, and here the same each time.
      var path =
          "images/%s+step+%d+timestamp+%d+%s.%s"
              .formatted(
                  key(prefix + image.tag()).replace('/', '~'),
                  image.step(),
                  image.timestamp(),
                  UUID.nameUUIDFromBytes(
                      (image.index() + Digests.of(content)).getBytes(StandardCharsets.UTF_8)),
                  extension);
      if (present.add(path)) {
        try {
          target.upload(owner.root(), path, content);
          report.file(content.length);
          progress.accept(report);
        } catch (Refused e) {
          report.skip(thing, e.getMessage());
        }
      }
    }
  }
}
