package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a person, a model or a program says of a trace or one of its spans.
///
/// @param value what it says; JSON's null is one of the things it can say
/// @param error why there is no value
/// @param overrides the assessment it corrects
/// @param valid false once another one corrects it
public record Assessment(
    String id,
    String traceId,
    String name,
    Kind kind,
    JsonNode value,
    @Nullable JsonNode error,
    String sourceType,
    String sourceId,
    @Nullable String spanId,
    @Nullable String rationale,
    Map<String, String> metadata,
    @Nullable String overrides,
    boolean valid,
    Instant createdAt,
    Instant updatedAt) {

  public enum Kind {
    /// How good the trace is.
    FEEDBACK,
    /// What should have come out.
    EXPECTATION,
    /// A known trouble that the trace shows.
    ISSUE
  }
}
