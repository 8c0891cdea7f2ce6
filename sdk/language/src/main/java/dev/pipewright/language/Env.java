package dev.pipewright.language;

/// What an environment variable is set to.
public sealed interface Env {
  /// Written out.
  record Text(String value) implements Env {}

  /// A secret that the launcher looks up; only its name is ever kept.
  record Secret(String name) implements Env {}
}
