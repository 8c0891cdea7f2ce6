package dev.pipewright.contract.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs for the times of a range that has passed. Names a schedule, whose pipeline, params and
/// times are taken, or says those itself; what is said beside a schedule takes the place of the
/// schedule's.
///
/// @param schedule the name of one
/// @param from the first time, inclusive: `2026-01-01` or `2026-01-01T00:00:00Z`; a date begins in
///   the time zone
/// @param to the last time: a date with all of its day, or an instant, inclusive
/// @param parallel how many runs at once; null for 1
/// @param newestFirst whether the newest time comes first
/// @param again whether times that have a succeeded run of the pipeline are run again
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BackfillSpec(
    @Nullable String schedule,
    @Nullable String pipeline,
    @Nullable Integer version,
    @Nullable Map<String, JsonNode> params,
    @Nullable Integer priority,
    @Nullable String cron,
    @Nullable String every,
    @Nullable String timeZone,
    String from,
    String to,
    @Nullable Integer parallel,
    @Nullable Boolean newestFirst,
    @Nullable Boolean again) {}
