package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineRun.Task;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.Study;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
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
      select t.index as number, t.state, coalesce(t.reason, a.message) as message,
        (t.item -> 'params')::text as params, (t.outputs -> :objective)::text as value,
        a.number as attempt, a.tracked_run_id, coalesce(a.created_at, r.created_at) as created_at,
        t.started_at, t.ended_at
      from orchestrator.task t join orchestrator.pipeline_run r on r.id = t.run_id left join lateral (
        select * from orchestrator.attempt where run_id = t.run_id and task = t.name
        order by number desc limit 1) a on true
      where t.run_id = :run and t.group_name = :task order by t.index
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
      boolean complete = told != null && told.isNumber() && !Double.isNaN(told.doubleValue());
      var shown = trialState(TaskState.valueOf(state), complete);
      return new StudyTrial(
          number,
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
  /// @param complete whether it left a number as the objective
  static TrialState trialState(TaskState state, boolean complete) {
    return switch (state) {
      case PENDING, WAITING, READY -> TrialState.WAITING;
      case RUNNING, RETRYING -> TrialState.RUNNING;
      case SUCCEEDED -> complete ? TrialState.COMPLETE : TrialState.FAILED;
      case FAILED, SKIPPED, UPSTREAM_FAILED, CANCELLED -> TrialState.FAILED;
    };
  }

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, NOT_FOUND, STUDY_NOT_FOUND
  Study study(UUID run, String name) {
    var summary = runs.summary(run);
    var task = tasks.get(run, name);
    var spec = spec(summary, name);
    var trials = trials(run, name, spec);
    var best = search(spec, trials).best();
    return new Study(
        name,
        Json.MAPPER.convertValue(spec.spec().toJson(), StudySpec.class),
        studyState(task.state()),
        new TreeMap<>(
            trials.stream()
                .collect(Collectors.groupingBy(StudyTrial::state, Collectors.summingInt(_ -> 1)))),
        best.map(TrialRecord::number).orElse(null),
        best.map(TrialRecord::values).orElse(List.of()),
        summary.createdAt(),
        changed(summary, task, trials),
        task.endedAt());
  }

  private static String studyState(TaskState task) {
    return switch (task) {
      case PENDING, WAITING, READY, RUNNING, RETRYING -> "RUNNING";
      case SUCCEEDED, FAILED, SKIPPED, UPSTREAM_FAILED -> "ENDED";
      case CANCELLED -> "STOPPED";
    };
  }

  private static Instant changed(PipelineRunSummary run, Task task, List<StudyTrial> trials) {
    return Stream.concat(
            Stream.of(run.createdAt(), task.startedAt(), task.endedAt()),
            trials.stream()
                .flatMap(trial -> Stream.of(trial.createdAt(), trial.startedAt(), trial.endedAt())))
        .filter(Objects::nonNull)
        .max(Instant::compareTo)
        .orElseThrow();
  }

  /// By number.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, STUDY_NOT_FOUND
  List<StudyTrial> trials(UUID run, String name) {
    return trials(run, name, spec(runs.summary(run), name));
  }

  private List<StudyTrial> trials(UUID run, String name, TaskStudy spec) {
    return db.read(handle ->
        handle
            .createQuery(TRIALS)
            .bind("run", run)
            .bind("task", name)
            .bind("objective", spec.objective())
            .mapTo(TrialRow.class)
            .map(TrialRow::body)
            .list());
  }

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, STUDY_NOT_FOUND
  StudyResult result(UUID run, String name) {
    var spec = spec(runs.summary(run), name);
    var trials = trials(run, name, spec);
    var search = search(spec, trials);
    return new StudyResult(
        search.best().map(best -> trials.get(best.number())).orElse(null),
        search.paretoFront().stream().map(one -> trials.get(one.number())).toList(),
        search.importance());
  }

  private static dev.pipewright.tune.Study search(TaskStudy spec, List<StudyTrial> trials) {
    return dev.pipewright.tune.Study.restore(
        spec.spec(), trials.stream().map(TaskStudies::known).toList());
  }

  private static TrialRecord known(StudyTrial trial) {
    return new TrialRecord(
        trial.number(),
        TrialState.valueOf(trial.state()),
        TrialRecord.Origin.SAMPLED,
        Json.MAPPER.convertValue(trial.params(), VALUES),
        trial.values(),
        new TreeMap<>(),
        0,
        0,
        0,
        0);
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
