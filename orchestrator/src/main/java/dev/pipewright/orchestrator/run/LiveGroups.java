package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Matrix;
import dev.pipewright.language.Values;
import dev.pipewright.orchestrator.run.RunSnapshot.Measured;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The tasks that stand for several runs of the same work: the combinations of a matrix, of which
/// as many run at once as may, the iterations of a loop, one after the other, and the trials of a
/// study, for which it asks [LiveStudies]. It decides which instances there are, which of them go
/// next, and what the group comes to as they end.
final class LiveGroups {
  /// Of one matrix.
  static final int MOST_COMBINATIONS = 10_000;

  /// Of one run, with all instances.
  static final int MOST_TASKS = 200_000;

  private final LiveState live;
  private final LiveValues values;
  private final LiveAttempts attempts;
  private final LiveStudies studies;

  LiveGroups(LiveState live, LiveValues values, LiveAttempts attempts) {
    this.live = live;
    this.values = values;
    this.attempts = attempts;
    this.studies = new LiveStudies(live, attempts);
  }

  /// A group whose turn has come; one that was retried goes on with the instances it has.
  void begin(LiveTask group) {
    if (group.spec.matrix() != null) {
      expand(group, group.spec.matrix());
      return;
    }
    live.move(group, TaskState.RUNNING, null);
    if (group.spec.study() != null) {
      studies.fill(group);
    } else if (group.instances.isEmpty()) {
      iterate(group);
    } else {
      resume(group);
    }
  }

  /// What a trial has logged.
  void measured(Measured measured) {
    studies.measured(measured);
  }

  /// States were set back.
  void forget() {
    studies.forget();
  }

  void instanceEnded(LiveTask instance) {
    var group = Objects.requireNonNull(instance.group);
    if (group.active > 0) {
      group.active--;
    }
    if (instance.state == TaskState.SUCCEEDED) {
      group.succeeded++;
    } else if (instance.state.isTerminal()) {
      group.unsuccessful++;
    }
    if (group.state.isTerminal()) {
      return;
    }
    if (group.spec.loop() != null) {
      iterationEnded(group, instance);
    } else if (group.spec.study() != null) {
      studies.trialEnded(instance);
    } else {
      combinationEnded(group);
    }
  }

  // Matrices -------------------------------------------------------------------------------------

  private void expand(LiveTask task, Matrix matrix) {
    if (!task.instances.isEmpty()) {
      // Retried: what succeeded stays.
      live.move(task, TaskState.RUNNING, null);
      fill(task);
      return;
    }
    List<JsonNode> combinations;
    try {
      combinations = combinations(matrix, values.of(task));
    } catch (ProblemException e) {
      live.end(task, TaskState.FAILED, "its matrix cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (live.tasks.size() + combinations.size() > MOST_TASKS) {
      live.end(
          task,
          TaskState.FAILED,
          "MATRIX_TOO_LARGE: with its %,d combinations the run would have more than %,d tasks"
              .formatted(combinations.size(), MOST_TASKS));
      return;
    }
    live.move(task, TaskState.RUNNING, null);
    for (int i = 0; i < combinations.size(); i++) {
      live.create(task, i, combinations.get(i));
    }
    if (combinations.isEmpty()) {
      live.succeed(task, lists(task), "its matrix is empty");
    } else {
      fill(task);
    }
  }

  private static List<JsonNode> combinations(Matrix matrix, Values values) {
    var json = Json.MAPPER.getNodeFactory();
    var combinations = List.<JsonNode>of(json.objectNode());
    for (var axis : matrix.axes().entrySet()) {
      var list = axis.getValue().evaluate(values);
      if (!list.isArray()) {
        throw new ProblemException(
            ProblemCode.EXPRESSION_FAILED,
            "matrix.%s is no list, but %s".formatted(axis.getKey(), shorten(list.toString())));
      }
      if ((long) combinations.size() * list.size() > MOST_COMBINATIONS) {
        throw new ProblemException(
            ProblemCode.EXPRESSION_FAILED,
            "the matrix has more than %,d combinations".formatted(MOST_COMBINATIONS));
      }
      var more = new ArrayList<JsonNode>(combinations.size() * list.size());
      for (var combination : combinations) {
        for (var item : list) {
          var each = json.objectNode();
          combination.properties().forEach(field -> each.set(field.getKey(), field.getValue()));
          more.add(each.set(axis.getKey(), item));
        }
      }
      combinations = more;
    }
    return combinations;
  }

  private static String shorten(String text) {
    return text.length() <= 80 ? text : text.substring(0, 79) + "…";
  }

  /// Lets as many instances go as there may be at once.
  private void fill(LiveTask group) {
    var matrix = Objects.requireNonNull(group.spec.matrix());
    int most = matrix.maxParallel() == null ? Integer.MAX_VALUE : matrix.maxParallel();
    while (group.active < most && group.next < group.instances.size()) {
      var instance = group.instances.get(group.next++);
      if (instance.state == TaskState.PENDING) {
        group.active++;
        attempts.ready(instance);
      }
    }
  }

  private void combinationEnded(LiveTask group) {
    var matrix = Objects.requireNonNull(group.spec.matrix());
    int all = group.instances.size();
    int wanted = (int) Math.ceil(matrix.minSuccess() * all - 1e-9);
    if (!group.failing && all - group.unsuccessful < wanted) {
      group.failing = true;
      for (var instance : group.instances) {
        attempts.stop(instance);
      }
    }
    if (group.succeeded + group.unsuccessful < all) {
      if (!group.failing && !live.stopping(group)) {
        fill(group);
      }
      return;
    }
    if (group.succeeded >= wanted) {
      live.succeed(
          group,
          lists(group),
          group.unsuccessful == 0 ? null : "%d of %d succeeded".formatted(group.succeeded, all));
    } else if (live.stopping(group)) {
      live.cancel(group);
    } else {
      live.end(
          group,
          TaskState.FAILED,
          "%d of %d succeeded, but %d must".formatted(group.succeeded, all, wanted));
    }
  }

  /// Each output as the list of what the instances left, in their order; null where one failed.
  private static Map<String, JsonNode> lists(LiveTask group) {
    var json = Json.MAPPER.getNodeFactory();
    var lists = new LinkedHashMap<String, JsonNode>();
    for (var name : group.spec.outputs().keySet()) {
      var list = json.arrayNode(group.instances.size());
      for (var instance : group.instances) {
        var value = instance.outputs.get(name);
        list.add(value == null ? json.nullNode() : value);
      }
      lists.put(name, list);
    }
    return lists;
  }

  // Loops ----------------------------------------------------------------------------------------

  private void iterate(LiveTask group) {
    int number = group.instances.size() + 1;
    var instance = live.create(group, number, null);
    group.next = group.instances.size();
    group.active++;
    attempts.ready(instance);
  }

  /// Retried: goes on with the iteration that failed.
  private void resume(LiveTask group) {
    var last = group.instances.getLast();
    if (last.state == TaskState.PENDING) {
      group.active++;
      attempts.ready(last);
    } else {
      iterationEnded(group, last);
    }
  }

  private void iterationEnded(LiveTask group, LiveTask iteration) {
    var loop = Objects.requireNonNull(group.spec.loop());
    if (iteration.state == TaskState.CANCELLED) {
      live.cancel(group);
      return;
    }
    if (iteration.state != TaskState.SUCCEEDED) {
      live.end(group, TaskState.FAILED, "iteration %d failed".formatted(iteration.index));
      return;
    }
    boolean done;
    try {
      done = loop.until().evaluate(values.afterIteration(iteration)).asBoolean();
    } catch (ProblemException e) {
      live.end(
          group, TaskState.FAILED, "whether to go on cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (done) {
      live.succeed(group, iteration.outputs, "done after %d iterations".formatted(iteration.index));
    } else if (live.stopping(group)) {
      live.cancel(group);
    } else if (iteration.index < loop.limit()) {
      iterate(group);
    } else if (loop.succeedAtLimit()) {
      live.succeed(group, iteration.outputs, "its limit of %d iterations".formatted(loop.limit()));
    } else {
      live.end(
          group,
          TaskState.FAILED,
          "LOOP_LIMIT: not done after %d iterations".formatted(loop.limit()));
    }
  }
}
