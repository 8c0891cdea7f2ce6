package dev.pipewright.runner;

import java.util.concurrent.TimeUnit;

/// `pipewright/noop@v1`: does nothing, for as long as it is told to.
public final class Noop implements BuiltinTask {
  @Override
  public String uses() {
    return "pipewright/noop@v1";
  }

  @Override
  public void run(TaskContext context) throws InterruptedException {
    TimeUnit.MICROSECONDS.sleep((long) (context.number("seconds").orElse(0.0) * 1e6));
  }
}
