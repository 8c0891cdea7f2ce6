package dev.pipewright.runner;

import com.google.protobuf.ByteString;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tracking.v1.ArtifactLogged;
import dev.pipewright.contract.tracking.v1.ModelFile;
import dev.pipewright.contract.tracking.v1.ModelLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Turns files that a task left behind into artifacts, models and references.
final class Capture {
  /// What is small enough rides in the event itself.
  private static final long MOST_INLINE = 512 * 1024;

  private static final Map<String, String> MEDIA_TYPES =
      Map.of(
          "json", "application/json",
          "svg", "image/svg+xml",
          "csv", "text/csv",
          "md", "text/markdown",
          "yaml", "application/yaml",
          "parquet", "application/vnd.apache.parquet",
          "log", "text/plain");

  private final EventLog events;
  private final TaskLaunch launch;
  private final AttemptFolder folder;

  Capture(EventLog events, TaskLaunch launch, AttemptFolder folder) {
    this.events = events;
    this.launch = launch;
    this.folder = folder;
  }

  /// Every file below becomes an artifact under its relative path.
  void artifacts(Path root) throws IOException {
    for (var file : files(root)) {
      var path = root.resolve(file.path());
      if (file.size() <= MOST_INLINE) {
        var content = Files.readAllBytes(path);
        logArtifact(
            artifact(file.path(), Digests.of(content), content.length)
                .setInline(ByteString.copyFrom(content)));
      } else {
        upload(file, path);
        logArtifact(artifact(file.path(), file.digest(), file.size()));
      }
    }
  }

  /// A file or folder that the task hands on.
  DataRef output(DataRef.Kind kind, Path path) throws IOException {
    var name = path.getFileName().toString();
    List<DataRef.FileRef> files;
    if (Files.isDirectory(path)) {
      files = files(path);
    } else {
      files = List.of(new DataRef.FileRef(name, Digests.of(path), Files.size(path)));
    }
    for (var file : files) {
      // Uploaded rather than inline: the next task may read it before the tracker has read this
      // run's events.
      upload(file, Files.isDirectory(path) ? path.resolve(file.path()) : path);
      var shown = Files.isDirectory(path) ? name + "/" + file.path() : file.path();
      logArtifact(artifact("outputs/" + shown, file.digest(), file.size()));
    }
    return new DataRef(
        kind,
        name,
        DataRef.digestOf(files),
        files.stream().mapToLong(DataRef.FileRef::size).sum(),
        files,
        launch.trackedRunId(),
        null);
  }

  DataRef model(String name, String flavor, Path source, Map<String, String> params)
      throws IOException {
    var copy = folder.captured().resolve("models").resolve(name);
    copy(source, copy);
    var files = files(copy);
    var modelId = Ids.modelId("model", launch.attemptId(), name);
    for (var file : files) {
      upload(file, copy.resolve(file.path()));
      logArtifact(artifact("models/" + name + "/" + file.path(), file.digest(), file.size()));
    }
    var digest = DataRef.digestOf(files);
    events.tell(
        RunEvent.newBuilder()
            .setModelLogged(
                ModelLogged.newBuilder()
                    .setModelId(modelId)
                    .setName(name)
                    .setFlavor(flavor)
                    .setDigest(digest)
                    .addAllFiles(
                        files.stream()
                            .map(file ->
                                ModelFile.newBuilder()
                                    .setPath(file.path())
                                    .setDigest(file.digest())
                                    .setSize(file.size())
                                    .build())
                            .toList())
                    .putAllParams(params)));
    return new DataRef(
        DataRef.Kind.MODEL,
        name,
        digest,
        files.stream().mapToLong(DataRef.FileRef::size).sum(),
        files,
        launch.trackedRunId(),
        modelId);
  }

  private void upload(DataRef.FileRef file, Path path) {
    events.upload(file.digest(), path.toString());
  }

  private void logArtifact(ArtifactLogged.Builder artifact) {
    events.tell(RunEvent.newBuilder().setArtifactLogged(artifact));
  }

  private static ArtifactLogged.Builder artifact(String path, String digest, long size) {
    return ArtifactLogged.newBuilder()
        .setPath(path)
        .setDigest(digest)
        .setSize(size)
        .setMediaType(mediaType(path));
  }

  static String mediaType(String path) {
    var extension = path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    var known = MEDIA_TYPES.get(extension);
    if (known != null) {
      return known;
    }
    var guessed = URLConnection.guessContentTypeFromName(path);
    return guessed == null ? "application/octet-stream" : guessed;
  }

  /// The regular files below, by path. Links that lead out of the folder are not followed.
  static List<DataRef.FileRef> files(Path root) throws IOException {
    var found = new ArrayList<DataRef.FileRef>();
    if (!Files.isDirectory(root)) {
      return found;
    }
    try (var walk = Files.walk(root)) {
      for (var file : walk.filter(Files::isRegularFile).toList()) {
        if (file.toRealPath().startsWith(root.toRealPath())) {
          found.add(
              new DataRef.FileRef(
                  root.relativize(file).toString().replace('\\', '/'),
                  Digests.of(file),
                  Files.size(file)));
        }
      }
    }
    found.sort(Comparator.comparing(DataRef.FileRef::path));
    return found;
  }

  private static void copy(Path source, Path target) throws IOException {
    try (var walk = Files.walk(source)) {
      for (var each : walk.toList()) {
        var to = target.resolve(source.relativize(each).toString());
        if (Files.isDirectory(each)) {
          Files.createDirectories(to);
        } else {
          Files.copy(each, to, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }
}
