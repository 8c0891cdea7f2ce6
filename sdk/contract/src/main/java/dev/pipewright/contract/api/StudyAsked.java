package dev.pipewright.contract.api;

import org.jspecify.annotations.Nullable;

/// The answer to a request for a trial.
///
/// @param trial null where there is none now
/// @param ended whether there will be none later either
public record StudyAsked(@Nullable StudyTrial trial, boolean ended) {}
