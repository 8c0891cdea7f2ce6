package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.language.Concurrency;
import dev.pipewright.language.Params;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import dev.pipewright.orchestrator.run.RunStore.Kind;
import dev.pipewright.orchestrator.run.RunStore.NewRun;
import dev.pipewright.orchestrator.run.RunStore.Reused;
import dev.pipewright.orchestrator.run.RunStore.Started;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Starts runs, for whoever asks: people, schedules, events, earlier runs.
@ApplicationScoped
public class RunStarter {
  private final Db db;
  private final RunStore runs;
  private final PipelineStore pipelines;
  private final DataParams dataParams;
  private final RunLoop loop;
  private final Clock clock;

  RunStarter(
      Db db,
      RunStore runs,
      PipelineStore pipelines,
      DataParams dataParams,
      RunLoop loop,
      Clock clock) {
    this.db = db;
    this.runs = runs;
    this.pipelines = pipelines;
    this.dataParams = dataParams;
    this.loop = loop;
    this.clock = clock;
  }

  /// A run that somebody wants.
  ///
  /// @param version null for the latest
  /// @param params by name; what is left out has its default
  /// @param priority added to the pipeline's own
  /// @param scheduledAt the time it is for; null for now
  /// @param origin what wants it, such as `{"by": "schedule", "schedule": "nightly"}`
  /// @param idempotencyKey a second request with the same one is answered with the first one's run
  public record Request(
      String pipeline,
      @Nullable Integer version,
      Map<String, JsonNode> params,
      int priority,
      @Nullable Instant scheduledAt,
      Map<String, ?> origin,
      @Nullable String idempotencyKey) {}

  /// What came of a request.
  ///
  /// @param created false for a repeated request
  public record Outcome(UUID run, boolean created) {}

  /// @throws ProblemException PIPELINE_NOT_FOUND, PARAMS_INVALID, RUN_FORBIDDEN,
  ///   IDEMPOTENCY_KEY_REUSED
  public Outcome start(Request request) {
    return start(request, Map.of());
  }

  /// @param reused by task, what this run takes over instead of running the task
  Outcome start(Request request, Map<String, Reused> reused) {
    var version = pipelines.version(request.pipeline, request.version);
    for (var value : request.params.values()) {
      if (value.toString().contains("\\u0000")) {
        throw new ProblemException(
            ProblemCode.BAD_REQUEST, "A param holds a NUL character, which cannot be kept.");
      }
    }
    var params = dataParams.store(version.spec(), Params.resolve(version.spec(), request.params));
    var now = clock.instant();
    var run =
        new NewRun(
            Ids.uuid7(now.toEpochMilli()),
            version.spec(),
            version.version(),
            params,
            request.priority,
            request.scheduledAt,
            request.origin,
            reused,
            null,
            request.idempotencyKey,
            Digests.of(request.pipeline + request.version + request.params + request.priority));
    var replaced = new ArrayList<UUID>();
    Started started =
        db.inTransaction(tx -> {
          makeRoom(tx, run, replaced);
          return runs.create(tx, run, now);
        });
    replaced.forEach(loop::look);
    loop.look(started.id());
    return new Outcome(started.id(), started.created());
  }

  private static void makeRoom(Handle tx, NewRun run, List<UUID> replaced) {
    var concurrency = run.spec().concurrency();
    switch (concurrency.policy()) {
      case ALLOW, QUEUE -> {}
      case FORBID -> {
        RunStore.alone(tx, run.spec().name());
        int open = RunStore.open(tx, run.spec().name()).size();
        if (open >= concurrency.limit()) {
          throw new ProblemException(
              ProblemCode.RUN_FORBIDDEN,
              "Pipeline '%s' allows %d at once, and %d %s under way."
                  .formatted(
                      run.spec().name(), concurrency.limit(), open, open == 1 ? "is" : "are"));
        }
      }
      case REPLACE -> replace(tx, run, concurrency, replaced);
    }
  }

  /// The oldest go, as many as must.
  private static void replace(Handle tx, NewRun run, Concurrency concurrency, List<UUID> replaced) {
    RunStore.alone(tx, run.spec().name());
    var open = RunStore.open(tx, run.spec().name());
    for (var old : open.subList(0, Math.max(0, open.size() - concurrency.limit() + 1))) {
      RunStore.tell(tx, old, Kind.CANCEL, new byte[0]);
      replaced.add(old);
    }
  }
}
