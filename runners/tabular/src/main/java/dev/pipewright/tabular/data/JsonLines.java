package dev.pipewright.tabular.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// Objects, one after the other or in an array; each is a row. A field of an object within becomes
/// the column `outer.inner`; a list stays the text it is. A field that a row lacks is missing.
final class JsonLines {
  private JsonLines() {}

  static Frame read(Path file, String name) throws IOException {
    // Twice, for the last row may be the first to have a field.
    var columns = new LinkedHashMap<String, Integer>();
    each(file, name, row -> cells(row, "", (key, _) -> columns.putIfAbsent(key, columns.size())));
    if (columns.isEmpty()) {
      throw new ProblemException(ProblemCode.TABLE_EMPTY, name + " has no rows");
    }
    var builder = new FrameBuilder(name, new ArrayList<>(columns.keySet()));
    each(
        file,
        name,
        row -> {
          cells(row, "", (key, value) -> set(builder, columns, key, value));
          builder.endRow();
        });
    return builder.build();
  }

  private static void set(
      FrameBuilder builder, Map<String, Integer> columns, String key, JsonNode value) {
    int column = columns.getOrDefault(key, -1);
    if (value.isIntegralNumber()) {
      builder.whole(column, value.bigIntegerValue());
    } else if (value.isNumber()) {
      builder.number(column, value.doubleValue());
    } else if (value.isTextual()) {
      if (!Cells.missing(value.textValue())) {
        builder.text(column, value.textValue().strip());
      }
    } else if (!value.isNull()) {
      builder.text(column, value.toString());
    }
  }

  private static void cells(ObjectNode row, String prefix, BiConsumer<String, JsonNode> to) {
    for (var field : row.properties()) {
      if (field.getValue() instanceof ObjectNode inner) {
        cells(inner, prefix + field.getKey() + ".", to);
      } else {
        to.accept(prefix + field.getKey(), field.getValue());
      }
    }
  }

  private static void each(Path file, String name, Consumer<ObjectNode> row) throws IOException {
    try (var parser = Json.MAPPER.getFactory().createParser(file.toFile())) {
      var token = parser.nextToken();
      if (token == JsonToken.START_ARRAY) {
        token = parser.nextToken();
      }
      for (; token != null && token != JsonToken.END_ARRAY; token = parser.nextToken()) {
        if (token != JsonToken.START_OBJECT) {
          throw unreadable(
              "line %d of %s is not an object".formatted(line(parser), name),
              "Write each row as an object: {\"age\": 41, \"city\": \"Rome\"}.");
        }
        row.accept(Json.MAPPER.readTree(parser));
      }
    } catch (JacksonException e) {
      throw unreadable(
          "line %d of %s is not JSON: %s"
              .formatted(
                  e.getLocation() == null ? 1 : e.getLocation().getLineNr(),
                  name,
                  e.getOriginalMessage()),
          "Correct that line.");
    }
  }

  private static int line(JsonParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }

  private static ProblemException unreadable(String detail, String remedy) {
    return new ProblemException(ProblemCode.TABLE_UNREADABLE, detail, remedy);
  }
}
