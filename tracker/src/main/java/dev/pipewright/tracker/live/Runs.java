package dev.pipewright.tracker.live;

import dev.pipewright.contract.api.RunStatus;
import dev.pipewright.contract.api.TrackedRun;
import dev.pipewright.tracker.metric.MetricStore;
import dev.pipewright.tracker.model.ModelStore;
import dev.pipewright.tracker.run.DatasetStore;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.run.RunStore.RunRow;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;

/// Puts a run's parts together as the API shows it, with one query a part however many runs there
/// are.
@ApplicationScoped
class Runs {
  private final RunStore runs;
  private final MetricStore metrics;
  private final DatasetStore datasets;
  private final ModelStore models;

  Runs(RunStore runs, MetricStore metrics, DatasetStore datasets, ModelStore models) {
    this.runs = runs;
    this.metrics = metrics;
    this.datasets = datasets;
    this.models = models;
  }

  List<TrackedRun> assemble(List<RunRow> rows) {
    var ids = rows.stream().map(RunRow::id).toList();
    var numbers = rows.stream().map(RunRow::number).toList();
    var params = runs.params(numbers);
    var tags = runs.tags(numbers);
    var latest = metrics.latest(numbers);
    var read = datasets.inputs(ids);
    var logged = models.ofRuns(ids);
    return rows.stream()
        .map(row ->
            new TrackedRun(
                row.id(),
                row.name(),
                String.valueOf(row.experimentId()),
                row.experiment(),
                RunStatus.valueOf(row.status()),
                row.message(),
                row.parentRunId(),
                row.pipeline() == null
                        || row.pipelineVersion() == null
                        || row.pipelineRunId() == null
                    ? null
                    : new TrackedRun.PipelineSource(
                        row.pipeline(),
                        row.pipelineVersion(),
                        row.pipelineRunId(),
                        row.task(),
                        row.attempt()),
                row.startTime(),
                row.endTime(),
                params.getOrDefault(row.number(), Map.of()),
                tags.getOrDefault(row.number(), Map.of()),
                latest.getOrDefault(row.number(), List.of()),
                read.getOrDefault(row.id(), List.of()),
                logged.getOrDefault(row.id(), List.of())))
        .toList();
  }

  TrackedRun get(String runId) {
    return assemble(List.of(runs.get(runId))).getFirst();
  }
}
