package dev.pipewright.contract.api;

import org.jspecify.annotations.Nullable;

/// A pool as it stands: what tasks of any pipeline take from while they run.
///
/// @param slots how much there is
/// @param taken by the attempts that are launched or run; more than there is after the pool was
///   made smaller, until enough of them have ended
/// @param waiting how many attempts wait that take from it
public record Pool(
    String name, int slots, @Nullable String description, long taken, long waiting) {}
