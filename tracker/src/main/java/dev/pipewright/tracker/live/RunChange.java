package dev.pipewright.tracker.live;

import dev.pipewright.contract.api.LogPage;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import java.util.List;

/// What one stored batch changed in one run.
///
/// @param details whether anything but points and log lines changed
/// @param ended whether the run is over
public record RunChange(
    List<MetricSeries> series, List<LogPage.Line> lines, boolean details, boolean ended) {}
