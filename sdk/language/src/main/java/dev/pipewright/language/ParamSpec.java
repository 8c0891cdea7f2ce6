package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.task.ValueType;
import org.jspecify.annotations.Nullable;

/// A param of a pipeline.
///
/// @param defaultValue null where a run must give it
public record ParamSpec(
    ValueType type, @Nullable JsonNode defaultValue, @Nullable String description) {}
