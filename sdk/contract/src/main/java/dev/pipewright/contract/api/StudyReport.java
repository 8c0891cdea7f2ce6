package dev.pipewright.contract.api;

import org.jspecify.annotations.Nullable;

/// The objective of a trial on the way.
///
/// @param step how far the trial is, in whatever counts: epochs, rounds, rows
/// @param attempt which handing out of the trial reports; one that was handed out again since is
///   told to stop. Null to trust the sender
public record StudyReport(@Nullable Long step, @Nullable Double value, @Nullable Integer attempt) {}
