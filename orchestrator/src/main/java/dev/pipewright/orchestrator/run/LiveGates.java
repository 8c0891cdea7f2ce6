package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Trigger;
import dev.pipewright.language.Work;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/// What stands between a task and its beginning: what came of the tasks it needs, its condition,
/// and the person whom an approval asks. Each lets it through, keeps it waiting, or ends it as what
/// it then is.
final class LiveGates {
  private final LiveState live;
  private final LiveValues values;
  private final LiveAttempts attempts;
  private final LiveGroups groups;

  LiveGates(LiveState live, LiveValues values, LiveAttempts attempts, LiveGroups groups) {
    this.live = live;
    this.values = values;
    this.attempts = attempts;
    this.groups = groups;
  }

  /// All that the task needs has ended: it may start, or it never will.
  void release(LiveTask task) {
    if (live.stopping(task)) {
      live.cancel(task);
      return;
    }
    if (!allowed(task)) {
      return;
    }
    var when = task.spec.when();
    if (when != null) {
      try {
        if (!when.evaluate(values.of(task)).asBoolean()) {
          task.conditionFalse = true;
          live.end(task, TaskState.SKIPPED, "its condition is false: " + when.source());
          return;
        }
      } catch (ProblemException e) {
        live.end(
            task, TaskState.FAILED, "its condition cannot be evaluated: " + e.problem().detail());
        return;
      }
    }
    if (task.spec.isGroup()) {
      groups.begin(task);
    } else if (task.spec.work() instanceof Work.Approval approval) {
      ask(task, approval);
    } else {
      attempts.ready(task);
    }
  }

  /// Whether what came of the tasks that it needs lets it start; if not it has ended.
  private boolean allowed(LiveTask task) {
    String failed = null;
    String skipped = null;
    boolean succeeded = false;
    for (var need : task.spec.needs()) {
      var needed = Objects.requireNonNull(live.tasks.get(need));
      if (need.equals(task.spec.elseOf())) {
        if (needed.state != TaskState.SKIPPED || !needed.conditionFalse) {
          live.end(
              task,
              needed.state == TaskState.UPSTREAM_FAILED
                  ? TaskState.UPSTREAM_FAILED
                  : TaskState.SKIPPED,
              "it stands in for task '" + need + "', which is " + needed.state);
          return false;
        }
        succeeded = true;
        continue;
      }
      switch (needed.state) {
        case FAILED, UPSTREAM_FAILED, CANCELLED -> failed = failed == null ? need : failed;
        case SKIPPED -> skipped = skipped == null ? need : skipped;
        case SUCCEEDED -> succeeded = true;
        case PENDING, WAITING, READY, RUNNING, RETRYING, PRUNED ->
            throw new IllegalStateException(need + " has not ended");
      }
    }
    if (task.spec.trigger() == Trigger.ALL_ENDED) {
      return true;
    }
    if (failed != null) {
      live.end(task, TaskState.UPSTREAM_FAILED, "task '" + failed + "' did not succeed");
      return false;
    }
    if (skipped != null && (task.spec.trigger() == Trigger.ALL_SUCCEEDED || !succeeded)) {
      live.end(task, TaskState.SKIPPED, "task '" + skipped + "' was skipped");
      return false;
    }
    return true;
  }

  // Approvals ------------------------------------------------------------------------------------

  private void ask(LiveTask task, Work.Approval approval) {
    try {
      var message = approval.message().evaluate(values.of(task)).asText();
      live.move(task, TaskState.WAITING, message);
    } catch (ProblemException e) {
      live.end(task, TaskState.FAILED, "its message cannot be evaluated: " + e.problem().detail());
      return;
    }
    if (approval.deadline() != null) {
      live.due(task, live.now.plus(approval.deadline()));
    }
  }

  void approve(LiveTask task, Map<String, JsonNode> given, String by, String comment) {
    var json = Json.MAPPER.getNodeFactory();
    var made = new LinkedHashMap<String, JsonNode>();
    made.put("approved", json.booleanNode(true));
    made.put("by", json.textNode(by));
    made.put("comment", json.textNode(comment));
    made.putAll(given);
    live.succeed(task, made, "approved by " + by);
  }

  void reject(LiveTask task, String by, String comment) {
    live.end(
        task,
        TaskState.FAILED,
        "APPROVAL_REJECTED: %s said no%s".formatted(by, comment.isBlank() ? "" : ": " + comment));
  }

  /// Nobody answered in time.
  void unanswered(LiveTask task) {
    task.dueAt = null;
    var approval = (Work.Approval) task.spec.work();
    if (approval.approveOnDeadline()) {
      approve(task, defaults(approval), "nobody", "");
    } else {
      live.end(task, TaskState.FAILED, "APPROVAL_TIMEOUT: nobody answered in time");
    }
  }

  private static Map<String, JsonNode> defaults(Work.Approval approval) {
    var values = new LinkedHashMap<String, JsonNode>();
    approval
        .inputs()
        .forEach((name, input) -> {
          if (input.defaultValue() != null) {
            values.put(name, input.defaultValue());
          }
        });
    return values;
  }
}
