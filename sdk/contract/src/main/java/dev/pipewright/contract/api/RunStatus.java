package dev.pipewright.contract.api;

/// Where a tracked run stands, in MLflow's words.
public enum RunStatus {
  RUNNING,
  SCHEDULED,
  FINISHED,
  FAILED,
  KILLED
}
