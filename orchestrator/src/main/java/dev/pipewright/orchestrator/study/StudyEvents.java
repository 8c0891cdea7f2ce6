package dev.pipewright.orchestrator.study;

import dev.pipewright.contract.Ids;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.ParamsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.contract.tracking.v1.RunStatus;
import dev.pipewright.contract.tracking.v1.TagsSet;
import dev.pipewright.orchestrator.RunEventsOutbox;
import dev.pipewright.orchestrator.study.StudyStore.StudyRow;
import dev.pipewright.platform.Outbox;
import dev.pipewright.tune.Objective;
import dev.pipewright.tune.StudySpec;
import dev.pipewright.tune.TrialRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Tells the tracker of one step's changes of a study: the study is a run, and each trial that was
/// handed out is one below it, in an experiment that is called as the study. What is told is
/// written to the outbox in the step's transaction, so a run says what the study knows, no more and
/// no less.
final class StudyEvents {
  private final Outbox outbox;
  private final Handle tx;
  private final String study;
  private final @Nullable String studyRun;
  private final Instant now;
  private final List<RunEvent.Builder> events = new ArrayList<>();

  StudyEvents(Outbox outbox, Handle tx, StudyRow study, Instant now) {
    this.outbox = outbox;
    this.tx = tx;
    this.study = study.name();
    this.studyRun = study.trackedRunId();
    this.now = now;
  }

  /// The run of a trial; null in a study of an earlier version, which has none.
  @Nullable String run(int trial) {
    return studyRun == null ? null : Ids.runId("trial", studyRun, String.valueOf(trial));
  }

  void studyMade(StudySpec spec) {
    var params = new LinkedHashMap<String, String>();
    var json = spec.toJson();
    params.put("sampler", json.path("sampler").path("type").asText());
    params.put("pruner", json.path("pruner").path("type").asText());
    params.put("seed", String.valueOf(spec.seed()));
    if (spec.maxTrials() != null) {
      params.put("maxTrials", spec.maxTrials().toString());
    }
    for (var objective : spec.objectives()) {
      params.put(
          "objective " + objective.name(), objective.direction().name().toLowerCase(Locale.ROOT));
    }
    started(studyRun, study, null);
    params(studyRun, params);
    tags(studyRun, Map.of("pipewright.study", study));
  }

  void studyEnded(StudyState state) {
    finished(
        studyRun,
        state == StudyState.STOPPED ? RunStatus.RUN_STATUS_KILLED : RunStatus.RUN_STATUS_FINISHED,
        state == StudyState.STOPPED ? "the study was stopped" : "");
  }

  /// A trial was handed out.
  ///
  /// @param attempt how often it was, this time included
  void handedOut(TrialRecord trial, int attempt, @Nullable String worker) {
    var run = run(trial.number());
    var tags = new LinkedHashMap<String, String>();
    if (attempt == 1) {
      started(run, "trial " + trial.number(), studyRun);
      var params = new LinkedHashMap<String, String>();
      trial.params().forEach((name, value) -> params.put(name, String.valueOf(value)));
      params(run, params);
      tags.put("mlflow.parentRunId", studyRun == null ? "" : studyRun);
      tags.put("pipewright.study", study);
      tags.put("pipewright.trial", String.valueOf(trial.number()));
    }
    if (worker != null) {
      tags.put("pipewright.worker", worker);
    }
    tags(run, tags);
  }

  void reported(int trial, Objective objective, long step, double value) {
    metric(run(trial), objective, step, value);
  }

  /// What became of a trial that has ended; nothing of one that goes on, or may.
  ///
  /// @param why it failed, in the worker's words
  void ended(TrialRecord trial, List<Objective> objectives, @Nullable String why) {
    var run = run(trial.number());
    switch (trial.state()) {
      case COMPLETE -> {
        long step = trial.reports().isEmpty() ? 0 : trial.reports().lastKey();
        for (int i = 0; i < objectives.size(); i++) {
          // what was reported on the way is the first objective
          var last = i == 0 ? trial.reports().get(step) : null;
          if (!trial.values().get(i).equals(last)) {
            metric(run, objectives.get(i), step, trial.values().get(i));
          }
        }
        finished(run, RunStatus.RUN_STATUS_FINISHED, "");
      }
      case FAILED -> finished(run, RunStatus.RUN_STATUS_FAILED, why == null ? "" : why);
      case PRUNED -> stoppedEarly(trial, objectives);
      case WAITING, RUNNING, PAUSED -> {}
    }
  }

  /// For good, as the study does not go on.
  void stoppedEarly(TrialRecord trial, List<Objective> objectives) {
    var where =
        trial.reports().isEmpty()
            ? "stopped early"
            : "stopped early at step %d, where %s = %s"
                .formatted(
                    trial.reports().lastKey(),
                    objectives.getFirst().name(),
                    trial.reports().lastEntry().getValue());
    tags(run(trial.number()), Map.of("pipewright.pruned", where));
    finished(run(trial.number()), RunStatus.RUN_STATUS_KILLED, where);
  }

  /// A trial that somebody may still work on, though nobody wants to know what comes of it.
  void abandoned(TrialRecord trial, String why) {
    finished(run(trial.number()), RunStatus.RUN_STATUS_KILLED, why);
  }

  private void started(@Nullable String run, String name, @Nullable String parent) {
    add(
        run,
        RunEvent.newBuilder()
            .setRunStarted(
                RunStarted.newBuilder()
                    .setExperiment(study)
                    .setName(name)
                    .setParentRunId(parent == null ? "" : parent)));
  }

  private void params(@Nullable String run, Map<String, String> params) {
    if (!params.isEmpty()) {
      add(
          run,
          RunEvent.newBuilder().setParamsLogged(ParamsLogged.newBuilder().putAllParams(params)));
    }
  }

  private void tags(@Nullable String run, Map<String, String> tags) {
    if (!tags.isEmpty()) {
      add(run, RunEvent.newBuilder().setTagsSet(TagsSet.newBuilder().putAllTags(tags)));
    }
  }

  private void metric(@Nullable String run, Objective objective, long step, double value) {
    add(
        run,
        RunEvent.newBuilder()
            .setMetricsLogged(
                MetricsLogged.newBuilder()
                    .addSeries(
                        MetricSeries.newBuilder()
                            .setKey(objective.name())
                            .addSteps(step)
                            .addTimestamps(now.toEpochMilli())
                            .addValues(value))));
  }

  private void finished(@Nullable String run, RunStatus status, String message) {
    add(
        run,
        RunEvent.newBuilder()
            .setRunFinished(RunFinished.newBuilder().setStatus(status).setMessage(message)));
  }

  private void add(@Nullable String run, RunEvent.Builder event) {
    if (run != null) {
      events.add(event.setRunId(run));
    }
  }

  /// Writes what was said to the outbox.
  ///
  /// @return whether anything was
  boolean send() {
    if (events.isEmpty()) {
      return false;
    }
    RunEventsOutbox.append(outbox, tx, events, now);
    return true;
  }
}
