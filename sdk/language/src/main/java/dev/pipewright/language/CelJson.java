package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.primitives.UnsignedLong;
import dev.pipewright.contract.Json;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Values between JSON and CEL.
public final class CelJson {
  private CelJson() {}

  /// A JSON value as an expression sees it that knows no more of it.
  public static Object toCel(JsonNode value) {
    return switch (value.getNodeType()) {
      case NULL, MISSING -> com.google.protobuf.NullValue.NULL_VALUE;
      case BOOLEAN -> value.booleanValue();
      case NUMBER ->
          value.isIntegralNumber() && value.canConvertToLong()
              ? (Object) value.longValue()
              : value.doubleValue();
      case ARRAY -> {
        var list = new ArrayList<Object>();
        value.forEach(item -> list.add(toCel(item)));
        yield list;
      }
      case OBJECT -> {
        var map = new LinkedHashMap<String, Object>();
        value.properties().forEach(field -> map.put(field.getKey(), toCel(field.getValue())));
        yield map;
      }
      case STRING, BINARY, POJO -> value.asText();
    };
  }

  /// A result as JSON.
  ///
  /// @throws IllegalArgumentException when JSON cannot hold it
  public static JsonNode toJson(@Nullable Object value) {
    var json = Json.MAPPER.getNodeFactory();
    return switch (value) {
      case null -> json.nullNode();
      case com.google.protobuf.NullValue _ -> json.nullNode();
      case dev.cel.common.values.NullValue _ -> json.nullNode();
      case Boolean flag -> json.booleanNode(flag);
      case String text -> json.textNode(text);
      case Double number -> json.numberNode(number);
      case Long number -> json.numberNode(number);
      case Integer number -> json.numberNode(number.longValue());
      case UnsignedLong number -> json.numberNode(number.bigIntegerValue());
      case BigInteger number -> json.numberNode(number);
      case List<?> list -> {
        var array = json.arrayNode();
        list.forEach(item -> array.add(toJson(item)));
        yield array;
      }
      case Map<?, ?> map -> {
        var object = json.objectNode();
        map.forEach((key, item) -> object.set(String.valueOf(key), toJson(item)));
        yield object;
      }
      default ->
          throw new IllegalArgumentException(
              "it gives a " + value.getClass().getSimpleName() + ", which JSON cannot hold");
    };
  }
}
