package dev.pipewright.contract.api;

import java.time.Instant;

/// A group of tracked runs; a pipeline's runs are in the experiment of its name.
public record Experiment(String id, String name, long runs, Instant createdAt) {}
