package dev.pipewright.contract.api;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A name in the model catalog.
///
/// @param latest the newest version
/// @param aliases alias → version
public record RegisteredModel(
    String name,
    @Nullable String description,
    int versions,
    @Nullable ModelVersion latest,
    Map<String, Integer> aliases,
    Instant createdAt,
    Instant updatedAt) {}
