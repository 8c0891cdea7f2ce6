package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A person's answer to a task that waits for one.
///
/// @param approved whether the run may go on
/// @param inputs what the task asks for, by name; what is left out has its default
/// @param by who answers; null for `somebody`
/// @param comment kept with the answer
public record AnswerTask(
    boolean approved,
    @Nullable Map<String, JsonNode> inputs,
    @Nullable String by,
    @Nullable String comment) {}
