package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.orchestrator.run.RunSnapshot.AttemptSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A task or an instance of one, while it is being decided on.
final class LiveTask {
  final TaskSpec spec;
  final String name;
  final @Nullable LiveTask group;
  final int index;
  final List<LiveTask> successors = new ArrayList<>(2);
  @Nullable JsonNode item;
  TaskState state;
  @Nullable String reason;
  boolean conditionFalse;
  int userFailures;
  int systemFailures;
  @Nullable Instant dueAt;
  Map<String, JsonNode> outputs;
  int attempt;
  @Nullable UUID attemptId;
  @Nullable AttemptState attemptState;
  boolean stopRequested;
  int unmet;

  // Of a group.
  final List<LiveTask> instances = new ArrayList<>(0);
  int active;
  int succeeded;
  int unsuccessful;

  /// All instances before it have been let go, or were when it was loaded.
  int next;

  boolean failing;

  LiveTask(TaskSpec spec, TaskSnapshot row, @Nullable LiveTask group) {
    this.spec = spec;
    this.group = group;
    name = row.name();
    index = row.index();
    item = row.item();
    state = row.state();
    reason = row.reason();
    conditionFalse = row.conditionFalse();
    userFailures = row.userFailures();
    systemFailures = row.systemFailures();
    dueAt = row.dueAt();
    outputs = row.outputs();
    var newest = row.attempt();
    if (newest != null) {
      attempt = newest.number();
      attemptId = newest.id();
      attemptState = newest.state();
      stopRequested = newest.stopRequested();
    }
  }

  /// In its group: combinations count from 0, iterations from 1.
  int position() {
    return spec.loop() == null ? index : index - 1;
  }

  boolean isDeclared() {
    return group == null;
  }

  boolean hasActiveAttempt() {
    return attemptState != null && !attemptState.isTerminal();
  }

  TaskSnapshot row() {
    return new TaskSnapshot(
        name,
        group == null ? null : group.name,
        index,
        item,
        state,
        reason,
        conditionFalse,
        outputs,
        userFailures,
        systemFailures,
        dueAt,
        attemptId == null
            ? null
            : new AttemptSnapshot(
                attemptId, attempt, Objects.requireNonNull(attemptState), stopRequested));
  }
}
