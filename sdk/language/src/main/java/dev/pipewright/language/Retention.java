package dev.pipewright.language;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Which of a pipeline's ended runs are kept. A run goes when nothing of this keeps it.
///
/// @param keepLast how many of the newest are kept, however old they are; null for none
/// @param olderThan how long ago a run must have ended to go; null for any time
public record Retention(@Nullable Integer keepLast, @Nullable Duration olderThan) {}
