package dev.pipewright.contract.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The end of a trial.
///
/// @param values one for each objective; null or empty where it failed
/// @param message why it failed
/// @param attempt which handing out of the trial has ended; null to trust the sender
public record StudyTold(
    @Nullable List<Double> values, @Nullable String message, @Nullable Integer attempt) {}
