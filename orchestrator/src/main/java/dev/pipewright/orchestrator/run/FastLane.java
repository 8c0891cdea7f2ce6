package dev.pipewright.orchestrator.run;

import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Lets attempts begin where they were decided on, without a way through the queue, while there is
/// room and nobody waits. Most tasks of most runs begin like this: one transaction instead of two,
/// and nobody has to find them.
public interface FastLane {
  /// Keeps room for attempts that are about to be stored.
  ///
  /// @return those that there is room for; the others are to wait in the queue
  Set<UUID> admit(List<ActiveAttempt> attempts);

  /// Why nothing is launched here, as a sentence; null when that is not so.
  @Nullable String obstacle();

  /// Who launches what was admitted.
  String server();

  /// Begins attempts that were admitted, now that they are stored.
  void begin(List<ActiveAttempt> attempts);

  /// Gives up the room of attempts that were admitted and could not be stored.
  void giveBack(Collection<UUID> attempts);
}
