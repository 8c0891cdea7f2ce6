package dev.pipewright.orchestrator.trigger;

/// Whose way of signing a hook's messages follow.
enum HookKind {
  GITHUB,
  GITLAB,
  GENERIC
}
