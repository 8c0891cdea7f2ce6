package dev.pipewright.contract.api;

import java.time.Instant;

/// A file of a run. Download it at `/api/v1/runs/{runId}/artifacts/{path}`.
///
/// @param path with `/` between the parts
public record Artifact(
    String path, long size, String digest, String mediaType, Instant createdAt) {}
