package dev.pipewright.runner;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

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

  /// Work that is over before that is not even looked at.
  private static final Duration FIRST_LOOK = Duration.ofMillis(100);

  private final MetricBuffer metrics;
  private final Duration interval;
  private final List<Timers.Planned> planned = new ArrayList<>();
  private @Nullable Machine machine;
  private @Nullable Gpus gpus;
  private long step;
  private boolean closed;

  private SystemMetrics(MetricBuffer metrics, Duration interval) {
    this.metrics = metrics;
    this.interval = interval;
  }

  static SystemMetrics start(
      MetricBuffer metrics, Map<String, String> env, ScheduledExecutorService timer) {
    var started = new SystemMetrics(metrics, interval(env));
    if (!env.getOrDefault(ENABLED, "true").equalsIgnoreCase("false")) {
      started.plan(timer);
    }
    return started;
  }

  private synchronized void plan(ScheduledExecutorService timer) {
    long millis = interval.toMillis();
    planned.add(Timers.after(timer, Math.min(FIRST_LOOK.toMillis(), millis / 2), this::begin));
    // Asking for the GPUs takes its time, and others wait for the timer.
    planned.add(
        Timers.every(
            timer, millis, () -> Thread.ofVirtual().name("system-metrics").start(this::sample)));
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

  private synchronized void begin() {
    try {
      if (!closed) {
        machine = new Machine();
        gpus = new Gpus();
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the machine is not measured", e);
    }
  }

  private synchronized void sample() {
    try {
      if (!closed && machine != null && gpus != null) {
        var readings = machine.read();
        readings.putAll(gpus.read());
        readings.forEach((key, value) -> metrics.point(key, step, value, ""));
        step++;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the machine is no longer measured", e);
      close();
    }
  }

  /// A point after the end would not be the run's.
  @Override
  public synchronized void close() {
    closed = true;
    planned.forEach(Timers.Planned::cancel);
  }
}
