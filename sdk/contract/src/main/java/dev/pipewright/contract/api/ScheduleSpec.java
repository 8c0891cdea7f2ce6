package dev.pipewright.contract.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// When runs of a pipeline start by themselves. Either `cron` or `every` is given. Durations are
/// written `90s`, `15m`, `2h`, `7d`; times as `2026-03-29T02:30:00Z`.
///
/// @param pipeline its name
/// @param version of the pipeline; null for the latest at each start
/// @param params of each run; a text may hold `${{ }}` over `schedule.time`, `schedule.date` and
///   `schedule.name`
/// @param priority added to the pipeline's own, from -1000 to 1000
/// @param cron minute, hour, day of the month, month, day of the week
/// @param every an interval, counted from `start`, otherwise from 1970-01-01T00:00:00Z
/// @param timeZone of `cron`, such as `Europe/Berlin`; null for UTC
/// @param start no run is for a time before it
/// @param end no run is for a time after it
/// @param catchUp what becomes of times that passed while nobody looked: `none` starts a run for
///   the newest of them only, `all` one for each, `skip` for none that is past the start deadline
/// @param catchUpLimit with `all`: for so many at most, the newest; null for 100
/// @param startDeadline how late a run may start; null for no limit, with `skip` one minute
/// @param jitter each start is put off by up to this, always the same for one time
/// @param paused whether nothing starts for now
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ScheduleSpec(
    String pipeline,
    @Nullable Integer version,
    @Nullable String description,
    @Nullable Map<String, JsonNode> params,
    @Nullable Integer priority,
    @Nullable String cron,
    @Nullable String every,
    @Nullable String timeZone,
    @Nullable String start,
    @Nullable String end,
    @Nullable String catchUp,
    @Nullable Integer catchUpLimit,
    @Nullable String startDeadline,
    @Nullable String jitter,
    @Nullable Boolean paused) {}
