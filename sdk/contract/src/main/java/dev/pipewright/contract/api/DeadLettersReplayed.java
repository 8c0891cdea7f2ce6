package dev.pipewright.contract.api;

/// What became of all dead letters when they were replayed.
///
/// @param stored how many were stored, and are gone
/// @param refused how many were refused again, and are kept with the new reason
public record DeadLettersReplayed(int stored, int refused) {}
