package dev.pipewright.contract;

import java.util.List;

/// The Kafka topics, one version of one message each.
public final class Topics {
  /// `pipewright.tracking.v1.RunEvent`, keyed by run id.
  public static final String RUN_EVENTS = "pipewright.run-events.v1";

  /// `pipewright.tasks.v1.TaskReport`, keyed by pipeline run id.
  public static final String TASK_REPORTS = "pipewright.task-reports.v1";

  /// `pipewright.catalog.v1.CatalogEvent`, keyed by the name of the model or dataset.
  public static final String CATALOG_EVENTS = "pipewright.catalog-events.v1";

  /// `pipewright.metrics.v1.WatchedMetrics`, keyed by pipeline run id.
  public static final String WATCHED_METRICS = "pipewright.watched-metrics.v1";

  public static final List<String> ALL =
      List.of(RUN_EVENTS, TASK_REPORTS, CATALOG_EVENTS, WATCHED_METRICS);

  /// Partitions of each topic. Order is kept within a key, so the number may grow but never shrink.
  public static final int PARTITIONS = 4;

  private Topics() {}
}
