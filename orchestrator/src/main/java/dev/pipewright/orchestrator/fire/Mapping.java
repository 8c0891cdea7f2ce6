package dev.pipewright.orchestrator.fire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.language.CelJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// JSON in which texts may hold CEL in `${{ }}` over what started a run: a time, a message, an
/// event. Its form is checked when it is applied; whether a message has what it names shows when
/// the message comes.
///
/// A text that is one expression gives that expression's value with its type; within other text a
/// value becomes text. What an expression gives is never looked at for expressions again.
public final class Mapping {
  private static final CelOptions OPTIONS =
      CelOptions.current()
          .enableHeterogeneousNumericComparisons(true)
          .comprehensionMaxIterations(10_000)
          .maxParseRecursionDepth(100)
          .maxExpressionCodePointSize(10_000)
          .build();
  private static final CelRuntime RUNTIME =
      CelRuntimeFactory.standardCelRuntimeBuilder().setOptions(OPTIONS).build();
  private static final String OPEN = "${{";
  private static final String CLOSE = "}}";

  private final CelCompiler compiler;

  /// @param variables what expressions may name; each is JSON of any form
  public Mapping(String... variables) {
    var builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS);
    for (var variable : variables) {
      builder.addVar(variable, SimpleType.DYN);
    }
    compiler = builder.build();
  }

  /// Why a mapping gave nothing.
  public static final class Failed extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Problem.Violation violation;

    Failed(String path, String message) {
      super(message);
      this.violation = new Problem.Violation("EXPRESSION_FAILED", message, path, null, null, null);
    }

    public Problem.Violation violation() {
      return violation;
    }
  }

  /// A checked piece of JSON.
  public sealed interface Checked permits Plain, Expression, Text, Items, Entries {
    JsonNode value(Map<String, Object> variables) throws Failed;
  }

  private record Plain(JsonNode json) implements Checked {
    @Override
    public JsonNode value(Map<String, Object> variables) {
      return json;
    }
  }

  private record Expression(String source, String path, CelRuntime.Program program)
      implements Checked {
    @Override
    public JsonNode value(Map<String, Object> variables) throws Failed {
      try {
        return CelJson.toJson(program.eval(variables));
      } catch (CelEvaluationException | IllegalArgumentException e) {
        var why =
            String.valueOf(e.getMessage()).replaceFirst("^evaluation error( at [^:]*:\\d+)?: ", "");
        throw new Failed(path, "${{ %s }}: %s".formatted(source, why));
      }
    }
  }

  private record Text(List<Checked> parts) implements Checked {
    @Override
    public JsonNode value(Map<String, Object> variables) throws Failed {
      var text = new StringBuilder();
      for (var part : parts) {
        var value = part.value(variables);
        text.append(value.isContainerNode() ? value.toString() : value.asText());
      }
      return TextNode.valueOf(text.toString());
    }
  }

  private record Items(List<Checked> items) implements Checked {
    @Override
    public JsonNode value(Map<String, Object> variables) throws Failed {
      var array = Json.MAPPER.createArrayNode();
      for (var item : items) {
        array.add(item.value(variables));
      }
      return array;
    }
  }

  private record Entries(Map<String, Checked> entries) implements Checked {
    @Override
    public JsonNode value(Map<String, Object> variables) throws Failed {
      var object = Json.MAPPER.createObjectNode();
      for (var entry : entries.entrySet()) {
        object.set(entry.getKey(), entry.getValue().value(variables));
      }
      return object;
    }
  }

  /// Whether it gives the same whatever there is to map.
  static boolean isPlain(Checked checked) {
    return switch (checked) {
      case Plain _ -> true;
      case Expression _, Text _ -> false;
      case Items(var items) -> items.stream().allMatch(Mapping::isPlain);
      case Entries(var entries) -> entries.values().stream().allMatch(Mapping::isPlain);
    };
  }

  /// Checks params; what is wrong is added to the errors.
  public Map<String, Checked> params(Map<String, JsonNode> params, Fields fields) {
    var checked = new LinkedHashMap<String, Checked>();
    params.forEach((name, value) -> checked.put(name, check(value, "params." + name, fields)));
    return checked;
  }

  /// Checks a condition: one expression, which gives a bool.
  public @Nullable Checked condition(String key, @Nullable String text, Fields fields) {
    if (text == null) {
      return null;
    }
    var checked = check(TextNode.valueOf(text), key, fields);
    if (!(checked instanceof Expression expression)) {
      if (fields.errors().isEmpty()) {
        fields.error(
            "EXPRESSION_INVALID",
            key,
            "'%s' is not an expression".formatted(key),
            "Write it as ${{ … }}, such as ${{ body.ref == 'refs/heads/main' }}.");
      }
      return null;
    }
    return expression;
  }

  /// @param condition null for one that always holds
  public static boolean holds(@Nullable Checked condition, Map<String, Object> variables)
      throws Failed {
    if (condition == null) {
      return true;
    }
    var value = condition.value(variables);
    if (!value.isBoolean()) {
      throw new Failed("when", "the condition gives %s, not true or false".formatted(value));
    }
    return value.booleanValue();
  }

  /// All params, or all that is wrong with them.
  public static Map<String, JsonNode> values(
      Map<String, Checked> params, Map<String, Object> variables, List<Problem.Violation> errors) {
    var values = new LinkedHashMap<String, JsonNode>();
    params.forEach((name, checked) -> {
      try {
        values.put(name, checked.value(variables));
      } catch (Failed e) {
        errors.add(e.violation());
      }
    });
    return values;
  }

  private Checked check(JsonNode value, String path, Fields fields) {
    return switch (value.getNodeType()) {
      case STRING -> text(value.textValue(), path, fields);
      case ARRAY -> {
        var items = new ArrayList<Checked>();
        for (int i = 0; i < value.size(); i++) {
          items.add(check(value.get(i), path + "[" + i + "]", fields));
        }
        yield new Items(items);
      }
      case OBJECT -> {
        var entries = new LinkedHashMap<String, Checked>();
        value
            .properties()
            .forEach(entry ->
                entries.put(
                    entry.getKey(), check(entry.getValue(), path + "." + entry.getKey(), fields)));
        yield new Entries(entries);
      }
      default -> new Plain(value);
    };
  }

  private Checked text(String text, String path, Fields fields) {
    var parts = new ArrayList<Checked>();
    int from = 0;
    for (int open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, from)) {
      if (open > from) {
        parts.add(new Plain(TextNode.valueOf(text.substring(from, open))));
      }
      int start = open + OPEN.length();
      int close = close(text, start);
      if (close < 0) {
        invalid(fields, path, "the expression is not closed", "End it with '}}'.");
        return new Plain(TextNode.valueOf(text));
      }
      parts.add(expression(text.substring(start, close).strip(), path, fields));
      from = close + CLOSE.length();
    }
    if (parts.isEmpty()) {
      return new Plain(TextNode.valueOf(text));
    }
    if (from < text.length()) {
      parts.add(new Plain(TextNode.valueOf(text.substring(from))));
    }
    return parts.size() == 1 ? parts.getFirst() : new Text(parts);
  }

  /// Where an expression ends: at the first `}}` that leaves something that can be read, as a text
  /// or a map within it may hold one too.
  private int close(String text, int start) {
    int first = text.indexOf(CLOSE, start);
    for (int close = first; close >= 0; close = text.indexOf(CLOSE, close + 1)) {
      if (!compiler.parse(text.substring(start, close)).hasError()) {
        return close;
      }
    }
    return first;
  }

  private Checked expression(String source, String path, Fields fields) {
    try {
      CelAbstractSyntaxTree ast = compiler.compile(source).getAst();
      var kind = ast.getResultType().kind();
      if (path.equals("when") && kind != CelKind.BOOL && kind != CelKind.DYN) {
        invalid(
            fields,
            path,
            "${{ %s }} does not give a bool".formatted(source),
            "Compare it with something, such as with ==.");
      }
      return new Expression(source, path, RUNTIME.createProgram(ast));
    } catch (CelValidationException e) {
      invalid(
          fields,
          path,
          "${{ %s }}: %s"
              .formatted(
                  source,
                  e.getErrors().stream()
                      .map(CelIssue::getMessage)
                      .distinct()
                      .collect(Collectors.joining("; "))),
          null);
    } catch (CelEvaluationException e) {
      invalid(fields, path, "${{ %s }}: %s".formatted(source, e.getMessage()), null);
    }
    return new Plain(TextNode.valueOf(source));
  }

  private static void invalid(Fields fields, String path, String message, @Nullable String remedy) {
    fields
        .errors()
        .add(new Problem.Violation("EXPRESSION_INVALID", message, path, null, null, remedy));
  }
}
