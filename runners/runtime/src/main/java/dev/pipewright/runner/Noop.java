package dev.pipewright.runner;

/// `pipewright/noop@v1`: does nothing.
public final class Noop implements BuiltinTask {
  @Override
  public String uses() {
    return "pipewright/noop@v1";
  }

  @Override
  public void run(TaskContext context) {}
}
