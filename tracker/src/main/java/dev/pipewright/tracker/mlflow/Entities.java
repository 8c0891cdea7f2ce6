package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The protocol's messages that several calls answer with. Field names are the protocol's, in our
/// spelling.
final class Entities {
  private Entities() {}

  /// A param or a tag.
  record Pair(String key, String value) {}

  static List<Pair> pairs(Map<String, String> map) {
    return map.entrySet().stream().map(each -> new Pair(each.getKey(), each.getValue())).toList();
  }

  record Experiment(
      String experimentId,
      String name,
      String artifactLocation,
      String lifecycleStage,
      long lastUpdateTime,
      long creationTime,
      List<Pair> tags) {}

  record Run(RunInfo info, RunData data, RunInputs inputs, RunOutputs outputs) {}

  /// @param runUuid the id again, for old clients
  record RunInfo(
      String runId,
      String runUuid,
      String runName,
      String experimentId,
      String userId,
      String status,
      long startTime,
      @Nullable Long endTime,
      String artifactUri,
      String lifecycleStage) {}

  record RunData(List<Metric> metrics, List<Pair> params, List<Pair> tags) {}

  record RunInputs(List<DatasetInput> datasetInputs, List<ModelInput> modelInputs) {}

  record RunOutputs(List<ModelOutput> modelOutputs) {}

  record ModelInput(String modelId) {}

  record ModelOutput(String modelId, long step) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Metric(
      String key,
      double value,
      long timestamp,
      long step,
      @Nullable String datasetName,
      @Nullable String datasetDigest,
      @Nullable String modelId,
      @Nullable String runId) {
    Metric(String key, double value, long timestamp, long step) {
      this(key, value, timestamp, step, null, null, null, null);
    }
  }

  record DatasetInput(List<Pair> tags, Dataset dataset) {}

  record Dataset(
      String name,
      String digest,
      String sourceType,
      String source,
      @Nullable String schema,
      @Nullable String profile) {}

  static String lifecycleStage(@Nullable Object deletedAt) {
    return deletedAt == null ? "active" : "deleted";
  }
}
