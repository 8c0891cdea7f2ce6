package dev.pipewright.contract.api;

/// Who is to blame for a failed attempt; each kind has a retry budget of its own.
public enum FailureKind {
  USER,
  SYSTEM
}
