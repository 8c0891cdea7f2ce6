package dev.pipewright.orchestrator.fire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.task.ValueType;
import dev.pipewright.language.PipelineSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Params as they may come, to check a mapping with before there is anything to map.
final class Examples {
  private Examples() {}

  /// @param variables null when nothing is known of them: then what depends on them is taken to fit
  static Map<String, JsonNode> of(
      Map<String, Mapping.Checked> params,
      @Nullable Map<String, Object> variables,
      PipelineSpec spec,
      List<Problem.Violation> errors) {
    if (variables != null) {
      return Mapping.values(params, variables, errors);
    }
    var values = new LinkedHashMap<String, JsonNode>();
    params.forEach((name, checked) -> {
      var declared = spec.params().get(name);
      if (Mapping.isPlain(checked) || declared == null) {
        try {
          values.put(name, checked.value(Map.of()));
        } catch (Mapping.Failed e) {
          values.put(name, JsonNodeFactory.instance.textNode(""));
        }
      } else {
        values.put(name, fitting(declared.type()));
      }
    });
    return values;
  }

  private static JsonNode fitting(ValueType type) {
    var json = JsonNodeFactory.instance;
    return switch (type) {
      case STRING, DATASET, MODEL, ARTIFACT -> json.textNode("example");
      case INT -> json.numberNode(0L);
      case DOUBLE -> json.numberNode(0.0);
      case BOOL -> json.booleanNode(false);
      case JSON -> json.objectNode();
    };
  }
}
