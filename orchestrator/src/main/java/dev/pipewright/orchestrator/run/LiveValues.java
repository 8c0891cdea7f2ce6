package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.language.Values;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What the expressions of a run see: its params, the outputs of what has succeeded, and what
/// belongs to the place where an expression stands, such as the combination of a matrix. It reads
/// [LiveState] and changes nothing.
final class LiveValues {
  private final LiveState live;

  LiveValues(LiveState live) {
    this.live = live;
  }

  /// For what a task or one of its instances is made of.
  Values of(LiveTask task) {
    var values = Values.of(live.run.params(), live.outputs).withRun(run(task.spec.isFinally()));
    var group = task.group;
    if (group == null) {
      return values;
    }
    if (group.spec.loop() != null) {
      int at = task.position();
      return values.withLoop(loop(task.index, at > 0 ? group.instances.get(at - 1) : null));
    }
    if (group.spec.study() != null) {
      return values.withTrial(LiveStudies.trial(task));
    }
    var matrix = new HashMap<String, JsonNode>();
    if (task.item != null) {
      task.item.properties().forEach(field -> matrix.put(field.getKey(), field.getValue()));
    }
    matrix.put("index", Json.MAPPER.getNodeFactory().numberNode((long) task.index));
    return values.withMatrix(matrix);
  }

  /// For whether a loop goes on.
  Values afterIteration(LiveTask iteration) {
    return of(Objects.requireNonNull(iteration.group)).withLoop(loop(iteration.index, iteration));
  }

  /// For whether a task is tried again.
  Values ofFailure(LiveTask task, RunSnapshot.Ending ending) {
    return of(task).withFailure(failure(task, ending));
  }

  /// For the run's own outputs.
  Values ofRun() {
    return Values.of(live.run.params(), live.outputs).withRun(run(false));
  }

  private Map<String, JsonNode> run(boolean finallyTask) {
    var json = Json.MAPPER.getNodeFactory();
    var values = new HashMap<String, JsonNode>();
    values.put("id", json.textNode(live.run.id().toString()));
    values.put("number", json.numberNode(live.run.number()));
    values.put("name", json.textNode(live.run.spec().name()));
    var time = live.run.scheduledAt() != null ? live.run.scheduledAt() : live.startedAt;
    if (time != null) {
      values.put("scheduledAt", json.textNode(time.toString()));
    }
    if (finallyTask) {
      values.put("status", json.textNode(live.outcome().name()));
      var failed = json.arrayNode();
      live.failed().forEach(failed::add);
      values.put("failed", failed);
    }
    return values;
  }

  private static Map<String, JsonNode> loop(int iteration, @Nullable LiveTask last) {
    var json = Json.MAPPER.getNodeFactory();
    var loop = new HashMap<String, JsonNode>();
    loop.put("iteration", json.numberNode((long) iteration));
    if (last != null) {
      var made = json.objectNode();
      last.outputs.forEach(made::set);
      loop.put("outputs", made);
    }
    return loop;
  }

  private static Map<String, JsonNode> failure(LiveTask task, RunSnapshot.Ending ending) {
    var json = Json.MAPPER.getNodeFactory();
    var failure = new HashMap<String, JsonNode>();
    if (ending.exitCode() != null) {
      failure.put("exitCode", json.numberNode((long) ending.exitCode()));
    }
    failure.put("code", json.textNode(Objects.requireNonNullElse(ending.code(), "")));
    failure.put("message", json.textNode(Objects.requireNonNullElse(ending.message(), "")));
    failure.put("attempt", json.numberNode((long) task.attempt));
    return failure;
  }
}
