package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.jspecify.annotations.Nullable;

/// The few words that stand for a trace's input or output in lists: the last message of a chat, or
/// the beginning of the whole.
final class Preview {
  private static final int LONGEST = 1000;

  private Preview() {}

  static @Nullable String of(JsonNode value, String role) {
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    var said = last(messages(value), role);
    var text = said == null || said.isEmpty() ? value.toString() : said;
    if (text.codePointCount(0, text.length()) <= LONGEST) {
      return text;
    }
    return text.substring(0, text.offsetByCodePoints(0, LONGEST - 3)) + "...";
  }

  private static JsonNode messages(JsonNode value) {
    if (value.path("messages").isArray()) {
      return value.path("messages");
    }
    if (value.path("choices").path(0).has("message")) {
      return JsonNodeFactory.instance
          .arrayNode()
          .add(value.path("choices").path(0).path("message"));
    }
    for (var name : new String[] {"input", "output"}) {
      if (value.path(name).isArray()) {
        return value.path(name);
      }
    }
    return value.has("request") ? messages(value.path("request")) : value.path("messages");
  }

  private static @Nullable String last(JsonNode messages, String role) {
    String last = null;
    String ofRole = null;
    for (var message : messages) {
      if (message.has("role")) {
        last = content(message.path("content"));
        if (message.path("role").asText().equals(role)) {
          ofRole = last;
        }
      }
    }
    return ofRole == null ? last : ofRole;
  }

  private static String content(JsonNode content) {
    if (content.isTextual()) {
      return content.textValue();
    }
    for (var part : content) {
      if (part.path("text").isTextual()) {
        return part.path("text").textValue();
      }
    }
    return "";
  }
}
