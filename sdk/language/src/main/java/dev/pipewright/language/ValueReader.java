package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.pipewright.contract.task.ValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// Reads values with the expressions in them, and checks both against the types that are wanted.
final class ValueReader {
  private final Yaml yaml;
  private final Expressions expressions;
  private final Violations violations;

  ValueReader(Yaml yaml, Expressions expressions, Violations violations) {
    this.yaml = yaml;
    this.expressions = expressions;
    this.violations = violations;
  }

  /// Reads a value with the expressions in it.
  ///
  /// @param wanted null for any
  @Nullable Value value(
      Node node, Context context, String path, @Nullable ValueType wanted, String what) {
    if (Yaml.text(node) && node instanceof ScalarNode scalar && scalar.getValue().contains("${{")) {
      return interpolated(scalar, context, path, wanted, what);
    }
    if (Yaml.nothing(node)) {
      violations.add(
          "WRONG_TYPE",
          what + " has no value",
          path,
          Yaml.place(node),
          "Give one, or leave the line out.");
      return null;
    }
    boolean container = !(node instanceof ScalarNode);
    if (container && (wanted == null || wanted == ValueType.JSON)) {
      return container(node, context, path, what);
    }
    var literal = Yaml.json(node);
    if (wanted != null && wanted.isData()) {
      violations.add(
          "TYPE_MISMATCH",
          "%s is %s, but %s is given".formatted(what, Params.article(wanted), Yaml.word(node)),
          path,
          Yaml.place(node),
          "Take it from a param of type %s, or from an output.".formatted(wanted.word()));
      return null;
    }
    if (wanted != null && !Params.fits(wanted, literal)) {
      violations.add(
          "TYPE_MISMATCH",
          "%s is %s, but %s is given".formatted(what, Params.article(wanted), Yaml.word(node)),
          path,
          Yaml.place(node),
          quoteHint(wanted, node));
      return null;
    }
    return new Value.Literal(literal);
  }

  private @Nullable Value container(Node node, Context context, String path, String what) {
    boolean good = true;
    if (node instanceof SequenceNode list) {
      var values = new ArrayList<Value>();
      for (int i = 0; i < list.getValue().size(); i++) {
        var value = inner(list.getValue().get(i), context, path + "[" + i + "]", what);
        good &= value != null;
        if (value != null) {
          values.add(value);
        }
      }
      boolean literal = values.stream().allMatch(Value.Literal.class::isInstance);
      return !good ? null : literal ? new Value.Literal(Yaml.json(node)) : new Value.Items(values);
    }
    var entries = yaml.entries(node, path);
    if (entries == null) {
      return null;
    }
    var values = new LinkedHashMap<String, Value>();
    for (var entry : entries.entrySet()) {
      var value = inner(entry.getValue().value(), context, Yaml.join(path, entry.getKey()), what);
      good &= value != null;
      if (value != null) {
        values.put(entry.getKey(), value);
      }
    }
    boolean literal = values.values().stream().allMatch(Value.Literal.class::isInstance);
    return !good ? null : literal ? new Value.Literal(Yaml.json(node)) : new Value.Fields(values);
  }

  private @Nullable Value inner(Node node, Context context, String path, String what) {
    return Yaml.nothing(node)
        ? new Value.Literal(Yaml.json(node))
        : value(node, context, path, ValueType.JSON, what);
  }

  private @Nullable Value interpolated(
      ScalarNode scalar, Context context, String path, @Nullable ValueType wanted, String what) {
    var places = yaml.places(scalar);
    var pieces = expressions.pieces(scalar.getValue(), path, places::apply);
    if (pieces == null) {
      return null;
    }
    boolean alone =
        pieces.stream().filter(Expressions.Piece::expression).count() == 1
            && pieces.stream().allMatch(piece -> piece.expression() || piece.text().isBlank());
    var parts = new ArrayList<Value.Part>();
    boolean good = true;
    for (var piece : pieces) {
      if (!piece.expression()) {
        parts.add(new Value.Part.Text(piece.text()));
        continue;
      }
      var expression =
          expressions.check(piece.text(), context, path, i -> places.apply(piece.at() + i));
      if (expression == null) {
        good = false;
        continue;
      }
      var at = places.apply(piece.at() - 3);
      if (alone) {
        return fitting(expression, path, at, wanted, what);
      }
      if (Scope.data(expression.type())) {
        violations.add(
            "TYPE_MISMATCH",
            "a %s cannot be put into a text".formatted(Scope.word(expression.type())),
            path,
            at,
            "Pass it alone, or name a part of it, such as its digest.");
        good = false;
      }
      parts.add(new Value.Part.Embedded(expression));
    }
    if (!good) {
      return null;
    }
    if (wanted != null && wanted != ValueType.STRING && wanted != ValueType.JSON) {
      violations.add(
          "TYPE_MISMATCH",
          "%s is %s, but a text with expressions in it is given"
              .formatted(what, Params.article(wanted)),
          path,
          Yaml.place(scalar),
          "Give one expression and nothing beside it.");
      return null;
    }
    return new Value.Template(parts);
  }

  private @Nullable Value fitting(
      Expression expression, String path, Place at, @Nullable ValueType wanted, String what) {
    if (wanted == null || Scope.fits(wanted, expression.type())) {
      return new Value.Computed(expression);
    }
    violations.add(
        "TYPE_MISMATCH",
        "%s is %s, but %s gives %s"
            .formatted(
                what,
                Params.article(wanted),
                Yaml.shorten(expression.source()),
                Scope.phrase(expression.type())),
        path,
        at,
        wanted.isData() ? null : "Convert it, such as with %s(…).".formatted(wanted.word()));
    return null;
  }

  /// One expression and nothing beside it; null where there is none, or a wrong one.
  ///
  /// @param wanted null for any
  @Nullable Expression expression(
      Yaml.@Nullable Entry entry, Context context, String path, @Nullable ValueType wanted) {
    if (entry == null) {
      return null;
    }
    var key = Yaml.last(path);
    if (!(entry.value() instanceof ScalarNode scalar) || Yaml.nothing(entry.value())) {
      violations.add(
          "WRONG_TYPE",
          "'%s' must be an expression, but is %s".formatted(key, Yaml.word(entry.value())),
          path,
          Yaml.place(entry.value()),
          "Write it as \"${{ … }}\".");
      return null;
    }
    var places = yaml.places(scalar);
    var text = scalar.getValue();
    var pieces = expressions.pieces(text, path, places::apply);
    if (pieces == null) {
      return null;
    }
    var written = pieces.stream().filter(Expressions.Piece::expression).toList();
    boolean wrapped =
        written.size() == 1
            && pieces.stream().allMatch(piece -> piece.expression() || piece.text().isBlank());
    if (!wrapped) {
      violations.add(
          "EXPRESSION_INVALID",
          written.isEmpty()
              ? "'%s' is not an expression: '%s'".formatted(key, Yaml.shorten(text))
              : "'%s' must be one expression and nothing beside it".formatted(key),
          path,
          Yaml.place(scalar),
          "Write it as \"${{ … }}\".");
      return null;
    }
    var piece = written.getFirst();
    var expression =
        expressions.check(piece.text(), context, path, i -> places.apply(piece.at() + i));
    if (expression != null && wanted != null && !Scope.fits(wanted, expression.type())) {
      violations.add(
          "TYPE_MISMATCH",
          "'%s' must be %s, but %s gives %s"
              .formatted(
                  key,
                  Params.article(wanted),
                  Yaml.shorten(expression.source()),
                  Scope.phrase(expression.type())),
          path,
          places.apply(piece.at() - 3),
          wanted == ValueType.BOOL ? "Compare it with something." : null);
      return null;
    }
    return expression;
  }

  /// The tasks whose outputs it names.
  static Set<String> tasksIn(Value value) {
    var tasks = new TreeSet<String>();
    collect(value, tasks);
    return tasks;
  }

  /// As deep as the document at most.
  private static void collect(Value value, Set<String> tasks) {
    switch (value) {
      case Value.Literal _ -> {}
      case Value.Computed(var expression) -> tasks.addAll(expression.tasks());
      case Value.Template(var parts) ->
          parts.forEach(part -> {
            if (part instanceof Value.Part.Embedded(var expression)) {
              tasks.addAll(expression.tasks());
            }
          });
      case Value.Items(var values) -> values.forEach(item -> collect(item, tasks));
      case Value.Fields(var values) -> values.values().forEach(item -> collect(item, tasks));
    }
  }

  /// The type of what a value gives.
  static CelType type(Value value) {
    return switch (value) {
      case Value.Literal(var literal) -> type(literal);
      case Value.Computed(var expression) -> expression.type();
      case Value.Template _ -> SimpleType.STRING;
      case Value.Items(var items) -> ListType.create(common(items.stream().map(ValueReader::type)));
      case Value.Fields _ -> SimpleType.DYN;
    };
  }

  private static CelType type(JsonNode literal) {
    return switch (literal.getNodeType()) {
      case STRING -> SimpleType.STRING;
      case BOOLEAN -> SimpleType.BOOL;
      case NUMBER -> literal.isIntegralNumber() ? SimpleType.INT : SimpleType.DOUBLE;
      case ARRAY -> ListType.create(common(literal.valueStream().map(ValueReader::type)));
      default -> SimpleType.DYN;
    };
  }

  /// The type that all of them have; ints among doubles are doubles.
  private static CelType common(Stream<CelType> types) {
    var all = types.distinct().toList();
    if (all.size() == 1) {
      return all.getFirst();
    }
    boolean numbers =
        !all.isEmpty()
            && all.stream()
                .allMatch(type -> type.kind() == CelKind.INT || type.kind() == CelKind.DOUBLE);
    return numbers ? SimpleType.DOUBLE : SimpleType.DYN;
  }

  static @Nullable String quoteHint(ValueType type, Node node) {
    return type == ValueType.STRING && node instanceof ScalarNode && !Yaml.nothing(node)
        ? "Put it in quotes."
        : null;
  }
}
