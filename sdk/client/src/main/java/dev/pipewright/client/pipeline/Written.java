package dev.pipewright.client.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/// Turns what a builder was given into what stands in a document.
final class Written {
  private Written() {}

  static String yaml(Map<String, Object> document) {
    var settings =
        DumpSettings.builder()
            .setSchema(new CoreSchema())
            .setDefaultFlowStyle(FlowStyle.BLOCK)
            .setSplitLines(false)
            .setWidth(Integer.MAX_VALUE)
            // An alias is nothing that a pipeline may have.
            .setDereferenceAliases(true)
            .build();
    return new Dump(settings).dumpToString(document);
  }

  /// @param what it is, for a message
  static Object value(@Nullable Object value, String what) {
    var written = inner(value, what);
    if (written == null) {
      throw new IllegalArgumentException(what + " has no value");
    }
    return written;
  }

  private static @Nullable Object inner(@Nullable Object value, String what) {
    return switch (value) {
      case null -> null;
      case Expr expression -> expression.toString();
      case String text -> text;
      case Boolean flag -> flag;
      case Byte number -> number.longValue();
      case Short number -> number.longValue();
      case Integer number -> number.longValue();
      case Long number -> number;
      case Float number -> finite(Double.parseDouble(number.toString()), what);
      case Double number -> finite(number, what);
      case Enum<?> word -> word.name();
      case JsonNode json -> json(json, what);
      case Map<?, ?> map -> {
        var fields = new LinkedHashMap<String, @Nullable Object>();
        map.forEach((key, item) -> fields.put(String.valueOf(key), inner(item, what)));
        yield fields;
      }
      case Collection<?> items -> list(items, what);
      case Object[] items -> list(Arrays.asList(items), what);
      default ->
          throw new IllegalArgumentException(
              "%s is a %s, which cannot be written down: give text, a number, a bool, a list, a map, JSON or an expression"
                  .formatted(what, value.getClass().getName()));
    };
  }

  private static @Nullable Object json(JsonNode json, String what) {
    return switch (json.getNodeType()) {
      case NULL, MISSING -> null;
      case BOOLEAN -> json.booleanValue();
      case NUMBER ->
          json.isIntegralNumber() && json.canConvertToLong()
              ? (Object) json.longValue()
              : finite(json.doubleValue(), what);
      case ARRAY -> list(json.valueStream().toList(), what);
      case OBJECT -> {
        var fields = new LinkedHashMap<String, @Nullable Object>();
        json.properties()
            .forEach(field -> fields.put(field.getKey(), inner(field.getValue(), what)));
        yield fields;
      }
      case STRING, BINARY, POJO -> json.asText();
    };
  }

  private static List<@Nullable Object> list(Collection<?> items, String what) {
    var list = new ArrayList<@Nullable Object>();
    items.forEach(item -> list.add(inner(item, what)));
    return list;
  }

  private static double finite(double number, String what) {
    if (!Double.isFinite(number)) {
      throw new IllegalArgumentException(what + " is " + number + ", which JSON cannot hold");
    }
    return number;
  }

  /// A duration with the largest unit that says it.
  ///
  /// @throws IllegalArgumentException when it is no whole number of milliseconds above 0
  static String span(Duration duration) {
    long millis = duration.toMillis();
    if (millis <= 0 || !duration.equals(Duration.ofMillis(millis))) {
      throw new IllegalArgumentException(
          "%s is no whole number of milliseconds above 0".formatted(duration));
    }
    long[] sizes = {86_400_000, 3_600_000, 60_000, 1000};
    String[] units = {"d", "h", "m", "s"};
    for (int i = 0; i < sizes.length; i++) {
      if (millis % sizes[i] == 0) {
        return millis / sizes[i] + units[i];
      }
    }
    return millis + "ms";
  }

  /// Puts it there, unless there is one already.
  static void once(Map<String, Object> map, String name, Object value, String what) {
    if (map.putIfAbsent(name, value) != null) {
      throw new IllegalArgumentException("the %s '%s' is there already".formatted(what, name));
    }
  }

  /// A map below a key, made when it is first asked for.
  @SuppressWarnings("unchecked")
  static Map<String, Object> below(Map<String, Object> map, String key) {
    return (Map<String, Object>) map.computeIfAbsent(key, _ -> new LinkedHashMap<>());
  }
}
