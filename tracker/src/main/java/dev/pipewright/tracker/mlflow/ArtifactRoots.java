package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.artifact.ArtifactPath;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.mlflow.wire.ErrorCode;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import org.jspecify.annotations.Nullable;

/// Where the files of runs and models are within this server.
@ApplicationScoped
class ArtifactRoots {
  private final RunStore runs;
  private final ArtifactStore artifacts;

  ArtifactRoots(RunStore runs, ArtifactStore artifacts) {
    this.runs = runs;
    this.artifacts = artifacts;
  }

  /// A location, as its owner has it and as a path here.
  record Root(String uri, String path) {
    String join(String relative) {
      return ArtifactPath.join(path, relative);
    }
  }

  Root ofRun(@Nullable String runId) {
    if (runId == null || runId.isEmpty()) {
      throw MlflowError.missing("run_id");
    }
    var run = runs.find(runId).orElseThrow(() -> MlflowError.noRun(runId));
    return root(run.artifactUri());
  }

  Root ofModel(String modelId) {
    return root(
        artifacts
            .locationOfModel(modelId)
            .orElseThrow(
                () -> MlflowError.notFound("Logged model with ID '" + modelId + "' not found.")));
  }

  Root ofModelVersion(String name, String version) {
    int number;
    try {
      number = Integer.parseInt(version);
    } catch (NumberFormatException e) {
      throw MlflowError.invalid("Model version must be an integer, got '" + version + "'");
    }
    return root(
        artifacts
            .locationOfModelVersion(name, number)
            .orElseThrow(() ->
                MlflowError.notFound(
                    "Model Version (name=" + name + ", version=" + version + ") not found")));
  }

  /// A path that a client named, in one form.
  static String path(@Nullable String path) {
    return ArtifactPath.of(path == null ? "" : path)
        .orElseThrow(() -> MlflowError.invalid("Invalid path"));
  }

  private static Root root(String uri) {
    return ArtifactPath.ofLocation(uri)
        .map(path -> new Root(uri, path))
        .orElseThrow(() ->
            new MlflowError(
                ErrorCode.NOT_IMPLEMENTED,
                "The artifacts are at '"
                    + uri
                    + "', which this server does not read. Read them there."));
  }
}
