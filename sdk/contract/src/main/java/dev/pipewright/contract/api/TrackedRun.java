package dev.pipewright.contract.api;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A tracked run (MLflow's Run): what was given, measured and made.
///
/// @param id 32 hexadecimal digits
/// @param parentRunId the run it is part of; null at the top
/// @param message why it did not finish; null otherwise
/// @param pipeline where it comes from; null for a run logged from elsewhere
/// @param metrics by key, sorted
public record TrackedRun(
    String id,
    String name,
    String experimentId,
    String experiment,
    RunStatus status,
    @Nullable String message,
    @Nullable String parentRunId,
    @Nullable PipelineSource pipeline,
    Instant startTime,
    @Nullable Instant endTime,
    Map<String, String> params,
    Map<String, String> tags,
    List<LatestMetric> metrics,
    List<DatasetInput> datasets,
    List<LoggedModel> models) {

  /// @param task null for the run of the PipelineRun itself
  /// @param attempt from 1; null likewise
  public record PipelineSource(
      String pipeline,
      int version,
      String pipelineRunId,
      @Nullable String task,
      @Nullable Integer attempt) {}

  /// The newest point of a metric (highest step, then time) and its range. Values may be "NaN",
  /// "Infinity" or "-Infinity" in JSON.
  public record LatestMetric(
      String key,
      double value,
      long step,
      Instant timestamp,
      double min,
      double max,
      long points) {}

  /// @param role what it was used for: `train`, `test`, `input`
  /// @param rows null where nobody counted
  public record DatasetInput(
      String name, String digest, long size, String role, @Nullable Long rows) {}

  /// @param id `m-` and 32 hexadecimal digits
  public record LoggedModel(
      String id, String name, String flavor, String digest, long size, Instant createdAt) {}
}
