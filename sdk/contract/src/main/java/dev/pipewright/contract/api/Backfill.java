package dev.pipewright.contract.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A backfill and how far it is. `total` is `waiting + running + succeeded + failed + skipped +
/// refused`.
///
/// @param state `RUNNING`, `ENDED`, `CANCELLED`
/// @param waiting times whose run is yet to be started
/// @param failed runs that failed or were cancelled
/// @param skipped times that had a succeeded run, or were cancelled
/// @param refused times for which no run could be started
public record Backfill(
    String id,
    BackfillSpec spec,
    String pipeline,
    String state,
    int total,
    int waiting,
    int running,
    int succeeded,
    int failed,
    int skipped,
    int refused,
    Instant createdAt,
    @Nullable Instant endedAt) {}
