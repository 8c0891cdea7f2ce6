package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.pipewright.contract.Json;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Reads the spans of an OTLP export request.
public final class OtlpSpans {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final List<String> ID_FIELDS = List.of("traceId", "spanId", "parentSpanId");
  private static final int DEEPEST = 100;

  private OtlpSpans() {}

  /// Spans with what their resource says of itself, such as `service.name`.
  ///
  /// @param resources by the id of the trace
  public record Batch(List<Span> spans, Map<String, Map<String, String>> resources) {}

  /// The request is not what OTLP says it is.
  public static final class Malformed extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final boolean span;

    Malformed(String message, boolean span) {
      super(message);
      this.span = span;
    }

    /// Whether the request could be read and one of its spans is at fault.
    public boolean inSpan() {
      return span;
    }
  }

  /// @throws Malformed when it is no export request, or holds no spans
  public static Batch ofProtobuf(byte[] body) {
    try {
      return read(ExportTraceServiceRequest.parseFrom(body));
    } catch (InvalidProtocolBufferException e) {
      throw new Malformed("Invalid OpenTelemetry format: " + e.getMessage(), false);
    }
  }

  /// OTLP writes ids in hexadecimal where protobuf's JSON has Base64.
  ///
  /// @throws Malformed when it is no export request, or holds no spans
  public static Batch ofJson(byte[] body) {
    var request = ExportTraceServiceRequest.newBuilder();
    try {
      var json = Json.MAPPER.readTree(body);
      for (var resource : json.path("resourceSpans")) {
        for (var scope : resource.path("scopeSpans")) {
          for (var span : scope.path("spans")) {
            base64Ids(span);
            span.path("links").forEach(OtlpSpans::base64Ids);
          }
        }
      }
      JsonFormat.parser()
          .ignoringUnknownFields()
          .merge(Json.MAPPER.writeValueAsString(json), request);
    } catch (JsonProcessingException e) {
      throw new Malformed("Invalid OpenTelemetry format: " + e.getOriginalMessage(), false);
    } catch (InvalidProtocolBufferException e) {
      throw new Malformed("Invalid OpenTelemetry format: " + e.getMessage(), false);
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory could not be read", e);
    }
    return read(request.build());
  }

  private static void base64Ids(JsonNode node) {
    if (!(node instanceof ObjectNode object)) {
      return;
    }
    for (var field : ID_FIELDS) {
      if (object.get(field) instanceof TextNode text && !text.textValue().isEmpty()) {
        try {
          object.put(
              field, Base64.getEncoder().encodeToString(HexFormat.of().parseHex(text.textValue())));
        } catch (IllegalArgumentException e) {
          throw new Malformed(
              "Invalid OpenTelemetry format: " + field + " is not hexadecimal", false);
        }
      }
    }
  }

  private static Batch read(ExportTraceServiceRequest request) {
    if (request.getResourceSpansCount() == 0) {
      throw new Malformed("Invalid OpenTelemetry format - no spans found", false);
    }
    var spans = new ArrayList<Span>();
    var resources = new TreeMap<String, Map<String, String>>();
    for (var resource : request.getResourceSpansList()) {
      var described = describe(resource.getResource().getAttributesList());
      for (var scope : resource.getScopeSpansList()) {
        for (var each : scope.getSpansList()) {
          var span = span(each);
          spans.add(span);
          if (!described.isEmpty()) {
            resources.putIfAbsent(span.traceId(), described);
          }
        }
      }
    }
    return new Batch(spans, resources);
  }

  private static Map<String, String> describe(List<KeyValue> attributes) {
    var described = new TreeMap<String, String>();
    for (var each : attributes) {
      // What the SDK says of itself, and what this server keeps its own books under.
      if (!each.getKey().startsWith("telemetry.sdk.") && !each.getKey().startsWith("mlflow.")) {
        var value = value(each.getValue(), 0);
        described.put(
            text(each.getKey()), value.isTextual() ? value.textValue() : value.toString());
      }
    }
    return described;
  }

  private static Span span(io.opentelemetry.proto.trace.v1.Span span) {
    var traceId = id(span.getTraceId(), 16, "trace_id");
    if (span.getStartTimeUnixNano() < 0 || span.getEndTimeUnixNano() < 0) {
      throw new Malformed(
          "Cannot convert OpenTelemetry span to MLflow span: its time is after the year 2262",
          true);
    }
    var attributes = attributes(span.getAttributesList());
    // It follows from the trace's id, whatever a client says.
    attributes.remove(SpanJson.TRACE_ID_ATTRIBUTE);
    SemanticConventions.translate(attributes);
    var type = attributes.path(Span.TYPE).asText(Span.UNKNOWN_TYPE);
    var content = NODES.objectNode();
    content.put("name", text(span.getName()));
    if (!span.getStatus().getMessage().isEmpty()) {
      content.put("status_message", text(span.getStatus().getMessage()));
    }
    content.set("attributes", attributes);
    if (span.getEventsCount() > 0) {
      var events = content.putArray("events");
      for (var event : span.getEventsList()) {
        var node = events.addObject();
        node.put("name", text(event.getName()));
        node.put("time_unix_nano", event.getTimeUnixNano());
        node.set("attributes", attributes(event.getAttributesList()));
      }
    }
    if (span.getLinksCount() > 0) {
      var links = content.putArray("links");
      for (var link : span.getLinksList()) {
        var node = links.addObject();
        node.put("trace_id", "tr-" + id(link.getTraceId(), 16, "the trace_id of a link"));
        node.put("span_id", id(link.getSpanId(), 8, "the span_id of a link"));
        node.set("attributes", attributes(link.getAttributesList()));
      }
    }
    return new Span(
        "tr-" + traceId,
        id(span.getSpanId(), 8, "span_id"),
        span.getParentSpanId().isEmpty() ? null : id(span.getParentSpanId(), 8, "parent_span_id"),
        text(span.getName()),
        type,
        span.getStatus().getCode() == Status.StatusCode.STATUS_CODE_OK
            ? "OK"
            : span.getStatus().getCode() == Status.StatusCode.STATUS_CODE_ERROR ? "ERROR" : "UNSET",
        span.getStartTimeUnixNano(),
        span.getEndTimeUnixNano() == 0 ? null : span.getEndTimeUnixNano(),
        content);
  }

  private static String id(ByteString bytes, int size, String name) {
    if (bytes.size() != size) {
      throw new Malformed(
          "Cannot convert OpenTelemetry span to MLflow span: %s has %d bytes instead of %d"
              .formatted(name, bytes.size(), size),
          true);
    }
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  private static ObjectNode attributes(List<KeyValue> attributes) {
    var object = NODES.objectNode();
    for (var each : attributes) {
      object.set(text(each.getKey()), value(each.getValue(), 0));
    }
    return object;
  }

  private static JsonNode value(AnyValue value, int depth) {
    if (depth > DEEPEST) {
      throw new Malformed(
          "Cannot convert OpenTelemetry span to MLflow span: an attribute is nested deeper than "
              + DEEPEST
              + " levels",
          true);
    }
    return switch (value.getValueCase()) {
      case STRING_VALUE -> NODES.textNode(text(value.getStringValue()));
      case BOOL_VALUE -> NODES.booleanNode(value.getBoolValue());
      case INT_VALUE -> NODES.numberNode(value.getIntValue());
      case DOUBLE_VALUE ->
          Double.isFinite(value.getDoubleValue())
              ? NODES.numberNode(value.getDoubleValue())
              : NODES.textNode(String.valueOf(value.getDoubleValue()));
      case BYTES_VALUE ->
          NODES.textNode(
              new String(
                  Base64.getEncoder().encode(value.getBytesValue().toByteArray()),
                  StandardCharsets.US_ASCII));
      case ARRAY_VALUE -> {
        var array = NODES.arrayNode();
        value.getArrayValue().getValuesList().forEach(each -> array.add(value(each, depth + 1)));
        yield array;
      }
      case KVLIST_VALUE -> {
        var object = NODES.objectNode();
        for (var each : value.getKvlistValue().getValuesList()) {
          object.set(text(each.getKey()), value(each.getValue(), depth + 1));
        }
        yield object;
      }
      case VALUE_NOT_SET -> NODES.nullNode();
      default ->
          throw new Malformed(
              "Cannot convert OpenTelemetry span to MLflow span: an attribute is a "
                  + value.getValueCase(),
              true);
    };
  }

  /// PostgreSQL keeps every character but one.
  private static String text(String text) {
    return text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD');
  }
}
