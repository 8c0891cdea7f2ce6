package dev.pipewright.runner;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Logs how busy the machine is while a task runs, as MLflow does: a point of each metric every ten
/// seconds, with the sample's number as its step. A task that is over sooner has none.
///
/// A task's `env` may set MLflow's own `MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL` (seconds) and turn
/// them off with `MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING: "false"`.
final class SystemMetrics implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(SystemMetrics.class.getName());
  private static final String INTERVAL = "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL";
  private static final String ENABLED = "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING";
  private static final Duration TEN_SECONDS = Duration.ofSeconds(10);

  private final MetricBuffer metrics;
  private final Duration interval;
  private final Thread thread;

  private SystemMetrics(MetricBuffer metrics, Duration interval) {
    this.metrics = metrics;
    this.interval = interval;
    this.thread = Thread.ofPlatform().name("system-metrics").daemon(true).unstarted(this::sample);
  }

  static SystemMetrics start(MetricBuffer metrics, Map<String, String> env) {
    var started = new SystemMetrics(metrics, interval(env));
    if (!env.getOrDefault(ENABLED, "true").equalsIgnoreCase("false")) {
      started.thread.start();
    }
    return started;
  }

  static Duration interval(Map<String, String> env) {
    var text = env.get(INTERVAL);
    if (text == null) {
      return TEN_SECONDS;
    }
    try {
      double seconds = Double.parseDouble(text);
      if (seconds >= 0.1 && seconds <= 86_400) {
        return Duration.ofMillis((long) (1_000 * seconds));
      }
    } catch (NumberFormatException e) {
      // As one that is out of range.
    }
    LOG.warning(
        "%s is '%s', not a number of seconds from 0.1 to 86400; it is taken as 10"
            .formatted(INTERVAL, text));
    return TEN_SECONDS;
  }

  private void sample() {
    try {
      var machine = new Machine();
      var gpus = new Gpus();
      for (long step = 0; ; step++) {
        Thread.sleep(interval);
        log(step, machine.read());
        log(step, gpus.read());
      }
    } catch (InterruptedException e) {
      // The task is over.
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the machine is no longer measured", e);
    }
  }

  private void log(long step, Map<String, Double> readings) {
    readings.forEach((key, value) -> metrics.point(key, step, value, ""));
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      // A point after the end would not be the run's.
      thread.join(Duration.ofSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
