package dev.pipewright.orchestrator.retention;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithName;
import java.time.Duration;
import java.util.Optional;

/// How long runs are kept of pipelines that say nothing of it themselves.
@ConfigMapping(prefix = "pipewright.retention")
interface RetentionConfig {
  /// How long ago a run must have ended to be deleted; without it none is.
  @WithName("runs-older-than")
  Optional<Duration> runsOlderThan();
}
