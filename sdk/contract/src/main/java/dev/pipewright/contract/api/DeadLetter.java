package dev.pipewright.contract.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A message that could not be stored, and is kept until it is replayed or deleted.
///
/// @param bytes the size of the message
/// @param reason why it was refused the last time
public record DeadLetter(
    long id,
    String topic,
    int partition,
    long offset,
    @Nullable String key,
    int bytes,
    String reason,
    Instant createdAt) {}
