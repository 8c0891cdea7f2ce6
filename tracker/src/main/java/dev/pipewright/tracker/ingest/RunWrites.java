package dev.pipewright.tracker.ingest;

import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.live.RunChange;
import dev.pipewright.tracker.live.RunLive;
import dev.pipewright.tracker.metric.MetricStore;
import dev.pipewright.tracker.model.ModelStore;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.run.RunStore.Entry;
import dev.pipewright.tracker.run.RunStore.Identity;
import dev.pipewright.tracker.run.RunStore.RunKey;
import dev.pipewright.tracker.watch.WatchedPointStore;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Stores what clients log over REST. Whoever writes waits until it is durable; those who write at
/// the same time share one transaction, so that a commit's cost is paid once for all of them.
@ApplicationScoped
public class RunWrites {
  /// The tag that a run's name is kept in for MLflow's clients.
  public static final String NAME_TAG = "mlflow.runName";

  private static final int WAITING = 4_096;
  private static final int GROUP = 256;
  // One collects and stores while another waits for its commit.
  private static final int WRITERS = 2;
  private static final int MOST_RACES = 5;

  private final Db db;
  private final RunStore runs;
  private final MetricStore metrics;
  private final ModelStore models;
  private final WatchedPointStore watched;
  private final RunLive live;
  private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(WAITING);
  private final List<Thread> writers = new ArrayList<>();

  RunWrites(
      Db db,
      RunStore runs,
      MetricStore metrics,
      ModelStore models,
      WatchedPointStore watched,
      RunLive live) {
    this.db = db;
    this.runs = runs;
    this.metrics = metrics;
    this.models = models;
    this.watched = watched;
    this.live = live;
    for (int i = 0; i < WRITERS; i++) {
      writers.add(Thread.ofPlatform().daemon(true).name("run-writes-" + i).start(this::work));
    }
  }

  /// What one request logs: all of it is stored, or nothing.
  public record Write(
      String runId,
      List<MetricSeries> series,
      Map<String, String> params,
      Map<String, String> tags) {}

  /// What became of a write.
  public sealed interface Outcome {
    record Stored() implements Outcome {}

    record NoSuchRun() implements Outcome {}

    record RunIsDeleted() implements Outcome {}

    /// Params have another value already.
    record ParamsDiffer(List<Difference> params) implements Outcome {}
  }

  public record Difference(String key, String stored, String attempted) {}

  private record Waiting(Write write, CompletableFuture<Outcome> outcome) {}

  private static final class Raced extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /// Returns when the write is durable or refused.
  public Outcome write(Write write) throws InterruptedException {
    var outcome = new CompletableFuture<Outcome>();
    queue.put(new Waiting(write, outcome));
    try {
      return outcome.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw e;
    }
  }

  void onStop(@Observes ShutdownEvent event) {
    writers.forEach(Thread::interrupt);
  }

  private void work() {
    var group = new ArrayList<Waiting>(GROUP);
    while (true) {
      try {
        group.add(queue.take());
      } catch (InterruptedException e) {
        return;
      }
      queue.drainTo(group, GROUP - 1);
      store(List.copyOf(group));
      group.clear();
    }
  }

  private void store(List<Waiting> group) {
    try {
      var outcomes = storeOrRetry(group.stream().map(Waiting::write).toList());
      for (int i = 0; i < group.size(); i++) {
        group.get(i).outcome.complete(outcomes.get(i));
      }
      publish(group, outcomes);
    } catch (Throwable failure) {
      if (group.size() == 1 || Db.isTransient(failure)) {
        group.forEach(each -> each.outcome.completeExceptionally(failure));
      } else {
        // One of them cannot be stored; the others must not suffer for it.
        group.forEach(each -> store(List.of(each)));
      }
    }
  }

  private List<Outcome> storeOrRetry(List<Write> group) {
    for (int races = 0; ; races++) {
      try {
        return db.inTransaction(tx -> store(tx, group));
      } catch (Raced e) {
        if (races == MOST_RACES) {
          throw e;
        }
      }
    }
  }

  private List<Outcome> store(Handle tx, List<Write> group) {
    var keys = runs.keys(tx, group.stream().map(Write::runId).distinct().toList());
    var known = knownParams(tx, group, keys);
    var outcomes = new ArrayList<Outcome>(group.size());
    var params = new ArrayList<Entry>();
    var tags = new ArrayList<Entry>();
    var series = new LinkedHashMap<String, List<MetricSeries>>();
    for (var write : group) {
      var run = keys.get(write.runId);
      var outcome = check(run, write, known);
      outcomes.add(outcome);
      if (run == null || !(outcome instanceof Outcome.Stored)) {
        continue;
      }
      write.params.forEach((key, value) -> {
        known.put(new Identity(run.number(), key), value);
        params.add(new Entry(run, key, value));
      });
      write.tags.forEach((key, value) -> tags.add(new Entry(run, key, value)));
      if (!write.series.isEmpty()) {
        series.computeIfAbsent(write.runId, id -> new ArrayList<>()).addAll(write.series);
      }
    }
    if (!runs.params(tx, params).isEmpty()) {
      // Another writer stored another value since they were read.
      throw new Raced();
    }
    runs.tags(tx, tags);
    for (var tag : tags) {
      if (tag.key().equals(NAME_TAG)) {
        runs.update(tx, tag.run().number(), null, null, tag.value());
      }
    }
    metrics.append(tx, Ingest.byNumber(series, keys));
    watched.note(tx, series, keys);
    series.forEach((runId, each) -> models.measured(tx, runId, each));
    return outcomes;
  }

  private Map<Identity, String> knownParams(
      Handle tx, List<Write> group, Map<String, RunKey> keys) {
    var asked = new LinkedHashSet<Identity>();
    for (var write : group) {
      var run = keys.get(write.runId);
      if (run != null) {
        write.params.keySet().forEach(key -> asked.add(new Identity(run.number(), key)));
      }
    }
    return asked.isEmpty() ? new HashMap<>() : runs.values(tx, asked);
  }

  private static Outcome check(@Nullable RunKey run, Write write, Map<Identity, String> known) {
    if (run == null) {
      return new Outcome.NoSuchRun();
    }
    if (run.deleted()) {
      return new Outcome.RunIsDeleted();
    }
    var different = new ArrayList<Difference>();
    write.params.forEach((key, value) -> {
      var stored = known.get(new Identity(run.number(), key));
      if (stored != null && !stored.equals(value)) {
        different.add(new Difference(key, stored, value));
      }
    });
    return different.isEmpty() ? new Outcome.Stored() : new Outcome.ParamsDiffer(different);
  }

  private void publish(List<Waiting> group, List<Outcome> outcomes) {
    var changes = new LinkedHashMap<String, RunChange>();
    for (int i = 0; i < group.size(); i++) {
      if (outcomes.get(i) instanceof Outcome.Stored) {
        var write = group.get(i).write;
        boolean details = !write.params.isEmpty() || !write.tags.isEmpty();
        changes.merge(
            write.runId,
            new RunChange(write.series, List.of(), details, false),
            (a, b) -> {
              var both = new ArrayList<>(a.series());
              both.addAll(b.series());
              return new RunChange(both, List.of(), a.details() || b.details(), false);
            });
      }
    }
    changes.forEach(live::publish);
  }
}
