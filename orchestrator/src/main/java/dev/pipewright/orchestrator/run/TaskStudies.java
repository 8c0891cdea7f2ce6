package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineRun.Task;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.Study;
import dev.pipewright.contract.api.StudyCurves;
import dev.pipewright.contract.api.StudyResult;
import dev.pipewright.contract.api.StudySpec;
import dev.pipewright.contract.api.StudyTrial;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.TaskStudy;
import dev.pipewright.orchestrator.pipeline.PipelineVersions;
import dev.pipewright.platform.Db;
import dev.pipewright.tune.TrialRecord;
import dev.pipewright.tune.TrialState;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The study that a task of a run is, as people read it: what its instances say, in the words of
/// the studies over REST.
@ApplicationScoped
class TaskStudies {
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

  private static final TypeReference<LinkedHashMap<String, Object>> VALUES =
      new TypeReference<>() {};

  private final Db db;
  private final RunReadStore runs;
  private final TaskReadStore tasks;
  private final PipelineVersions pipelines;

  TaskStudies(Db db, RunReadStore runs, TaskReadStore tasks, PipelineVersions pipelines) {
    this.db = db;
    this.runs = runs;
    this.tasks = tasks;
    this.pipelines = pipelines;
  }

  private record TrialRow(
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
      @Nullable Instant endedAt) {
    StudyTrial body() {
      var told = value == null ? null : StoredValues.tree(value);
      boolean number = told != null && told.isNumber() && !Double.isNaN(told.doubleValue());
      boolean paused = mark != null && StoredValues.mark(mark).state() == TrialState.PAUSED;
      var shown = trialState(TaskState.valueOf(state), number, paused);
      return new StudyTrial(
          this.number,
          shown.name(),
          TrialRecord.Origin.SAMPLED.name(),
          StoredValues.values(params),
          shown == TrialState.COMPLETE ? List.of(told.doubleValue()) : List.of(),
          attempt == null ? 0 : attempt,
          false,
          null,
          null,
          shown == TrialState.FAILED ? message : null,
          createdAt,
          startedAt,
          endedAt,
          null,
          null,
          trackedRunId);
    }
  }

  /// What an instance is as a trial.
  ///
  /// @param number whether it left one as the objective
  /// @param paused whether it was let no further for now
  static TrialState trialState(TaskState state, boolean number, boolean paused) {
    return switch (state) {
      case PENDING -> paused ? TrialState.PAUSED : TrialState.WAITING;
      case WAITING, READY -> TrialState.WAITING;
      case RUNNING, RETRYING -> TrialState.RUNNING;
      case SUCCEEDED -> number ? TrialState.COMPLETE : TrialState.FAILED;
      case PRUNED -> TrialState.PRUNED;
      case FAILED, SKIPPED, UPSTREAM_FAILED, CANCELLED -> TrialState.FAILED;
    };
  }

  /// All there is to a study.
  ///
  /// @param trials by number
  /// @param points of its metric, by the trial's number
  private record Found(
      PipelineRunSummary run,
      TaskStudy spec,
      List<StudyTrial> trials,
      Map<Integer, SortedMap<Long, Double>> points) {
    dev.pipewright.tune.Study search() {
      return dev.pipewright.tune.Study.restore(
          spec.spec(), trials.stream().map(this::known).toList());
    }

    private TrialRecord known(StudyTrial trial) {
      return new TrialRecord(
          trial.number(),
          TrialState.valueOf(trial.state()),
          TrialRecord.Origin.SAMPLED,
          Json.MAPPER.convertValue(trial.params(), VALUES),
          trial.values(),
          points.getOrDefault(trial.number(), Collections.emptySortedMap()),
          0,
          0,
          0,
          0);
    }
  }

  private record Point(int number, long step, double value) {}

  private Found find(UUID run, String name) {
    var summary = runs.summary(run);
    var spec = spec(summary, name);
    return db.read(handle -> {
      var points = new TreeMap<Integer, SortedMap<Long, Double>>();
      handle
          .createQuery(POINTS)
          .bind("run", run)
          .bind("task", name)
          .mapTo(Point.class)
          .forEach(point ->
              points
                  .computeIfAbsent(point.number, _ -> new TreeMap<>())
                  .put(point.step, point.value));
      var trials =
          handle
              .createQuery(TRIALS)
              .bind("run", run)
              .bind("task", name)
              .bind("objective", spec.objective())
              .mapTo(TrialRow.class)
              .map(TrialRow::body)
              .list();
      return new Found(summary, spec, trials, points);
    });
  }

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, STUDY_NOT_FOUND
  Study study(UUID run, String name) {
    var found = find(run, name);
    var task = tasks.get(run, name);
    var best = found.search().best();
    return new Study(
        name,
        Json.MAPPER.convertValue(found.spec.spec().toJson(), StudySpec.class),
        studyState(task.state()),
        new TreeMap<>(
            found.trials.stream()
                .collect(Collectors.groupingBy(StudyTrial::state, Collectors.summingInt(_ -> 1)))),
        best.map(TrialRecord::number).orElse(null),
        best.map(TrialRecord::values).orElse(List.of()),
        found.run.createdAt(),
        changed(task, found),
        task.endedAt());
  }

  private static String studyState(TaskState task) {
    return switch (task) {
      case PENDING, WAITING, READY, RUNNING, RETRYING -> "RUNNING";
      case SUCCEEDED, FAILED, SKIPPED, UPSTREAM_FAILED, PRUNED -> "ENDED";
      case CANCELLED -> "STOPPED";
    };
  }

  private static Instant changed(Task task, Found found) {
    return Stream.concat(
            Stream.of(found.run.createdAt(), task.startedAt(), task.endedAt()),
            found.trials.stream()
                .flatMap(trial -> Stream.of(trial.createdAt(), trial.startedAt(), trial.endedAt())))
        .filter(Objects::nonNull)
        .max(Instant::compareTo)
        .orElseThrow();
  }

  /// By number.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, STUDY_NOT_FOUND
  List<StudyTrial> trials(UUID run, String name) {
    return find(run, name).trials;
  }

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, STUDY_NOT_FOUND
  List<StudyCurves.Curve> curves(UUID run, String name) {
    return find(run, name).points.entrySet().stream()
        .map(trial -> StudyCurves.Curve.of(trial.getKey(), trial.getValue()))
        .toList();
  }

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, STUDY_NOT_FOUND
  StudyResult result(UUID run, String name) {
    var found = find(run, name);
    var search = found.search();
    return new StudyResult(
        search.best().map(best -> found.trials.get(best.number())).orElse(null),
        search.paretoFront().stream().map(one -> found.trials.get(one.number())).toList(),
        search.importance());
  }

  private TaskStudy spec(PipelineRunSummary run, String name) {
    var task = pipelines.version(run.pipeline(), run.version()).spec().tasks().get(name);
    var study = task == null ? null : task.study();
    if (study == null) {
      throw new ProblemException(
          ProblemCode.STUDY_NOT_FOUND,
          "Run #%d has no task '%s' that is a study.".formatted(run.number(), name),
          "Name a task with a 'study', without the number of a trial.");
    }
    return study;
  }
}
