package dev.pipewright.tracker.mlflow.wire;

/// What would become of a call that comes again because its answer was lost. Clients repeat by
/// themselves when a connection breaks or the server says that it is not well.
public enum Repeat {
  /// It does what was done already, which changes nothing: most calls are so by themselves.
  IS_HARMLESS,

  /// It would make another one. So a repeat is answered with the first one's answer, and not done.
  MAKES_ANOTHER,

  /// It would be refused, for what is to go is gone or what is to come is there. So a repeat that
  /// is refused is answered with the first one's answer.
  IS_REFUSED
}
