package dev.pipewright.contract.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A named pipeline. Its versions are immutable.
public record Pipeline(
    String name,
    @Nullable String description,
    int latestVersion,
    Instant createdAt,
    Instant updatedAt) {}
