package dev.pipewright.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The JSON of a search space.
final class SpaceReader {
  private static final Set<String> OF_NUMBERS =
      Set.of("type", "low", "high", "log", "step", "when");
  private static final Set<String> OF_CHOICES = Set.of("type", "values", "when");

  private final List<Problem.Violation> errors;

  private SpaceReader(List<Problem.Violation> errors) {
    this.errors = errors;
  }

  /// The parameters that can be read; what is wrong with the rest goes to the errors.
  static List<Parameter> read(JsonNode json, List<Problem.Violation> errors) {
    var parameters = new ArrayList<Parameter>();
    if (!json.isObject()) {
      errors.add(
          new Problem.Violation(
              "TYPE_MISMATCH",
              "The search space is no object",
              null,
              null,
              null,
              "Give one member for each parameter."));
      return parameters;
    }
    var reader = new SpaceReader(errors);
    json.properties()
        .forEach(
            entry -> reader.parameter(entry.getKey(), entry.getValue()).ifPresent(parameters::add));
    return parameters;
  }

  private Optional<Parameter> parameter(String name, JsonNode json) {
    int before = errors.size();
    var meant = choicesMisspelt(json);
    if (meant.isPresent()) {
      unknownKey(name, meant.get(), OF_CHOICES);
      return Optional.empty();
    }
    if (!json.isObject()) {
      wrong(
          name,
          "'%s' is no object".formatted(name),
          "Give it low and high with type double or int, or values.");
      return Optional.empty();
    }
    boolean choice = json.has("values");
    var type = json.path("type").asText(choice ? "categorical" : "");
    if (choice && !type.equals("categorical")) {
      wrong(name + ".type", "'%s' has values and a type".formatted(name), "Drop one of them.");
    } else if (!choice && !type.equals("double") && !type.equals("int")) {
      wrong(
          name + ".type",
          "The type of '%s' is neither double nor int".formatted(name),
          "Set type to double or int, or give values.");
    }
    unknownKeys(name, json, choice ? OF_CHOICES : OF_NUMBERS);
    var when = when(name, json.get("when"));
    Parameter read;
    if (choice) {
      read = new Parameter.Choice(name, scalars(name + ".values", json.get("values")), when);
    } else if (type.equals("int")) {
      read =
          new Parameter.Whole(
              name,
              whole(name, "low", json),
              whole(name, "high", json),
              flag(name, json),
              json.has("step") ? whole(name, "step", json) : 1,
              when);
    } else {
      read =
          new Parameter.Real(
              name,
              number(name, "low", json),
              number(name, "high", json),
              flag(name, json),
              json.has("step") ? (Double) number(name, "step", json) : null,
              when);
    }
    return errors.size() == before ? Optional.of(read) : Optional.empty();
  }

  private void unknownKeys(String name, JsonNode json, Set<String> known) {
    json.fieldNames()
        .forEachRemaining(key -> {
          if (!known.contains(key)) {
            unknownKey(name, key, known);
          }
        });
  }

  private void unknownKey(String name, String key, Set<String> known) {
    errors.add(
        SpaceRules.error(
            "UNKNOWN_KEY",
            name + "." + key,
            "'%s' has no '%s'".formatted(name, key),
            Nearest.likely(key, known).map("Did you mean '%s'?"::formatted).orElse("Drop it.")));
  }

  /// The key that was to be `values`: without it a choice looks like a number that lacks
  /// everything.
  private static Optional<String> choicesMisspelt(JsonNode json) {
    if (json.has("type") || json.has("values")) {
      return Optional.empty();
    }
    return json.propertyStream()
        .filter(entry -> entry.getValue().isArray())
        .map(Map.Entry::getKey)
        .filter(key -> Nearest.likely(key, OF_CHOICES).equals(Optional.of("values")))
        .findFirst();
  }

  private double number(String name, String key, JsonNode json) {
    var value = json.path(key);
    if (!value.isNumber()) {
      wrong(
          name + "." + key,
          "'%s' of '%s' is %s"
              .formatted(key, name, value.isMissingNode() ? "missing" : "no number"),
          "Set it to a number.");
    }
    return value.asDouble();
  }

  private long whole(String name, String key, JsonNode json) {
    double value = number(name, key, json);
    if (value != Math.rint(value)) {
      wrong(
          name + "." + key,
          "'%s' of '%s' is %s, no whole number".formatted(key, name, value),
          "Round it, or set type to double.");
    }
    return (long) value;
  }

  private boolean flag(String name, JsonNode json) {
    var value = json.path("log");
    if (!value.isMissingNode() && !value.isBoolean()) {
      wrong(
          name + ".log", "'log' of '%s' is neither true nor false".formatted(name), "Correct it.");
    }
    return value.asBoolean(false);
  }

  private Map<String, List<@Nullable Object>> when(String name, @Nullable JsonNode json) {
    var when = new LinkedHashMap<String, List<@Nullable Object>>();
    if (json == null) {
      return when;
    }
    if (!json.isObject()) {
      wrong(
          name + ".when",
          "'when' of '%s' is no object".formatted(name),
          "Name another parameter and its values: {\"other\": [\"value\"]}.");
      return when;
    }
    json.properties()
        .forEach(entry ->
            when.put(entry.getKey(), scalars(name + ".when." + entry.getKey(), entry.getValue())));
    return when;
  }

  private List<@Nullable Object> scalars(String path, JsonNode json) {
    var values = new ArrayList<@Nullable Object>();
    if (json.isValueNode()) {
      values.add(scalar(json));
      return values;
    }
    if (!json.isArray()) {
      wrong(path, "'%s' is no list".formatted(path), "Give a list of values.");
      return values;
    }
    for (var value : json) {
      if (!value.isValueNode()) {
        errors.add(
            SpaceRules.error(
                "VALUE_NOT_SCALAR",
                path,
                "A value is neither text, number, boolean nor null",
                "Name it by a text and look the rest up by that."));
      } else {
        values.add(scalar(value));
      }
    }
    return values;
  }

  private static @Nullable Object scalar(JsonNode json) {
    return Parameter.scalar(Json.MAPPER.convertValue(json, Object.class));
  }

  private void wrong(String path, String message, String remedy) {
    errors.add(SpaceRules.error("TYPE_MISMATCH", path, message, remedy));
  }

  static ObjectNode write(List<Parameter> parameters) {
    var json = JsonNodeFactory.instance.objectNode();
    for (var parameter : parameters) {
      var one = json.putObject(parameter.name());
      switch (parameter) {
        case Parameter.Real real -> {
          one.put("type", "double").put("low", real.low()).put("high", real.high());
          if (real.log()) {
            one.put("log", true);
          }
          if (real.step() != null) {
            one.put("step", real.step());
          }
        }
        case Parameter.Whole whole -> {
          one.put("type", "int").put("low", whole.low()).put("high", whole.high());
          if (whole.log()) {
            one.put("log", true);
          }
          if (whole.step() != 1) {
            one.put("step", whole.step());
          }
        }
        case Parameter.Choice choice -> one.set("values", Json.MAPPER.valueToTree(choice.values()));
      }
      if (!parameter.when().isEmpty()) {
        one.set("when", Json.MAPPER.valueToTree(parameter.when()));
      }
    }
    return json;
  }
}
