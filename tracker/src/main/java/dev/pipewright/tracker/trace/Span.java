package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// One step of a trace.
///
/// @param traceId the id of the trace as clients see it
/// @param id 16 hexadecimal digits
/// @param parentId null for the root
/// @param status `OK`, `ERROR` or `UNSET`
/// @param started nanoseconds of the epoch
/// @param ended null while it runs
/// @param content name, status_message, attributes, events and links
public record Span(
    String traceId,
    String id,
    @Nullable String parentId,
    String name,
    String type,
    String status,
    long started,
    @Nullable Long ended,
    ObjectNode content) {

  public static final String TYPE = "mlflow.spanType";
  static final String UNKNOWN_TYPE = "UNKNOWN";

  ObjectNode attributes() {
    return content.withObject("attributes");
  }
}
