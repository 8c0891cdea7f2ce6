package dev.pipewright.embedded;

/// A process of ours that holds data in a folder. What it is called and where it listens stay the
/// same over its restarts.
public sealed interface EmbeddedProcess permits EmbeddedPostgres, EmbeddedKafka {

  /// For people: `PostgreSQL`, `Kafka`.
  String name();

  /// The process id of the one that runs now, or ran last.
  long pid();

  boolean alive();

  /// Starts it again on the same data and port; one that is running is stopped first.
  ///
  /// @throws dev.pipewright.contract.ProblemException when it does not come up
  void restart();

  /// Shuts it down cleanly; one that does not end in time is killed. Does nothing when it is not
  /// running.
  void stop();
}
