package dev.pipewright.contract.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A trial of a study.
///
/// @param number from 0
/// @param state `WAITING`, `RUNNING`, `PAUSED`, `COMPLETE`, `PRUNED` or `FAILED`
/// @param origin `SAMPLED`, `ENQUEUED` by somebody, or from an `EARLIER` study and never run in
///   this
/// @param params without those that are not active
/// @param values one for each objective; empty until told
/// @param attempt how often it was handed out
/// @param resumed whether it ran before and goes on from its checkpoint
/// @param budget the step up to which it is to go now; null where that is its own affair
/// @param worker who has it, in their own words
/// @param runId the tracked run of the trial, which its worker may log anything to; null for one
///   that was not handed out
/// @param leaseUntil when it is handed out again unless its worker is heard of
/// @param reports the objective on the way; null in lists
public record StudyTrial(
    int number,
    String state,
    String origin,
    Map<String, JsonNode> params,
    List<Double> values,
    int attempt,
    boolean resumed,
    @Nullable Long budget,
    @Nullable String worker,
    @Nullable String message,
    @Nullable String runId,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant endedAt,
    @Nullable Instant leaseUntil,
    @Nullable List<StudyReport> reports) {}
