package dev.pipewright.runner;

import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.util.LinkedHashMap;
import java.util.Map;

/// Collects points and tells them in batches, a few times a second: a curve moves live, and a
/// million points are not a million messages.
final class MetricBuffer implements AutoCloseable {
  private static final int MOST_POINTS = 10_000;
  private static final long FLUSH_MILLIS = 200;

  private record SeriesKey(String key, String modelId) {}

  private final EventLog events;
  private final Map<SeriesKey, MetricSeries.Builder> pending = new LinkedHashMap<>();
  private int points;
  private boolean closed;

  MetricBuffer(EventLog events) {
    this.events = events;
    Thread.ofPlatform().name("metrics").daemon(true).start(this::flushRegularly);
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
    }
  }

  synchronized void flush() {
    if (points > 0) {
      var metrics = MetricsLogged.newBuilder();
      pending.values().forEach(metrics::addSeries);
      events.tell(RunEvent.newBuilder().setMetricsLogged(metrics));
      pending.clear();
      points = 0;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
    flush();
  }

  private synchronized void flushRegularly() {
    try {
      while (!closed) {
        wait(FLUSH_MILLIS);
        flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
