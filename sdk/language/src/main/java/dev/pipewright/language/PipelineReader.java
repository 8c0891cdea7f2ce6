package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.task.ValueType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// Walks a document twice: first for what it declares (params, and the tasks with their outputs),
/// then for what the tasks say, which may name anything declared.
final class PipelineReader {
  static final int MOST_TASKS = 100_000;
  private static final int MOST_RETRIES = 100;

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
  private static final Pattern IDENTIFIER = Pattern.compile("[a-zA-Z][a-zA-Z0-9_]{0,62}");
  private static final Pattern INPUT = Pattern.compile("[a-zA-Z][a-zA-Z0-9_-]{0,62}");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,254}");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");
  private static final Pattern MEMORY =
      Pattern.compile("\\d{1,12}(\\.\\d{1,6})?(k|M|G|T|Ki|Mi|Gi|Ti)?");

  /// What CEL takes for something else than a name.
  private static final Set<String> RESERVED = Set.of("in", "true", "false", "null");

  private static final List<String> DOCUMENT_KEYS =
      List.of("name", "description", "params", "tasks");
  private static final List<String> PARAM_KEYS = List.of("type", "default", "description");
  private static final List<String> OUTPUT_KEYS = List.of("type", "path", "required");
  private static final List<String> RETRY_KEYS = List.of("limit", "backoff");
  private static final List<String> RESOURCE_KEYS = List.of("cpu", "memory", "gpu", "gpuType");
  private static final List<String> SHARED_KEYS =
      List.of("needs", "when", "retry", "timeout", "env", "image", "resources");
  private static final List<String> USES_KEYS = with(SHARED_KEYS, "uses", "with");
  private static final List<String> COMMAND_KEYS =
      with(SHARED_KEYS, "command", "inputs", "outputs", "files");

  private final Violations violations;
  private final Map<String, ParamSpec> params = new LinkedHashMap<>();
  private final Map<String, Shell> shells = new LinkedHashMap<>();
  private Yaml yaml = Yaml.read("", new Violations()).yaml();
  private Expressions expressions;
  private List<String> taskNames = List.of();

  PipelineReader(Violations violations) {
    this.violations = violations;
    this.expressions = new Expressions(new Scope(Map.of(), Map.of()), violations);
  }

  /// A task of which only the outputs are known yet.
  ///
  /// @param signature null for a command
  private record Shell(
      Place at,
      Map<String, Yaml.Entry> entries,
      BuiltinTasks.@Nullable Signature signature,
      Map<String, TaskLaunch.Output> outputs) {}

  /// Null when nothing could be made of it.
  @Nullable PipelineSpec read(String source) {
    var document = Yaml.read(source, violations);
    yaml = document.yaml();
    if (document.root() == null) {
      return null;
    }
    var top = yaml.entries(document.root(), "");
    if (top == null) {
      return null;
    }
    known(top, DOCUMENT_KEYS, "", "a pipeline");
    var name = name(top, document.root());
    var description = text(top.get("description"), "description");
    var unusableParams = new HashSet<String>();
    if (top.containsKey("params")) {
      readParams(top.get("params").value(), unusableParams);
    }
    var unusableTasks = new HashSet<String>();
    readShells(top.get("tasks"), document.root(), unusableTasks);

    var types = new LinkedHashMap<String, ValueType>();
    params.forEach((param, spec) -> types.put(param, spec.type()));
    var outputs = new LinkedHashMap<String, Map<String, TaskLaunch.Output>>();
    shells.forEach((task, shell) -> outputs.put(task, shell.outputs()));
    unusableTasks.forEach(task -> outputs.putIfAbsent(task, Map.of()));
    var scope = new Scope(types, outputs, unusableParams, unusableTasks);
    expressions = new Expressions(scope, violations);

    var tasks = new LinkedHashMap<String, TaskSpec>();
    var order = new LinkedHashMap<String, Integer>();
    outputs.keySet().forEach(task -> order.put(task, order.size()));
    taskNames = List.copyOf(order.keySet());
    shells.forEach((task, shell) -> tasks.put(task, task(task, shell, order)));
    refuseCycles(tasks);
    return new PipelineSpec(
        name == null ? "" : name, description, params, Map.of(), tasks, 0, null, Concurrency.ANY);
  }

  private @Nullable String name(Map<String, Yaml.Entry> top, Node root) {
    var entry = top.get("name");
    if (entry == null) {
      violations.add(
          "MISSING_KEY",
          "the pipeline has no name",
          "name",
          Yaml.place(root),
          "Add 'name: …' at the top.");
      return null;
    }
    var name = text(entry, "name");
    return name != null && goodName(NAME, name, "pipeline", "name", Yaml.place(entry.value()))
        ? name
        : null;
  }

  private void readParams(Node node, Set<String> unusable) {
    var entries = Yaml.nothing(node) ? null : yaml.entries(node, "params");
    if (entries == null) {
      return;
    }
    entries.forEach((name, entry) -> {
      var path = Yaml.join("params", name);
      if (!goodName(IDENTIFIER, name, "param", path, entry.at())) {
        unusable.add(name);
        return;
      }
      var param = param(entry, path);
      if (param == null) {
        unusable.add(name);
      } else {
        params.put(name, param);
      }
    });
  }

  private @Nullable ParamSpec param(Yaml.Entry entry, String path) {
    var keys = yaml.entries(entry.value(), path);
    if (keys == null) {
      return null;
    }
    known(keys, PARAM_KEYS, path, "a param");
    var description = text(keys.get("description"), path + ".description");
    var type = type(keys.get("type"), path, entry.at());
    if (type == null) {
      return null;
    }
    var otherwise = keys.get("default");
    if (otherwise == null) {
      return new ParamSpec(type, null, description);
    }
    var value = Yaml.json(otherwise.value());
    if (value.isTextual() && value.asText().contains("${{")) {
      violations.add(
          "EXPRESSION_NOT_ALLOWED",
          "a default cannot be an expression",
          path + ".default",
          Yaml.place(otherwise.value()),
          "Write the value out.");
    } else if (value.isNull() || !Params.fits(type, value)) {
      violations.add(
          "TYPE_MISMATCH",
          "the param '%s' is %s, but its default is %s"
              .formatted(Yaml.last(path), Params.article(type), Yaml.word(otherwise.value())),
          path + ".default",
          Yaml.place(otherwise.value()),
          quoteHint(type, otherwise.value()));
    }
    return new ParamSpec(type, value, description);
  }

  private @Nullable ValueType type(Yaml.@Nullable Entry entry, String path, Place owner) {
    var words = Stream.of(ValueType.values()).map(ValueType::word).toList();
    if (entry == null) {
      violations.add(
          "MISSING_KEY",
          "'%s' has no type".formatted(Yaml.last(path)),
          path + ".type",
          owner,
          "Add 'type: …', one of %s.".formatted(String.join(", ", words)));
      return null;
    }
    var word = text(entry, path + ".type");
    if (word == null) {
      return null;
    }
    for (var type : ValueType.values()) {
      if (type.word().equals(word)) {
        return type;
      }
    }
    violations.add(
        "VALUE_INVALID",
        "there is no type '%s'".formatted(Yaml.shorten(word)),
        path + ".type",
        Yaml.place(entry.value()),
        Expressions.suggestion(
            word, words, "The types are %s.".formatted(String.join(", ", words))));
    return null;
  }

  private void readShells(Yaml.@Nullable Entry tasks, Node root, Set<String> unusable) {
    if (tasks == null) {
      violations.add(
          "MISSING_KEY",
          "the pipeline has no tasks",
          "tasks",
          Yaml.place(root),
          "Add 'tasks:' with at least one task.");
      return;
    }
    var entries = yaml.entries(tasks.value(), "tasks");
    if (entries == null) {
      return;
    }
    if (entries.isEmpty()) {
      violations.add(
          "MISSING_KEY",
          "the pipeline has no tasks",
          "tasks",
          tasks.at(),
          "Add at least one task.");
    }
    if (entries.size() > MOST_TASKS) {
      violations.add(
          "TOO_MANY_TASKS",
          "the pipeline has %,d tasks; at most %,d are allowed"
              .formatted(entries.size(), MOST_TASKS),
          "tasks",
          tasks.at(),
          "Split it into several pipelines.");
      return;
    }
    entries.forEach((name, entry) -> {
      var path = Yaml.join("tasks", name);
      boolean named = goodName(NAME, name, "task", path, entry.at());
      var shell = shell(entry, path, name);
      if (shell == null || !named) {
        unusable.add(name);
      }
      if (shell != null) {
        shells.put(name, shell);
      }
    });
  }

  /// Null when it is not known what the task would put out.
  private @Nullable Shell shell(Yaml.Entry entry, String path, String name) {
    var keys = yaml.entries(entry.value(), path);
    if (keys == null) {
      return null;
    }
    var uses = keys.get("uses");
    var command = keys.get("command");
    if ((uses == null) == (command == null)) {
      violations.add(
          "USES_OR_COMMAND",
          uses == null
              ? "the task '%s' has neither 'uses' nor 'command'".formatted(name)
              : "the task '%s' has both 'uses' and 'command'".formatted(name),
          path,
          entry.at(),
          "Give one: 'uses' for a built-in task, 'command' for a program.");
      known(keys, with(USES_KEYS, COMMAND_KEYS.toArray(String[]::new)), path, "a task");
      return null;
    }
    if (uses == null) {
      known(keys, COMMAND_KEYS, path, "a task with a command");
      var outputs = keys.get("outputs");
      return new Shell(
          entry.at(),
          keys,
          null,
          outputs == null ? Map.of() : outputs(outputs.value(), path + ".outputs"));
    }
    known(keys, USES_KEYS, path, "a task with 'uses'");
    var wanted = text(uses, path + ".uses");
    if (wanted == null) {
      return null;
    }
    var signature = BuiltinTasks.find(wanted).orElse(null);
    if (signature == null) {
      var all = BuiltinTasks.all().keySet();
      violations.add(
          "UNKNOWN_USES",
          "there is no task '%s'".formatted(Yaml.shorten(wanted)),
          path + ".uses",
          Yaml.place(uses.value()),
          Expressions.suggestion(
              wanted, all, "The built-in tasks are %s.".formatted(String.join(", ", all))));
      return null;
    }
    return new Shell(entry.at(), keys, signature, signature.outputs());
  }

  private Map<String, TaskLaunch.Output> outputs(Node node, String path) {
    var outputs = new LinkedHashMap<String, TaskLaunch.Output>();
    var entries = yaml.entries(node, path);
    if (entries == null) {
      return outputs;
    }
    entries.forEach((name, entry) -> {
      var at = Yaml.join(path, name);
      var keys = yaml.entries(entry.value(), at);
      if (!goodName(IDENTIFIER, name, "output", at, entry.at()) || keys == null) {
        return;
      }
      known(keys, OUTPUT_KEYS, at, "an output");
      var type = type(keys.get("type"), at, entry.at());
      var file = text(keys.get("path"), at + ".path");
      if (file != null) {
        relative(file, at + ".path", Yaml.place(keys.get("path").value()));
      }
      var required = bool(keys.get("required"), at + ".required", true);
      outputs.put(
          name, new TaskLaunch.Output(type == null ? ValueType.JSON : type, file, required));
    });
    return outputs;
  }

  private TaskSpec task(String name, Shell shell, Map<String, Integer> order) {
    var path = Yaml.join("tasks", name);
    var keys = shell.entries();
    var signature = shell.signature();
    var needs = new TreeSet<Integer>();
    readNeeds(name, keys.get("needs"), path + ".needs", order, needs);
    var inputs = new LinkedHashMap<String, Value>();
    var key = signature == null ? "inputs" : "with";
    var given =
        keys.containsKey(key)
            ? yaml.entries(keys.get(key).value(), path + "." + key)
            : Map.<String, Yaml.Entry>of();
    if (given != null) {
      given.forEach((input, entry) -> {
        var value = input(input, entry, path + "." + key, signature);
        if (value != null) {
          inputs.put(input, value);
          tasksIn(value)
              .forEach(task ->
                  depend(
                      name,
                      task,
                      Yaml.join(path + "." + key, input),
                      Yaml.place(entry.value()),
                      order,
                      needs));
        }
      });
      requireInputs(name, shell, given, path + "." + key);
    }
    var when = when(keys.get("when"), path + ".when");
    if (when != null) {
      when.tasks()
          .forEach(task ->
              depend(
                  name, task, path + ".when", Yaml.place(keys.get("when").value()), order, needs));
    }
    return new TaskSpec(
        name,
        signature == null
            ? new Work.Command(
                command(keys.get("command"), path + ".command"),
                files(keys.get("files"), path + ".files"))
            : new Work.Builtin(signature.uses()),
        inputs,
        shell.outputs(),
        needs.isEmpty() ? List.of() : needs.stream().map(taskNames::get).toList(),
        Trigger.ALL_SUCCEEDED,
        when,
        null,
        null,
        null,
        retry(keys.get("retry"), path + ".retry"),
        keys.containsKey("timeout") ? duration(keys.get("timeout"), path + ".timeout") : null,
        null,
        Cache.OFF,
        0,
        Map.of(),
        env(keys.get("env"), path + ".env"),
        text(keys.get("image"), path + ".image"),
        resources(keys.get("resources"), path + ".resources"),
        false);
  }

  private void readNeeds(
      String name,
      Yaml.@Nullable Entry entry,
      String path,
      Map<String, Integer> order,
      Set<Integer> needs) {
    if (entry == null) {
      return;
    }
    for (var item : items(entry.value(), path)) {
      if (!(item instanceof ScalarNode scalar) || Yaml.nothing(item)) {
        violations.add(
            "WRONG_TYPE",
            "'needs' holds %s instead of a task's name".formatted(Yaml.word(item)),
            path,
            Yaml.place(item),
            null);
      } else if (!order.containsKey(scalar.getValue())) {
        violations.add(
            "UNKNOWN_TASK",
            "there is no task '%s'".formatted(Yaml.shorten(scalar.getValue())),
            path,
            Yaml.place(item),
            Expressions.suggestion(
                scalar.getValue(),
                order.keySet(),
                "The tasks are %s.".formatted(Scope.list(order.keySet()))));
      } else {
        depend(name, scalar.getValue(), path, Yaml.place(item), order, needs);
      }
    }
  }

  private void depend(
      String task,
      String needed,
      String path,
      Place at,
      Map<String, Integer> order,
      Set<Integer> needs) {
    if (task.equals(needed)) {
      violations.add(
          "SELF_REFERENCE",
          "the task '%s' needs itself".formatted(task),
          path,
          at,
          "Name another task.");
    } else {
      needs.add(order.get(needed));
    }
  }

  private @Nullable Value input(
      String name, Yaml.Entry entry, String path, BuiltinTasks.@Nullable Signature signature) {
    var at = Yaml.join(path, name);
    if (signature == null) {
      if (!goodName(INPUT, name, "input", at, entry.at())) {
        return null;
      }
      return value(entry.value(), at, null, "the input '%s'".formatted(name));
    }
    var input = signature.inputs().get(name);
    if (input == null) {
      violations.add(
          "UNKNOWN_INPUT",
          "%s has no input '%s'".formatted(signature.uses(), Yaml.shorten(name)),
          at,
          entry.at(),
          Expressions.suggestion(
              name,
              signature.inputs().keySet(),
              "Its inputs are %s.".formatted(Scope.list(signature.inputs().keySet()))));
      return null;
    }
    return value(
        entry.value(), at, input.type(), "the input '%s' of %s".formatted(name, signature.uses()));
  }

  private void requireInputs(String name, Shell shell, Map<String, Yaml.Entry> given, String path) {
    if (shell.signature() == null) {
      return;
    }
    var missing =
        shell.signature().inputs().entrySet().stream()
            .filter(input -> input.getValue().required() && !given.containsKey(input.getKey()))
            .map(Map.Entry::getKey)
            .toList();
    for (var input : missing) {
      violations.add(
          "MISSING_INPUT",
          "the task '%s' lacks the input '%s' of %s"
              .formatted(name, input, shell.signature().uses()),
          Yaml.join(path, input),
          shell.at(),
          "Add it under 'with': %s."
              .formatted(shell.signature().inputs().get(input).description()));
    }
  }

  /// Reads a value with the expressions in it.
  ///
  /// @param wanted null for any
  private @Nullable Value value(Node node, String path, @Nullable ValueType wanted, String what) {
    if (Yaml.text(node) && node instanceof ScalarNode scalar && scalar.getValue().contains("${{")) {
      return interpolated(scalar, path, wanted, what);
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
      return container(node, path, what);
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

  private @Nullable Value container(Node node, String path, String what) {
    boolean good = true;
    if (node instanceof SequenceNode list) {
      var values = new ArrayList<Value>();
      for (int i = 0; i < list.getValue().size(); i++) {
        var value = inner(list.getValue().get(i), path + "[" + i + "]", what);
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
      var value = inner(entry.getValue().value(), Yaml.join(path, entry.getKey()), what);
      good &= value != null;
      if (value != null) {
        values.put(entry.getKey(), value);
      }
    }
    boolean literal = values.values().stream().allMatch(Value.Literal.class::isInstance);
    return !good ? null : literal ? new Value.Literal(Yaml.json(node)) : new Value.Fields(values);
  }

  private @Nullable Value inner(Node node, String path, String what) {
    return Yaml.nothing(node)
        ? new Value.Literal(Yaml.json(node))
        : value(node, path, ValueType.JSON, what);
  }

  private @Nullable Value interpolated(
      ScalarNode scalar, String path, @Nullable ValueType wanted, String what) {
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
      var expression = expressions.check(piece.text(), path, i -> places.apply(piece.at() + i));
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

  private @Nullable Expression when(Yaml.@Nullable Entry entry, String path) {
    if (entry == null) {
      return null;
    }
    if (!(entry.value() instanceof ScalarNode scalar) || Yaml.nothing(entry.value())) {
      violations.add(
          "WRONG_TYPE",
          "'when' must be an expression, but is %s".formatted(Yaml.word(entry.value())),
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
              ? "'when' is not an expression: '%s'".formatted(Yaml.shorten(text))
              : "'when' must be one expression and nothing beside it",
          path,
          Yaml.place(scalar),
          "Write it as \"${{ … }}\".");
      return null;
    }
    var piece = written.getFirst();
    var expression = expressions.check(piece.text(), path, i -> places.apply(piece.at() + i));
    if (expression != null && !Scope.fits(ValueType.BOOL, expression.type())) {
      violations.add(
          "TYPE_MISMATCH",
          "'when' must be a bool, but %s gives %s"
              .formatted(Yaml.shorten(expression.source()), Scope.phrase(expression.type())),
          path,
          places.apply(piece.at() - 3),
          "Compare it with something.");
      return null;
    }
    return expression;
  }

  private static Set<String> tasksIn(Value value) {
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

  private List<String> command(Yaml.@Nullable Entry entry, String path) {
    if (entry == null) {
      return List.of();
    }
    var words = words(entry.value(), path, "command");
    if (words.isEmpty()
        && entry.value() instanceof SequenceNode list
        && list.getValue().isEmpty()) {
      violations.add(
          "VALUE_INVALID",
          "the command is empty",
          path,
          Yaml.place(entry.value()),
          "Write it as [program, argument, …].");
    }
    return words;
  }

  private List<String> files(Yaml.@Nullable Entry entry, String path) {
    if (entry == null) {
      return List.of();
    }
    var files = new ArrayList<String>();
    for (var item : items(entry.value(), path)) {
      if (!Yaml.text(item) || !(item instanceof ScalarNode scalar)) {
        violations.add(
            "WRONG_TYPE",
            "'files' holds %s instead of a path".formatted(Yaml.word(item)),
            path,
            Yaml.place(item),
            null);
      } else if (relative(scalar.getValue(), path, Yaml.place(item))) {
        files.add(scalar.getValue());
      }
    }
    return files;
  }

  private boolean relative(String file, String path, Place at) {
    var parts = List.of(file.split("/", -1));
    boolean good =
        !file.isBlank()
            && file.indexOf('\\') < 0
            && file.indexOf('\0') < 0
            && !file.matches("[A-Za-z]:.*")
            && parts.stream()
                .noneMatch(part -> part.isEmpty() || part.equals("..") || part.equals("."));
    if (!good) {
      violations.add(
          "VALUE_INVALID",
          "the path '%s' leaves the folder or is not plain".formatted(Yaml.shorten(file)),
          path,
          at,
          "Give a path below the folder, with '/' between the parts and without '..'.");
    }
    return good;
  }

  private Map<String, Env> env(Yaml.@Nullable Entry entry, String path) {
    var env = new LinkedHashMap<String, Env>();
    var entries = entry == null ? null : yaml.entries(entry.value(), path);
    if (entries == null) {
      return env;
    }
    entries.forEach((name, value) -> {
      var at = Yaml.join(path, name);
      if (!VARIABLE.matcher(name).matches() || name.startsWith("PIPEWRIGHT_")) {
        violations.add(
            "NAME_INVALID",
            "'%s' cannot be set as a variable".formatted(Yaml.shorten(name)),
            at,
            value.at(),
            "Use letters, digits and '_', and leave PIPEWRIGHT_… to Pipewright.");
      } else if (!(value.value() instanceof ScalarNode scalar) || Yaml.nothing(value.value())) {
        violations.add(
            "WRONG_TYPE",
            "the variable '%s' must be text, but is %s".formatted(name, Yaml.word(value.value())),
            at,
            Yaml.place(value.value()),
            null);
      } else if (plain(scalar, at)) {
        env.put(name, new Env.Text(scalar.getValue()));
      }
    });
    return env;
  }

  /// Expressions only go where values go: in a command or a variable they would invite injection.
  private boolean plain(ScalarNode scalar, String path) {
    if (!scalar.getValue().contains("${{")) {
      return true;
    }
    violations.add(
        "EXPRESSION_NOT_ALLOWED",
        "expressions are not evaluated in '%s'"
            .formatted(path.contains(".env.") ? "env" : Yaml.last(path)),
        path,
        Yaml.place(scalar),
        "Make it an input; the command reads it from $PIPEWRIGHT_INPUTS/<name>.");
    return false;
  }

  private Retry retry(Yaml.@Nullable Entry entry, String path) {
    var keys = entry == null ? null : yaml.entries(entry.value(), path);
    if (keys == null) {
      return Retry.NONE;
    }
    known(keys, RETRY_KEYS, path, "'retry'");
    var limit = whole(keys.get("limit"), path + ".limit", MOST_RETRIES);
    var backoff =
        keys.containsKey("backoff") ? duration(keys.get("backoff"), path + ".backoff") : null;
    return new Retry(
        limit == null ? 0 : limit,
        backoff == null ? Retry.BACKOFF : backoff,
        Retry.FACTOR,
        Retry.MAX_BACKOFF,
        Retry.JITTER,
        null,
        Retry.SYSTEM);
  }

  private Resources resources(Yaml.@Nullable Entry entry, String path) {
    var keys = entry == null ? null : yaml.entries(entry.value(), path);
    if (keys == null) {
      return Resources.ANY;
    }
    known(keys, RESOURCE_KEYS, path, "'resources'");
    Double cpu = null;
    if (keys.containsKey("cpu")) {
      var node = keys.get("cpu").value();
      var number = Yaml.json(node);
      if (number.isNumber() && number.doubleValue() > 0 && number.doubleValue() <= 10_000) {
        cpu = number.doubleValue();
      } else {
        violations.add(
            "VALUE_INVALID",
            "'cpu' must be a number above 0, but is %s".formatted(Yaml.word(node)),
            path + ".cpu",
            Yaml.place(node),
            "Give cores: 2 or 0.5.");
      }
    }
    String memory = null;
    if (keys.containsKey("memory")) {
      var node = keys.get("memory").value();
      if (node instanceof ScalarNode scalar && MEMORY.matcher(scalar.getValue()).matches()) {
        memory = scalar.getValue();
      } else {
        violations.add(
            "VALUE_INVALID",
            "'memory' is %s".formatted(Yaml.word(node)),
            path + ".memory",
            Yaml.place(node),
            "Give a quantity such as 512Mi or 4Gi.");
      }
    }
    return new Resources(
        cpu,
        memory,
        whole(keys.get("gpu"), path + ".gpu", 1024),
        text(keys.get("gpuType"), path + ".gpuType"),
        null);
  }

  private @Nullable Integer whole(Yaml.@Nullable Entry entry, String path, int most) {
    if (entry == null) {
      return null;
    }
    JsonNode number = Yaml.json(entry.value());
    if (number.isIntegralNumber() && number.longValue() >= 0 && number.longValue() <= most) {
      return number.intValue();
    }
    violations.add(
        "VALUE_INVALID",
        "'%s' is %s".formatted(Yaml.last(path), Yaml.word(entry.value())),
        path,
        Yaml.place(entry.value()),
        "Give a whole number from 0 to %,d.".formatted(most));
    return null;
  }

  private @Nullable Duration duration(Yaml.Entry entry, String path) {
    if (entry.value() instanceof ScalarNode scalar) {
      var matcher = DURATION.matcher(scalar.getValue());
      if (matcher.matches()) {
        long amount = Long.parseLong(matcher.group(1));
        var duration =
            switch (matcher.group(2)) {
              case "ms" -> Duration.ofMillis(amount);
              case "s" -> Duration.ofSeconds(amount);
              case "m" -> Duration.ofMinutes(amount);
              case "h" -> Duration.ofHours(amount);
              default -> Duration.ofDays(amount);
            };
        if (!duration.isZero() && duration.compareTo(Duration.ofDays(366)) <= 0) {
          return duration;
        }
      }
    }
    violations.add(
        "VALUE_INVALID",
        "'%s' is not a duration: %s".formatted(Yaml.last(path), Yaml.word(entry.value())),
        path,
        Yaml.place(entry.value()),
        "Write a number and a unit, up to 366d: 500ms, 10s, 5m, 1h, 2d.");
    return null;
  }

  private boolean bool(Yaml.@Nullable Entry entry, String path, boolean otherwise) {
    if (entry == null) {
      return otherwise;
    }
    var value = Yaml.json(entry.value());
    if (!value.isBoolean()) {
      violations.add(
          "WRONG_TYPE",
          "'%s' must be true or false, but is %s"
              .formatted(Yaml.last(path), Yaml.word(entry.value())),
          path,
          Yaml.place(entry.value()),
          null);
    }
    return value.asBoolean(otherwise);
  }

  /// A text, or null where there is none; anything but a text is reported.
  private @Nullable String text(Yaml.@Nullable Entry entry, String path) {
    if (entry == null) {
      return null;
    }
    if (Yaml.text(entry.value()) && entry.value() instanceof ScalarNode scalar) {
      return plain(scalar, path) ? scalar.getValue() : null;
    }
    violations.add(
        "WRONG_TYPE",
        "'%s' must be text, but is %s".formatted(Yaml.last(path), Yaml.word(entry.value())),
        path,
        Yaml.place(entry.value()),
        entry.value() instanceof ScalarNode && !Yaml.nothing(entry.value())
            ? "Put it in quotes."
            : null);
    return null;
  }

  private List<String> words(Node node, String path, String key) {
    var words = new ArrayList<String>();
    for (var item : items(node, path)) {
      if (!(item instanceof ScalarNode scalar) || Yaml.nothing(item)) {
        violations.add(
            "WRONG_TYPE",
            "'%s' holds %s instead of a word".formatted(key, Yaml.word(item)),
            path,
            Yaml.place(item),
            null);
      } else if (plain(scalar, path)) {
        words.add(scalar.getValue());
      }
    }
    return words;
  }

  private List<Node> items(Node node, String path) {
    if (node instanceof SequenceNode list) {
      return list.getValue();
    }
    violations.add(
        "WRONG_TYPE",
        "'%s' must be a list, but is %s".formatted(Yaml.last(path), Yaml.word(node)),
        path,
        Yaml.place(node),
        "Write it as [one, two].");
    return List.of();
  }

  private void known(
      Map<String, Yaml.Entry> entries, Collection<String> known, String path, String owner) {
    entries.forEach((key, entry) -> {
      if (!known.contains(key)) {
        violations.add(
            "UNKNOWN_KEY",
            "%s has no key '%s'".formatted(owner, Yaml.shorten(key)),
            Yaml.join(path, key),
            entry.at(),
            Expressions.suggestion(
                key,
                known,
                "The keys are %s.".formatted(known.stream().collect(Collectors.joining(", ")))));
      }
    });
  }

  private boolean goodName(Pattern pattern, String name, String what, String path, Place at) {
    if (pattern.matcher(name).matches() && !RESERVED.contains(name)) {
      return true;
    }
    violations.add(
        "NAME_INVALID",
        "'%s' cannot be the name of %s %s"
            .formatted(Yaml.shorten(name), what.matches("[aeiou].*") ? "an" : "a", what),
        path,
        at,
        RESERVED.contains(name)
            ? "The word means something in expressions; choose another."
            : pattern == NAME
                ? "Use lower-case letters, digits and '-', a letter first, at most 63."
                : "Use letters, digits and '_', a letter first, at most 63.");
    return false;
  }

  private static @Nullable String quoteHint(ValueType type, Node node) {
    return type == ValueType.STRING && node instanceof ScalarNode && !Yaml.nothing(node)
        ? "Put it in quotes."
        : null;
  }

  private void refuseCycles(Map<String, TaskSpec> tasks) {
    for (var cycle : Cycles.find(tasks)) {
      var first = cycle.getFirst();
      violations.add(
          "CYCLE",
          "the tasks wait for each other: %s → %s".formatted(shown(cycle), first),
          Yaml.join("tasks", first),
          shells.get(first).at(),
          "Remove one of these dependencies.");
    }
  }

  private static String shown(List<String> cycle) {
    return cycle.size() <= 20
        ? String.join(" → ", cycle)
        : String.join(" → ", cycle.subList(0, 10))
            + " → … %,d more … → ".formatted(cycle.size() - 15)
            + String.join(" → ", cycle.subList(cycle.size() - 5, cycle.size()));
  }

  private static List<String> with(List<String> keys, String... more) {
    return Stream.concat(Stream.of(more), keys.stream()).distinct().toList();
  }
}
