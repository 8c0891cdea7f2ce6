package dev.pipewright.tracker.webhook;

import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One thing that one webhook is told, and how that went.
///
/// @param id the same at every attempt, so that a receiver can tell a repetition
/// @param state `PENDING`, `DELIVERED`, `FAILED`
/// @param attempts how often it was sent, or begun to be
public record Delivery(
    UUID id,
    UUID webhookId,
    String entity,
    String action,
    @JsonRawValue String data,
    Instant createdAt,
    String state,
    int attempts,
    @Nullable Instant nextAttemptAt,
    @Nullable Integer responseStatus,
    @Nullable String responseBody,
    @Nullable String error,
    @Nullable Instant finishedAt) {}
