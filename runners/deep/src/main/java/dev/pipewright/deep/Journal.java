package dev.pipewright.deep;

import dev.pipewright.runner.TaskContext;

/// Where a training says how it goes, and asks whether to stop.
public interface Journal {
  void metric(String key, long step, double value);

  void line(String text);

  /// Looked at between steps; a training that is cancelled writes a checkpoint and returns.
  boolean cancelled();

  /// The task's run.
  static Journal of(TaskContext context) {
    return new Journal() {
      @Override
      public void metric(String key, long step, double value) {
        context.logMetric(key, step, value);
      }

      @Override
      public void line(String text) {
        System.out.println(text);
      }

      @Override
      public boolean cancelled() {
        return context.cancelled();
      }
    };
  }

  /// Nobody.
  static Journal none() {
    return new Journal() {
      @Override
      public void metric(String key, long step, double value) {}

      @Override
      public void line(String text) {}

      @Override
      public boolean cancelled() {
        return false;
      }
    };
  }
}
