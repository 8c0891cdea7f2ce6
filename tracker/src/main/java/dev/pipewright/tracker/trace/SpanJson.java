package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/// Writes spans in the two forms that clients read: protobuf's JSON of an OpenTelemetry span, and
/// the file `traces.json`, in which every attribute is JSON within JSON.
public final class SpanJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  static final String TRACE_ID_ATTRIBUTE = "mlflow.traceRequestId";

  private SpanJson() {}

  public static ObjectNode otlp(Span span) {
    var node = NODES.objectNode();
    node.put("trace_id", base64(span.traceId().substring("tr-".length())));
    node.put("span_id", base64(span.id()));
    if (span.parentId() != null) {
      node.put("parent_span_id", base64(span.parentId()));
    }
    node.put("name", span.name());
    node.put("start_time_unix_nano", String.valueOf(span.started()));
    if (span.ended() != null) {
      node.put("end_time_unix_nano", String.valueOf(span.ended()));
    }
    var attributes = node.putArray("attributes");
    keyValues(attributes, span.content().path("attributes"));
    attribute(attributes, TRACE_ID_ATTRIBUTE, NODES.textNode(span.traceId()));
    for (var event : span.content().path("events")) {
      var added = node.withArray("events").addObject();
      added.put("time_unix_nano", event.path("time_unix_nano").asText());
      added.put("name", event.path("name").asText());
      keyValues(added.putArray("attributes"), event.path("attributes"));
    }
    for (var link : span.content().path("links")) {
      var added = node.withArray("links").addObject();
      added.put("trace_id", base64(link.path("trace_id").asText().substring("tr-".length())));
      added.put("span_id", base64(link.path("span_id").asText()));
      keyValues(added.putArray("attributes"), link.path("attributes"));
    }
    var status = node.putObject("status");
    if (!message(span).isEmpty()) {
      status.put("message", message(span));
    }
    status.put("code", "STATUS_CODE_" + span.status());
    return node;
  }

  private static void keyValues(ArrayNode array, JsonNode attributes) {
    attributes.properties().forEach(each -> attribute(array, each.getKey(), each.getValue()));
  }

  private static void attribute(ArrayNode array, String key, JsonNode value) {
    var pair = array.addObject();
    pair.put("key", key);
    pair.set("value", any(value));
  }

  private static ObjectNode any(JsonNode value) {
    var any = NODES.objectNode();
    switch (value.getNodeType()) {
      case STRING -> any.put("string_value", value.textValue());
      case BOOLEAN -> any.put("bool_value", value.booleanValue());
      case NUMBER -> {
        if (value.isIntegralNumber() && value.canConvertToLong()) {
          any.put("int_value", value.asText());
        } else {
          any.put("double_value", value.doubleValue());
        }
      }
      case ARRAY -> {
        var values = any.putObject("array_value").putArray("values");
        value.forEach(each -> values.add(any(each)));
      }
      case OBJECT -> keyValues(any.putObject("kvlist_value").putArray("values"), value);
      // No value at all.
      case NULL, MISSING, BINARY, POJO -> {}
    }
    return any;
  }

  public static ObjectNode file(List<Span> spans) {
    var file = NODES.objectNode();
    var array = file.putArray("spans");
    spans.forEach(span -> array.add(inFile(span)));
    return file;
  }

  private static ObjectNode inFile(Span span) {
    var node = NODES.objectNode();
    node.put("trace_id", base64(span.traceId().substring("tr-".length())));
    node.put("span_id", base64(span.id()));
    node.put("parent_span_id", span.parentId() == null ? null : base64(span.parentId()));
    node.put("name", span.name());
    node.put("start_time_unix_nano", span.started());
    node.put("end_time_unix_nano", span.ended());
    var events = node.putArray("events");
    for (var event : span.content().path("events")) {
      var added = events.addObject();
      added.put("name", event.path("name").asText());
      added.put("time_unix_nano", event.path("time_unix_nano").longValue());
      added.set("attributes", event.path("attributes"));
    }
    node.putObject("status")
        .put("code", "STATUS_CODE_" + span.status())
        .put("message", message(span));
    var attributes = node.putObject("attributes");
    span.content()
        .path("attributes")
        .properties()
        .forEach(each -> attributes.put(each.getKey(), each.getValue().toString()));
    attributes.put(TRACE_ID_ATTRIBUTE, NODES.textNode(span.traceId()).toString());
    node.set("links", span.content().withArray("links"));
    return node;
  }

  private static String message(Span span) {
    return span.content().path("status_message").asText();
  }

  private static String base64(String hex) {
    return Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex));
  }
}
