package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.language.Concurrency.Policy;
import dev.pipewright.language.Params;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.OrchestratorSchema;
import dev.pipewright.orchestrator.pipeline.PipelineStore.StoredVersion;
import dev.pipewright.orchestrator.pipeline.PipelineVersions;
import dev.pipewright.orchestrator.run.Changes.StartedAttempt;
import dev.pipewright.orchestrator.run.InboxStore.Kind;
import dev.pipewright.orchestrator.run.NewRunStore.NewRun;
import dev.pipewright.orchestrator.run.NewRunStore.Parent;
import dev.pipewright.orchestrator.run.RunStore.RunRow;
import dev.pipewright.platform.Blobs;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Outbox;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;

/// Takes runs forward, one step at a time: loads what is known, lets [LiveRun] decide, and applies
/// all of it in one transaction: rows, history and outbox. What wakes it is in the database, so
/// whoever dies in between, the next look finds it.
///
/// Runs under way are kept in memory between steps. The row's revision says whether what is kept is
/// still true, so any number of servers may work on one database.
@ApplicationScoped
public class RunEngine {
  /// Pipelines that call pipelines that call pipelines.
  static final int MOST_DEPTH = 10;

  /// Tasks of all runs that are kept.
  private static final int MOST_KEPT = 400_000;

  private final Db db;
  private final PipelineVersions pipelines;
  private final Blobs blobs;
  private final Clock clock;
  private final FastLane lane;
  private final RunEvents events = new RunEvents(new Outbox(OrchestratorSchema.NAME));

  /// A run as it was after its last step here.
  private record Kept(long revision, LiveRun run) {}

  private final Map<UUID, Kept> kept = new LinkedHashMap<>();
  private int keptTasks;

  RunEngine(Db db, PipelineVersions pipelines, Blobs blobs, Clock clock, FastLane lane) {
    this.db = db;
    this.pipelines = pipelines;
    this.blobs = blobs;
    this.clock = clock;
    this.lane = lane;
  }

  /// What a step came to.
  ///
  /// @param changed whether anything was decided
  /// @param launchable whether there are attempts to launch that wait in the queue
  /// @param stops whether there are attempts to stop
  /// @param sends whether there is something in the outbox
  /// @param touched other runs that have something to do now
  record Step(
      boolean changed, boolean launchable, boolean stops, boolean sends, Set<UUID> touched) {
    static final Step NOTHING = new Step(false, false, false, false, Set.of());
  }

  /// All that is known of a run is decided on and committed at once. Nothing happens while another
  /// server is at it.
  Step step(UUID id) {
    return db.inTransaction(tx -> {
      var row = RunStore.lock(tx, id);
      return row.isEmpty() ? Step.NOTHING : step(tx, row.get(), (run, now) -> {});
    });
  }

  /// Decides on reports at once, without keeping them first.
  Step step(UUID id, Collection<TaskReport> reports) {
    return db.inTransaction(tx -> {
      var row = RunStore.await(tx, id);
      return row.isEmpty()
          ? Step.NOTHING
          : step(
              tx,
              row.get(),
              (run, now) -> reports.forEach(report -> run.hear(ReportReader.read(report), now)));
    });
  }

  /// Does something to a run, now or not at all.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or what the action refuses with
  Step act(UUID id, BiConsumer<LiveRun, Instant> action) {
    return db.inTransaction(tx -> {
      var row = RunStore.await(tx, id).orElseThrow(() -> RunReadStore.notFound(id.toString()));
      return step(tx, row, action);
    });
  }

  private Step step(Handle tx, RunRow row, BiConsumer<LiveRun, Instant> action) {
    var version = pipelines.version(row.pipeline(), row.version());
    // As exact as the database keeps it.
    var now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    var run = take(tx, row, version);
    for (var message : row.told() ? InboxStore.take(tx, row.id()) : List.<InboxStore.Message>of()) {
      switch (message.kind()) {
        case REPORT -> run.hear(ReportReader.read(InboxStore.report(message)), now);
        case POINTS ->
            ReportReader.read(InboxStore.points(message)).forEach(each -> run.hear(each, now));
        case CANCEL -> run.stop(RunSnapshot.Stop.CANCEL, now);
        case LOOK -> {}
      }
    }
    action.accept(run, now);
    boolean mayStart = mayStart(tx, row, run, version);
    var keys = decide(tx, run, version, now, mayStart);
    var changes = run.take();
    var touched = new HashSet<UUID>();
    var admitted = admit(tx, row, changes);
    long revision = row.revision();
    boolean sends = false;
    if (changes.isEmpty()) {
      RunStore.wakeAt(tx, row, changes.nextTimer());
    } else {
      revision = ChangesStore.apply(tx, row, changes, keys, admitted, now);
      call(tx, row, changes, now, touched);
      stopCalls(tx, changes, touched);
      var succeeded =
          changes.ended().stream()
              .filter(attempt -> attempt.to() == AttemptState.SUCCEEDED)
              .map(Changes.EndedAttempt::id)
              .toList();
      if (!succeeded.isEmpty() && mayBeRemembered(version, changes)) {
        CacheStore.remember(tx, row, succeeded, now);
      }
      sends = events.append(tx, row, version.spec(), changes, now);
      if (changes.state().isTerminal() && !changes.moves().isEmpty()) {
        ended(tx, row, changes, touched, now);
      }
      if (!changes.moves().isEmpty() && version.spec().concurrency().policy() != Policy.ALLOW) {
        lookAtQueued(tx, row, touched);
      }
    }
    keepAfter(tx, row.id(), revision, run);
    boolean waits =
        changes.started().stream()
            .anyMatch(attempt -> !attempt.isCall() && !admitted.attempts().contains(attempt.id()));
    return new Step(
        !changes.isEmpty(),
        waits || (row.paused() && !changes.paused()),
        !changes.stopped().isEmpty(),
        sends,
        touched);
  }

  private static boolean mayBeRemembered(StoredVersion version, Changes changes) {
    return changes.updated().stream()
        .map(task -> task.group() == null ? task.name() : task.group())
        .distinct()
        .map(name -> Objects.requireNonNull(version.spec().tasks().get(name)))
        .anyMatch(CacheKeys::mayHave);
  }

  /// Attempts that begin once this transaction is committed.
  private ChangesStore.Admitted admit(Handle tx, RunRow row, Changes changes) {
    var candidates =
        changes.started().stream()
            .filter(attempt -> !attempt.isCall() && attempt.spec().pools().isEmpty())
            .map(attempt -> ChangesStore.active(row, attempt))
            .toList();
    if (candidates.isEmpty() || changes.paused()) {
      return ChangesStore.Admitted.NONE;
    }
    var ids = lane.admit(candidates);
    if (ids.isEmpty()) {
      return ChangesStore.Admitted.NONE;
    }
    var admitted = candidates.stream().filter(attempt -> ids.contains(attempt.id())).toList();
    tx.afterCommit(() -> lane.begin(admitted));
    tx.afterRollback(() -> lane.giveBack(ids));
    return new ChangesStore.Admitted(ids, lane.server());
  }

  /// @return the cache keys of the attempts that start
  private Map<UUID, String> decide(
      Handle tx, LiveRun run, StoredVersion version, Instant now, boolean mayStart) {
    var keys = new HashMap<UUID, String>();
    while (true) {
      run.decide(now, mayStart);
      boolean again = false;
      var withdrawing = run.withdrawing();
      if (!withdrawing.isEmpty()) {
        var withdrawn = ChangesStore.withdraw(tx, withdrawing);
        run.withdrawn(withdrawn, now);
        run.notWithdrawn(withdrawing.stream().filter(id -> !withdrawn.contains(id)).toList());
        again = true;
      }
      var asked = new HashMap<UUID, String>();
      for (var attempt : run.starting()) {
        if (!keys.containsKey(attempt.id())) {
          var key = CacheKeys.of(attempt, version.files());
          if (key != null) {
            asked.put(attempt.id(), key);
          }
        }
      }
      keys.putAll(asked);
      var hits = hits(tx, run, asked, now);
      if (!hits.isEmpty()) {
        run.cached(hits);
        again = true;
      }
      if (!again) {
        return keys;
      }
    }
  }

  private Map<UUID, Changes.Hit> hits(
      Handle tx, LiveRun run, Map<UUID, String> asked, Instant now) {
    var hits = new HashMap<UUID, Changes.Hit>();
    if (asked.isEmpty()) {
      return hits;
    }
    var found = CacheStore.cached(tx, asked.values());
    for (var attempt : run.starting()) {
      var entry = found.get(asked.getOrDefault(attempt.id(), ""));
      if (entry == null) {
        continue;
      }
      var maxAge = attempt.spec().cache().maxAge();
      if (maxAge != null && entry.createdAt().isBefore(now.minus(maxAge))) {
        continue;
      }
      var outputs = StoredValues.values(entry.outputs());
      if (isThere(outputs.values())) {
        hits.put(
            attempt.id(),
            new Changes.Hit(
                entry.attemptId(),
                outputs,
                "run #%d, task '%s'".formatted(entry.runNumber(), entry.task())));
      }
    }
    return hits;
  }

  /// Whether all data is still kept.
  private boolean isThere(Collection<JsonNode> values) {
    for (var value : values) {
      if (value.isObject() && value.hasNonNull("kind") && value.hasNonNull("digest")) {
        try {
          for (var file : Json.MAPPER.treeToValue(value, DataRef.class).files()) {
            if (!blobs.renew(file.digest())) {
              return false;
            }
          }
        } catch (IOException e) {
          return false;
        }
      } else if (value.isContainerNode() && !isThere(value.valueStream().toList())) {
        return false;
      }
    }
    return true;
  }

  /// Whether there is room for one more run of the pipeline.
  private static boolean mayStart(Handle tx, RunRow row, LiveRun run, StoredVersion version) {
    var concurrency = version.spec().concurrency();
    if (run.state() != RunState.QUEUED
        || row.parentRunId() != null
        || concurrency.policy() == Policy.ALLOW) {
      return true;
    }
    NewRunStore.alone(tx, row.pipeline());
    return NewRunStore.ahead(tx, row) < concurrency.limit();
  }

  /// Makes the runs of the pipelines that are called.
  private void call(Handle tx, RunRow row, Changes changes, Instant now, Set<UUID> touched) {
    for (var attempt : changes.started()) {
      if (attempt.spec().work() instanceof Work.Call(var pipeline, var number)) {
        try {
          call(tx, row, attempt, pipelines.version(pipeline, number), now);
          touched.add(attempt.child());
        } catch (ProblemException e) {
          tell(tx, row.id(), attempt.id(), failure(e), now);
          touched.add(row.id());
        }
      }
    }
  }

  private void call(
      Handle tx, RunRow row, StartedAttempt attempt, StoredVersion version, Instant now) {
    if (row.depth() >= MOST_DEPTH) {
      throw new ProblemException(
          ProblemCode.PIPELINE_INVALID,
          "Pipelines may call each other %d deep at most.".formatted(MOST_DEPTH));
    }
    NewRunStore.create(
        tx,
        new NewRun(
            attempt.child(),
            version.spec(),
            version.version(),
            Params.resolve(version.spec(), attempt.inputs()),
            row.priority(),
            row.scheduledAt(),
            Map.of("by", "run", "run", row.id().toString(), "task", attempt.task()),
            Map.of(),
            new Parent(row.id(), attempt.id(), row.depth() + 1),
            null,
            ""),
        now);
  }

  private static void stopCalls(Handle tx, Changes changes, Set<UUID> touched) {
    for (var attempt : changes.stopped()) {
      if (attempt.call()) {
        var child = Changes.child(attempt.id());
        InboxStore.tell(tx, child, Kind.CANCEL, new byte[0]);
        touched.add(child);
      }
    }
  }

  /// Tells the run that called this one.
  private static void ended(
      Handle tx, RunRow row, Changes changes, Set<UUID> touched, Instant now) {
    if (row.parentRunId() != null && row.parentAttemptId() != null) {
      tell(tx, row.parentRunId(), row.parentAttemptId(), outcome(row, changes), now);
      touched.add(row.parentRunId());
    }
  }

  /// There may be room for those that wait, or they may be the next now.
  private static void lookAtQueued(Handle tx, RunRow row, Set<UUID> touched) {
    for (var open : NewRunStore.open(tx, row.pipeline())) {
      if (!open.equals(row.id())) {
        InboxStore.tell(tx, open, Kind.LOOK, new byte[0]);
        touched.add(open);
      }
    }
  }

  private static TaskFinished.Builder outcome(RunRow row, Changes changes) {
    var finished = TaskFinished.newBuilder();
    var message = changes.moves().getLast().message();
    switch (changes.state()) {
      case SUCCEEDED -> {
        finished.setOutcome(Outcome.OUTCOME_SUCCEEDED);
        if (changes.outputs() != null) {
          changes.outputs().forEach((name, value) -> finished.putOutputs(name, value.toString()));
        }
      }
      case CANCELLED -> finished.setOutcome(Outcome.OUTCOME_CANCELLED);
      case FAILED, QUEUED, RUNNING ->
          finished
              .setOutcome(Outcome.OUTCOME_USER_FAILURE)
              .setCode(ProblemCode.CALLED_RUN_FAILED.name());
    }
    return finished.setMessage(
        "run #%d of %s: %s"
            .formatted(row.number(), row.pipeline(), message == null ? "" : message));
  }

  private static TaskFinished.Builder failure(ProblemException problem) {
    return TaskFinished.newBuilder()
        .setOutcome(Outcome.OUTCOME_USER_FAILURE)
        .setCode(problem.problem().code())
        .setMessage(problem.problem().detail());
  }

  private static void tell(
      Handle tx, UUID run, UUID attempt, TaskFinished.Builder finished, Instant now) {
    InboxStore.tell(
        tx,
        run,
        Kind.REPORT,
        TaskReport.newBuilder()
            .setPipelineRunId(run.toString())
            .setAttemptId(attempt.toString())
            .setSeq(Long.MAX_VALUE)
            .setAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
            .setFinished(finished)
            .build()
            .toByteArray());
  }

  // What is kept between steps -------------------------------------------------------------------

  /// The run as it is kept, if that is still true. It is not kept while it is worked on: what
  /// cannot be committed must be loaded again.
  private LiveRun take(Handle tx, RunRow row, StoredVersion version) {
    Kept known;
    synchronized (kept) {
      known = kept.remove(row.id());
      if (known != null) {
        keptTasks -= known.run.size();
      }
    }
    if (known != null && known.revision == row.revision()) {
      return known.run;
    }
    return new LiveRun(RunStore.snapshot(tx, row, version.spec()));
  }

  private void keepAfter(Handle tx, UUID id, long revision, LiveRun run) {
    if (run.state().isTerminal()) {
      return;
    }
    tx.afterCommit(() -> {
      synchronized (kept) {
        var before = kept.put(id, new Kept(revision, run));
        keptTasks += run.size() - (before == null ? 0 : before.run.size());
        var oldest = kept.entrySet().iterator();
        while (keptTasks > MOST_KEPT && kept.size() > 1) {
          keptTasks -= oldest.next().getValue().run.size();
          oldest.remove();
        }
      }
    });
  }
}
