package dev.pipewright.language;

import dev.pipewright.contract.task.ValueType;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Walks a document twice: first for what it declares (params, and the tasks with their outputs),
/// then for what the tasks say, which may name anything declared.
final class PipelineReader {
  private final Violations violations;
  private final @Nullable PipelineLookup lookup;

  /// @param lookup null where no other pipelines are known
  PipelineReader(Violations violations, @Nullable PipelineLookup lookup) {
    this.violations = violations;
    this.lookup = lookup;
  }

  /// Null when nothing could be made of it.
  @Nullable PipelineSpec read(String source) {
    var document = Yaml.read(source, violations);
    var yaml = document.yaml();
    if (document.root() == null) {
      return null;
    }
    var root = document.root();
    var top = Section.read(yaml, Table.PIPELINE, root, "", Yaml.place(root), violations);
    if (top == null) {
      return null;
    }
    if (!top.has("name")) {
      top.missing("name", "the pipeline has no name", "Add 'name: …' at the top.");
    }
    var name = top.name("name");
    var reader = new ShellReader(yaml, lookup, violations);
    var unusableParams = new HashSet<String>();
    var params = reader.params(top.get("params"), unusableParams);
    var shells = new LinkedHashMap<String, Shell>();
    var tasks = new LinkedHashSet<String>();
    var finallyTasks = new LinkedHashSet<String>();
    if (!readShells(yaml, top, reader, shells, tasks, finallyTasks)) {
      return null;
    }
    var declared = TaskReader.Declared.of(tasks, finallyTasks);
    var scope = scope(params, unusableParams, shells, declared);
    var values = new ValueReader(yaml, new Expressions(scope, violations), violations);
    boolean cached = !Boolean.FALSE.equals(top.flag("cache"));
    var pools = new PoolReader(yaml, lookup == null ? null : lookup.pools(), violations);
    var taskReader = new TaskReader(yaml, values, shells, declared, cached, pools, violations);
    var specs = new LinkedHashMap<String, TaskSpec>();
    shells.forEach((task, shell) -> specs.put(task, taskReader.task(shell)));
    if (!refuseCycles(specs, shells)) {
      refuseUnreachable(specs, shells);
    }
    return new PipelineSpec(
        name == null ? "" : name,
        top.text("description"),
        params,
        outputs(yaml, top, values),
        specs,
        Objects.requireNonNullElse(top.whole("priority"), 0),
        top.span("timeout"),
        concurrency(yaml, top),
        retention(yaml, top));
  }

  /// False where there are none, or far too many.
  private boolean readShells(
      Yaml yaml,
      Section top,
      ShellReader reader,
      Map<String, Shell> shells,
      Set<String> tasks,
      Set<String> finallyTasks) {
    if (!top.has("tasks")) {
      top.missing("tasks", "the pipeline has no tasks", "Add 'tasks:' with at least one task.");
      return false;
    }
    var normal = yaml.entries(top.get("tasks").value(), "tasks");
    if (normal == null) {
      return false;
    }
    if (normal.isEmpty()) {
      violations.add(
          "MISSING_KEY",
          "the pipeline has no tasks",
          "tasks",
          top.get("tasks").at(),
          "Add at least one task.");
    }
    var last = top.get("finally");
    var after = last == null ? Map.<String, Yaml.Entry>of() : yaml.entries(last.value(), "finally");
    if (after == null) {
      after = Map.of();
    }
    if (normal.size() + after.size() > Table.MOST_TASKS) {
      violations.add(
          "TOO_MANY_TASKS",
          "the pipeline has %,d tasks; at most %,d are allowed"
              .formatted(normal.size() + after.size(), Table.MOST_TASKS),
          "tasks",
          top.get("tasks").at(),
          "Split it into several pipelines.");
      return false;
    }
    readShells(normal, "tasks", false, reader, shells, tasks);
    for (var task : after.entrySet()) {
      var before = normal.get(task.getKey());
      if (before != null) {
        violations.add(
            "DUPLICATE_KEY",
            "the task '%s' is there already, in line %d"
                .formatted(task.getKey(), before.at().line()),
            Yaml.join("finally", task.getKey()),
            task.getValue().at(),
            "Choose another name.");
      }
    }
    var others = new LinkedHashMap<>(after);
    others.keySet().removeAll(normal.keySet());
    readShells(others, "finally", true, reader, shells, finallyTasks);
    return true;
  }

  private void readShells(
      Map<String, Yaml.Entry> entries,
      String path,
      boolean isFinally,
      ShellReader reader,
      Map<String, Shell> shells,
      Set<String> names) {
    entries.forEach((name, entry) -> {
      var at = Yaml.join(path, name);
      Section.goodName(Naming.TASK, name, at, entry.at(), violations);
      var shell = reader.shell(entry, at, name, isFinally);
      names.add(name);
      if (shell != null) {
        shells.put(name, shell);
      }
    });
  }

  private static Scope scope(
      Map<String, ParamSpec> params,
      Set<String> unusableParams,
      Map<String, Shell> shells,
      TaskReader.Declared declared) {
    var types = new LinkedHashMap<String, ValueType>();
    params.forEach((param, spec) -> types.put(param, spec.type()));
    var outputs = new LinkedHashMap<String, Scope.Outputs>();
    var unusable = new HashSet<String>();
    for (var task : declared.names()) {
      var shell = shells.get(task);
      if (shell == null || !Naming.TASK.allows(task)) {
        unusable.add(task);
      }
      outputs.put(task, shell == null ? Scope.Outputs.of(Map.of()) : shell.seen());
    }
    return new Scope(types, outputs, unusableParams, unusable);
  }

  private Map<String, OutputSpec> outputs(Yaml yaml, Section top, ValueReader values) {
    var outputs = new LinkedHashMap<String, OutputSpec>();
    var entry = top.get("outputs");
    var entries = entry == null ? null : yaml.entries(entry.value(), "outputs");
    if (entries == null) {
      return outputs;
    }
    entries.forEach((name, written) -> {
      var path = Yaml.join("outputs", name);
      var expression =
          Section.goodName(Naming.OUTPUT, name, path, written.at(), violations)
              ? values.expression(written, Context.TASK, path, null)
              : null;
      if (expression != null) {
        outputs.put(
            name,
            new OutputSpec(Scope.valueType(expression.type()), new Value.Computed(expression)));
      }
    });
    return outputs;
  }

  private Concurrency concurrency(Yaml yaml, Section top) {
    var entry = top.get("concurrency");
    var section =
        entry == null
            ? null
            : Section.read(
                yaml, Table.CONCURRENCY, entry.value(), "concurrency", entry.at(), violations);
    if (section == null) {
      return Concurrency.ANY;
    }
    if (!section.has("policy")) {
      section.missing(
          "policy",
          "'concurrency' has no policy",
          "Add 'policy: …', one of %s.".formatted(String.join(", ", Table.POLICIES)));
    }
    var policy = section.choice("policy");
    var limit = section.whole("limit");
    if ("allow".equals(policy) && section.has("limit")) {
      section.conflict(
          "limit",
          "'allow' lets any number of runs go on at once, so 'limit' says nothing",
          "Remove it, or choose queue, forbid or replace.");
    }
    return policy == null || policy.equals("allow")
        ? Concurrency.ANY
        : new Concurrency(
            Concurrency.Policy.valueOf(policy.toUpperCase(java.util.Locale.ROOT)),
            Objects.requireNonNullElse(limit, 1));
  }

  private @Nullable Retention retention(Yaml yaml, Section top) {
    var entry = top.get("retention");
    var section =
        entry == null
            ? null
            : Section.read(
                yaml, Table.RETENTION, entry.value(), "retention", entry.at(), violations);
    if (section == null) {
      return null;
    }
    if (!section.has("keepLast") && !section.has("olderThan")) {
      section.missing(
          "keepLast",
          "'retention' does not say what is kept",
          "Add 'keepLast: 50', 'olderThan: 30d', or both.");
    }
    return new Retention(section.whole("keepLast"), section.span("olderThan"));
  }

  private void refuseUnreachable(Map<String, TaskSpec> tasks, Map<String, Shell> shells) {
    for (var unreachable : Reachability.find(tasks)) {
      var section = Objects.requireNonNull(shells.get(unreachable.task())).section();
      violations.add(
          "UNREACHABLE_TASK",
          "the task '%s' can never run: %s".formatted(unreachable.task(), unreachable.why()),
          section.path(),
          section.at(),
          unreachable.remedy());
    }
  }

  /// Whether there are any.
  private boolean refuseCycles(Map<String, TaskSpec> tasks, Map<String, Shell> shells) {
    var cycles = Cycles.find(tasks);
    for (var cycle : cycles) {
      var first = cycle.getFirst();
      var section = Objects.requireNonNull(shells.get(first)).section();
      violations.add(
          "CYCLE",
          "the tasks wait for each other: %s → %s".formatted(shown(cycle), first),
          section.path(),
          section.at(),
          "Remove one of these dependencies.");
    }
    return !cycles.isEmpty();
  }

  private static String shown(List<String> cycle) {
    return cycle.size() <= 20
        ? String.join(" → ", cycle)
        : String.join(" → ", cycle.subList(0, 10))
            + " → … %,d more … → ".formatted(cycle.size() - 15)
            + String.join(" → ", cycle.subList(cycle.size() - 5, cycle.size()));
  }
}
