package dev.pipewright.orchestrator.launch;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// How tasks are launched on this machine.
@ConfigMapping(prefix = "pipewright.launcher")
interface LaunchConfig {
  /// The cores that tasks may use at once; the number of processors by default, and at least two.
  OptionalDouble cpus();

  /// The memory that tasks may use at once, as `16Gi`; all of the machine's by default.
  Optional<String> memory();

  /// How many GPUs tasks may use at once; all that the machine shows by default.
  OptionalInt gpus();

  /// How long a task may go on after it was asked to stop.
  @WithDefault("10S")
  Duration grace();

  /// How long an attempt of another server may say nothing before it counts as lost.
  @WithName("lost-after")
  @WithDefault("60S")
  Duration lostAfter();

  /// The command that runs an attempt in a process of its own; by default the runner that is part
  /// of this installation.
  @WithName("runner-command")
  Optional<List<String>> runnerCommand();
}
