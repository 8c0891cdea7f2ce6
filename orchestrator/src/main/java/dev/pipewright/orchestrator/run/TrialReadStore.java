package dev.pipewright.orchestrator.run;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What people read about the instances of a task that are trials.
@ApplicationScoped
class TrialReadStore {
  private static final String TRIALS =
      """
      select t.index as number, t.state, t.trial::text as mark, coalesce(t.reason, a.message) as message,
        (t.item -> 'params')::text as params, (t.outputs -> :objective)::text as value,
        a.number as attempt, a.tracked_run_id, coalesce(a.created_at, r.created_at) as created_at,
        (select min(started_at) from orchestrator.attempt where run_id = t.run_id and task = t.name)
          as started_at,
        case when t.ended_at is not null then coalesce(a.ended_at, t.ended_at) end as ended_at
      from orchestrator.task t join orchestrator.pipeline_run r on r.id = t.run_id left join lateral (
        select * from orchestrator.attempt where run_id = t.run_id and task = t.name
        order by number desc limit 1) a on true
      where t.run_id = :run and t.group_name = :task order by t.index
      """;
  private static final String POINTS =
      """
      select t.index as number, p.step, p.value
      from orchestrator.trial_point p join orchestrator.task t on t.run_id = p.run_id and t.name = p.task
      where t.run_id = :run and t.group_name = :task
      """;

  private static final String NEWEST_POINT =
      """
      select max(p.at) from orchestrator.trial_point p
      join orchestrator.task t on t.run_id = p.run_id and t.name = p.task
      where t.run_id = :run and t.group_name = :task
      """;

  private final Db db;

  TrialReadStore(Db db) {
    this.db = db;
  }

  /// @param mark what its study has decided
  /// @param value of the objective
  /// @param attempt the newest, whose tracked run it is
  /// @param startedAt when the first attempt did
  record TrialRow(
      int number,
      String state,
      @Nullable String mark,
      @Nullable String message,
      String params,
      @Nullable String value,
      @Nullable Integer attempt,
      @Nullable String trackedRunId,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  /// By number.
  List<TrialRow> trials(UUID run, String task, String objective) {
    return db.read(handle ->
        handle
            .createQuery(TRIALS)
            .bind("run", run)
            .bind("task", task)
            .bind("objective", objective)
            .mapTo(TrialRow.class)
            .list());
  }

  /// What they have logged, by number and step.
  Map<Integer, SortedMap<Long, Double>> points(UUID run, String task) {
    record Point(int number, long step, double value) {}
    var points = new TreeMap<Integer, SortedMap<Long, Double>>();
    db.read(handle ->
            handle
                .createQuery(POINTS)
                .bind("run", run)
                .bind("task", task)
                .mapTo(Point.class)
                .list())
        .forEach(point ->
            points
                .computeIfAbsent(point.number, _ -> new TreeMap<>())
                .put(point.step, point.value));
    return points;
  }

  /// When one of them last logged something.
  Optional<Instant> newestPoint(UUID run, String task) {
    return db.read(handle ->
        handle
            .createQuery(NEWEST_POINT)
            .bind("run", run)
            .bind("task", task)
            .mapTo(Instant.class)
            .findOne());
  }
}
