package dev.pipewright.tracker.ingest;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.DeadLettersReplayed;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import dev.pipewright.platform.TopicConsumer.InvalidRecord;
import dev.pipewright.tracker.live.RunChange;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/// Tries again to store what could not be stored, after its cause was removed.
@ApplicationScoped
class DeadLetters {
  private static final int AT_ONCE = 1_000;

  private final Db db;
  private final DeadLetterStore store;
  private final Ingest ingest;

  DeadLetters(Db db, DeadLetterStore store, Ingest ingest) {
    this.db = db;
    this.store = store;
    this.ingest = ingest;
  }

  void onStart(@Observes StartupEvent event, MeterRegistry meters) {
    meters.gauge("pipewright.ingest.dead.letters", store, DeadLetterStore::count);
  }

  /// What became of one.
  private sealed interface Outcome {
    record Stored() implements Outcome {}

    record Refused(String reason) implements Outcome {}

    /// Another replay stored it, or somebody gave it up.
    record Gone() implements Outcome {}
  }

  /// Stores one and removes it, in one transaction; when it is refused, keeps it with the reason.
  ///
  /// @return why it was refused; empty when it is stored
  Optional<String> replay(long id) {
    return switch (tryAgain(id)) {
      case Outcome.Stored() -> Optional.empty();
      case Outcome.Refused(var reason) -> Optional.of(reason);
      case Outcome.Gone() -> throw notFound(id);
    };
  }

  /// Each in a transaction of its own, so that one that is refused again holds up none.
  DeadLettersReplayed replayAll() {
    int stored = 0;
    int refused = 0;
    long last = 0;
    while (true) {
      var ids = store.after(last, AT_ONCE);
      if (ids.isEmpty()) {
        return new DeadLettersReplayed(stored, refused);
      }
      for (long id : ids) {
        switch (tryAgain(id)) {
          case Outcome.Stored() -> stored++;
          case Outcome.Refused(var reason) -> refused++;
          case Outcome.Gone() -> {}
        }
        last = id;
      }
    }
  }

  private Outcome tryAgain(long id) {
    Optional<Map<String, RunChange>> changes;
    try {
      changes = db.inTransaction(tx -> store(tx, id));
    } catch (InvalidRecord | RuntimeException e) {
      if (e instanceof RuntimeException failure && !Db.isPermanent(failure)) {
        throw failure;
      }
      var reason = Loop.rootMessage(e);
      return store.refused(id, reason) ? new Outcome.Refused(reason) : new Outcome.Gone();
    }
    changes.ifPresent(ingest::publish);
    return changes.isPresent() ? new Outcome.Stored() : new Outcome.Gone();
  }

  private Optional<Map<String, RunChange>> store(Handle tx, long id) throws InvalidRecord {
    var payload = store.take(tx, id);
    return payload.isEmpty() ? Optional.empty() : Optional.of(ingest.replay(tx, payload.get()));
  }

  static ProblemException notFound(long id) {
    return new ProblemException(
        ProblemCode.DEAD_LETTER_NOT_FOUND, "There is no dead letter " + id + ".");
  }
}
