package dev.pipewright.tracker.mlflow.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Map;

/// JSON as the protocol writes it: snake_case, whole numbers as numbers, NaN and infinities as
/// text, what is absent or an empty list left out.
public final class MlflowJson {
  private static final JsonInclude.Value NOT_EMPTY =
      JsonInclude.Value.construct(JsonInclude.Include.NON_EMPTY, JsonInclude.Include.ALWAYS);

  public static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
          .withConfigOverride(List.class, config -> config.setInclude(NOT_EMPTY))
          .withConfigOverride(Map.class, config -> config.setInclude(NOT_EMPTY))
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .build();

  private MlflowJson() {}

  public static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an answer did not become JSON", e);
    }
  }

  public static String text(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a value did not become JSON", e);
    }
  }

  /// What Python calls a value of this kind; hints in error messages use its words.
  static String pythonType(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> "str";
      case NUMBER -> value.isIntegralNumber() ? "int" : "float";
      case BOOLEAN -> "bool";
      case ARRAY -> "list";
      case OBJECT, POJO -> "dict";
      case NULL, MISSING -> "NoneType";
      case BINARY -> "bytes";
    };
  }
}
