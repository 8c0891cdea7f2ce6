package dev.pipewright.orchestrator.launch;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// How tasks are launched on this machine.
@ConfigMapping(prefix = "pipewright.launcher")
interface LaunchConfig {
  /// How many attempts run at once; the number of processors by default, and at least two.
  OptionalInt slots();

  /// The command that runs an attempt; by default the runner that is part of this installation.
  @WithName("runner-command")
  Optional<List<String>> runnerCommand();
}
