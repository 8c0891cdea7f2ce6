package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.tracking.v1.DatasetUsed;
import dev.pipewright.contract.tracking.v1.ParamsLogged;
import dev.pipewright.contract.tracking.v1.PipelineSource;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.contract.tracking.v1.RunStatus;
import dev.pipewright.contract.tracking.v1.TagsSet;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.RunEventsOutbox;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import dev.pipewright.orchestrator.run.RunStore.RunRow;
import dev.pipewright.platform.Outbox;
import dev.pipewright.tune.TrialState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;

/// Tells the tracker about the pipeline run itself, which is the parent of its attempts' runs, and
/// why trials were stopped. The attempts' own events come from their runners.
final class RunEvents {
  private final Outbox outbox;

  RunEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  /// @return whether there is anything to send
  boolean append(Handle tx, RunRow run, PipelineSpec spec, Changes changes, Instant now) {
    var events = new ArrayList<RunEvent.Builder>();
    for (var move : changes.moves()) {
      if (move.from() == RunState.QUEUED || move.from().isTerminal()) {
        started(run, spec, events);
      }
      if (move.to().isTerminal()) {
        var message = move.message();
        events.add(
            RunEvent.newBuilder()
                .setRunFinished(
                    RunFinished.newBuilder()
                        .setStatus(status(move.to()))
                        .setMessage(message == null ? "" : message)));
      }
    }
    events.forEach(event -> event.setRunId(run.trackedRunId()));
    changes.updated().forEach(task -> stopped(task, events));
    if (!events.isEmpty()) {
      RunEventsOutbox.append(outbox, tx, events, now);
    }
    return !events.isEmpty();
  }

  /// A trial that has left early, for now or for good: its run says so, which else looks as if
  /// somebody had cancelled it.
  private static void stopped(TaskSnapshot task, List<RunEvent.Builder> events) {
    var attempt = task.attempt();
    var tag =
        task.trial() == null || attempt == null
            ? null
            : task.state() == TaskState.PRUNED
                ? "pipewright.pruned"
                : task.state() == TaskState.PENDING && task.trial().state() == TrialState.PAUSED
                    ? "pipewright.paused"
                    : null;
    if (tag != null && task.reason() != null) {
      events.add(
          RunEvent.newBuilder()
              .setRunId(Ids.runId("attempt", attempt.id().toString()))
              .setTagsSet(TagsSet.newBuilder().putTags(tag, task.reason())));
    }
  }

  private static void started(RunRow run, PipelineSpec spec, List<RunEvent.Builder> events) {
    events.add(
        RunEvent.newBuilder()
            .setRunStarted(
                RunStarted.newBuilder()
                    .setExperiment(spec.name())
                    .setName(spec.name() + " #" + run.number())
                    .setParentRunId(
                        run.parentRunId() == null ? "" : RunStore.trackedRun(run.parentRunId()))
                    .setPipeline(
                        PipelineSource.newBuilder()
                            .setPipeline(spec.name())
                            .setVersion(run.version())
                            .setPipelineRunId(run.id().toString()))));
    var params = ParamsLogged.newBuilder();
    StoredValues.values(run.params())
        .forEach((name, value) -> {
          var type = spec.params().get(name);
          if (type != null && type.type().isData()) {
            var data = data(value);
            params.putParams(name, data.name() + " " + data.digest());
            events.add(
                RunEvent.newBuilder()
                    .setDatasetUsed(
                        DatasetUsed.newBuilder()
                            .setName(data.name())
                            .setDigest(data.digest())
                            .setSize(data.size())
                            .setRole("input")
                            .setRows(-1)));
          } else {
            params.putParams(name, value.isTextual() ? value.textValue() : value.toString());
          }
        });
    if (params.getParamsCount() > 0) {
      events.add(RunEvent.newBuilder().setParamsLogged(params));
    }
  }

  private static RunStatus status(RunState state) {
    return switch (state) {
      case SUCCEEDED -> RunStatus.RUN_STATUS_FINISHED;
      case CANCELLED -> RunStatus.RUN_STATUS_KILLED;
      case FAILED -> RunStatus.RUN_STATUS_FAILED;
      case QUEUED, RUNNING -> throw new IllegalStateException(state + " is not an end");
    };
  }

  private static DataRef data(JsonNode value) {
    try {
      return Json.MAPPER.treeToValue(value, DataRef.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored reference is damaged", e);
    }
  }
}
