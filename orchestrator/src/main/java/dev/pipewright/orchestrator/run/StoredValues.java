package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.orchestrator.run.RunSnapshot.TrialMark;
import java.util.LinkedHashMap;
import java.util.Map;

/// JSON in columns. What is read here was written here, so what cannot be read is damaged.
public final class StoredValues {
  private static final TypeReference<LinkedHashMap<String, JsonNode>> VALUES =
      new TypeReference<>() {};

  private StoredValues() {}

  /// The values in a row's JSON.
  public static Map<String, JsonNode> values(String json) {
    if (json.equals("{}")) {
      return Map.of();
    }
    try {
      return Json.MAPPER.readValue(json, VALUES);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("stored values are damaged", e);
    }
  }

  static JsonNode tree(String json) {
    try {
      return Json.MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored value is damaged", e);
    }
  }

  static TrialMark mark(String json) {
    try {
      return Json.MAPPER.readValue(json, TrialMark.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what a study knows of a trial is damaged", e);
    }
  }

  static String json(Object value) {
    if (value instanceof Map<?, ?> map && map.isEmpty()) {
      return "{}";
    }
    try {
      return Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("values did not become JSON", e);
    }
  }
}
