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
  /// @param params of the run, resolved
  /// @param outputs by task and name, of the tasks that have succeeded
  /// @throws dev.pipewright.contract.ProblemException EXPRESSION_FAILED
  JsonNode evaluate(Map<String, JsonNode> params, Map<String, Map<String, JsonNode>> outputs);

  /// Written out.
  record Literal(JsonNode value) implements Value {
    @Override
    public JsonNode evaluate(
        Map<String, JsonNode> params, Map<String, Map<String, JsonNode>> outputs) {
      return value;
    }
  }

  /// One expression and nothing beside it: the result keeps its type.
  record Computed(Expression expression) implements Value {
    @Override
    public JsonNode evaluate(
        Map<String, JsonNode> params, Map<String, Map<String, JsonNode>> outputs) {
      return expression.evaluate(params, outputs);
    }
  }

  /// Text with expressions in it. What an expression gives is never looked at for expressions
  /// again.
  record Template(List<Part> parts) implements Value {
    public Template {
      parts = List.copyOf(parts);
    }

    @Override
    public JsonNode evaluate(
        Map<String, JsonNode> params, Map<String, Map<String, JsonNode>> outputs) {
      var text = new StringBuilder();
      for (var part : parts) {
        switch (part) {
          case Part.Text(var words) -> text.append(words);
          case Part.Embedded(var expression) -> {
            var result = expression.evaluate(params, outputs);
            text.append(result.isContainerNode() ? result.toString() : result.asText());
          }
        }
      }
      return TextNode.valueOf(text.toString());
    }
  }

  /// A list with expressions somewhere in it.
  record Items(List<Value> values) implements Value {
    public Items {
      values = List.copyOf(values);
    }

    @Override
    public JsonNode evaluate(
        Map<String, JsonNode> params, Map<String, Map<String, JsonNode>> outputs) {
      var array = Json.MAPPER.createArrayNode();
      values.forEach(value -> array.add(value.evaluate(params, outputs)));
      return array;
    }
  }

  /// An object with expressions somewhere in it.
  record Fields(Map<String, Value> values) implements Value {
    public Fields {
      values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    @Override
    public JsonNode evaluate(
        Map<String, JsonNode> params, Map<String, Map<String, JsonNode>> outputs) {
      var object = Json.MAPPER.createObjectNode();
      values.forEach((key, value) -> object.set(key, value.evaluate(params, outputs)));
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
