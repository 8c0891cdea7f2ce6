package dev.pipewright.tracker.watch;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.metrics.v1.WatchedMetrics;
import dev.pipewright.contract.metrics.v1.WatchedPoints;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Outbox;
import dev.pipewright.tracker.TrackerSchema;
import dev.pipewright.tracker.run.RunStore.RunKey;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/// The points of metrics that somebody wants to be told of: noted with the points themselves,
/// whoever logs them, and put into the outbox together a little later. However often runs log, that
/// is one message for each pipeline run and turn, with one point for each step.
@ApplicationScoped
public class WatchedPointStore {
  private static final int ROWS = 2_000;

  /// A message may be a megabyte.
  private static final int MOST_POINTS = 20_000;

  private final Db db;
  private final Outbox outbox = new Outbox(TrackerSchema.NAME);
  private volatile Runnable noted = () -> {};

  WatchedPointStore(Db db) {
    this.db = db;
  }

  public static WatchedPointStore on(Db db) {
    return new WatchedPointStore(db);
  }

  /// Called when something was noted, after the commit.
  void whenNoted(Runnable action) {
    noted = action;
  }

  /// Notes what is watched of what runs log; nothing for runs of which nothing is.
  public void note(Handle tx, Map<String, List<MetricSeries>> logged, Map<String, RunKey> keys) {
    var insert =
        tx.prepareBatch("insert into tracker.watched_point (run, data) values (:run, :data)");
    logged.forEach((runId, series) -> {
      var run = keys.get(runId);
      if (run == null || run.watched() == null) {
        return;
      }
      var watched = series.stream().filter(each -> each.getKey().equals(run.watched())).toList();
      if (!watched.isEmpty()) {
        insert
            .bind("run", run.number())
            .bind("data", MetricsLogged.newBuilder().addAllSeries(watched).build().toByteArray())
            .add();
      }
    });
    if (insert.size() > 0) {
      insert.execute();
      tx.afterCommit(() -> noted.run());
    }
  }

  private record Row(long number, String runId, String pipelineRunId, String task, byte[] data) {}

  /// Puts what was noted into the outbox.
  ///
  /// @return how many notes
  int send() {
    return db.inTransaction(tx -> {
      // One at a time over all replicas keeps the order.
      var mine =
          tx.createQuery("select pg_try_advisory_xact_lock(hashtext('tracker.watched_point'))")
              .mapTo(Boolean.class)
              .one();
      return mine ? send(tx) : 0;
    });
  }

  private int send(Handle tx) {
    var rows =
        tx.createQuery(
                """
                select p.number, r.id as run_id, coalesce(r.pipeline_run_id, '') as pipeline_run_id,
                  coalesce(r.task, '') as task, p.data
                from tracker.watched_point p join tracker.run r on r.number = p.run
                order by p.number limit :rows
                """)
            .bind("rows", ROWS)
            .mapTo(Row.class)
            .list();
    if (rows.isEmpty()) {
      return 0;
    }
    for (var message : messages(rows)) {
      outbox.append(
          tx, outbox.nextNumber(tx), Topics.WATCHED_METRICS, message.getPipelineRunId(), message);
    }
    tx.createUpdate("delete from tracker.watched_point where number = any(:numbers)")
        .bindArray("numbers", Long.class, rows.stream().map(Row::number).toList())
        .execute();
    return rows.size();
  }

  /// Of each run of each pipeline run the points by step, the last one where there are several.
  private static List<WatchedMetrics> messages(List<Row> rows) {
    var points = new LinkedHashMap<String, Map<Source, TreeMap<Long, Double>>>();
    for (var row : rows) {
      var ofRun =
          points
              .computeIfAbsent(row.pipelineRunId, id -> new LinkedHashMap<>())
              .computeIfAbsent(new Source(row.task, row.runId), source -> new TreeMap<>());
      for (var series : read(row.data).getSeriesList()) {
        for (int i = 0; i < series.getStepsCount(); i++) {
          ofRun.put(series.getSteps(i), series.getValues(i));
        }
      }
    }
    var messages = new ArrayList<WatchedMetrics>();
    points.forEach((pipelineRun, runs) -> {
      var message = WatchedMetrics.newBuilder().setPipelineRunId(pipelineRun);
      int size = 0;
      for (var run : runs.entrySet()) {
        var part = part(run.getKey());
        for (var point : run.getValue().entrySet()) {
          part.addSteps(point.getKey()).addValues(point.getValue());
          if (++size == MOST_POINTS) {
            messages.add(message.addPoints(part).build());
            message.clearPoints();
            part = part(run.getKey());
            size = 0;
          }
        }
        if (part.getStepsCount() > 0) {
          message.addPoints(part);
        }
      }
      if (message.getPointsCount() > 0) {
        messages.add(message.build());
      }
    });
    return messages;
  }

  private record Source(String task, String runId) {}

  private static WatchedPoints.Builder part(Source source) {
    return WatchedPoints.newBuilder().setTask(source.task).setRunId(source.runId);
  }

  private static MetricsLogged read(byte[] data) {
    try {
      return MetricsLogged.parseFrom(data);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("stored points are damaged", e);
    }
  }
}
