package dev.pipewright.tracker.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.tracking.v1.ArtifactLogged;
import dev.pipewright.contract.tracking.v1.LogLine;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.platform.Blobs;
import dev.pipewright.platform.TopicConsumer;
import dev.pipewright.platform.TopicConsumer.InvalidRecord;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.live.RunChange;
import dev.pipewright.tracker.live.RunLive;
import dev.pipewright.tracker.metric.MetricStore;
import dev.pipewright.tracker.model.ModelStore;
import dev.pipewright.tracker.run.DatasetStore;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.run.RunStore.RunKey;
import dev.pipewright.tracker.watch.WatchedPointStore;
import dev.pipewright.tracker.webhook.WebhookStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jdbi.v3.core.Handle;

/// Stores a batch of run events in one transaction. An event that its run has seen from the same
/// source changes nothing.
@ApplicationScoped
class Ingest implements TopicConsumer.Handler {
  private final RunStore runs;
  private final DatasetStore datasets;
  private final MetricStore metrics;
  private final ArtifactStore artifacts;
  private final ModelStore models;
  private final Blobs blobs;
  private final WatchedPointStore watched;
  private final WebhookStore webhooks;
  private final RunLive live;
  private Map<String, RunChange> changes = Map.of();

  Ingest(
      RunStore runs,
      DatasetStore datasets,
      MetricStore metrics,
      ArtifactStore artifacts,
      ModelStore models,
      Blobs blobs,
      WatchedPointStore watched,
      WebhookStore webhooks,
      RunLive live) {
    this.runs = runs;
    this.datasets = datasets;
    this.metrics = metrics;
    this.artifacts = artifacts;
    this.models = models;
    this.blobs = blobs;
    this.watched = watched;
    this.webhooks = webhooks;
    this.live = live;
  }

  private record Source(String runId, String source) {}

  @Override
  public void store(Handle tx, List<ConsumerRecord<String, byte[]>> records) throws InvalidRecord {
    changes = storeEvents(tx, unseen(tx, parse(records)));
  }

  /// Stores a record that could not be stored when it came, as if it came now. Its source's mark
  /// has gone past it, so what keeps it from being stored twice is the dead letter, which goes in
  /// the same transaction.
  ///
  /// @return what to publish after the commit
  Map<String, RunChange> replay(Handle tx, byte[] payload) throws InvalidRecord {
    var event = parse(payload);
    mark(tx, Map.of(new Source(event.getRunId(), event.getSource()), event.getSeq()));
    return storeEvents(tx, List.of(event));
  }

  void publish(Map<String, RunChange> stored) {
    stored.forEach(live::publish);
  }

  private Map<String, RunChange> storeEvents(Handle tx, List<RunEvent> events) {
    var firstSeen = new LinkedHashMap<String, Instant>();
    events.forEach(event -> firstSeen.putIfAbsent(event.getRunId(), instant(event.getAt())));
    var keys = new HashMap<>(runs.ensure(tx, firstSeen));
    var params = new ArrayList<RunStore.Entry>();
    var tags = new ArrayList<RunStore.Entry>();
    var points = new LinkedHashMap<String, List<MetricSeries>>();
    var lines = new LinkedHashMap<String, List<LogLine>>();
    var detailed = new HashMap<String, Boolean>();
    for (var event : events) {
      var runId = event.getRunId();
      var at = instant(event.getAt());
      var run = Objects.requireNonNull(keys.get(runId));
      boolean details = true;
      switch (event.getEventCase()) {
        case RUN_STARTED -> keys.put(runId, started(tx, run, at, event.getRunStarted()));
        case RUN_FINISHED -> runs.finished(tx, runId, at, event.getRunFinished());
        case PARAMS_LOGGED ->
            event
                .getParamsLogged()
                .getParamsMap()
                .forEach((key, value) -> params.add(new RunStore.Entry(run, key, value)));
        case TAGS_SET ->
            event
                .getTagsSet()
                .getTagsMap()
                .forEach((key, value) -> tags.add(new RunStore.Entry(run, key, value)));
        case DATASET_USED -> datasets.used(tx, run, event.getDatasetUsed());
        case ARTIFACT_LOGGED -> artifact(tx, runId, at, event.getArtifactLogged());
        case MODEL_LOGGED -> models.logged(tx, run, at, event.getModelLogged());
        case METRICS_LOGGED -> {
          details = false;
          points
              .computeIfAbsent(runId, id -> new ArrayList<>())
              .addAll(event.getMetricsLogged().getSeriesList());
        }
        case LOG_LINES -> {
          details = false;
          lines
              .computeIfAbsent(runId, id -> new ArrayList<>())
              .addAll(event.getLogLines().getLinesList());
        }
        case EVENT_NOT_SET -> {
          // A kind of event that is newer than this server. Its sequence number is kept, so it is
          // not lost by accident
          // but by the choice of running an older server.
        }
      }
      detailed.merge(runId, details, Boolean::logicalOr);
    }
    // A run may have moved to another experiment after they were read.
    runs.params(tx, params.stream().map(entry -> entry.in(keys)).toList());
    runs.tags(tx, tags.stream().map(entry -> entry.in(keys)).toList());
    metrics.append(tx, byNumber(points, keys));
    watched.note(tx, points, keys);
    points.forEach((runId, series) -> models.measured(tx, runId, series));
    lines.forEach((runId, list) -> {
      if (!list.isEmpty()) {
        artifacts.logLines(tx, runId, list);
      }
    });
    webhooks.emitRuns(tx, "CREATED", runsOf(events, RunEvent::hasRunStarted));
    webhooks.emitRuns(tx, "UPDATED", runsOf(events, RunEvent::hasRunFinished));
    return changes(events, points, lines, detailed);
  }

  private static List<String> runsOf(List<RunEvent> events, Predicate<RunEvent> which) {
    return events.stream().filter(which).map(RunEvent::getRunId).distinct().toList();
  }

  @Override
  public void stored() {
    publish(changes);
    changes = Map.of();
  }

  private static List<RunEvent> parse(List<ConsumerRecord<String, byte[]>> records)
      throws InvalidRecord {
    var events = new ArrayList<RunEvent>(records.size());
    for (var each : records) {
      events.add(parse(each.value()));
    }
    return events;
  }

  private static RunEvent parse(byte[] payload) throws InvalidRecord {
    try {
      var event = RunEvent.parseFrom(payload);
      if (event.getRunId().isEmpty() || event.getSource().isEmpty()) {
        throw new InvalidRecord("an event without run_id or source", null);
      }
      return event;
    } catch (InvalidProtocolBufferException e) {
      throw new InvalidRecord("not a RunEvent", e);
    }
  }

  /// Leaves out what was stored before, and moves each source's mark.
  private static List<RunEvent> unseen(Handle tx, List<RunEvent> events) {
    var marks = new HashMap<Source, Long>();
    tx.createQuery(
            "select run_id, source, last_seq from tracker.run_source where run_id = any(:runs)")
        .bindArray(
            "runs", String.class, events.stream().map(RunEvent::getRunId).distinct().toList())
        .map(
            (rs, context) -> Map.entry(new Source(rs.getString(1), rs.getString(2)), rs.getLong(3)))
        .forEach(mark -> marks.put(mark.getKey(), mark.getValue()));
    var unseen = new ArrayList<RunEvent>(events.size());
    var moved = new LinkedHashMap<Source, Long>();
    for (var event : events) {
      var source = new Source(event.getRunId(), event.getSource());
      if (event.getSeq() > marks.getOrDefault(source, Long.MIN_VALUE)) {
        marks.put(source, event.getSeq());
        moved.put(source, event.getSeq());
        unseen.add(event);
      }
    }
    if (!moved.isEmpty()) {
      mark(tx, moved);
    }
    return unseen;
  }

  /// A replay may come between, so a mark never goes back.
  private static void mark(Handle tx, Map<Source, Long> moved) {
    var sources = List.copyOf(moved.keySet());
    tx.createUpdate(
            """
            insert into tracker.run_source as s (run_id, source, last_seq)
            select * from unnest(:runs, :sources, :seqs)
            on conflict (run_id, source) do update set last_seq = greatest(s.last_seq, excluded.last_seq)
            """)
        .bindArray("runs", String.class, sources.stream().map(Source::runId).toList())
        .bindArray("sources", String.class, sources.stream().map(Source::source).toList())
        .bindArray("seqs", Long.class, sources.stream().map(moved::get).toList())
        .execute();
  }

  static Map<Long, MetricsLogged> byNumber(
      Map<String, List<MetricSeries>> points, Map<String, RunKey> keys) {
    var batch = new HashMap<Long, MetricsLogged>();
    points.forEach((runId, series) ->
        batch.put(
            Objects.requireNonNull(keys.get(runId)).number(),
            MetricsLogged.newBuilder().addAllSeries(series).build()));
    return batch;
  }

  private RunKey started(Handle tx, RunKey run, Instant at, RunStarted started) {
    var now = runs.started(tx, run, at, started);
    if (now.experimentId() != run.experimentId()) {
      datasets.moved(tx, now);
      metrics.experimentChanged(tx, now.number(), now.experimentId());
    }
    return now;
  }

  private void artifact(Handle tx, String runId, Instant at, ArtifactLogged artifact) {
    if (!artifact.getInline().isEmpty() || artifact.getSize() == 0) {
      // Before the row, so that a row never names content that is not there; a blob without a row
      // is harmless.
      try (var content = artifact.getInline().newInput()) {
        blobs.put(artifact.getDigest(), content);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    artifacts.artifact(tx, runId, at, artifact);
  }

  private static Map<String, RunChange> changes(
      List<RunEvent> events,
      Map<String, List<MetricSeries>> points,
      Map<String, List<LogLine>> lines,
      Map<String, Boolean> detailed) {
    var ended = new HashSet<String>();
    events.stream().filter(RunEvent::hasRunFinished).forEach(event -> ended.add(event.getRunId()));
    var changes = new LinkedHashMap<String, RunChange>();
    detailed.forEach((runId, details) ->
        changes.put(
            runId,
            new RunChange(
                points.getOrDefault(runId, List.of()),
                lines.getOrDefault(runId, List.of()).stream().map(ArtifactStore::line).toList(),
                details,
                ended.contains(runId))));
    return changes;
  }

  private static Instant instant(Timestamp at) {
    return Instant.ofEpochSecond(at.getSeconds(), at.getNanos());
  }
}
