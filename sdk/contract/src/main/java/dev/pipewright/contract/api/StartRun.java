package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Starts a pipeline run. Send an `Idempotency-Key` header to make a repeated request answer the
/// first one's run.
///
/// @param version the pipeline version; null for the latest
/// @param params by name; data is a DataRef, or the path of a file that the server can read
///
/// @param priority added to the pipeline's own, from -1000 to 1000; null for 0
public record StartRun(
    @Nullable Integer version, @Nullable Map<String, JsonNode> params, @Nullable Integer priority) {
  public StartRun(@Nullable Integer version, @Nullable Map<String, JsonNode> params) {
    this(version, params, null);
  }
}
