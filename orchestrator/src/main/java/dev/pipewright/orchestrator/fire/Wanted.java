package dev.pipewright.orchestrator.fire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an occasion is to start. It is kept with the occasion, so that a start that is tried again
/// after a crash is the same start whatever was changed since.
///
/// @param version null for the latest
/// @param origin what the run is told of where it comes from: `{"by": "schedule", …}`
public record Wanted(
    String pipeline,
    @Nullable Integer version,
    Map<String, JsonNode> params,
    int priority,
    Map<String, JsonNode> origin) {
  public Wanted {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    origin = Collections.unmodifiableMap(new LinkedHashMap<>(origin));
  }

  public String json() {
    try {
      return Json.MAPPER.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a start did not become JSON", e);
    }
  }

  static Wanted of(String json) {
    try {
      return Json.MAPPER.readValue(json, Wanted.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored start is damaged", e);
    }
  }
}
