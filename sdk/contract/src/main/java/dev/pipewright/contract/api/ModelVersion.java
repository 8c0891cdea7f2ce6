package dev.pipewright.contract.api;

import dev.pipewright.contract.task.DataRef;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One immutable version of a registered model.
///
/// @param version from 1, without gaps
/// @param modelId the logged model it is
/// @param metrics what was measured on this model, by key: by the run that made it and by every run
///   that evaluated it
public record ModelVersion(
    String name,
    int version,
    List<String> aliases,
    String modelId,
    String flavor,
    String digest,
    long size,
    List<DataRef.FileRef> files,
    Map<String, Double> metrics,
    Lineage lineage,
    Instant createdAt) {

  /// Where the model comes from.
  ///
  /// @param runId the tracked run that made it
  /// @param datasets what that run, and the pipeline run as a whole, read
  public record Lineage(
      String runId,
      @Nullable String runName,
      @Nullable String pipeline,
      @Nullable Integer pipelineVersion,
      @Nullable String pipelineRunId,
      List<TrackedRun.DatasetInput> datasets) {}
}
