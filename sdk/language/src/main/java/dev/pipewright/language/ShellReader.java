package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.task.ValueType;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads what a document declares: params, and the tasks with their outputs.
final class ShellReader {
  /// How many calls may lie in each other.
  static final int MOST_DEPTH = 10;

  private static final Set<String> ANSWER = Set.of("approved", "by", "comment");
  private static final Table ANY_TASK =
      new Table(
          "",
          "a task",
          "",
          Table.TASKS.stream()
              .flatMap(table -> table.keys().stream())
              .filter(distinct(Kind.Key::name))
              .toList());

  private final Yaml yaml;
  private final @Nullable PipelineLookup lookup;
  private final Violations violations;
  private final Map<String, Optional<PipelineLookup.Signature>> called = new HashMap<>();

  ShellReader(Yaml yaml, @Nullable PipelineLookup lookup, Violations violations) {
    this.yaml = yaml;
    this.lookup = lookup;
    this.violations = violations;
  }

  /// @param unusable takes in the names of those that are declared wrongly
  Map<String, ParamSpec> params(Yaml.@Nullable Entry entry, Set<String> unusable) {
    var params = new LinkedHashMap<String, ParamSpec>();
    var entries =
        entry == null || Yaml.nothing(entry.value()) ? null : yaml.entries(entry.value(), "params");
    if (entries == null) {
      return params;
    }
    entries.forEach((name, declared) -> {
      var path = Yaml.join("params", name);
      boolean named = Section.goodName(Naming.PARAM, name, path, declared.at(), violations);
      var section = named ? section(Table.PARAM, declared, path) : null;
      var description = section == null ? null : section.text("description");
      var type = section == null ? null : type(section, name);
      if (type == null) {
        unusable.add(name);
      } else {
        params.put(name, new ParamSpec(type, otherwise(section, "param", name, type), description));
      }
    });
    return params;
  }

  private @Nullable JsonNode otherwise(Section section, String what, String name, ValueType type) {
    var otherwise = section.get("default");
    if (otherwise == null) {
      return null;
    }
    var value = Yaml.json(otherwise.value());
    if (value.isTextual() && value.asText().contains("${{")) {
      violations.add(
          "EXPRESSION_NOT_ALLOWED",
          "a default cannot be an expression",
          section.path("default"),
          Yaml.place(otherwise.value()),
          "Write the value out.");
    } else if (value.isNull() || !Params.fits(type, value)) {
      violations.add(
          "TYPE_MISMATCH",
          "the %s '%s' is %s, but its default is %s"
              .formatted(what, name, Params.article(type), Yaml.word(otherwise.value())),
          section.path("default"),
          Yaml.place(otherwise.value()),
          ValueReader.quoteHint(type, otherwise.value()));
    }
    return value;
  }

  private @Nullable ValueType type(Section section, String name) {
    if (!section.has("type")) {
      section.missing(
          "type",
          "'%s' has no type".formatted(name),
          "Add 'type: …', one of %s."
              .formatted(
                  String.join(", ", ((Kind.Choice) Table.PARAM.key("type").kind()).words())));
      return null;
    }
    var word = section.choice("type");
    for (var type : ValueType.values()) {
      if (type.word().equals(word)) {
        return type;
      }
    }
    return null;
  }

  /// A task's outside; null when it is not known what it would put out.
  @Nullable Shell shell(Yaml.Entry entry, String path, String name, boolean isFinally) {
    var keys = yaml.entries(entry.value(), path);
    if (keys == null) {
      return null;
    }
    var sorts =
        Table.TASKS.stream()
            .filter(table -> keys.containsKey(table.keys().getFirst().name()))
            .toList();
    if (sorts.size() != 1) {
      violations.add(
          "TASK_KIND",
          sorts.isEmpty()
              ? "the task '%s' has none of 'uses', 'command', 'pipeline' and 'approval'"
                  .formatted(name)
              : "the task '%s' has both '%s' and '%s'"
                  .formatted(
                      name,
                      sorts.get(0).keys().getFirst().name(),
                      sorts.get(1).keys().getFirst().name()),
          path,
          entry.at(),
          "Give one: 'uses' for a built-in task, 'command' for a program, 'pipeline' for a call, 'approval' for a person.");
      return unknown(
          Section.read(ANY_TASK, keys, path, entry.at(), violations),
          name,
          isFinally,
          new Work.Builtin(""));
    }
    var table = sorts.getFirst();
    var section = Section.read(table, keys, path, entry.at(), violations);
    return switch (table.id()) {
      case "uses" -> builtin(section, name, isFinally);
      case "command" ->
          new Shell(
              name,
              isFinally,
              section,
              null,
              outputs(section.get("outputs"), section.path("outputs")),
              false,
              false,
              null,
              null);
      case "call" -> call(section, name, isFinally);
      default -> approval(section, name, isFinally);
    };
  }

  /// Of a task whose inputs and outputs nobody knows, the rest can still be checked.
  private static Shell unknown(Section section, String name, boolean isFinally, Work work) {
    return new Shell(name, isFinally, section, null, Map.of(), true, false, work, null);
  }

  private @Nullable Shell builtin(Section section, String name, boolean isFinally) {
    var wanted = section.text("uses");
    if (wanted == null) {
      return null;
    }
    var signature = BuiltinTasks.find(wanted).orElse(null);
    if (signature == null) {
      var all = BuiltinTasks.all().keySet();
      violations.add(
          "UNKNOWN_USES",
          "there is no task '%s'".formatted(Yaml.shorten(wanted)),
          section.path("uses"),
          section.place("uses"),
          Expressions.suggestion(
              wanted, all, "The built-in tasks are %s.".formatted(String.join(", ", all))));
      return unknown(section, name, isFinally, new Work.Builtin(wanted));
    }
    var inputs = new LinkedHashMap<String, Shell.Input>();
    signature
        .inputs()
        .forEach((input, is) ->
            inputs.put(
                input, new Shell.Input(is.type(), is.required(), is.description(), is.choices())));
    return new Shell(
        name,
        isFinally,
        section,
        new Shell.Takes(signature.uses(), inputs),
        signature.outputs(),
        false,
        signature.impure(),
        new Work.Builtin(signature.uses()),
        null);
  }

  private @Nullable Shell call(Section section, String name, boolean isFinally) {
    var wanted =
        section.form(
            "pipeline", "Give a pipeline's name, or name@version with a version from 1: churn@3.");
    if (wanted == null) {
      return null;
    }
    var parts = Table.CALL.matcher(wanted);
    parts.matches();
    var pipeline = parts.group(1);
    var version = parts.group(2) == null ? null : Integer.valueOf(parts.group(2));
    if (lookup == null) {
      return unknown(section, name, isFinally, new Work.Call(pipeline, version));
    }
    var found = called.computeIfAbsent(wanted, _ -> lookup.find(pipeline, version));
    if (found.isEmpty()) {
      unknownPipeline(section, lookup, pipeline, version);
      return unknown(section, name, isFinally, new Work.Call(pipeline, version));
    }
    var signature = found.get();
    if (signature.depth() >= MOST_DEPTH) {
      violations.add(
          "CALLS_TOO_DEEP",
          "the pipeline '%s' calls pipelines that call pipelines, %d deep already"
              .formatted(wanted, signature.depth()),
          section.path("pipeline"),
          section.place("pipeline"),
          "Call the inner ones directly; at most %d calls may lie in each other."
              .formatted(MOST_DEPTH));
    }
    var inputs = new LinkedHashMap<String, Shell.Input>();
    signature
        .params()
        .forEach((param, spec) ->
            inputs.put(
                param,
                new Shell.Input(
                    spec.type(), spec.defaultValue() == null, spec.description(), List.of())));
    var outputs = new LinkedHashMap<String, TaskLaunch.Output>();
    signature
        .outputs()
        .forEach((output, type) -> outputs.put(output, new TaskLaunch.Output(type, null, true)));
    var work = new Work.Call(pipeline, signature.version());
    return new Shell(
        name,
        isFinally,
        section,
        new Shell.Takes("the pipeline '%s'".formatted(work.label()), inputs),
        outputs,
        false,
        false,
        work,
        null);
  }

  private void unknownPipeline(
      Section section, PipelineLookup lookup, String pipeline, @Nullable Integer version) {
    boolean otherVersion = version != null && lookup.find(pipeline, null).isPresent();
    violations.add(
        "UNKNOWN_PIPELINE",
        otherVersion
            ? "the pipeline '%s' has no version %d".formatted(pipeline, version)
            : "there is no pipeline '%s'".formatted(pipeline),
        section.path("pipeline"),
        section.place("pipeline"),
        otherVersion
            ? "Leave '@%d' out for the latest.".formatted(version)
            : Expressions.suggestion(pipeline, lookup.names(), "Apply that pipeline first."));
  }

  private @Nullable Shell approval(Section section, String name, boolean isFinally) {
    var entry = section.get("approval");
    var approval = section(Table.APPROVAL, entry, section.path("approval"));
    if (approval == null) {
      return null;
    }
    var outputs = new LinkedHashMap<String, TaskLaunch.Output>();
    outputs.put("approved", new TaskLaunch.Output(ValueType.BOOL, null, true));
    outputs.put("by", new TaskLaunch.Output(ValueType.STRING, null, true));
    outputs.put("comment", new TaskLaunch.Output(ValueType.STRING, null, true));
    var inputs = new LinkedHashMap<String, Work.Approval.Input>();
    var asked = approval.get("inputs");
    var path = approval.path("inputs");
    var entries = asked == null ? Map.<String, Yaml.Entry>of() : yaml.entries(asked.value(), path);
    if (entries == null) {
      return null;
    }
    entries.forEach((question, declared) -> {
      var at = Yaml.join(path, question);
      if (ANSWER.contains(question)) {
        violations.add(
            "NAME_INVALID",
            "'%s' is an output of every approval".formatted(question),
            at,
            declared.at(),
            "Choose another name.");
        return;
      }
      var keys =
          Section.goodName(Naming.QUESTION, question, at, declared.at(), violations)
              ? section(Table.QUESTION, declared, at)
              : null;
      var type = keys == null ? null : type(keys, question);
      if (type != null) {
        inputs.put(
            question,
            new Work.Approval.Input(
                type, otherwise(keys, "input", question, type), keys.text("description")));
      }
      outputs.put(
          question, new TaskLaunch.Output(type == null ? ValueType.JSON : type, null, true));
    });
    return new Shell(
        name,
        isFinally,
        section,
        null,
        outputs,
        false,
        true,
        null,
        new Shell.Questions(approval, inputs));
  }

  private Map<String, TaskLaunch.Output> outputs(Yaml.@Nullable Entry entry, String path) {
    var outputs = new LinkedHashMap<String, TaskLaunch.Output>();
    var entries = entry == null ? null : yaml.entries(entry.value(), path);
    if (entries == null) {
      return outputs;
    }
    entries.forEach((name, declared) -> {
      var at = Yaml.join(path, name);
      var section = section(Table.OUTPUT, declared, at);
      if (!Section.goodName(Naming.OUTPUT, name, at, declared.at(), violations)
          || section == null) {
        return;
      }
      var type = type(section, name);
      var file = section.text("path");
      if (file != null) {
        relative(file, section.path("path"), section.place("path"), violations);
      }
      outputs.put(
          name,
          new TaskLaunch.Output(
              type == null ? ValueType.JSON : type,
              file,
              !Boolean.FALSE.equals(section.flag("required"))));
    });
    return outputs;
  }

  private @Nullable Section section(Table table, Yaml.Entry entry, String path) {
    return Section.read(yaml, table, entry.value(), path, entry.at(), violations);
  }

  private static <T> java.util.function.Predicate<T> distinct(
      java.util.function.Function<T, ?> by) {
    var seen = new java.util.HashSet<Object>();
    return item -> seen.add(by.apply(item));
  }

  static boolean relative(String file, String path, Place at, Violations violations) {
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
}
