package dev.pipewright.contract.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.util.Map;

/// Outputs as Java types. A number is not made of a text, nor an int of a fraction.
final class Outputs {
  private static final ObjectMapper STRICT =
      Json.configure(
          JsonMapper.builder()
              .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
              .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
              .build());

  private Outputs() {}

  /// @param whose for messages, such as `run #12`
  static <T> T read(Map<String, JsonNode> outputs, String name, Class<T> type, String whose) {
    var value = outputs.get(name);
    if (value == null || value.isNull()) {
      throw new ProblemException(
          ProblemCode.OUTPUT_MISSING,
          "There is no output '%s' of %s.".formatted(name, whose),
          outputs.isEmpty()
              ? "Outputs are there once it succeeded."
              : "It has " + String.join(", ", outputs.keySet()) + ".");
    }
    try {
      return STRICT.treeToValue(value, type);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ProblemCode.OUTPUT_INVALID,
          "Output '%s' of %s is no %s: %s"
              .formatted(name, whose, type.getSimpleName(), e.getOriginalMessage()),
          e);
    }
  }
}
