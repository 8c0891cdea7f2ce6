package dev.pipewright.contract.api;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A study as it stands.
///
/// @param spec what it was made with
/// @param state `RUNNING`, `STOPPED` by somebody, or `ENDED` because no trial is left
/// @param trials how many there are in each state
/// @param best the best trial's number, of several objectives the first one of the front; null
///   while no trial has shown anything
/// @param bestValues what that reached
/// @param runId the tracked run that its trials' runs are below, in an experiment of its name
public record Study(
    String name,
    StudySpec spec,
    String state,
    Map<String, Integer> trials,
    @Nullable Integer best,
    List<Double> bestValues,
    @Nullable String runId,
    Instant createdAt,
    Instant updatedAt,
    @Nullable Instant endedAt) {}
