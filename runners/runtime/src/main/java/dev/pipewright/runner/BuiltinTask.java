package dev.pipewright.runner;

/// A task that is named by `uses` and runs inside the runner's JVM. Found through
/// [java.util.ServiceLoader].
public interface BuiltinTask {
  /// What a pipeline names it by: `pipewright/split@v1`.
  String uses();

  /// Does the work. Returning is success. A [dev.pipewright.contract.ProblemException] is a failure
  /// of the user's (bad data); anything else thrown is reported as TASK_CRASHED.
  void run(TaskContext context) throws Exception;
}
