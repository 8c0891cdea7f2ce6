package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.run.RunStore.RunRow;
import dev.pipewright.platform.Columns;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// New runs as they are first stored, and how many of a pipeline there are, which is what keeps one
/// from being made or from beginning.
final class NewRunStore {
  private NewRunStore() {}

  /// What is known of a run before it is stored.
  ///
  /// @param priority added to the pipeline's own
  /// @param origin what started it
  /// @param reused by task, what a task of an earlier run left, which this run takes over
  /// @param parent the attempt of another run that this one is the work of
  record NewRun(
      UUID id,
      PipelineSpec spec,
      int version,
      Map<String, JsonNode> params,
      int priority,
      @Nullable Instant scheduledAt,
      Map<String, ?> origin,
      Map<String, Reused> reused,
      @Nullable Parent parent,
      @Nullable String idempotencyKey,
      String requestDigest) {}

  record Reused(UUID attempt, Map<String, JsonNode> outputs, String reason) {}

  record Parent(UUID run, UUID attempt, int depth) {}

  /// What starting came to.
  record Started(UUID id, boolean created) {}

  /// Stores a new run with its tasks; the engine takes it from there.
  static Started create(Handle tx, NewRun run, Instant now) {
    int inserted =
        tx.createUpdate(
                """
                insert into orchestrator.pipeline_run
                  (id, pipeline, version, state, params, priority, scheduled_at, origin,
                   parent_run_id, parent_attempt_id, depth, tracked_run_id, idempotency_key,
                   request_digest, created_at, wake_at)
                values (:id, :pipeline, :version, 'QUEUED', :params::jsonb, :priority, :scheduled,
                  :origin::jsonb, :parent, :attempt, :depth, :tracked, :key, :digest, :now, :now)
                on conflict (idempotency_key) do nothing
                """)
            .bind("id", run.id)
            .bind("pipeline", run.spec.name())
            .bind("version", run.version)
            .bind("params", StoredValues.json(run.params))
            .bind("priority", run.spec.priority() + run.priority)
            .bind("scheduled", run.scheduledAt)
            .bind("origin", StoredValues.json(run.origin))
            .bind("parent", run.parent == null ? null : run.parent.run)
            .bind("attempt", run.parent == null ? null : run.parent.attempt)
            .bind("depth", run.parent == null ? 0 : run.parent.depth)
            .bind("tracked", RunStore.trackedRun(run.id))
            .bind("key", run.idempotencyKey)
            .bind("digest", run.requestDigest)
            .bind("now", now)
            .execute();
    if (inserted == 0) {
      return earlier(tx, Objects.requireNonNull(run.idempotencyKey), run.requestDigest)
          .orElseThrow();
    }
    var tasks = List.copyOf(run.spec.tasks().values());
    var update =
        tx.createUpdate(
                """
                insert into orchestrator.task
                  (run_id, name, position, kind, needs, state, reason, outputs, cached_from, started_at,
                   ended_at)
                select :run, name, position, kind, string_to_array(needs, ' '), state, reason,
                  outputs::jsonb, cached_from, case when state = 'SUCCEEDED' then cast(:now as timestamptz) end,
                  case when state = 'SUCCEEDED' then cast(:now as timestamptz) end
                from unnest(:names, :positions, :kinds, :needs, :states, :reasons, :outputs, :from)
                  as t (name, position, kind, needs, state, reason, outputs, cached_from)
                """)
            .bind("run", run.id)
            .bind("now", now);
    var columns = new Columns<>(tasks, update);
    columns.texts("names", task -> task.name());
    var position = new AtomicInteger();
    columns.numbers("positions", task -> position.getAndIncrement());
    columns.texts("kinds", task -> task.work().label());
    columns.texts("needs", task -> String.join(" ", task.needs()));
    columns.texts("states", task -> run.reused.containsKey(task.name()) ? "SUCCEEDED" : "PENDING");
    columns.texts(
        "reasons",
        task -> run.reused.containsKey(task.name()) ? run.reused.get(task.name()).reason : null);
    columns.texts(
        "outputs",
        task ->
            run.reused.containsKey(task.name())
                ? StoredValues.json(run.reused.get(task.name()).outputs)
                : "{}");
    columns.ids(
        "from",
        task -> run.reused.containsKey(task.name()) ? run.reused.get(task.name()).attempt : null);
    update.execute();
    return new Started(run.id, true);
  }

  private record Earlier(UUID id, String requestDigest) {}

  /// What an earlier request with the same key started.
  ///
  /// @throws ProblemException IDEMPOTENCY_KEY_REUSED when that was another request
  static Optional<Started> earlier(Handle tx, String key, String requestDigest) {
    return tx.createQuery(
            "select id, request_digest from orchestrator.pipeline_run where idempotency_key = :key")
        .bind("key", key)
        .mapTo(Earlier.class)
        .findOne()
        .map(earlier -> started(earlier, key, requestDigest));
  }

  private static Started started(Earlier earlier, String key, String requestDigest) {
    if (!earlier.requestDigest.equals(requestDigest)) {
      throw new ProblemException(
          ProblemCode.IDEMPOTENCY_KEY_REUSED,
          "The idempotency key '" + key + "' started run " + earlier.id + " from another request.");
    }
    return new Started(earlier.id, false);
  }

  /// How many runs of a pipeline run already or come before this one, of those that nobody called.
  static int ahead(Handle tx, RunRow run) {
    return tx.createQuery(
            """
            select count(*) from orchestrator.pipeline_run
            where pipeline = :pipeline and parent_run_id is null and id <> :id
              and (state = 'RUNNING' or state = 'QUEUED'
                and (priority > :priority or priority = :priority and number < :number))
            """)
        .bind("pipeline", run.pipeline())
        .bind("id", run.id())
        .bind("priority", run.priority())
        .bind("number", run.number())
        .mapTo(Integer.class)
        .one();
  }

  /// How many runs of a pipeline are under way, of those that nobody called.
  static int running(Handle tx, String pipeline) {
    return tx.createQuery(
            """
            select count(*) from orchestrator.pipeline_run
            where pipeline = :pipeline and state = 'RUNNING' and parent_run_id is null
            """)
        .bind("pipeline", pipeline)
        .mapTo(Integer.class)
        .one();
  }

  /// Runs of a pipeline that have not ended, oldest first, of those that nobody called.
  static List<UUID> open(Handle tx, String pipeline) {
    return tx.createQuery(
            """
            select id from orchestrator.pipeline_run
            where pipeline = :pipeline and state in ('QUEUED', 'RUNNING') and parent_run_id is null
            order by number
            """)
        .bind("pipeline", pipeline)
        .mapTo(UUID.class)
        .list();
  }

  /// Lets nobody else decide which runs of this pipeline may run, until the transaction ends.
  static void alone(Handle tx, String pipeline) {
    tx.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", "pipeline " + pipeline);
  }
}
