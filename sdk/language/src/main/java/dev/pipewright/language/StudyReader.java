package dev.pipewright.language;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.ValueType;
import dev.pipewright.tune.NoPruner;
import dev.pipewright.tune.StudySpec;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/// Reads the study of a task. What may be in a search space the library knows; its errors get their
/// places here.
final class StudyReader {
  private static final int LONGEST_METRIC = 250;

  private final Yaml yaml;
  private final Violations violations;

  StudyReader(Yaml yaml, Violations violations) {
    this.yaml = yaml;
    this.violations = violations;
  }

  @Nullable TaskStudy read(Shell shell) {
    var entry = shell.section().get("study");
    var path = shell.section().path("study");
    var section = Section.read(yaml, Table.STUDY, entry.value(), path, entry.at(), violations);
    if (section == null) {
      return null;
    }
    for (var key : List.of("space", "objective", "trials")) {
      if (!section.has(key)) {
        section.missing(key, "the study has no '%s'".formatted(key), "Add '%s'.".formatted(key));
      }
    }
    var objective = objective(shell, section);
    var json = JsonNodeFactory.instance.objectNode();
    for (var key : List.of("space", "sampler", "pruner")) {
      if (section.has(key)) {
        json.set(key, Yaml.json(section.get(key).value()));
      }
    }
    var direction = section.choice("direction");
    var seed = section.whole("seed");
    var trials = section.whole("trials");
    var parallel = section.whole("parallel");
    json.putArray("objectives")
        .addObject()
        .put("name", objective == null ? "?" : objective)
        .put("direction", direction == null ? "minimize" : direction);
    json.put("seed", seed == null ? 0 : seed.intValue());
    json.put("maxTrials", trials == null ? 1 : trials.intValue());
    var metric = metric(shell, section);
    if (!section.has("space")) {
      return null;
    }
    try {
      var spec = StudySpec.read(json);
      return objective == null
          ? null
          : new TaskStudy(
              spec,
              spec.pruner() instanceof NoPruner ? null : metric == null ? objective : metric,
              parallel == null ? 1 : parallel,
              section.whole("maxFailed"));
    } catch (ProblemException e) {
      for (var error : e.problem().errors()) {
        var at = error.path() == null ? path : Yaml.join(path, error.path());
        violations.add(
            error.code(), error.message(), at, place(entry.value(), error.path()), error.remedy());
      }
      return null;
    }
  }

  /// What the pruner is to look at, where that is said.
  private @Nullable String metric(Shell shell, Section section) {
    if (section.has("pruner") && shell.section().has("pipeline")) {
      violations.add(
          "PRUNER_OF_CALL",
          "the trials of task '%s' are runs of a pipeline, which cannot be stopped early by a metric"
              .formatted(shell.name()),
          section.path("pruner"),
          section.place("pruner"),
          "Give the study to a task of that pipeline, or drop the pruner.");
    }
    if (section.has("metric") && !section.has("pruner")) {
      violations.add(
          "METRIC_WITHOUT_PRUNER",
          "'metric' is what a pruner looks at, and the study has none",
          section.path("metric"),
          section.place("metric"),
          "Add a pruner, such as 'pruner: median', or drop 'metric'.");
    }
    var metric = section.text("metric");
    if (metric != null && (metric.isBlank() || metric.length() > LONGEST_METRIC)) {
      violations.add(
          "VALUE_INVALID",
          "the name of a metric has 1 to %d characters".formatted(LONGEST_METRIC),
          section.path("metric"),
          section.place("metric"),
          "Name a metric that the task logs.");
    }
    return metric;
  }

  private @Nullable String objective(Shell shell, Section section) {
    var name = section.text("objective");
    if (name == null || shell.open()) {
      return name;
    }
    var output = shell.outputs().get(name);
    var path = section.path("objective");
    if (output == null) {
      violations.add(
          "UNKNOWN_OUTPUT",
          "the task has no output '%s'".formatted(name),
          path,
          section.place("objective"),
          Expressions.suggestion(
              name,
              shell.outputs().keySet(),
              "Its outputs are %s.".formatted(Scope.list(shell.outputs().keySet()))));
      return null;
    }
    if (output.type() != ValueType.DOUBLE && output.type() != ValueType.INT) {
      violations.add(
          "TYPE_MISMATCH",
          "the output '%s' is %s, which cannot be optimised".formatted(name, output.type().word()),
          path,
          section.place("objective"),
          "Name an output of type double or int.");
      return null;
    }
    for (var own : TaskStudy.OUTPUTS) {
      if (shell.outputs().containsKey(own)) {
        violations.add(
            "NAME_INVALID",
            "'%s' cannot be an output of a task with a study, which has one itself".formatted(own),
            path,
            section.place("objective"),
            "Rename it.");
      }
    }
    return name;
  }

  /// Where the deepest part of a path stands that the document has.
  private static Place place(Node node, @Nullable String path) {
    var at = node;
    var rest = path == null ? "" : path;
    while (!rest.isEmpty() && at instanceof MappingNode map) {
      Node next = null;
      for (var tuple : map.getValue()) {
        if (tuple.getKeyNode() instanceof ScalarNode key
            && (rest.equals(key.getValue()) || rest.startsWith(key.getValue() + "."))) {
          rest = rest.substring(Math.min(rest.length(), key.getValue().length() + 1));
          next = tuple.getValueNode();
          break;
        }
      }
      if (next == null) {
        break;
      }
      at = next;
    }
    return Yaml.place(at);
  }
}
