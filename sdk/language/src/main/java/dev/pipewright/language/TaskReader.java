package dev.pipewright.language;

import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.pipewright.contract.task.ValueType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// Reads what a task says, which may name anything that is declared.
final class TaskReader {
  private final Yaml yaml;
  private final ValueReader values;
  private final Map<String, Shell> shells;
  private final Declared declared;
  private final boolean cached;
  private final PoolReader pools;
  private final Violations violations;
  private long combinations;

  /// All names of tasks, those that could not be read too.
  ///
  /// @param order by name, from 0
  /// @param finallyFrom the first of `finally`
  record Declared(Map<String, Integer> order, List<String> names, int finallyFrom) {
    static Declared of(Set<String> tasks, Set<String> finallyTasks) {
      var all = new LinkedHashSet<>(tasks);
      all.addAll(finallyTasks);
      var order = new LinkedHashMap<String, Integer>();
      all.forEach(task -> order.put(task, order.size()));
      return new Declared(order, List.copyOf(all), tasks.size());
    }

    boolean isFinally(String task) {
      return order.getOrDefault(task, 0) >= finallyFrom;
    }
  }

  /// @param cached whether tasks are cached that do not say so themselves
  TaskReader(
      Yaml yaml,
      ValueReader values,
      Map<String, Shell> shells,
      Declared declared,
      boolean cached,
      PoolReader pools,
      Violations violations) {
    this.yaml = yaml;
    this.values = values;
    this.shells = shells;
    this.declared = declared;
    this.cached = cached;
    this.pools = pools;
    this.violations = violations;
  }

  TaskSpec task(Shell shell) {
    var section = shell.section();
    var needs = new TreeSet<Integer>();
    var base = shell.isFinally() ? Context.FINALLY : Context.TASK;
    needs(shell, needs);
    var elseOf = elseOf(shell, needs);
    var when = values.expression(section.get("when"), base, section.path("when"), ValueType.BOOL);
    needsOf(shell, when, "when", needs);
    refuseTogether(shell);
    var inner = base;
    var matrix = section.has("matrix") ? matrix(shell, base, needs) : null;
    if (matrix != null) {
      inner = base.withMatrix(matrix.types);
    }
    TaskLoop loop = null;
    if (section.has("loop")) {
      var outputs = new Scope.Outputs(shell.outputs(), false, false, shell.open());
      loop = loop(shell, base.withLoop(outputs, true), needs);
      inner = inner.withLoop(outputs, false);
    }
    TaskStudy study = null;
    if (section.has("study")) {
      study = new StudyReader(yaml, violations).read(shell);
      // where the space cannot be read, what names its params is not wrong too
      inner = inner.withTrial(study == null ? Set.of() : study.params());
    }
    var work = work(shell, base, needs);
    var inputs = inputs(shell, inner, needs);
    var retry = retry(shell, inner, needs);
    return new TaskSpec(
        shell.name(),
        work,
        inputs,
        shell.outputs(),
        needs.stream().map(declared.names::get).toList(),
        trigger(section),
        when,
        elseOf,
        matrix == null
            ? null
            : new Matrix(
                matrix.axes,
                section.whole("maxParallel"),
                Objects.requireNonNullElse(section.decimal("minSuccess"), 1.0)),
        loop,
        study,
        retry,
        section.span("timeout"),
        section.span("pendingTimeout"),
        cache(shell),
        Objects.requireNonNullElse(section.whole("priority"), 0),
        pools.read(section),
        env(section),
        section.text("image"),
        resources(section),
        shell.isFinally());
  }

  // What it waits for ----------------------------------------------------------------------------

  private void needs(Shell shell, Set<Integer> needs) {
    var section = shell.section();
    for (var item : section.items("needs")) {
      if (!(item instanceof ScalarNode scalar) || Yaml.nothing(item)) {
        section.wrongItem("needs", item, "a task's name");
      } else if (known(scalar.getValue(), section.path("needs"), Yaml.place(item))) {
        depend(shell, scalar.getValue(), section.path("needs"), Yaml.place(item), true, needs);
      }
    }
  }

  private boolean known(String task, String path, Place at) {
    if (declared.order.containsKey(task)) {
      return true;
    }
    violations.add(
        "UNKNOWN_TASK",
        "there is no task '%s'".formatted(Yaml.shorten(task)),
        path,
        at,
        Expressions.suggestion(
            task, declared.names, "The tasks are %s.".formatted(Scope.list(declared.names))));
    return false;
  }

  private @Nullable String elseOf(Shell shell, Set<Integer> needs) {
    var section = shell.section();
    var other = section.text("else");
    if (other == null || !known(other, section.path("else"), section.place("else"))) {
      return null;
    }
    depend(shell, other, section.path("else"), section.place("else"), true, needs);
    var condition = shells.get(other);
    if (condition != null && !condition.section().has("when")) {
      violations.add(
          "ELSE_WITHOUT_WHEN",
          "the task '%s' has no 'when' that could be false".formatted(other),
          section.path("else"),
          section.place("else"),
          "Give it a 'when', or name a task that has one.");
    }
    return other;
  }

  /// @param named whether the need is written down; else it is because outputs are used
  private void depend(
      Shell shell, String needed, String path, Place at, boolean named, Set<Integer> needs) {
    if (shell.name().equals(needed)) {
      violations.add(
          "SELF_REFERENCE",
          "the task '%s' needs itself".formatted(needed),
          path,
          at,
          shell.section().has("loop") && !named
              ? "The outputs of the iteration before are loop.outputs.<output>."
              : "Name another task.");
    } else if (declared.isFinally(needed) && !shell.isFinally()) {
      violations.add(
          "NEEDS_FINALLY",
          "the task '%s' runs after '%s': it is one of 'finally'".formatted(needed, shell.name()),
          path,
          at,
          "Move '%s' under 'tasks', or '%s' under 'finally'.".formatted(needed, shell.name()));
    } else if (named || !shell.isFinally() || declared.isFinally(needed)) {
      // What a task of `finally` uses of the others' outputs has ended anyway, well or not.
      needs.add(declared.order.get(needed));
    }
  }

  private void needsOf(
      Shell shell, @Nullable Expression expression, String key, Set<Integer> needs) {
    if (expression != null) {
      var section = shell.section();
      needsOf(shell, expression.tasks(), section.path(key), section.place(key), needs);
    }
  }

  private void needsOf(Shell shell, Set<String> tasks, String path, Place at, Set<Integer> needs) {
    var other = shell.section().get("else");
    for (var task : tasks) {
      if (other != null
          && other.value() instanceof ScalarNode name
          && name.getValue().equals(task)) {
        violations.add(
            "UNREACHABLE_OUTPUT",
            "'%s' was skipped when '%s' runs, so it has no outputs".formatted(task, shell.name()),
            path,
            at,
            "Use outputs of other tasks.");
      }
      depend(shell, task, path, at, false, needs);
    }
  }

  private static Trigger trigger(Section section) {
    var word = section.choice("trigger");
    for (var trigger : Trigger.values()) {
      if (trigger.word().equals(word)) {
        return trigger;
      }
    }
    return Trigger.ALL_SUCCEEDED;
  }

  // Again and again ------------------------------------------------------------------------------

  private void refuseTogether(Shell shell) {
    var section = shell.section();
    var several = Stream.of("matrix", "loop", "study").filter(section::has).toList();
    if (several.size() > 1) {
      section.conflict(
          several.get(1),
          "the task '%s' has both '%s' and '%s'"
              .formatted(shell.name(), several.get(0), several.get(1)),
          "Put one of them into a pipeline of its own and call that.");
    }
    if (!section.has("matrix")) {
      for (var key : List.of("maxParallel", "minSuccess")) {
        if (section.has(key)) {
          section.conflict(
              key,
              "'%s' says something of a 'matrix', but there is none".formatted(key),
              "Remove it, or add a 'matrix'.");
        }
      }
    }
    if (shell.isFinally()) {
      for (var key : List.of("matrix", "loop", "study")) {
        if (section.has(key)) {
          section.conflict(
              key,
              "a task of 'finally' cannot have a '%s'".formatted(key),
              "Put it into a pipeline of its own and call that.");
        }
      }
    }
  }

  /// @param types of the axes
  private record Axes(Map<String, Value> axes, Map<String, CelType> types) {}

  private Axes matrix(Shell shell, Context context, Set<Integer> needs) {
    var section = shell.section();
    var path = section.path("matrix");
    var axes = new LinkedHashMap<String, Value>();
    var types = new LinkedHashMap<String, CelType>();
    var entries = yaml.entries(section.get("matrix").value(), path);
    if (entries == null) {
      return new Axes(axes, types);
    }
    if (entries.isEmpty()) {
      violations.add(
          "VALUE_INVALID",
          "the matrix has no axis",
          path,
          section.place("matrix"),
          "Write it as {axis: [one, two]}.");
    }
    long literal = 1;
    for (var entry : entries.entrySet()) {
      var name = entry.getKey();
      var at = Yaml.join(path, name);
      var node = entry.getValue().value();
      types.put(name, SimpleType.DYN);
      if (name.equals("index")) {
        violations.add(
            "NAME_INVALID",
            "'index' cannot be the name of an axis",
            at,
            entry.getValue().at(),
            "matrix.index is there already: it counts the combinations. Choose another name.");
        continue;
      }
      if (!Section.goodName(Naming.AXIS, name, at, entry.getValue().at(), violations)) {
        continue;
      }
      var value = axis(name, entry.getValue(), context, at);
      if (node instanceof SequenceNode list) {
        literal = Math.min(Integer.MAX_VALUE, literal * list.getValue().size());
      }
      if (value != null) {
        axes.put(name, value);
        if (ValueReader.type(value) instanceof ListType list) {
          types.put(name, list.elemType());
        }
        needsOf(shell, ValueReader.tasksIn(value), at, Yaml.place(node), needs);
      }
    }
    tooMany(shell, literal);
    return new Axes(axes, types);
  }

  private @Nullable Value axis(String name, Yaml.Entry entry, Context context, String path) {
    var node = entry.value();
    if (node instanceof SequenceNode list) {
      if (list.getValue().isEmpty()) {
        violations.add(
            "VALUE_INVALID",
            "the axis '%s' is empty, so the task would never run".formatted(name),
            path,
            Yaml.place(node),
            "Give it a value.");
      }
      return values.value(node, context, path, null, "the axis '%s'".formatted(name));
    }
    if (!(node instanceof ScalarNode scalar) || !scalar.getValue().contains("${{")) {
      violations.add(
          "WRONG_TYPE",
          "the axis '%s' must be a list, but is %s".formatted(name, Yaml.word(node)),
          path,
          Yaml.place(node),
          "Write it as [one, two], or as an expression that gives a list.");
      return null;
    }
    var expression = values.expression(entry, context, path, null);
    if (expression == null) {
      return null;
    }
    var kind = expression.type().kind();
    if (kind != CelKind.LIST && kind != CelKind.DYN) {
      violations.add(
          "TYPE_MISMATCH",
          "the axis '%s' must be a list, but %s gives %s"
              .formatted(name, Yaml.shorten(expression.source()), Scope.phrase(expression.type())),
          path,
          Yaml.place(node),
          "Give an expression of a list, such as [${{ … }}].");
      return null;
    }
    return new Value.Computed(expression);
  }

  private void tooMany(Shell shell, long literal) {
    var section = shell.section();
    if (literal > Table.MOST_COMBINATIONS) {
      violations.add(
          "MATRIX_TOO_LARGE",
          "the matrix has more than %,d combinations".formatted(Table.MOST_COMBINATIONS),
          section.path("matrix"),
          section.place("matrix"),
          "Leave some values out, or call a pipeline with a matrix of its own.");
      return;
    }
    boolean before = combinations <= Table.MOST_TASKS;
    combinations += literal;
    if (before && combinations > Table.MOST_TASKS) {
      violations.add(
          "TOO_MANY_TASKS",
          "with this one, the matrices of the pipeline have more than %,d combinations"
              .formatted(Table.MOST_TASKS),
          section.path("matrix"),
          section.place("matrix"),
          "Split it into several pipelines.");
    }
  }

  private @Nullable TaskLoop loop(Shell shell, Context context, Set<Integer> needs) {
    var loop = part(Table.LOOP, shell.section(), "loop");
    if (loop == null) {
      return null;
    }
    if (!loop.has("until")) {
      loop.missing("until", "the loop has no 'until'", "Add 'until: \"${{ … }}\"'.");
    }
    var until = values.expression(loop.get("until"), context, loop.path("until"), ValueType.BOOL);
    var limit = loop.whole("limit");
    var onLimit = loop.choice("onLimit");
    if (until == null) {
      return null;
    }
    needsOf(shell, until.tasks(), loop.path("until"), loop.place("until"), needs);
    return new TaskLoop(until, limit == null ? TaskLoop.LIMIT : limit, "succeed".equals(onLimit));
  }

  // What it does ---------------------------------------------------------------------------------

  private Work work(Shell shell, Context context, Set<Integer> needs) {
    var section = shell.section();
    if (shell.work() != null) {
      return shell.work();
    }
    if (shell.approval() != null) {
      return approval(shell, shell.approval(), context, needs);
    }
    var words = section.scalars("command", "a word");
    if (words.isEmpty() && section.get("command").value() instanceof SequenceNode list) {
      if (list.getValue().isEmpty()) {
        violations.add(
            "VALUE_INVALID",
            "the command is empty",
            section.path("command"),
            section.place("command"),
            "Write it as [program, argument, …].");
      }
    }
    return new Work.Command(words, files(section));
  }

  private List<String> files(Section section) {
    var files = new ArrayList<String>();
    for (var item : section.items("files")) {
      if (!Yaml.text(item) || !(item instanceof ScalarNode scalar)) {
        section.wrongItem("files", item, "a path");
      } else if (ShellReader.relative(
          scalar.getValue(), section.path("files"), Yaml.place(item), violations)) {
        files.add(scalar.getValue());
      }
    }
    return files;
  }

  private Work approval(
      Shell shell, Shell.Questions questions, Context context, Set<Integer> needs) {
    var approval = questions.section();
    var entry = approval.get("message");
    Value message = null;
    if (entry == null) {
      approval.missing(
          "message", "the approval has no message", "Add 'message: …', what is to be approved.");
    } else {
      var path = approval.path("message");
      message = values.value(entry.value(), context, path, ValueType.STRING, "the message");
      if (message != null) {
        needsOf(shell, ValueReader.tasksIn(message), path, Yaml.place(entry.value()), needs);
      }
    }
    var deadline = approval.span("deadline");
    var onDeadline = approval.choice("onDeadline");
    if (onDeadline != null && !approval.has("deadline")) {
      approval.conflict(
          "onDeadline",
          "'onDeadline' says what happens at a 'deadline', but there is none",
          "Add a 'deadline', or remove it.");
    }
    boolean approve = "approve".equals(onDeadline);
    if (approve) {
      for (var input : questions.inputs().entrySet()) {
        if (input.getValue().defaultValue() == null) {
          approval.conflict(
              "onDeadline",
              "nobody would give the input '%s', which has no default".formatted(input.getKey()),
              "Give it a default, or let the deadline fail.");
        }
      }
    }
    return new Work.Approval(
        message == null ? new Value.Template(List.of()) : message,
        questions.inputs(),
        deadline,
        approve);
  }

  private Map<String, Value> inputs(Shell shell, Context context, Set<Integer> needs) {
    var section = shell.section();
    var key = shell.work() == null ? "inputs" : "with";
    var path = section.path(key);
    var inputs = new LinkedHashMap<String, Value>();
    var entry = shell.approval() == null ? section.get(key) : null;
    var given = entry == null ? Map.<String, Yaml.Entry>of() : yaml.entries(entry.value(), path);
    if (given == null) {
      return inputs;
    }
    given.forEach((input, written) -> {
      var value = input(shell, input, written, context, Yaml.join(path, input));
      if (value != null) {
        inputs.put(input, value);
        needsOf(
            shell,
            ValueReader.tasksIn(value),
            Yaml.join(path, input),
            Yaml.place(written.value()),
            needs);
      }
    });
    if (shell.takes() != null) {
      requireInputs(shell, shell.takes(), given, path);
    }
    return inputs;
  }

  private @Nullable Value input(
      Shell shell, String name, Yaml.Entry entry, Context context, String path) {
    var takes = shell.takes();
    if (takes == null) {
      // What a called pipeline takes is a param's name.
      var naming = shell.work() == null ? Naming.INPUT : Naming.PARAM;
      return Section.goodName(naming, name, path, entry.at(), violations)
          ? values.value(entry.value(), context, path, null, "the input '%s'".formatted(name))
          : null;
    }
    var input = takes.inputs().get(name);
    if (input == null) {
      var known = takes.inputs().keySet();
      violations.add(
          "UNKNOWN_INPUT",
          "%s has no input '%s'".formatted(takes.label(), Yaml.shorten(name)),
          path,
          entry.at(),
          Expressions.suggestion(name, known, "Its inputs are %s.".formatted(Scope.list(known))));
      return null;
    }
    var what = "the input '%s' of %s".formatted(name, takes.label());
    var value = values.value(entry.value(), context, path, input.type(), what);
    if (value instanceof Value.Literal(var literal)
        && !input.choices().isEmpty()
        && !input.choices().contains(literal.asText())) {
      violations.add(
          "VALUE_INVALID",
          "%s is '%s'".formatted(what, Yaml.shorten(literal.asText())),
          path,
          Yaml.place(entry.value()),
          Expressions.suggestion(
              literal.asText(),
              input.choices(),
              "It can be %s.".formatted(Scope.list(input.choices()))));
      return null;
    }
    return value;
  }

  private void requireInputs(
      Shell shell, Shell.Takes takes, Map<String, Yaml.Entry> given, String path) {
    takes
        .inputs()
        .forEach((name, input) -> {
          if (input.required() && !given.containsKey(name)) {
            violations.add(
                "MISSING_INPUT",
                "the task '%s' lacks the input '%s' of %s"
                    .formatted(shell.name(), name, takes.label()),
                Yaml.join(path, name),
                shell.section().at(),
                "Add it under 'with': %s."
                    .formatted(
                        input.description() == null
                            ? Params.article(input.type())
                            : input.description()));
          }
        });
  }

  // How it runs ----------------------------------------------------------------------------------

  private Retry retry(Shell shell, Context context, Set<Integer> needs) {
    var retry = part(Table.RETRY, shell.section(), "retry");
    if (retry == null) {
      return Retry.NONE;
    }
    var limit = retry.whole("limit");
    var backoff = retry.span("backoff");
    var maxBackoff = retry.span("maxBackoff");
    if (backoff != null && maxBackoff != null && backoff.compareTo(maxBackoff) > 0) {
      violations.add(
          "VALUE_INVALID",
          "'maxBackoff' is shorter than 'backoff'",
          retry.path("maxBackoff"),
          retry.place("maxBackoff"),
          "Make it as long at least.");
    }
    var when =
        values.expression(
            retry.get("when"), context.withFailure(), retry.path("when"), ValueType.BOOL);
    if (when != null) {
      needsOf(shell, when.tasks(), retry.path("when"), retry.place("when"), needs);
    }
    return new Retry(
        Objects.requireNonNullElse(limit, 0),
        Objects.requireNonNullElse(backoff, Retry.BACKOFF),
        Objects.requireNonNullElse(retry.decimal("factor"), Retry.FACTOR),
        Objects.requireNonNullElse(maxBackoff, Retry.MAX_BACKOFF),
        Objects.requireNonNullElse(retry.decimal("jitter"), Retry.JITTER),
        when,
        Objects.requireNonNullElse(retry.whole("system"), Retry.SYSTEM));
  }

  /// On by itself for what has outputs and does nothing else.
  private Cache cache(Shell shell) {
    var section = shell.section();
    boolean impure = Boolean.TRUE.equals(section.flag("impure"));
    var entry = section.get("cache");
    Boolean wanted = null;
    Duration maxAge = null;
    if (entry != null && entry.value() instanceof MappingNode) {
      var part = part(Table.CACHE, section, "cache");
      maxAge = part == null ? null : part.span("maxAge");
      wanted = true;
      if (part != null && !part.has("maxAge")) {
        part.missing("maxAge", "'cache' has no 'maxAge'", "Write it as {maxAge: 7d}, or as true.");
      }
    } else if (entry != null) {
      wanted = section.flag("cache");
    }
    boolean none = shell.outputs().isEmpty();
    if (Boolean.TRUE.equals(wanted) && (impure || shell.impure() || none)) {
      section.conflict(
          "cache",
          none
              ? "the task '%s' leaves no outputs that could be taken again".formatted(shell.name())
              : "the task '%s' does something beside its outputs, so it is never cached"
                  .formatted(shell.name()),
          none ? "Declare outputs, or remove 'cache'." : "Remove 'cache'.");
    }
    boolean possible = shell.work() == null || shell.work() instanceof Work.Builtin;
    if (!possible
        || impure
        || shell.impure()
        || none
        || !Objects.requireNonNullElse(wanted, cached)) {
      return Cache.OFF;
    }
    return maxAge == null ? Cache.ON : new Cache(true, maxAge);
  }

  private Map<String, Env> env(Section section) {
    var env = new LinkedHashMap<String, Env>();
    var entry = section.get("env");
    var path = section.path("env");
    var entries = entry == null ? null : yaml.entries(entry.value(), path);
    if (entries == null) {
      return env;
    }
    entries.forEach((name, value) -> {
      var at = Yaml.join(path, name);
      if (!Section.goodName(Naming.VARIABLE, name, at, value.at(), violations)) {
        return;
      }
      if (value.value() instanceof MappingNode node) {
        var part = Section.read(yaml, Table.SECRET, node, at, value.at(), violations);
        if (part != null && !part.has("secret")) {
          part.missing(
              "secret", "'%s' names no secret".formatted(name), "Write it as {secret: NAME}.");
        }
        var secret = part == null ? null : part.name("secret");
        if (secret != null) {
          env.put(name, new Env.Secret(secret));
        }
      } else if (!(value.value() instanceof ScalarNode scalar) || Yaml.nothing(value.value())) {
        violations.add(
            "WRONG_TYPE",
            "the variable '%s' must be text, but is %s".formatted(name, Yaml.word(value.value())),
            at,
            Yaml.place(value.value()),
            "Write it as text, or as {secret: NAME}.");
      } else if (Section.plain(scalar, at, violations)) {
        env.put(name, new Env.Text(scalar.getValue()));
      }
    });
    return env;
  }

  private Resources resources(Section section) {
    var resources = part(Table.RESOURCES, section, "resources");
    return resources == null
        ? Resources.ANY
        : new Resources(
            resources.decimal("cpu"),
            resources.form("memory", "Give a quantity such as 512Mi or 4Gi."),
            resources.whole("gpu"),
            resources.text("gpuType"),
            resources.whole("nodes"));
  }

  /// A map below a key; null where there is none, or something else.
  private @Nullable Section part(Table table, Section section, String key) {
    var entry = section.get(key);
    return entry == null
        ? null
        : Section.read(yaml, table, entry.value(), section.path(key), entry.at(), violations);
  }
}
