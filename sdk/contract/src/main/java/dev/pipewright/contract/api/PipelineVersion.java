package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.ValueType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One immutable version of a pipeline.
///
/// @param version from 1, without gaps
/// @param digest `sha256:…` of the document and its files: the same content applied again is the
///   same version
/// @param source the YAML as it was applied
/// @param params by name, in the document's order
/// @param tasks the DAG, in the document's order
/// @param files what the tasks' commands need beside them
public record PipelineVersion(
    String pipeline,
    int version,
    String digest,
    String source,
    Map<String, Param> params,
    List<Node> tasks,
    List<DataRef.FileRef> files,
    Instant createdAt) {

  /// A declared param. Without a default it must be given.
  public record Param(
      ValueType type, @Nullable JsonNode defaultValue, @Nullable String description) {}

  /// A node of the DAG.
  ///
  /// @param kind what it runs: `pipewright/split@v1`, or its command in one line
  /// @param needs the tasks it waits for
  /// @param when the condition as written; null if it always runs
  public record Node(String name, String kind, List<String> needs, @Nullable String when) {}
}
