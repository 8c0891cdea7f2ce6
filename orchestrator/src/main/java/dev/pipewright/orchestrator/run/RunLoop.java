package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.Topics;
import dev.pipewright.orchestrator.OrchestratorSchema;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Kafka;
import dev.pipewright.platform.Loop;
import dev.pipewright.platform.Outbox;
import dev.pipewright.platform.OutboxRelay;
import dev.pipewright.platform.TopicConsumer;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.producer.Producer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Loads a run, lets [RunDecider] decide, and applies all decisions in one transaction: rows,
/// history and outbox. What wakes it is in the database, so whoever dies in between, the next look
/// finds it.
@ApplicationScoped
public class RunLoop {
  private static final Logger LOG = Logger.getLogger(RunLoop.class);
  private static final Duration PAUSE = Duration.ofSeconds(10);

  private final Db db;
  private final Kafka kafka;
  private final RunStore runs;
  private final PipelineStore pipelines;
  private final Clock clock;
  private final MeterRegistry meters;
  private final Event<RunChanged> changed;
  private final RunEvents events = new RunEvents(new Outbox(OrchestratorSchema.NAME));
  private final Map<UUID, Instant> troubled = new HashMap<>();
  private @Nullable Producer<String, byte[]> producer;
  private @Nullable OutboxRelay relay;
  private @Nullable TopicConsumer consumer;
  private @Nullable Loop loop;

  RunLoop(
      Db db,
      Kafka kafka,
      RunStore runs,
      PipelineStore pipelines,
      Clock clock,
      MeterRegistry meters,
      Event<RunChanged> changed) {
    this.db = db;
    this.kafka = kafka;
    this.runs = runs;
    this.pipelines = pipelines;
    this.clock = clock;
    this.meters = meters;
    this.changed = changed;
  }

  /// Fired after a run's decisions are committed.
  public record RunChanged(UUID runId) {}

  void onStart(@Observes @Priority(100) StartupEvent event) {
    producer = kafka.producer();
    relay = OutboxRelay.start(db, OrchestratorSchema.NAME, producer);
    loop = Loop.start("runs", Duration.ofMillis(500), this::step);
    var reports =
        TopicConsumer.start(
            db,
            OrchestratorSchema.NAME,
            Topics.TASK_REPORTS,
            kafka.consumer(),
            new ReportHandler(runs, this::wake));
    meters.gauge("pipewright.reports.lag", reports, TopicConsumer::lag);
    consumer = reports;
  }

  void onStop(@Observes ShutdownEvent event) {
    // From the outside in: first what brings work.
    close(consumer);
    close(loop);
    close(relay);
    if (producer != null) {
      producer.close(Duration.ofSeconds(2));
    }
  }

  private static void close(@Nullable AutoCloseable part) {
    try {
      if (part != null) {
        part.close();
      }
    } catch (Exception e) {
      LOG.warnf(e, "%s did not close; the rest does", part);
    }
  }

  /// Something happened to some run.
  public void wake() {
    if (loop != null) {
      loop.wake();
    }
  }

  private boolean step() {
    var now = clock.instant();
    var due = runs.needingAttention(now);
    for (var id : due) {
      if (now.isBefore(troubled.getOrDefault(id, Instant.MIN))) {
        continue;
      }
      try {
        if (decide(id)) {
          changed.fire(new RunChanged(id));
          if (relay != null) {
            relay.wake();
          }
        }
        troubled.remove(id);
      } catch (RuntimeException e) {
        if (Db.isTransient(e)) {
          throw e;
        }
        // One run that cannot be decided on must not hold up the others.
        LOG.errorf(e, "run %s cannot be decided on; again in %s", id, PAUSE);
        troubled.put(id, now.plus(PAUSE));
      }
    }
    return due.size() == RunStore.MOST_DUE && troubled.size() < RunStore.MOST_DUE;
  }

  /// One hop: all that is known of a run is decided on and committed at once.
  ///
  /// @return whether anything was decided
  private boolean decide(UUID id) {
    return db.inTransaction(tx -> {
      var row = runs.lock(tx, id);
      if (row.isEmpty()) {
        return false;
      }
      var run = row.get();
      var spec = pipelines.version(run.pipeline(), run.version()).spec();
      var now = clock.instant();
      List<Decision> decisions = RunDecider.decide(runs.snapshot(tx, run, spec), now);
      runs.apply(tx, run, decisions, now);
      events.append(tx, run, spec, decisions, now);
      return !decisions.isEmpty();
    });
  }
}
