package dev.pipewright.contract.api;

import org.jspecify.annotations.Nullable;

/// A request for the next trial.
///
/// @param worker who asks, for others to read
public record StudyAsk(@Nullable String worker) {}
