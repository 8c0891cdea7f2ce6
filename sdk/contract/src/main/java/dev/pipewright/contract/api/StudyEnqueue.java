package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Params to be tried before any others.
///
/// @param params active parameters that are missing are drawn at random
public record StudyEnqueue(@Nullable Map<String, JsonNode> params) {}
