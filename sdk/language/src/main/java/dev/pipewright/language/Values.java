package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/// What expressions can name, in one place of one pipeline run. Parts that do not apply are empty.
///
/// @param params of the run, resolved
/// @param outputs by task and name, of the tasks that have succeeded
/// @param matrix by axis, and `index`
/// @param loop `iteration`, and `outputs` (an object) once there are some
/// @param trial `number` and `params` (an object)
/// @param failure `exitCode`, `code`, `message` and `attempt` of the attempt that failed
/// @param run `id`, `number`, `name`, `scheduledAt`; in a finally task also `status` and `failed`
public record Values(
    Map<String, JsonNode> params,
    Map<String, Map<String, JsonNode>> outputs,
    Map<String, JsonNode> matrix,
    Map<String, JsonNode> loop,
    Map<String, JsonNode> trial,
    Map<String, JsonNode> failure,
    Map<String, JsonNode> run) {

  /// Params and outputs alone.
  public static Values of(
      Map<String, JsonNode> params, Map<String, Map<String, JsonNode>> outputs) {
    return new Values(params, outputs, Map.of(), Map.of(), Map.of(), Map.of(), Map.of());
  }

  public Values withMatrix(Map<String, JsonNode> matrix) {
    return new Values(params, outputs, matrix, loop, trial, failure, run);
  }

  public Values withLoop(Map<String, JsonNode> loop) {
    return new Values(params, outputs, matrix, loop, trial, failure, run);
  }

  public Values withTrial(Map<String, JsonNode> trial) {
    return new Values(params, outputs, matrix, loop, trial, failure, run);
  }

  public Values withFailure(Map<String, JsonNode> failure) {
    return new Values(params, outputs, matrix, loop, trial, failure, run);
  }

  public Values withRun(Map<String, JsonNode> run) {
    return new Values(params, outputs, matrix, loop, trial, failure, run);
  }
}
