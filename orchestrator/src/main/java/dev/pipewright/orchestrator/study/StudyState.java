package dev.pipewright.orchestrator.study;

enum StudyState {
  RUNNING,
  /// By somebody.
  STOPPED,
  /// No trial is left.
  ENDED
}
