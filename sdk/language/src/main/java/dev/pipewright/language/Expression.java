package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.types.CelType;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A CEL expression that has been checked against what the pipeline declares. It may use
/// `params.x`, `tasks.y.outputs.z`, what there is in its place of `matrix`, `loop`, `trial`,
/// `failure` and `run`, and nothing outside of them.
public final class Expression {
  private final String source;
  private final Scope scope;
  private final Context context;
  private final Form form;
  private final CelType type;
  private final Set<String> params;
  private final Set<Output> outputs;

  Expression(
      String source,
      Scope scope,
      Context context,
      Form form,
      CelType type,
      Set<String> params,
      Set<Output> outputs) {
    this.source = source;
    this.scope = scope;
    this.context = context;
    this.form = form;
    this.type = type;
    this.params = Set.copyOf(params);
    this.outputs = Set.copyOf(outputs);
  }

  /// An output of a task that is named.
  record Output(String task, String name) {}

  /// How it is evaluated. Nearly all expressions are a mere name, which needs no interpreter.
  sealed interface Form {
    record ParamOnly(String param) implements Form {}

    record OutputOnly(Output output) implements Form {}

    /// @param root `matrix`, `loop`, `trial`, `failure` or `run`
    record FieldOnly(String root, String name) implements Form {}

    record LoopOutputOnly(String name) implements Form {}

    record Program(CelRuntime.Program program) implements Form {}
  }

  /// As it is written, without the `${{ }}` around it.
  public String source() {
    return source;
  }

  /// The tasks it names.
  Set<String> tasks() {
    var tasks = new TreeSet<String>();
    outputs.forEach(output -> tasks.add(output.task()));
    return tasks;
  }

  /// What it gives whatever the values, where that is a bool and does not depend on them.
  @Nullable Boolean constant() {
    if (!params.isEmpty() || !outputs.isEmpty() || !(form instanceof Form.Program)) {
      return null;
    }
    try {
      var result = evaluate(Values.of(Map.of(), Map.of()));
      return result.isBoolean() ? result.booleanValue() : null;
    } catch (ProblemException _) {
      return null;
    }
  }

  CelType type() {
    return type;
  }

  /// The result in one pipeline run.
  ///
  /// @throws ProblemException EXPRESSION_FAILED, naming an output that is not there
  public JsonNode evaluate(Values values) {
    var given = values.params();
    var outputsByTask = values.outputs();
    return switch (form) {
      case Form.ParamOnly(var param) -> {
        var value = given.get(param);
        if (value == null) {
          throw failed("the param '%s' is not set".formatted(param));
        }
        yield value;
      }
      case Form.OutputOnly(var output) -> {
        var value = outputsByTask.getOrDefault(output.task(), Map.of()).get(output.name());
        if (value == null) {
          throw failed(absent(output));
        }
        yield value;
      }
      case Form.FieldOnly(var root, var name) -> {
        var value = named(root, values).get(name);
        if (value == null) {
          throw failed("there is no '%s.%s'".formatted(root, name));
        }
        yield value;
      }
      case Form.LoopOutputOnly(var name) -> {
        var outputs = values.loop().get("outputs");
        var value = outputs == null ? null : outputs.get(name);
        if (value == null) {
          throw failed("no iteration has left an output '%s'".formatted(name));
        }
        yield value;
      }
      case Form.Program(var program) -> run(program, values);
    };
  }

  private static Map<String, JsonNode> named(String root, Values values) {
    return switch (root) {
      case "matrix" -> values.matrix();
      case "loop" -> values.loop();
      case "trial" -> values.trial();
      case "failure" -> values.failure();
      default -> values.run();
    };
  }

  private JsonNode run(CelRuntime.Program program, Values values) {
    var outputsByTask = values.outputs();
    var paramValues = new HashMap<String, @Nullable Object>();
    for (var param : params) {
      var value = values.params().get(param);
      if (value != null) {
        paramValues.put(param, Scope.toCel(Scope.typeOf(scope.params().get(param)), value));
      }
    }
    var taskValues = new HashMap<String, Object>();
    for (var task : tasks()) {
      taskValues.put(
          Scope.alias(task),
          Map.of(
              "outputs", cel(outputsByTask.getOrDefault(task, Map.of()), scope.tasks().get(task))));
    }
    var variables = new HashMap<String, Object>();
    variables.put("params", paramValues);
    variables.put("tasks", taskValues);
    for (var root : List.of("matrix", "trial", "failure", "run")) {
      var types = context.fields(root);
      if (types != null) {
        variables.put(root, cel(named(root, values), types));
      }
    }
    if (context.loop() != null) {
      var loop = cel(values.loop(), Context.LOOP);
      var made = new HashMap<String, JsonNode>();
      var outputs = values.loop().get("outputs");
      if (outputs != null) {
        outputs.properties().forEach(output -> made.put(output.getKey(), output.getValue()));
      }
      loop.put("outputs", cel(made, context.loop()));
      variables.put("loop", loop);
    }
    try {
      return CelJson.toJson(Scope.eval(program, variables));
    } catch (CelEvaluationException e) {
      var missing =
          outputs.stream()
              .filter(output ->
                  outputsByTask.getOrDefault(output.task(), Map.of()).get(output.name()) == null)
              .findFirst();
      var problem = failed(missing.map(Expression::absent).orElse(reason(e)));
      problem.initCause(e);
      throw problem;
    } catch (IllegalArgumentException e) {
      var problem = failed(String.valueOf(e.getMessage()));
      problem.initCause(e);
      throw problem;
    }
  }

  private static Map<String, @Nullable Object> cel(
      Map<String, JsonNode> outputs, Scope.Outputs declared) {
    var values = new HashMap<String, @Nullable Object>();
    outputs.forEach((name, value) -> {
      if (declared.has(name)) {
        values.put(name, Scope.toCel(declared.type(name), value));
      }
    });
    return values;
  }

  private static Map<String, @Nullable Object> cel(
      Map<String, JsonNode> fields, Map<String, CelType> types) {
    var values = new HashMap<String, @Nullable Object>();
    fields.forEach((name, value) -> {
      var type = types.get(name);
      if (type != null) {
        values.put(name, Scope.toCel(type, value));
      }
    });
    return values;
  }

  private static String reason(CelEvaluationException e) {
    return String.valueOf(e.getMessage()).replaceFirst("^evaluation error( at [^:]*:\\d+)?: ", "");
  }

  private static String absent(Output output) {
    return "the task '%s' has left no output '%s'".formatted(output.task(), output.name());
  }

  private ProblemException failed(String why) {
    return new ProblemException(
        ProblemCode.EXPRESSION_FAILED, "${{ %s }}: %s".formatted(Yaml.shorten(source), why));
  }

  /// Two are equal when they are written alike and give the same type.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Expression expression
        && source.equals(expression.source)
        && type.name().equals(expression.type.name());
  }

  @Override
  public int hashCode() {
    return source.hashCode();
  }

  @Override
  public String toString() {
    return "${{ " + source + " }}";
  }
}
