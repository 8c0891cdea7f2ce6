package dev.pipewright.language;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import java.util.TreeSet;

/// The language as a JSON Schema (draft 2020-12), for editors. It says what the reader's tables
/// say; what goes beyond a single key (types of expressions, cycles, names of tasks) only the
/// reader knows.
public final class PipelineSchema {
  private static final String EXPRESSION = "^\\s*\\$\\{\\{[\\s\\S]*\\}\\}\\s*$";
  private static final String NO_EXPRESSION = "^(?![\\s\\S]*\\$\\{\\{)";

  private final ObjectNode definitions = Json.MAPPER.createObjectNode();

  private PipelineSchema() {}

  /// The schema as indented JSON.
  public static String json() {
    try {
      return Json.MAPPER
              .writerWithDefaultPrettyPrinter()
              .writeValueAsString(new PipelineSchema().schema())
          + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the schema did not become JSON", e);
    }
  }

  private ObjectNode schema() {
    var schema = object();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "Pipewright pipeline");
    schema.setAll(table(Table.PIPELINE));
    schema.set("$defs", definitions);
    define("expression")
        .put("type", "string")
        .put("pattern", EXPRESSION)
        .put("description", "One expression: ${{ … }}.");
    define("duration")
        .put("type", "string")
        .put("pattern", anchored(Kind.Span.PATTERN.pattern()))
        .put("description", "A number and a unit: 500ms, 10s, 5m, 1h, 2d.");
    define("text").put("type", "string").put("pattern", NO_EXPRESSION);
    task();
    return schema;
  }

  /// A task is one of several sorts. All of their keys are known here, so that an editor completes
  /// them; then what goes with which.
  private void task() {
    var task = define("task");
    task.put("type", "object").put("description", "Something to do.");
    var properties = object();
    for (var sort : Table.TASKS) {
      for (var key : sort.keys()) {
        if (!properties.has(key.name())) {
          properties.set(key.name(), key(key));
        }
      }
    }
    properties.set("with", described(object().put("type", "object"), Table.USES.key("with")));
    task.set("properties", properties);
    task.put("additionalProperties", false);
    var sorts = task.putArray("oneOf");
    var rules = task.putArray("allOf");
    for (var sort : Table.TASKS) {
      var name = sort.keys().getFirst().name();
      sorts.add(required(name).put("description", sort.description()));
      var others = new TreeSet<String>();
      properties.fieldNames().forEachRemaining(others::add);
      others.removeAll(sort.names());
      Table.TASKS.forEach(other -> others.remove(other.keys().getFirst().name()));
      var refused = object();
      others.forEach(other -> refused.put(other, false));
      rules.add(when(required(name), object().set("properties", refused)));
    }
    for (var builtin : BuiltinTasks.all().values()) {
      rules.add(
          when(
              required("uses")
                  .set("properties", object().set("uses", object().put("const", builtin.uses()))),
              object().set("properties", object().set("with", inputs(builtin)))));
      if (builtin.inputs().values().stream().anyMatch(BuiltinTasks.Input::required)) {
        rules.add(
            when(
                required("uses")
                    .set("properties", object().set("uses", object().put("const", builtin.uses()))),
                required("with")));
      }
    }
    var together = task.putObject("dependentRequired");
    together.putArray("maxParallel").add("matrix");
    together.putArray("minSuccess").add("matrix");
    task.set(
        "dependentSchemas",
        object()
            .<ObjectNode>set(
                "matrix",
                object().set("properties", object().put("loop", false).put("study", false)))
            .set("loop", object().set("properties", object().put("study", false))));
    var last = define("finallyTask");
    last.put("$ref", "#/$defs/task");
    last.set("properties", object().put("matrix", false).put("loop", false).put("study", false));
  }

  private static ObjectNode inputs(BuiltinTasks.Signature builtin) {
    var with = object().put("type", "object").put("additionalProperties", false);
    var properties = with.putObject("properties");
    builtin
        .inputs()
        .forEach((name, input) -> {
          var property = input(input).put("description", input.description());
          if (input.defaultValue() != null) {
            property.set("default", input.defaultValue());
          }
          properties.set(name, property);
        });
    var required = with.putArray("required");
    builtin
        .inputs()
        .forEach((name, input) -> {
          if (input.required()) {
            required.add(name);
          }
        });
    if (required.isEmpty()) {
      with.remove("required");
    }
    return with;
  }

  /// A value of this type, or an expression of one.
  private static ObjectNode input(BuiltinTasks.Input input) {
    var expression = object().put("$ref", "#/$defs/expression");
    if (!input.choices().isEmpty()) {
      return either(object().set("enum", Json.MAPPER.valueToTree(input.choices())), expression);
    }
    return switch (input.type()) {
      case JSON -> object();
      case STRING -> object().put("type", "string");
      case INT -> either(object().put("type", "integer"), expression);
      case DOUBLE -> either(object().put("type", "number"), expression);
      case BOOL -> either(object().put("type", "boolean"), expression);
      case DATASET, MODEL, ARTIFACT -> expression;
    };
  }

  private ObjectNode table(Table table) {
    var schema = object().put("type", "object").put("description", table.description());
    var properties = schema.putObject("properties");
    table.keys().forEach(key -> properties.set(key.name(), key(key)));
    schema.put("additionalProperties", false);
    var required = table.keys().stream().filter(Kind.Key::required).map(Kind.Key::name).toList();
    if (!required.isEmpty()) {
      schema.set("required", Json.MAPPER.valueToTree(required));
    }
    if (table.equals(Table.APPROVAL)) {
      schema.putObject("dependentRequired").putArray("onDeadline").add("deadline");
    }
    if (table.equals(Table.RETENTION)) {
      schema.put("minProperties", 1);
    }
    return schema;
  }

  private ObjectNode key(Kind.Key key) {
    if (key.name().equals("tasks") || key.name().equals("finally")) {
      var tasks = (Kind.Entries) key.kind();
      var schema =
          entries(
              tasks,
              object()
                  .put(
                      "$ref", key.name().equals("tasks") ? "#/$defs/task" : "#/$defs/finallyTask"));
      return described(schema.put("maxProperties", Table.MOST_TASKS), key);
    }
    return described(kind(key.kind()), key);
  }

  private static ObjectNode described(ObjectNode schema, Kind.Key key) {
    schema.put("description", key.description());
    if (!key.otherwise().isEmpty()) {
      schema.set("default", otherwise(key));
    }
    return schema;
  }

  private static JsonNode otherwise(Kind.Key key) {
    try {
      return switch (key.kind()) {
        case Kind.Whole _, Kind.Decimal _, Kind.Flag _ -> Json.MAPPER.readTree(key.otherwise());
        case Kind.Either _ when key.otherwise().equals("true") -> Json.MAPPER.readTree("true");
        default -> Json.MAPPER.getNodeFactory().textNode(key.otherwise());
      };
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(key.name() + " has a default that is not JSON", e);
    }
  }

  private ObjectNode kind(Kind kind) {
    return switch (kind) {
      case Kind.Text _ -> object().put("$ref", "#/$defs/text");
      case Kind.Form(var pattern) ->
          object().put("type", "string").put("pattern", anchored(pattern.pattern()));
      case Kind.Named(var naming) ->
          object().put("type", "string").put("pattern", anchored(naming.pattern().pattern()));
      case Kind.Flag _ -> object().put("type", "boolean");
      case Kind.Whole(var least, var most) ->
          object().put("type", "integer").put("minimum", least).put("maximum", most);
      case Kind.Decimal(var least, var most, var open) ->
          object()
              .put("type", "number")
              .put(open ? "exclusiveMinimum" : "minimum", least)
              .put("maximum", most);
      case Kind.Span _ -> object().put("$ref", "#/$defs/duration");
      case Kind.Choice(var words) -> {
        var choice = object().put("type", "string");
        choice.set("enum", Json.MAPPER.valueToTree(words));
        yield choice;
      }
      case Kind.Computed _ -> object().put("$ref", "#/$defs/expression");
      case Kind.Template _ -> object().put("type", "string");
      case Kind.Scalar _ -> {
        var scalar = object();
        scalar.putArray("type").add("string").add("number").add("boolean");
        scalar.put("pattern", NO_EXPRESSION);
        yield scalar;
      }
      case Kind.Any _ -> {
        var any = object();
        any.set("not", object().put("type", "null"));
        yield any;
      }
      case Kind.Literal _ -> {
        var any = object();
        any.set("not", object().put("type", "null"));
        yield any;
      }
      case Kind.Items(var item, var least) -> {
        var items = object().put("type", "array");
        items.set("items", kind(item));
        if (least > 0) {
          items.put("minItems", least);
        }
        yield items;
      }
      case Kind.Entries entries -> entries(entries, kind(entries.value()));
      case Kind.Part(var table) -> {
        if (!definitions.has(table.id())) {
          definitions.set(table.id(), object());
          definitions.set(table.id(), table(table));
        }
        yield object().put("$ref", "#/$defs/" + table.id());
      }
      case Kind.Either(var kinds) ->
          either(kinds.stream().map(this::kind).toArray(ObjectNode[]::new));
    };
  }

  private static ObjectNode entries(Kind.Entries entries, ObjectNode value) {
    var schema = object().put("type", "object");
    schema
        .putObject("patternProperties")
        .set(anchored(entries.naming().pattern().pattern()), value);
    schema.put("additionalProperties", false);
    if (entries.least() > 0) {
      schema.put("minProperties", entries.least());
    }
    return schema;
  }

  private ObjectNode define(String name) {
    return definitions.putObject(name);
  }

  private static ObjectNode either(ObjectNode... schemas) {
    var either = object();
    var any = either.putArray("anyOf");
    for (var schema : schemas) {
      any.add(schema);
    }
    return either;
  }

  private static ObjectNode when(JsonNode condition, JsonNode then) {
    var rule = object();
    rule.set("if", condition);
    rule.set("then", then);
    return rule;
  }

  private static ObjectNode required(String key) {
    var schema = object();
    schema.putArray("required").add(key);
    return schema;
  }

  private static String anchored(String pattern) {
    return "^(?:" + pattern + ")$";
  }

  private static ObjectNode object() {
    return Json.MAPPER.createObjectNode();
  }
}
