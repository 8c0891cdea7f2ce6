package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.ValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The params of a run, against what the pipeline declares.
public final class Params {
  private Params() {}

  /// The given values and the defaults of the others, in the order of the pipeline.
  ///
  /// Data is an object (a DataRef) or the path or URI of it as text; which of the two is left to
  /// the caller.
  ///
  /// @throws ProblemException PARAMS_INVALID with every error
  public static Map<String, JsonNode> resolve(PipelineSpec spec, Map<String, JsonNode> given) {
    var errors = new ArrayList<Problem.Violation>();
    for (var name : given.keySet()) {
      if (!spec.params().containsKey(name)) {
        errors.add(
            error(
                "UNKNOWN_PARAM",
                "the pipeline '%s' has no param '%s'".formatted(spec.name(), name),
                name,
                Expressions.suggestion(
                    name,
                    spec.params().keySet(),
                    "Its params are %s.".formatted(Scope.list(spec.params().keySet())))));
      }
    }
    var resolved = new LinkedHashMap<String, JsonNode>();
    spec.params()
        .forEach((name, param) -> {
          var value = given.get(name);
          if (value == null || value.isNull()) {
            value = param.defaultValue();
          }
          if (value == null) {
            errors.add(
                error(
                    "MISSING_PARAM",
                    "the param '%s' (%s) is not given".formatted(name, param.type().word()),
                    name,
                    "Give it; it has no default."));
          } else if (!fits(param.type(), value)) {
            errors.add(
                error(
                    "TYPE_MISMATCH",
                    "the param '%s' is %s, but %s is given"
                        .formatted(name, article(param.type()), word(value)),
                    name,
                    null));
          } else {
            resolved.put(name, value);
          }
        });
    if (!errors.isEmpty()) {
      throw new ProblemException(Problem.of(ProblemCode.PARAMS_INVALID, detail(errors), errors));
    }
    return resolved;
  }

  /// What a person filled in, with the defaults of what was left out.
  ///
  /// @throws ProblemException PARAMS_INVALID with every error
  public static Map<String, JsonNode> answers(
      String task, Work.Approval approval, Map<String, JsonNode> given) {
    var errors = new ArrayList<Problem.Violation>();
    for (var name : given.keySet()) {
      if (!approval.inputs().containsKey(name)) {
        errors.add(
            error(
                "UNKNOWN_INPUT",
                "the task '%s' asks for no '%s'".formatted(task, name),
                name,
                Expressions.suggestion(
                    name,
                    approval.inputs().keySet(),
                    "It asks for %s.".formatted(Scope.list(approval.inputs().keySet())))));
      }
    }
    var answers = new LinkedHashMap<String, JsonNode>();
    approval
        .inputs()
        .forEach((name, input) -> {
          var value = given.get(name) == null ? input.defaultValue() : given.get(name);
          if (value == null) {
            errors.add(
                error(
                    "MISSING_INPUT",
                    "'%s' (%s) is not given".formatted(name, input.type().word()),
                    name,
                    "Give it; it has no default."));
          } else if (!fits(input.type(), value)) {
            errors.add(
                error(
                    "TYPE_MISMATCH",
                    "'%s' is %s, but %s is given"
                        .formatted(name, article(input.type()), word(value)),
                    name,
                    null));
          } else {
            answers.put(name, value);
          }
        });
    if (!errors.isEmpty()) {
      throw new ProblemException(Problem.of(ProblemCode.PARAMS_INVALID, detail(errors), errors));
    }
    return answers;
  }

  /// Reads a param that was given as text, such as in a terminal.
  ///
  /// @throws ProblemException PARAMS_INVALID when the text is no value of the param's type
  public static JsonNode parse(PipelineSpec spec, String name, String text) {
    var param = spec.params().get(name);
    var json = Json.MAPPER.getNodeFactory();
    if (param == null) {
      return json.textNode(text); // resolve() says that it is unknown
    }
    try {
      return switch (param.type()) {
        case STRING, DATASET, MODEL, ARTIFACT -> json.textNode(text);
        case INT -> json.numberNode(Long.parseLong(text.strip()));
        case DOUBLE -> json.numberNode(Double.parseDouble(text.strip()));
        case BOOL ->
            switch (text.strip()) {
              case "true" -> json.booleanNode(true);
              case "false" -> json.booleanNode(false);
              default -> throw new NumberFormatException(text);
            };
        case JSON -> Json.MAPPER.readTree(text);
      };
    } catch (NumberFormatException | com.fasterxml.jackson.core.JsonProcessingException e) {
      var errors =
          List.of(
              error(
                  "TYPE_MISMATCH",
                  "the param '%s' is %s, but '%s' is given"
                      .formatted(name, article(param.type()), Yaml.shorten(text)),
                  name,
                  null));
      var problem =
          new ProblemException(Problem.of(ProblemCode.PARAMS_INVALID, detail(errors), errors));
      problem.initCause(e);
      throw problem;
    }
  }

  /// Whether a value written out is one of this type.
  static boolean fits(ValueType type, JsonNode value) {
    return switch (type) {
      case STRING -> value.isTextual();
      case INT -> value.isIntegralNumber() && value.canConvertToLong();
      case DOUBLE -> value.isNumber();
      case BOOL -> value.isBoolean();
      case JSON -> true;
      case DATASET, MODEL, ARTIFACT ->
          (value.isTextual() && !value.asText().isBlank())
              || (value.isObject()
                  && (type == ValueType.ARTIFACT || value.path("kind").asText().equals(type.word()))
                  && value.hasNonNull("digest"));
    };
  }

  static String article(ValueType type) {
    return switch (type) {
      case INT -> "an int";
      case ARTIFACT -> "an artifact";
      case JSON -> "any JSON";
      default -> "a " + type.word();
    };
  }

  /// A JSON value for a message.
  static String word(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> "the text '%s'".formatted(Yaml.shorten(value.asText()));
      case NUMBER -> "the number " + value;
      case BOOLEAN -> "the bool " + value;
      case OBJECT -> value.hasNonNull("kind") ? "a " + value.get("kind").asText() : "an object";
      case ARRAY -> "a list";
      default -> value.getNodeType() == JsonNodeType.NULL ? "null" : "something else";
    };
  }

  private static String detail(List<Problem.Violation> errors) {
    var first = errors.getFirst().message();
    return errors.size() == 1 ? first : "%d errors; the first: %s".formatted(errors.size(), first);
  }

  private static Problem.Violation error(
      String code, String message, String name, @Nullable String remedy) {
    return new Problem.Violation(code, message, "params." + name, null, null, remedy);
  }
}
