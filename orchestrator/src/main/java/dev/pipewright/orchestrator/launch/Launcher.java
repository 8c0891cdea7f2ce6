package dev.pipewright.orchestrator.launch;

import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.TaskReport;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/// Runs task attempts somewhere. Every launcher passes the same contract suite.
///
/// An attempt has one identity for ever, its id. Where it runs, it is made sure that the work
/// starts at most once, and that whatever it said before it died is delivered; so an attempt may be
/// launched again at any time, and is whenever nothing is there of one that is not over. What an
/// attempt came to arrives as a report, never as an answer.
public interface Launcher extends AutoCloseable {
  /// What a launcher tells.
  interface Listener {
    /// Reports that came straight from where attempts run.
    ///
    /// @param stored to be called once what came of them is committed; until then they are said
    ///   again, or go over Kafka
    void heard(List<TaskReport> reports, Runnable stored);

    /// Something began or ended that nobody reported.
    void changed();
  }

  /// Makes sure that it is known what runs, which the other questions need.
  ///
  /// @return whether it is
  boolean ready() throws InterruptedException;

  /// Whether it takes new attempts now.
  boolean accepts();

  /// Makes sure that the attempt was begun. Returns at once; calling it again changes nothing while
  /// it is there.
  ///
  /// @param secrets those that the attempt uses, by name
  void ensure(TaskLaunch launch, Map<String, String> secrets);

  /// Whether the attempt runs or has something to deliver, started by this server or by one before
  /// it.
  boolean isThere(UUID attempt);

  /// Whether everything of the attempt was delivered, but perhaps not arrived.
  boolean isDone(UUID attempt);

  /// Whether the attempt was ever begun here, as long as something of it is kept.
  boolean wasStarted(UUID attempt);

  /// The GPUs that an attempt which is there was given.
  List<Integer> gpus(UUID attempt);

  /// What the attempt's runner itself printed last, for a runner that cannot even start.
  String lastWords(UUID attempt);

  /// Asks the attempt to stop: SIGTERM, and SIGKILL after the grace period. Calling it again
  /// changes nothing.
  void stop(UUID attempt);

  /// Sees to it that what is left of an attempt that was begun before is delivered. Changes nothing
  /// while it is there.
  void resume(UUID attempt);

  /// The attempts of which something is kept here.
  Set<UUID> kept();

  /// Has everything delivered once more; for when a delivery was lost after it was acknowledged.
  void redeliver(UUID attempt);

  /// Drops what is kept of an attempt that is over and delivered.
  void forget(UUID attempt);

  /// What cannot be done here of what a task may ask for; empty for nothing.
  String shortcomings();

  /// Lets go of everything; what runs goes on.
  @Override
  void close();
}
