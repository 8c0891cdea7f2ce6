package dev.pipewright.tracker.mlflow.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.MultiMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One call and its parameters, from the address, the query or the body, checked as MLflow checks
/// them: a required one may be neither absent nor empty, numbers may come as text (the Java client
/// sends 64-bit ones so), unknown ones are ignored.
public final class Call {
  private final ObjectNode parameters;
  private final Map<String, String> path;
  private final MultiMap headers;

  private Call(ObjectNode parameters, Map<String, String> path, MultiMap headers) {
    this.parameters = parameters;
    this.path = path;
    this.headers = headers;
  }

  public static Call ofQuery(Map<String, String> path, MultiMap query, MultiMap headers) {
    var parameters = MlflowJson.MAPPER.createObjectNode();
    for (var name : query.names()) {
      var values = query.getAll(name);
      if (values.size() == 1) {
        parameters.put(name, values.getFirst());
      } else {
        var array = parameters.putArray(name);
        values.forEach(array::add);
      }
    }
    path.forEach((name, value) -> {
      // A body may have a parameter of its own that is called so.
      if (!name.equals("path")) {
        parameters.put(name, value);
      }
    });
    return new Call(parameters, path, headers);
  }

  public static Call ofBody(Map<String, String> path, byte[] body, MultiMap headers) {
    var parameters = object(body);
    path.forEach((name, value) -> {
      // A body may have a parameter of its own that is called so.
      if (!name.equals("path")) {
        parameters.put(name, value);
      }
    });
    return new Call(parameters, path, headers);
  }

  /// A call that another one makes.
  public static Call of(ObjectNode parameters) {
    return new Call(parameters, Map.of(), MultiMap.caseInsensitiveMultiMap());
  }

  private static ObjectNode object(byte[] body) {
    if (body.length == 0) {
      return MlflowJson.MAPPER.createObjectNode();
    }
    JsonNode read;
    try {
      read = MlflowJson.MAPPER.readTree(body);
      if (read.isTextual()) {
        // Old clients encode their JSON twice.
        read = MlflowJson.MAPPER.readTree(read.textValue());
      }
    } catch (JsonProcessingException e) {
      throw MlflowError.invalid("The request's body is not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory could not be read", e);
    }
    if (read instanceof ObjectNode object) {
      return object;
    }
    if (read.isNull() || read.isMissingNode()) {
      return MlflowJson.MAPPER.createObjectNode();
    }
    throw MlflowError.invalid(
        "The request's body is not a JSON object but of type '"
            + MlflowJson.pythonType(read)
            + "'.");
  }

  /// What of the address `{path...}` stood for.
  public String rest() {
    return path.getOrDefault("path", "");
  }

  public @Nullable String header(String name) {
    return headers.get(name);
  }

  /// The parameters as they came.
  public JsonNode all() {
    return parameters;
  }

  /// Missing when it is absent or null.
  public JsonNode get(String name) {
    return get(parameters, name);
  }

  private static JsonNode get(JsonNode object, String name) {
    var value = object.get(name);
    if (value == null && name.indexOf('_') >= 0) {
      // The other spelling that protobuf's JSON has for a field.
      value = object.get(camelCase(name));
    }
    return value == null || value.isNull() ? MissingNode.getInstance() : value;
  }

  private static String camelCase(String name) {
    var words = name.split("_");
    return words[0]
        + Arrays.stream(words)
            .skip(1)
            .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
            .collect(Collectors.joining());
  }

  public boolean has(String name) {
    return !get(name).isMissingNode();
  }

  /// Null when it is absent.
  public @Nullable String string(String name) {
    return string(parameters, name, name);
  }

  /// A part of a parameter, such as the key of a tag.
  ///
  /// @param path how messages name it
  public static @Nullable String string(JsonNode object, String name, String path) {
    var value = get(object, name);
    if (value.isMissingNode()) {
      return null;
    }
    if (!value.isTextual()) {
      throw wrongType(path, value);
    }
    return text(value.textValue(), path);
  }

  /// PostgreSQL keeps every text but one that holds a NUL or half of a character.
  private static String text(String value, String path) {
    for (int i = 0; i < value.length(); i++) {
      char each = value.charAt(i);
      if (each == 0) {
        throw MlflowError.invalid(
            "The value of parameter '" + path + "' holds a NUL character, which cannot be stored.");
      }
      if (Character.isSurrogate(each)) {
        if (!Character.isHighSurrogate(each)
            || i + 1 == value.length()
            || !Character.isLowSurrogate(value.charAt(i + 1))) {
          throw MlflowError.invalid(
              "The value of parameter '"
                  + path
                  + "' holds half of a surrogate pair, which is no character and cannot be stored.");
        }
        i++;
      }
    }
    return value;
  }

  public String string(String name, String otherwise) {
    var value = string(name);
    return value == null ? otherwise : value;
  }

  public String requireString(String name) {
    return requireString(parameters, name, name);
  }

  public static String requireString(JsonNode object, String name, String path) {
    var value = string(object, name, path);
    if (value == null || value.isEmpty()) {
      throw MlflowError.missing(path);
    }
    return value;
  }

  /// `run_id`, or its older name `run_uuid`.
  public String runId() {
    var id = string("run_id");
    if (id == null || id.isEmpty()) {
      id = string("run_uuid");
    }
    if (id == null || id.isEmpty()) {
      throw MlflowError.missing("run_id");
    }
    return id;
  }

  /// Null when it is absent.
  public @Nullable Long integer(String name) {
    return integer(parameters, name, name);
  }

  public static @Nullable Long integer(JsonNode object, String name, String path) {
    var value = get(object, name);
    if (value.isMissingNode()) {
      return null;
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    if (value.isFloatingPointNumber()
        && value.doubleValue() == Math.rint(value.doubleValue())
        && Math.abs(value.doubleValue()) < 0x1p63) {
      return (long) value.doubleValue();
    }
    if (value.isTextual()) {
      try {
        return Long.parseLong(value.textValue().strip());
      } catch (NumberFormatException e) {
        throw wrongType(path, value);
      }
    }
    throw wrongType(path, value);
  }

  public long integer(String name, long otherwise) {
    var value = integer(name);
    return value == null ? otherwise : value;
  }

  public long requireInteger(String name) {
    return requireInteger(parameters, name, name);
  }

  public static long requireInteger(JsonNode object, String name, String path) {
    var value = integer(object, name, path);
    if (value == null) {
      throw MlflowError.missing(path);
    }
    return value;
  }

  public double requireNumber(String name) {
    return requireNumber(parameters, name, name);
  }

  public static double requireNumber(JsonNode object, String name, String path) {
    var value = get(object, name);
    if (value.isMissingNode() || value.isTextual() && value.textValue().isEmpty()) {
      throw MlflowError.missing(path);
    }
    if (value.isNumber()) {
      return value.doubleValue();
    }
    if (value.isTextual()) {
      var number = number(value.textValue());
      if (number != null) {
        return number;
      }
    }
    throw wrongType(path, value);
  }

  private static @Nullable Double number(String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "nan" -> Double.NaN;
      case "inf", "infinity", "+inf", "+infinity" -> Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
      default -> {
        try {
          yield Double.valueOf(text.strip());
        } catch (NumberFormatException e) {
          yield null;
        }
      }
    };
  }

  /// Null when it is absent.
  public @Nullable Boolean bool(String name) {
    var value = get(name);
    if (value.isMissingNode()) {
      return null;
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isTextual()) {
      return switch (value.textValue().toLowerCase(Locale.ROOT)) {
        case "true" -> true;
        case "false" -> false;
        default ->
            throw MlflowError.invalid(
                "Invalid boolean value: " + value.textValue() + ", must be 'true' or 'false'.");
      };
    }
    throw wrongType(name, value);
  }

  /// One of an enum's names, or its protobuf number as `numbers` has it. Null when it is absent.
  public @Nullable String constant(String name, List<String> names) {
    var value = get(name);
    if (value.isMissingNode()) {
      return null;
    }
    if (value.isTextual() && names.contains(value.textValue())) {
      return value.textValue();
    }
    var number = value.isTextual() || value.isIntegralNumber() ? numeric(value) : null;
    if (number != null && number >= 1 && number <= names.size()) {
      return names.get(number - 1);
    }
    throw MlflowError.invalid(
        "Invalid value "
            + MlflowJson.text(value)
            + " for parameter '"
            + name
            + "' supplied. It is one of "
            + String.join(", ", names)
            + ".");
  }

  private static @Nullable Integer numeric(JsonNode value) {
    try {
      return Integer.valueOf(value.asText());
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /// Empty when it is absent. A query has a list as a repeated parameter.
  public List<String> strings(String name) {
    var value = get(name);
    if (value.isMissingNode()) {
      return List.of();
    }
    if (value.isTextual()) {
      return List.of(text(value.textValue(), name));
    }
    if (!value.isArray()) {
      throw wrongType(name, value);
    }
    var strings = new ArrayList<String>(value.size());
    for (var each : value) {
      if (!each.isTextual() && !each.isNumber()) {
        throw wrongType(name, value);
      }
      strings.add(text(each.asText(), name));
    }
    return strings;
  }

  /// Empty when it is absent.
  public List<JsonNode> objects(String name) {
    var value = get(name);
    if (value.isMissingNode()) {
      return List.of();
    }
    if (!value.isArray()) {
      throw wrongType(name, value);
    }
    var objects = new ArrayList<JsonNode>(value.size());
    for (var each : value) {
      if (!each.isObject()) {
        throw wrongType(name, value);
      }
      objects.add(each);
    }
    return objects;
  }

  private static MlflowError wrongType(String path, JsonNode value) {
    return MlflowError.wrongType(path, MlflowJson.text(value), MlflowJson.pythonType(value));
  }
}
