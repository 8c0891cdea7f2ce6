package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What spans say of the trace they belong to.
final class TraceOfSpans {
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final String TAG_PREFIX = "mlflow.traceTag.";
  private static final int LONGEST_KEY = 250;
  private static final int LONGEST_VALUE = 8000;

  private TraceOfSpans() {}

  static TraceInfo info(
      String id,
      long experimentId,
      Collection<Span> spans,
      Map<String, String> resource,
      String location) {
    long started = Long.MAX_VALUE;
    Long ended = null;
    Span root = null;
    var metadata = new HashMap<String, String>();
    for (var span : spans) {
      started = Math.min(started, span.started());
      if (span.ended() != null) {
        ended = ended == null ? span.ended() : Math.max(ended, span.ended());
      }
      if (span.parentId() == null) {
        root = span;
      }
      put(metadata, TraceInfo.SESSION_METADATA, span, "session.id", "gen_ai.conversation.id");
      put(metadata, TraceInfo.USER_METADATA, span, "user.id");
    }
    var tags = new HashMap<String, String>();
    resource.forEach((key, value) -> tag(tags, key, value));
    if (root != null) {
      root.attributes()
          .properties()
          .forEach(each -> {
            if (each.getKey().startsWith(TAG_PREFIX)) {
              tag(tags, each.getKey().substring(TAG_PREFIX.length()), text(each.getValue()));
            }
          });
    }
    tags.put(TraceInfo.LOCATION_TAG, location);
    tags.put(TraceInfo.SPANS_TAG, TraceInfo.SPANS_HERE);
    long startedMillis = started / NANOS_PER_MILLI;
    return new TraceInfo(
        id,
        experimentId,
        null,
        Instant.ofEpochMilli(startedMillis),
        ended == null ? null : Math.max(0, ended / NANOS_PER_MILLI - startedMillis),
        state(root),
        root == null
            ? null
            : Preview.of(root.attributes().path(SemanticConventions.INPUTS), "user"),
        root == null
            ? null
            : Preview.of(root.attributes().path(SemanticConventions.OUTPUTS), "assistant"),
        metadata,
        tags);
  }

  private static String state(@Nullable Span root) {
    if (root == null) {
      return TraceInfo.IN_PROGRESS;
    }
    return root.status().equals("ERROR") ? "ERROR" : "OK";
  }

  private static void put(Map<String, String> metadata, String key, Span span, String... names) {
    for (var name : names) {
      var value = span.attributes().path(name);
      if (!metadata.containsKey(key) && !value.isMissingNode() && !text(value).isEmpty()) {
        metadata.put(key, text(value));
      }
    }
  }

  private static void tag(Map<String, String> tags, String key, String value) {
    if (!key.isEmpty() && key.length() <= LONGEST_KEY) {
      tags.put(key, value.length() > LONGEST_VALUE ? value.substring(0, LONGEST_VALUE) : value);
    }
  }

  private static String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : value.toString();
  }
}
