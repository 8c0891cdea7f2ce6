package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Starts a pipeline run. Send an `Idempotency-Key` header to make a repeated request answer the
/// first one's run.
///
/// @param version the pipeline version; null for the latest
/// @param params by name; data is a DataRef, or the path of a file that the server can read
public record StartRun(@Nullable Integer version, @Nullable Map<String, JsonNode> params) {}
