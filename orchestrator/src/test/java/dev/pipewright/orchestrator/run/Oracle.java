package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.language.Trigger;
import dev.pipewright.language.Values;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/// What a run must end as, worked out task by task from what each attempt comes to, as one would on
/// paper.
final class Oracle {
  private final PipelineSpec spec;
  private final long seed;
  private final Map<String, TaskState> states = new HashMap<>();
  private final Set<String> conditionFalse = new HashSet<>();
  private final Map<String, Map<String, JsonNode>> outputs = new HashMap<>();

  Oracle(PipelineSpec spec, long seed) {
    this.spec = spec;
    this.seed = seed;
  }

  /// What an attempt comes to.
  enum Outcome {
    SUCCEEDED,
    FAILED,
    LOST
  }

  /// The same whenever it is asked for.
  Outcome outcome(String task, int attempt) {
    return switch (new Random(Objects.hash(seed, task, attempt)).nextInt(10)) {
      case 0, 1 -> Outcome.FAILED;
      case 2 -> Outcome.LOST;
      default -> Outcome.SUCCEEDED;
    };
  }

  int output(String task) {
    return new Random(Objects.hash(seed, task)).nextInt(10);
  }

  RunState runState() {
    return spec.tasks().keySet().stream().anyMatch(task -> state(task) == TaskState.FAILED)
        ? RunState.FAILED
        : RunState.SUCCEEDED;
  }

  TaskState state(String name) {
    var known = states.get(name);
    if (known != null) {
      return known;
    }
    var task = Objects.requireNonNull(spec.tasks().get(name));
    task.needs().forEach(this::state);
    var state = work(task);
    states.put(name, state);
    return state;
  }

  private TaskState work(TaskSpec task) {
    var blocked = blocked(task);
    if (blocked != TaskState.READY) {
      return blocked;
    }
    if (task.when() != null) {
      try {
        if (!task.when().evaluate(Values.of(Map.of(), outputs)).asBoolean()) {
          conditionFalse.add(task.name());
          return TaskState.SKIPPED;
        }
      } catch (ProblemException e) {
        return TaskState.FAILED;
      }
    }
    boolean succeeded =
        task.matrix() != null
            ? matrix(task)
            : task.loop() != null ? loop(task) : attempts(task, task.name());
    if (!succeeded) {
      return TaskState.FAILED;
    }
    if (!task.isGroup()) {
      outputs.put(
          task.name(), Map.of("n", Json.MAPPER.getNodeFactory().numberNode(output(task.name()))));
    }
    return TaskState.SUCCEEDED;
  }

  /// READY where nothing keeps it from running.
  private TaskState blocked(TaskSpec task) {
    boolean failed = false;
    boolean skipped = false;
    boolean succeeded = false;
    for (var need : task.needs()) {
      var state = state(need);
      if (need.equals(task.elseOf())) {
        if (!conditionFalse.contains(need)) {
          return state == TaskState.UPSTREAM_FAILED ? TaskState.UPSTREAM_FAILED : TaskState.SKIPPED;
        }
        succeeded = true;
      } else {
        failed |= state == TaskState.FAILED || state == TaskState.UPSTREAM_FAILED;
        skipped |= state == TaskState.SKIPPED;
        succeeded |= state == TaskState.SUCCEEDED;
      }
    }
    if (task.trigger() == Trigger.ALL_ENDED) {
      return TaskState.READY;
    }
    if (failed) {
      return TaskState.UPSTREAM_FAILED;
    }
    boolean skips = task.trigger() == Trigger.ALL_SUCCEEDED ? skipped : skipped && !succeeded;
    return skips ? TaskState.SKIPPED : TaskState.READY;
  }

  private boolean attempts(TaskSpec task, String name) {
    int failures = 0;
    int losses = 0;
    for (int attempt = 1; ; attempt++) {
      switch (outcome(name, attempt)) {
        case SUCCEEDED -> {
          return true;
        }
        case FAILED -> {
          if (++failures > task.retry().limit()) {
            return false;
          }
        }
        case LOST -> {
          if (++losses > task.retry().system()) {
            return false;
          }
        }
      }
    }
  }

  private boolean matrix(TaskSpec task) {
    var matrix = Objects.requireNonNull(task.matrix());
    int all = matrix.axes().get("x").evaluate(Values.of(Map.of(), Map.of())).size();
    int succeeded = 0;
    for (int i = 0; i < all; i++) {
      succeeded += attempts(task, task.name() + "[" + i + "]") ? 1 : 0;
    }
    return succeeded >= matrix.minSuccess() * all;
  }

  private boolean loop(TaskSpec task) {
    var loop = Objects.requireNonNull(task.loop());
    for (int i = 1; i <= loop.limit(); i++) {
      if (!attempts(task, task.name() + "[" + i + "]")) {
        return false;
      }
      var values =
          Values.of(Map.of(), Map.of())
              .withLoop(Map.of("iteration", Json.MAPPER.getNodeFactory().numberNode((long) i)));
      if (loop.until().evaluate(values).asBoolean()) {
        return true;
      }
    }
    return loop.succeedAtLimit();
  }
}
