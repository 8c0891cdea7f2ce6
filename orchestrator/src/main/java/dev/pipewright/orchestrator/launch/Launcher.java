package dev.pipewright.orchestrator.launch;

import dev.pipewright.contract.task.TaskLaunch;
import java.util.Set;
import java.util.UUID;

/// Runs task attempts somewhere. Every launcher passes the same contract suite.
///
/// An attempt has one identity for ever, its id. Its runner itself makes sure that the work starts
/// at most once, and that whatever it said before it died is delivered; so a launcher may start a
/// runner again at any time, and does so whenever none is there and the attempt is not over. What
/// an attempt came to arrives as a message, never through the launcher.
public interface Launcher {
  /// Makes sure that a runner of the attempt is there. Returns at once; calling it again changes
  /// nothing while one is.
  void ensure(TaskLaunch launch);

  /// Whether a runner of the attempt is there, started by this server or by one before it.
  boolean isThere(UUID attempt);

  /// Whether the attempt's runner has delivered everything and left.
  boolean isDone(UUID attempt);

  /// Whether the attempt was ever started here.
  boolean wasStarted(UUID attempt);

  /// What the attempt's runner itself printed last, for a runner that cannot even start.
  String lastWords(UUID attempt);

  /// Asks the attempt to stop: SIGTERM, and SIGKILL after the grace period. Calling it again
  /// changes nothing.
  void stop(UUID attempt);

  /// Starts a runner again for an attempt that was launched before, so that what is left of it is
  /// delivered. Changes nothing while a runner is there.
  void resume(UUID attempt);

  /// The attempts of which something is kept here.
  Set<UUID> kept();

  /// Has everything delivered once more; for when a delivery was lost after it was acknowledged.
  void redeliver(UUID attempt);

  /// Drops what is kept of an attempt that is over and delivered.
  void forget(UUID attempt);
}
