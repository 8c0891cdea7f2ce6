package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.contract.Json;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a task's input is set to.
public sealed interface Value {
  /// The value in one pipeline run.
  ///
  /// @throws dev.pipewright.contract.ProblemException EXPRESSION_FAILED
  JsonNode evaluate(Values values);

  /// Written out.
  record Literal(JsonNode value) implements Value {
    @Override
    public JsonNode evaluate(Values values) {
      return value;
    }
  }

  /// One expression and nothing beside it: the result keeps its type.
  record Computed(Expression expression) implements Value {
    @Override
    public JsonNode evaluate(Values values) {
      return expression.evaluate(values);
    }
  }

  /// Text with expressions in it. What an expression gives is never looked at for expressions
  /// again.
  record Template(List<Part> parts) implements Value {
    public Template {
      parts = List.copyOf(parts);
    }

    @Override
    public JsonNode evaluate(Values values) {
      var text = new StringBuilder();
      for (var part : parts) {
        switch (part) {
          case Part.Text(var words) -> text.append(words);
          case Part.Embedded(var expression) -> {
            var result = expression.evaluate(values);
            text.append(result.isContainerNode() ? result.toString() : result.asText());
          }
        }
      }
      return TextNode.valueOf(text.toString());
    }
  }

  /// A list with expressions somewhere in it.
  record Items(List<Value> items) implements Value {
    public Items {
      items = List.copyOf(items);
    }

    @Override
    public JsonNode evaluate(Values values) {
      var array = Json.MAPPER.createArrayNode();
      items.forEach(value -> array.add(value.evaluate(values)));
      return array;
    }
  }

  /// An object with expressions somewhere in it.
  record Fields(Map<String, Value> fields) implements Value {
    public Fields {
      fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    @Override
    public JsonNode evaluate(Values values) {
      var object = Json.MAPPER.createObjectNode();
      fields.forEach((key, value) -> object.set(key, value.evaluate(values)));
      return object;
    }
  }

  /// A piece of a [Template].
  sealed interface Part {
    /// As it stands.
    record Text(String text) implements Part {}

    /// Replaced by its result.
    record Embedded(Expression expression) implements Part {}
  }
}
