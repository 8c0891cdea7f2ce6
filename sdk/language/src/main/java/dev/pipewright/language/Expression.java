package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.types.CelType;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A CEL expression that has been checked against what the pipeline declares. It may use `params.x`
/// and `tasks.y.outputs.z`, and nothing outside of them.
public final class Expression {
  private final String source;
  private final Scope scope;
  private final Form form;
  private final CelType type;
  private final Set<String> params;
  private final Set<Output> outputs;

  Expression(
      String source,
      Scope scope,
      Form form,
      CelType type,
      Set<String> params,
      Set<Output> outputs) {
    this.source = source;
    this.scope = scope;
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
      case Form.Program(var program) -> run(program, given, outputsByTask);
    };
  }

  private JsonNode run(
      CelRuntime.Program program,
      Map<String, JsonNode> given,
      Map<String, Map<String, JsonNode>> outputsByTask) {
    var paramValues = new HashMap<String, Object>();
    for (var param : params) {
      var value = given.get(param);
      if (value != null) {
        paramValues.put(param, Scope.toCel(scope.params().get(param), value));
      }
    }
    var taskValues = new HashMap<String, Object>();
    for (var task : tasks()) {
      var values = new HashMap<String, Object>();
      var declared = scope.tasks().get(task);
      outputsByTask
          .getOrDefault(task, Map.of())
          .forEach((name, value) -> {
            if (declared.containsKey(name)) {
              values.put(name, Scope.toCel(declared.get(name).type(), value));
            }
          });
      taskValues.put(Scope.alias(task), Map.of("outputs", values));
    }
    try {
      return Scope.toJson(program.eval(Map.of("params", paramValues, "tasks", taskValues)));
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

  private static String reason(CelEvaluationException e) {
    return String.valueOf(e.getMessage()).replaceFirst("^evaluation error( at [^:]*:\\d+)?: ", "");
  }

  private static String absent(Output output) {
    return "the task '%s' has left no output '%s'".formatted(output.task(), output.name());
  }

  private ProblemException failed(String why) {
    return new ProblemException(
        ProblemCode.EXPRESSION_FAILED, "${{ %s }}: %s".formatted(source, why));
  }

  @Override
  public String toString() {
    return "${{ " + source + " }}";
  }
}
