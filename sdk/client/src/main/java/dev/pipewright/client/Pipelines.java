package dev.pipewright.client;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.ApplyPipeline;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Pipeline;
import dev.pipewright.contract.api.PipelineVersion;
import dev.pipewright.contract.task.DataRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Pipelines and their immutable versions.
public final class Pipelines {
  private final Http http;
  private final Blobs blobs;

  Pipelines(Http http, Blobs blobs) {
    this.http = http;
    this.blobs = blobs;
  }

  /// Stores the document as a new version of its pipeline, with the files that its tasks list.
  /// Content that is the latest version already stays that version.
  ///
  /// @param document a YAML file; the files it lists are looked for beside it
  /// @throws ProblemException PIPELINE_INVALID with every error and its place; INPUT_MISSING when
  ///   the document or a file it lists is not there
  public PipelineVersion apply(Path document) {
    var source = read(document);
    var files = new ArrayList<DataRef.FileRef>();
    for (var listed : ListedFiles.of(source)) {
      files.add(blobs.upload(beside(document, listed), listed));
    }
    return apply(source, files);
  }

  /// As [#apply(Path)], for a pipeline written in Java.
  ///
  /// @param folder where the files lie that its tasks need
  public PipelineVersion apply(dev.pipewright.client.pipeline.Pipeline pipeline, Path folder) {
    var files = new ArrayList<DataRef.FileRef>();
    for (var listed : pipeline.files()) {
      files.add(blobs.upload(beside(folder.resolve("pipeline"), listed), listed));
    }
    return apply(pipeline.toYaml(), files);
  }

  /// As [#apply(Path)], for files that were uploaded before.
  public PipelineVersion apply(String source, List<DataRef.FileRef> files) {
    // The content decides what happens, so any key makes the call repeatable.
    return http.post(
        "/pipelines",
        new ApplyPipeline(source, files),
        UUID.randomUUID().toString(),
        PipelineVersion.class);
  }

  /// One page of pipelines.
  ///
  /// @param after the `next` of the page before; null for the first one
  public Page<Pipeline> list(@Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("after", after);
    return http.get(Http.path(List.of("pipelines"), query), new TypeReference<>() {});
  }

  /// @throws ProblemException PIPELINE_NOT_FOUND
  public Pipeline get(String name) {
    return http.get(Http.path(List.of("pipelines", name), Map.of()), Pipeline.class);
  }

  /// @throws ProblemException PIPELINE_NOT_FOUND
  public PipelineVersion version(String name, int version) {
    return http.get(
        Http.path(List.of("pipelines", name, "versions", Integer.toString(version)), Map.of()),
        PipelineVersion.class);
  }

  /// One page of a pipeline's versions, newest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  /// @throws ProblemException PIPELINE_NOT_FOUND
  public Page<PipelineVersion> versions(String name, @Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("after", after);
    return http.get(
        Http.path(List.of("pipelines", name, "versions"), query), new TypeReference<>() {});
  }

  /// The text of a pipeline document.
  ///
  /// @throws ProblemException INPUT_MISSING when it is not there or is not text
  public static String read(Path document) {
    try {
      return Files.readString(document);
    } catch (IOException e) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          Files.exists(document)
              ? "%s cannot be read as UTF-8 text: %s.".formatted(document, e.getMessage())
              : "There is no file " + document + ".",
          e);
    }
  }

  private static Path beside(Path document, String listed) {
    var folder = document.toAbsolutePath().normalize().getParent();
    var file = folder.resolve(listed).normalize();
    if (!file.startsWith(folder)) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "%s lists the file %s, which is outside of its folder.".formatted(document, listed),
          "Put the file beside the pipeline.");
    }
    if (!Files.isRegularFile(file)) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "%s lists the file %s, but there is no %s.".formatted(document, listed, file),
          "Put the file beside the pipeline, or correct its name under files.");
    }
    return file;
  }
}
