package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.tracking.v1.DatasetUsed;
import dev.pipewright.contract.tracking.v1.ParamsLogged;
import dev.pipewright.contract.tracking.v1.PipelineSource;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.contract.tracking.v1.RunStatus;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.run.RunStore.RunRow;
import dev.pipewright.platform.Outbox;
import java.time.Instant;
import org.jdbi.v3.core.Handle;

/// Tells the tracker about the pipeline run itself, which is the parent of its attempts' runs. The
/// attempts' own events come from their runners.
final class RunEvents {
  private static final String SOURCE = "orchestrator";

  private final Outbox outbox;

  RunEvents(Outbox outbox) {
    this.outbox = outbox;
  }

  void append(Handle tx, RunRow run, PipelineSpec spec, Changes changes, Instant now) {
    for (var move : changes.moves()) {
      if (move.from() == RunState.QUEUED || move.from().isTerminal()) {
        started(tx, run, spec, now);
      }
      if (move.to().isTerminal()) {
        var message = move.message();
        send(
            tx,
            run,
            now,
            RunEvent.newBuilder()
                .setRunFinished(
                    RunFinished.newBuilder()
                        .setStatus(status(move.to()))
                        .setMessage(message == null ? "" : message)));
      }
    }
  }

  private void started(Handle tx, RunRow run, PipelineSpec spec, Instant now) {
    send(
        tx,
        run,
        now,
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
    RunStore.values(run.params())
        .forEach((name, value) -> {
          var type = spec.params().get(name);
          if (type != null && type.type().isData()) {
            var data = data(value);
            params.putParams(name, data.name() + " " + data.digest());
            send(
                tx,
                run,
                now,
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
    send(tx, run, now, RunEvent.newBuilder().setParamsLogged(params));
  }

  private void send(Handle tx, RunRow run, Instant now, RunEvent.Builder event) {
    long number = outbox.nextNumber(tx);
    event
        .setRunId(run.trackedRunId())
        .setSource(SOURCE)
        .setSeq(number)
        .setAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()));
    outbox.append(tx, number, Topics.RUN_EVENTS, run.trackedRunId(), event.build());
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
