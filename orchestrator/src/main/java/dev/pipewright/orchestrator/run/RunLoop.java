package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.Topics;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.orchestrator.OrchestratorRelay;
import dev.pipewright.orchestrator.OrchestratorSchema;
import dev.pipewright.orchestrator.run.InboxStore.Kind;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Kafka;
import dev.pipewright.platform.Loop;
import dev.pipewright.platform.TopicConsumer;
import dev.pipewright.platform.Trouble;
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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Finds the runs that have something to do, and has the [RunEngine] take each of them forward, one
/// step at a time, several runs at once. What happened while a step was under way is the next
/// step's.
@ApplicationScoped
public class RunLoop {
  private static final Logger LOG = Logger.getLogger(RunLoop.class);
  private static final Duration PAUSE = Duration.ofSeconds(10);
  private static final int AT_ONCE = 4;

  private final Db db;
  private final Kafka kafka;
  private final InboxStore inbox;
  private final RunEngine engine;
  private final OrchestratorRelay relay;
  private final Clock clock;
  private final MeterRegistry meters;
  private final Event<RunChanged> changed;
  private final Map<UUID, Instant> troubled = new ConcurrentHashMap<>();
  private final Trouble trouble = new Trouble();
  private final Map<UUID, Work> works = new HashMap<>();
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          AT_ONCE, Thread.ofPlatform().name("run-", 0).daemon(true).factory());
  private @Nullable TopicConsumer consumer;
  private @Nullable TopicConsumer points;
  private @Nullable Loop loop;

  RunLoop(
      Db db,
      Kafka kafka,
      InboxStore inbox,
      RunEngine engine,
      OrchestratorRelay relay,
      Clock clock,
      MeterRegistry meters,
      Event<RunChanged> changed) {
    this.db = db;
    this.kafka = kafka;
    this.inbox = inbox;
    this.engine = engine;
    this.relay = relay;
    this.clock = clock;
    this.meters = meters;
    this.changed = changed;
  }

  /// Fired after a run's step is committed.
  ///
  /// @param launchable whether there are attempts to launch that wait in the queue
  /// @param stops whether there are attempts to stop
  public record RunChanged(UUID runId, boolean launchable, boolean stops) {}

  /// What there is to do for a run while a step of it is under way, or waits for a thread.
  private static final class Work {
    final List<Told> told = new ArrayList<>();
    boolean look;
  }

  /// Reports that came straight from where the attempt runs.
  private record Told(List<TaskReport> reports, Runnable stored) {}

  void onStart(@Observes @Priority(100) StartupEvent event) {
    loop = Loop.start("runs", Duration.ofMillis(500), this::find);
    var reports =
        TopicConsumer.start(
            db,
            OrchestratorSchema.NAME,
            Topics.TASK_REPORTS,
            kafka.consumer(),
            new ReportHandler(clock, this::look));
    meters.gauge("pipewright.reports.lag", reports, TopicConsumer::lag);
    consumer = reports;
    points =
        TopicConsumer.start(
            db,
            OrchestratorSchema.NAME,
            Topics.WATCHED_METRICS,
            kafka.consumer(),
            new PointHandler(this::look));
  }

  void onStop(@Observes ShutdownEvent event) {
    // From the outside in: first what brings work.
    close(points);
    close(consumer);
    close(loop);
    threads.shutdown();
    try {
      if (!threads.awaitTermination(2, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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

  /// Cancels runs with this transaction; it is for the caller to let them be looked at after it.
  public static void cancel(Handle tx, Collection<UUID> runs) {
    runs.forEach(run -> InboxStore.tell(tx, run, Kind.CANCEL, new byte[0]));
  }

  /// Something happened to this run.
  public void look(UUID run) {
    schedule(run, null);
  }

  /// Takes in reports straight from where the attempts run.
  ///
  /// @param stored called for each run once what came of its reports is committed
  public void hear(Collection<TaskReport> reports, Runnable stored) {
    var byRun = new HashMap<UUID, List<TaskReport>>();
    for (var report : reports) {
      byRun
          .computeIfAbsent(UUID.fromString(report.getPipelineRunId()), id -> new ArrayList<>())
          .add(report);
    }
    byRun.forEach((run, list) -> schedule(run, new Told(list, stored)));
  }

  /// Announces a run that was stepped by somebody else.
  void stepped(UUID run, RunEngine.Step step) {
    if (step.changed()) {
      changed.fire(new RunChanged(run, step.launchable(), step.stops()));
      if (step.sends()) {
        relay.wake();
      }
    }
    step.touched().forEach(this::look);
  }

  private void schedule(UUID run, @Nullable Told told) {
    synchronized (works) {
      var known = works.get(run);
      var work = known == null ? new Work() : known;
      if (told == null) {
        work.look = true;
      } else {
        work.told.add(told);
      }
      if (known == null) {
        works.put(run, work);
        threads.execute(() -> work(run));
      }
    }
  }

  private boolean find() {
    var now = clock.instant();
    var due = inbox.needingAttention(now);
    int paused = 0;
    for (var id : due) {
      if (now.isBefore(troubled.getOrDefault(id, Instant.MIN))) {
        paused++;
      } else {
        look(id);
      }
    }
    return due.size() == InboxStore.MOST_DUE && paused < InboxStore.MOST_DUE && !isBusy();
  }

  private boolean isBusy() {
    synchronized (works) {
      return !works.isEmpty();
    }
  }

  private void work(UUID run) {
    List<Told> told;
    synchronized (works) {
      var work = works.get(run);
      told = List.copyOf(work.told);
      work.told.clear();
      work.look = false;
    }
    step(run, told);
    synchronized (works) {
      var work = works.get(run);
      if (work.look || !work.told.isEmpty()) {
        threads.execute(() -> work(run));
      } else {
        works.remove(run);
      }
    }
  }

  private void step(UUID run, List<Told> told) {
    try {
      var step =
          told.isEmpty()
              ? engine.step(run)
              : engine.step(run, told.stream().flatMap(each -> each.reports.stream()).toList());
      told.forEach(each -> each.stored.run());
      troubled.remove(run);
      trouble.over(System.nanoTime());
      stepped(run, step);
    } catch (RuntimeException e) {
      if (Db.isTransient(e)) {
        var why = Loop.rootMessage(e);
        if (trouble.failed(why, System.nanoTime())) {
          LOG.warnf("run %s: the database is away, trying again: %s", run, why);
        }
      } else {
        // One run that cannot be decided on must not hold up the others.
        LOG.errorf(e, "run %s cannot be decided on; again in %s", run, PAUSE);
      }
      troubled.put(run, clock.instant().plus(PAUSE));
    }
  }
}
