package dev.pipewright.contract.api;

/// How a list of a run's tasks is sorted.
///
/// - `DOCUMENT` as the document has them, instances after the task they belong to
/// - `URGENT` what failed, then what waits for a person, is tried again, runs, and the rest
/// - `NEWEST` what ended or started last
public enum TaskOrder {
  DOCUMENT,
  URGENT,
  NEWEST
}
