package dev.pipewright.contract.api;

import dev.pipewright.contract.Problem;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One occasion on which a schedule, a backfill or a trigger started a run, or did not.
///
/// @param number grows with each
/// @param time what the run is for: the time of the schedule, or when the event happened
/// @param until where this stands for several times that were skipped: the last of them
/// @param times how many times it stands for
/// @param code of the problem that refused it; null where there was none
/// @param reason why there is no run; null where there is one
/// @param errors what is wrong in each place, where there are several
/// @param runId the pipeline run
/// @param runState of that run; null when there is none (any more)
/// @param at when this was settled; null while it is planned
public record Fire(
    long number,
    Instant time,
    @Nullable Instant until,
    int times,
    FireState state,
    @Nullable String code,
    @Nullable String reason,
    List<Problem.Violation> errors,
    @Nullable String runId,
    @Nullable RunState runState,
    @Nullable Instant at) {
  public Fire {
    errors = errors == null ? List.of() : List.copyOf(errors);
  }
}
