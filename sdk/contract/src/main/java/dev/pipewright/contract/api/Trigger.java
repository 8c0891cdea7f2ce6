package dev.pipewright.contract.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A trigger as it stands.
///
/// @param spec what it was applied with, without the secret
/// @param hookPath where a hook's messages go; null for one on events
public record Trigger(
    String name,
    TriggerSpec spec,
    boolean paused,
    @Nullable String hookPath,
    @Nullable Fire last,
    Instant createdAt,
    Instant updatedAt) {}
