package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.orchestrator.run.RunSnapshot.AttemptSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import dev.pipewright.orchestrator.run.RunSnapshot.TrialMark;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A task of a run, or an instance of one, as the engine knows it while it decides: its row and its
/// newest attempt, who waits for it, and what its instances came to. It has no rules; it is the
/// common ground of those that [LiveRun] names.
final class LiveTask {
  final TaskSpec spec;
  final String name;
  final @Nullable LiveTask group;
  final int index;

  /// Declared tasks that need it, once for each time they name it.
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

  // Of a trial.
  @Nullable TrialMark trial;

  /// What counts of the metric that its study looks at.
  final TreeMap<Long, Double> points = new TreeMap<>();

  /// Its study has its attempt end, which is no failure.
  boolean leaving;

  /// How many of those that it needs have not ended.
  int unmet;

  // Of a group.
  final List<LiveTask> instances = new ArrayList<>(0);
  int active;
  int succeeded;
  int unsuccessful;

  /// All instances before it have been let go, or were when it was loaded.
  int next;

  /// Too many instances failed: the others are to stop.
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
      leaving = stopRequested && hasActiveAttempt() && group != null && spec.study() != null;
    }
    trial = row.trial();
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

  /// Forgets what is counted of others, which [#countInGroup] and the tasks it needs tell anew.
  void clearCounts() {
    unmet = 0;
    active = 0;
    succeeded = 0;
    unsuccessful = 0;
    next = 0;
    failing = false;
  }

  /// What an instance is to its group.
  void countInGroup() {
    var to = Objects.requireNonNull(group);
    switch (state) {
      case SUCCEEDED -> to.succeeded++;
      case FAILED, CANCELLED, SKIPPED, UPSTREAM_FAILED, PRUNED -> to.unsuccessful++;
      case PENDING -> {}
      case READY, RUNNING, RETRYING, WAITING -> to.active++;
    }
  }

  /// As it is stored.
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
                attemptId, attempt, Objects.requireNonNull(attemptState), stopRequested),
        trial);
  }
}
