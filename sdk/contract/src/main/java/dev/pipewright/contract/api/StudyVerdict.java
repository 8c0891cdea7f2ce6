package dev.pipewright.contract.api;

/// What a trial that has reported is to do.
///
/// @param verdict `GO_ON`; `PAUSE`: save a checkpoint and leave, it may be asked for again; or
///   `STOP`
public record StudyVerdict(String verdict) {}
