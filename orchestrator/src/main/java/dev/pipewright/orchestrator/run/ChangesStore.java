package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.Ids;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
import dev.pipewright.orchestrator.run.RunSnapshot.TaskSnapshot;
import dev.pipewright.orchestrator.run.RunStore.RunRow;
import dev.pipewright.platform.Columns;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// What a step of the engine changed, as rows: [Changes] in, one statement for each kind of row,
/// however many there are of it. It decides nothing.
final class ChangesStore {
  private ChangesStore() {}

  /// Takes attempts back that nobody launches yet.
  ///
  /// @return those that were taken back
  static Set<UUID> withdraw(Handle tx, Collection<UUID> attempts) {
    return tx.createQuery(
            """
            update orchestrator.attempt set state = 'CANCELLED'
            where id = any(:attempts) and state = 'QUEUED' returning id
            """)
        .bindArray("attempts", UUID.class, attempts)
        .mapTo(UUID.class)
        .set();
  }

  /// Writes what a step changed. Each line of the history is one revision of the run.
  ///
  /// @param cacheKeys of attempts that started, where their outputs may be used again
  /// @param admitted those of them that need not wait in the queue
  /// @return the run's revision now
  static long apply(
      Handle tx,
      RunRow run,
      Changes changes,
      Map<UUID, String> cacheKeys,
      Admitted admitted,
      Instant now) {
    create(tx, run, changes.created());
    update(tx, run, changes, now);
    start(tx, run, changes, cacheKeys, admitted, now);
    move(tx, changes);
    points(tx, run, changes.points());
    history(tx, run, changes, now);
    long revision = run.revision() + Math.max(1, changes.lines().size());
    String message = run.message();
    for (var move : changes.moves()) {
      message = move.message();
    }
    tx.createUpdate(
            """
            update orchestrator.pipeline_run set state = :state, message = :message, stop = :stop,
              paused = :paused, revision = :revision, wake_at = :wake, started_at = :started,
              retried_at = :retried,
              outputs = coalesce(cast(:outputs as jsonb), outputs),
              ended_at = case when :ended then coalesce(ended_at, cast(:now as timestamptz)) end
            where id = :run
            """)
        .bind("state", changes.state().name())
        .bind("message", message)
        .bind("stop", changes.stop() == null ? null : changes.stop().name())
        .bind("paused", changes.paused())
        .bind("revision", revision)
        .bind("wake", changes.state().isTerminal() ? null : changes.nextTimer())
        .bind("started", changes.startedAt())
        .bind("retried", changes.retriedAt())
        .bind("outputs", changes.outputs() == null ? null : StoredValues.json(changes.outputs()))
        .bind("ended", changes.state().isTerminal())
        .bind("now", now)
        .bind("run", run.id())
        .execute();
    return revision;
  }

  private static void create(Handle tx, RunRow run, List<TaskSnapshot> created) {
    if (created.isEmpty()) {
      return;
    }
    var update =
        tx.createUpdate(
                """
                insert into orchestrator.task
                  (run_id, name, position, kind, needs, state, group_name, index, item, trial)
                select :run, t.name, g.position, g.kind, '{}', t.state, t.group_name, t.index,
                  t.item::json, t.trial::jsonb
                from unnest(:names, :groups, :indexes, :items, :trials, :states)
                  as t (name, group_name, index, item, trial, state)
                join orchestrator.task g on g.run_id = :run and g.name = t.group_name
                """)
            .bind("run", run.id());
    var columns = new Columns<>(created, update);
    columns.texts("names", TaskSnapshot::name);
    columns.texts("groups", TaskSnapshot::group);
    columns.numbers("indexes", TaskSnapshot::index);
    columns.texts("items", task -> task.item() == null ? null : StoredValues.json(task.item()));
    columns.texts("trials", ChangesStore::trial);
    columns.texts("states", task -> task.state().name());
    update.execute();
  }

  private static @Nullable String trial(TaskSnapshot task) {
    return task.trial() == null ? null : StoredValues.json(task.trial());
  }

  private static void update(Handle tx, RunRow run, Changes changes, Instant now) {
    if (changes.updated().isEmpty()) {
      return;
    }
    var update =
        tx.createUpdate(
                """
                update orchestrator.task t set state = u.state, reason = u.reason,
                  condition_false = u.condition_false, outputs = u.outputs::jsonb,
                  user_failures = u.user_failures, system_failures = u.system_failures,
                  due_at = u.due_at::timestamptz, cached_from = u.cached_from, trial = u.trial::jsonb,
                  started_at = case when u.state in ('PENDING', 'READY') then null
                    -- one that was paused has nothing under way
                    when u.state = 'PRUNED' then coalesce(t.started_at, (
                      select min(a.started_at) from orchestrator.attempt a
                      where a.run_id = t.run_id and a.task = t.name))
                    else coalesce(t.started_at, cast(:now as timestamptz)) end,
                  ended_at = case when u.ended then coalesce(t.ended_at, cast(:now as timestamptz)) end
                from unnest(:names, :states, :reasons, :conditions, :outputs, :user, :system, :due,
                    :from, :trials, :ended)
                  as u (name, state, reason, condition_false, outputs, user_failures,
                    system_failures, due_at, cached_from, trial, ended)
                where t.run_id = :run and t.name = u.name
                """)
            .bind("run", run.id())
            .bind("now", now);
    var columns = new Columns<>(changes.updated(), update);
    columns.texts("names", TaskSnapshot::name);
    columns.texts("states", task -> task.state().name());
    columns.texts("reasons", TaskSnapshot::reason);
    columns.flags("conditions", TaskSnapshot::conditionFalse);
    columns.texts("outputs", task -> StoredValues.json(task.outputs()));
    columns.numbers("user", TaskSnapshot::userFailures);
    columns.numbers("system", TaskSnapshot::systemFailures);
    columns.texts("due", task -> task.dueAt() == null ? null : task.dueAt().toString());
    columns.ids("from", task -> changes.cachedFrom().get(task.name()));
    columns.texts("trials", ChangesStore::trial);
    columns.flags("ended", task -> task.state().isTerminal());
    int rows = update.execute();
    if (rows != changes.updated().size()) {
      throw new IllegalStateException(
          "run " + run.id() + " lacks tasks: " + rows + " of " + changes.updated().size());
    }
  }

  /// Attempts that begin without waiting in the queue.
  ///
  /// @param server who launches them
  record Admitted(Set<UUID> attempts, @Nullable String server) {
    static final Admitted NONE = new Admitted(Set.of(), null);
  }

  /// What a launcher is told of an attempt that starts now.
  static ActiveAttempt active(RunRow run, Changes.StartedAttempt attempt) {
    return new ActiveAttempt(
        attempt.id(),
        run.id(),
        run.number(),
        run.pipeline(),
        run.version(),
        run.trackedRunId(),
        attempt.task(),
        attempt.number(),
        AttemptState.LAUNCHING.name(),
        tracked(attempt),
        false,
        false,
        StoredValues.json(attempt.inputs()));
  }

  private static String tracked(Changes.StartedAttempt attempt) {
    return attempt.isCall()
        ? RunStore.trackedRun(attempt.child())
        : Ids.runId("attempt", attempt.id().toString());
  }

  private static void start(
      Handle tx,
      RunRow run,
      Changes changes,
      Map<UUID, String> cacheKeys,
      Admitted admitted,
      Instant now) {
    if (changes.started().isEmpty()) {
      return;
    }
    var update =
        tx.createUpdate(
                """
                insert into orchestrator.attempt
                  (id, run_id, task, number, state, tracked_run_id, inputs, priority, cache_key,
                   pools, server, heartbeat_at, created_at, started_at)
                select id, :run, task, number, state, tracked, inputs::jsonb, priority, cache_key,
                  pools::jsonb,
                  case state when 'RUNNING' then 'engine' when 'LAUNCHING' then :server end,
                  case state when 'LAUNCHING' then cast(:now as timestamptz) end, :now,
                  case state when 'RUNNING' then cast(:now as timestamptz) end
                from unnest(:ids, :tasks, :numbers, :states, :tracked, :inputs, :priorities, :keys,
                    :pools)
                  as a (id, task, number, state, tracked, inputs, priority, cache_key, pools)
                """)
            .bind("run", run.id())
            .bind("server", admitted.server)
            .bind("now", now);
    var columns = new Columns<>(changes.started(), update);
    columns.ids("ids", Changes.StartedAttempt::id);
    columns.texts("tasks", Changes.StartedAttempt::task);
    columns.numbers("numbers", Changes.StartedAttempt::number);
    columns.texts(
        "states",
        attempt ->
            admitted.attempts.contains(attempt.id())
                ? AttemptState.LAUNCHING.name()
                : attempt.state().name());
    columns.texts("tracked", ChangesStore::tracked);
    columns.texts("inputs", attempt -> StoredValues.json(attempt.inputs()));
    columns.numbers("priorities", attempt -> run.priority() + attempt.spec().priority());
    columns.texts("keys", attempt -> cacheKeys.get(attempt.id()));
    columns.texts(
        "pools",
        attempt ->
            attempt.spec().pools().isEmpty() ? null : StoredValues.json(attempt.spec().pools()));
    update.execute();
  }

  private static void move(Handle tx, Changes changes) {
    var began = new HashMap<UUID, Instant>();
    changes.running().forEach(attempt -> began.put(attempt.id(), attempt.at()));
    if (!changes.ended().isEmpty()) {
      var update =
          tx.createUpdate(
              """
              update orchestrator.attempt a set state = e.state, failure = e.failure,
                exit_code = e.exit_code, code = e.code, message = e.message,
                started_at = coalesce(e.began::timestamptz, a.started_at),
                ended_at = e.at::timestamptz
              from unnest(:ids, :states, :failures, :exits, :codes, :messages, :begans, :ats)
                as e (id, state, failure, exit_code, code, message, began, at)
              where a.id = e.id
              """);
      var columns = new Columns<>(changes.ended(), update);
      columns.ids("ids", Changes.EndedAttempt::id);
      columns.texts("states", attempt -> attempt.to().name());
      columns.texts(
          "failures", attempt -> attempt.failure() == null ? null : attempt.failure().name());
      columns.numbers("exits", attempt -> attempt.ending().exitCode());
      columns.texts("codes", attempt -> attempt.ending().code());
      columns.texts("messages", attempt -> attempt.ending().message());
      columns.texts(
          "begans",
          attempt -> {
            var at = began.remove(attempt.id());
            return at == null ? null : at.toString();
          });
      columns.texts("ats", attempt -> attempt.at().toString());
      update.execute();
    }
    // Most of those that take no time have begun and ended in one step.
    var running = changes.running().stream().filter(each -> began.containsKey(each.id())).toList();
    if (!running.isEmpty()) {
      var update =
          tx.createUpdate(
              """
              update orchestrator.attempt a set state = 'RUNNING', started_at = r.at::timestamptz
              from unnest(:ids, :ats) as r (id, at)
              where a.id = r.id and a.state in ('QUEUED', 'LAUNCHING')
              """);
      var columns = new Columns<>(running, update);
      columns.ids("ids", Changes.RunningAttempt::id);
      columns.texts("ats", attempt -> attempt.at().toString());
      update.execute();
    }
    if (!changes.stopped().isEmpty()) {
      tx.createUpdate("update orchestrator.attempt set stop_requested = true where id = any(:ids)")
          .bindArray(
              "ids",
              UUID.class,
              changes.stopped().stream().map(Changes.StoppedAttempt::id).toList())
          .execute();
    }
  }

  private static void points(Handle tx, RunRow run, List<Changes.Point> points) {
    if (points.isEmpty()) {
      return;
    }
    tx.createUpdate(
            """
            insert into orchestrator.trial_point (run_id, task, step, value)
            select :run, * from unnest(:tasks, :steps, :values)
            """)
        .bind("run", run.id())
        .bindArray("tasks", String.class, points.stream().map(Changes.Point::task).toList())
        .bindArray("steps", Long.class, points.stream().map(Changes.Point::step).toList())
        .bindArray("values", Double.class, points.stream().map(Changes.Point::value).toList())
        .execute();
  }

  private static void history(Handle tx, RunRow run, Changes changes, Instant now) {
    if (changes.lines().isEmpty()) {
      return;
    }
    var update =
        tx.createUpdate(
                """
                insert into orchestrator.transition
                  (run_id, revision, at, task, attempt, from_state, to_state, reason)
                select :run, :revision + place, :now, task, attempt, from_state, to_state, reason
                from unnest(:tasks, :attempts, :from, :to, :reasons) with ordinality
                  as l (task, attempt, from_state, to_state, reason, place)
                """)
            .bind("run", run.id())
            .bind("revision", run.revision())
            .bind("now", now);
    var columns = new Columns<>(changes.lines(), update);
    columns.texts("tasks", Changes.Line::task);
    columns.numbers("attempts", Changes.Line::attempt);
    columns.texts("from", Changes.Line::from);
    columns.texts("to", Changes.Line::to);
    columns.texts("reasons", Changes.Line::reason);
    update.execute();
  }
}
