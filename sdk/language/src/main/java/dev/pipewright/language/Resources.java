package dev.pipewright.language;

import org.jspecify.annotations.Nullable;

/// What a task asks of the machine it runs on; null where it leaves the choice to the launcher.
///
/// @param cpu cores
/// @param memory a quantity as Kubernetes writes it: `4Gi`
/// @param gpu how many
/// @param gpuType such as `nvidia-h100`
/// @param nodes how many machines work on it together
public record Resources(
    @Nullable Double cpu,
    @Nullable String memory,
    @Nullable Integer gpu,
    @Nullable String gpuType,
    @Nullable Integer nodes) {
  /// Asks for nothing in particular.
  public static final Resources ANY = new Resources(null, null, null, null, null);
}
