package dev.pipewright.contract.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One entry of a pipeline run's history: what changed, and why.
///
/// @param revision the run's revision after it
/// @param task null when the run itself changed
/// @param attempt the attempt's number where one changed; null otherwise
/// @param from null for the first state
public record Transition(
    long revision,
    Instant at,
    @Nullable String task,
    @Nullable Integer attempt,
    @Nullable String from,
    String to,
    @Nullable String reason) {}
