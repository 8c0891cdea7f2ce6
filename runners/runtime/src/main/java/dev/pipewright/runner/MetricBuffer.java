package dev.pipewright.runner;

import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/// Collects points and tells them in batches, a few times a second: a curve moves live, and a
/// million points are not a million messages.
final class MetricBuffer implements AutoCloseable {
  private static final int MOST_POINTS = 10_000;
  private static final long FLUSH_MILLIS = 200;

  private record SeriesKey(String key, String modelId) {}

  private final EventLog events;
  private final ScheduledExecutorService timer;
  private final Map<SeriesKey, MetricSeries.Builder> pending = new LinkedHashMap<>();
  private int points;

  MetricBuffer(EventLog events, ScheduledExecutorService timer) {
    this.events = events;
    this.timer = timer;
  }

  synchronized void point(String key, long step, double value, String modelId) {
    pending
        .computeIfAbsent(
            new SeriesKey(key, modelId),
            series -> MetricSeries.newBuilder().setKey(key).setModelId(modelId))
        .addSteps(step)
        .addTimestamps(events.nowMillis())
        .addValues(value);
    if (++points >= MOST_POINTS) {
      flush();
    } else if (points == 1) {
      Timers.after(timer, FLUSH_MILLIS, this::flush);
    }
  }

  synchronized void flush() {
    if (points > 0) {
      var metrics = MetricsLogged.newBuilder();
      pending.values().forEach(metrics::addSeries);
      try {
        events.tell(RunEvent.newBuilder().setMetricsLogged(metrics));
      } catch (UncheckedIOException e) {
        // The work goes on.
        System.err.println(points + " points could not be kept: " + e.getCause());
      }
      pending.clear();
      points = 0;
    }
  }

  @Override
  public synchronized void close() {
    flush();
  }
}
