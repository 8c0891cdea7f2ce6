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
import dev.pipewright.orchestrator.run.TrialReadStore.TrialRow;
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
  private static final TypeReference<LinkedHashMap<String, Object>> VALUES =
      new TypeReference<>() {};

  private final TrialReadStore store;
  private final RunReadStore runs;
  private final TaskReadStore tasks;
  private final PipelineVersions pipelines;

  TaskStudies(
      TrialReadStore store, RunReadStore runs, TaskReadStore tasks, PipelineVersions pipelines) {
    this.store = store;
    this.runs = runs;
    this.tasks = tasks;
    this.pipelines = pipelines;
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

  private Found find(UUID run, String name) {
    var summary = runs.summary(run);
    var spec = spec(summary, name);
    return new Found(
        summary,
        spec,
        store.trials(run, name, spec.objective()).stream().map(TaskStudies::body).toList(),
        store.points(run, name));
  }

  private static StudyTrial body(TrialRow row) {
    var told = row.value() == null ? null : StoredValues.tree(row.value());
    boolean number = told != null && told.isNumber() && !Double.isNaN(told.doubleValue());
    boolean paused =
        row.mark() != null && StoredValues.mark(row.mark()).state() == TrialState.PAUSED;
    var state = trialState(TaskState.valueOf(row.state()), number, paused);
    return new StudyTrial(
        row.number(),
        state.name(),
        TrialRecord.Origin.SAMPLED.name(),
        StoredValues.values(row.params()),
        state == TrialState.COMPLETE ? List.of(told.doubleValue()) : List.of(),
        row.attempt() == null ? 0 : row.attempt(),
        false,
        null,
        null,
        state == TrialState.FAILED ? row.message() : null,
        row.trackedRunId(),
        row.createdAt(),
        row.startedAt(),
        row.endedAt(),
        null,
        null);
  }

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, STUDY_NOT_FOUND
  Study study(UUID run, String name) {
    var found = find(run, name);
    var task = tasks.get(run, name);
    var best = found.search().best();
    return new Study(
        name,
        shown(found.spec),
        studyState(task.state()),
        new TreeMap<>(
            found.trials.stream()
                .collect(Collectors.groupingBy(StudyTrial::state, Collectors.summingInt(_ -> 1)))),
        best.map(TrialRecord::number).orElse(null),
        best.map(TrialRecord::values).orElse(List.of()),
        null,
        found.run.createdAt(),
        changed(task, found, store.newestPoint(run, name).orElse(null)),
        task.endedAt());
  }

  private static StudySpec shown(TaskStudy study) {
    var json = study.spec().toJson();
    json.put("metric", study.metric());
    return Json.MAPPER.convertValue(json, StudySpec.class);
  }

  private static String studyState(TaskState task) {
    return switch (task) {
      case PENDING, WAITING, READY, RUNNING, RETRYING -> "RUNNING";
      case SUCCEEDED, FAILED, SKIPPED, UPSTREAM_FAILED, PRUNED -> "ENDED";
      case CANCELLED -> "STOPPED";
    };
  }

  private static Instant changed(Task task, Found found, @Nullable Instant newestPoint) {
    return Stream.concat(
            Stream.of(found.run.createdAt(), task.startedAt(), task.endedAt(), newestPoint),
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
