package dev.pipewright.orchestrator.run;

/// Fired after runs were deleted.
public record RunsDeleted(int count) {}
