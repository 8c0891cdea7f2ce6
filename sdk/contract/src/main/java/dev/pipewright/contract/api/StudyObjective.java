package dev.pipewright.contract.api;

import org.jspecify.annotations.Nullable;

/// A figure that trials reach.
///
/// @param name of the metric
/// @param direction `minimize`, which it is unless given, or `maximize`
public record StudyObjective(String name, @Nullable String direction) {}
