package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.RerunPipeline;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Concurrency;
import dev.pipewright.language.Params;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import dev.pipewright.orchestrator.run.InboxStore.Kind;
import dev.pipewright.orchestrator.run.NewRunStore.NewRun;
import dev.pipewright.orchestrator.run.NewRunStore.Reused;
import dev.pipewright.orchestrator.run.NewRunStore.Started;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Starts runs, for whoever asks: people, schedules, events, earlier runs.
@ApplicationScoped
public class RunStarter {
  private final Db db;
  private final PipelineStore pipelines;
  private final DataParams dataParams;
  private final RunLoop loop;
  private final RunReadStore reads;
  private final Clock clock;

  RunStarter(
      Db db,
      PipelineStore pipelines,
      DataParams dataParams,
      RunLoop loop,
      RunReadStore reads,
      Clock clock) {
    this.db = db;
    this.pipelines = pipelines;
    this.dataParams = dataParams;
    this.loop = loop;
    this.reads = reads;
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
          // A repeated request needs no room, and takes nobody's place.
          var earlier =
              run.idempotencyKey() == null
                  ? Optional.<Started>empty()
                  : NewRunStore.earlier(tx, run.idempotencyKey(), run.requestDigest());
          if (earlier.isPresent()) {
            return earlier.get();
          }
          makeRoom(tx, run, replaced);
          return NewRunStore.create(tx, run, now);
        });
    replaced.forEach(loop::look);
    loop.look(started.id());
    return new Outcome(started.id(), started.created());
  }

  /// Starts a run like an earlier one.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, PARAMS_INVALID, BAD_REQUEST
  UUID rerun(UUID earlier, @Nullable RerunPipeline request) {
    var changed =
        request == null || request.params() == null ? Map.<String, JsonNode>of() : request.params();
    var from = request == null || request.from() == null ? List.<String>of() : request.from();
    var run = from.isEmpty() ? reads.view(earlier) : reads.declared(earlier);
    var params = new LinkedHashMap<>(run.params());
    if (!changed.isEmpty() && !from.isEmpty()) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "Outputs of the earlier run belong to its params: give 'params' or 'from', not both.");
    }
    params.putAll(changed);
    var spec = pipelines.version(run.pipeline(), run.version()).spec();
    var again = downstream(spec, from);
    var reused = new HashMap<String, Reused>();
    if (!from.isEmpty()) {
      for (var task : run.tasks()) {
        if (task.group() == null
            && task.state() == TaskState.SUCCEEDED
            && !again.contains(task.name())
            && !spec.tasks().get(task.name()).isFinally()) {
          reused.put(
              task.name(),
              new Reused(
                  task.attempts().isEmpty()
                      ? earlier
                      : UUID.fromString(task.attempts().getLast().id()),
                  task.outputs(),
                  "taken from run #" + run.number()));
        }
      }
    }
    return start(
            new Request(
                run.pipeline(),
                run.version(),
                params,
                0,
                null,
                Map.of("by", "rerun", "run", earlier.toString()),
                null),
            reused)
        .run();
  }

  /// These tasks and all that depend on them.
  private static Set<String> downstream(PipelineSpec spec, List<String> from) {
    var unknown = from.stream().filter(name -> !spec.tasks().containsKey(name)).toList();
    if (!unknown.isEmpty()) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "Pipeline '%s' has no task %s.".formatted(spec.name(), String.join(", ", unknown)));
    }
    var found = new HashSet<>(from);
    boolean more = true;
    while (more) {
      more = false;
      for (var task : spec.tasks().values()) {
        if (!found.contains(task.name()) && task.needs().stream().anyMatch(found::contains)) {
          more = found.add(task.name());
        }
      }
    }
    return found;
  }

  private static void makeRoom(Handle tx, NewRun run, List<UUID> replaced) {
    var concurrency = run.spec().concurrency();
    switch (concurrency.policy()) {
      case ALLOW, QUEUE -> {}
      case FORBID -> {
        NewRunStore.alone(tx, run.spec().name());
        int open = NewRunStore.open(tx, run.spec().name()).size();
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
    NewRunStore.alone(tx, run.spec().name());
    var open = NewRunStore.open(tx, run.spec().name());
    for (var old : open.subList(0, Math.max(0, open.size() - concurrency.limit() + 1))) {
      InboxStore.tell(tx, old, Kind.CANCEL, new byte[0]);
      replaced.add(old);
    }
  }
}
