package dev.pipewright.tracker.metric;

import dev.pipewright.contract.api.MetricHistory;
import dev.pipewright.contract.api.TrackedRun.LatestMetric;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of metrics.
@ApplicationScoped
public class MetricStore {
  private final Db db;

  MetricStore(Db db) {
    this.db = db;
  }

  public static MetricStore on(Db db) {
    return new MetricStore(db);
  }

  private record RunKey(String runId, String key) {}

  /// Appends points; those of one run and key become one chunk.
  ///
  /// @param series run id → what was logged
  public void append(Handle tx, Map<String, List<MetricSeries>> series) {
    var grouped = new LinkedHashMap<RunKey, List<MetricSeries>>();
    series.forEach((runId, list) -> {
      for (var each : list) {
        if (each.getStepsCount() > 0) {
          grouped
              .computeIfAbsent(new RunKey(runId, each.getKey()), key -> new ArrayList<>())
              .add(each);
        }
      }
    });
    if (grouped.isEmpty()) {
      return;
    }
    var latest =
        tx.prepareBatch(
            """
            insert into tracker.metric
              (run_id, key, points, last_step, last_timestamp, last_value, min, max, chunks)
            values (:runId, :key, :points, :lastStep, :lastTimestamp, :lastValue, :min, :max, 1)
            on conflict (run_id, key) do update set
              points = metric.points + excluded.points,
              last_step = case when newer then excluded.last_step else metric.last_step end,
              last_timestamp =
                case when newer then excluded.last_timestamp else metric.last_timestamp end,
              last_value = case when newer then excluded.last_value else metric.last_value end,
              min = least(metric.min, excluded.min),
              max = greatest(metric.max, excluded.max),
              chunks = metric.chunks + 1
            """
                .replace(
                    "newer",
                    "(excluded.last_step, excluded.last_timestamp)"
                        + " >= (metric.last_step, metric.last_timestamp)"));
    var chunks = new ArrayList<MetricChunk>(grouped.size());
    for (var entry : grouped.entrySet()) {
      var chunk = pack(entry.getValue());
      chunks.add(chunk);
      int last =
          IntStream.range(0, chunk.points())
              .boxed()
              .max(
                  Comparator.<Integer>comparingLong(i -> chunk.steps()[i])
                      .thenComparingLong(i -> chunk.timestamps()[i]))
              .orElseThrow();
      var numbers = Arrays.stream(chunk.values()).filter(value -> !Double.isNaN(value));
      var range = numbers.summaryStatistics();
      latest
          .bind("runId", entry.getKey().runId)
          .bind("key", entry.getKey().key)
          .bind("points", (long) chunk.points())
          .bind("lastStep", chunk.steps()[last])
          .bind("lastTimestamp", chunk.timestamps()[last])
          .bind("lastValue", chunk.values()[last])
          .bind("min", range.getCount() == 0 ? null : (Double) range.getMin())
          .bind("max", range.getCount() == 0 ? null : (Double) range.getMax())
          .add();
    }
    var numbers = latest.executePreparedBatch("chunks").mapTo(Integer.class).list();
    var insert =
        tx.prepareBatch(
            """
            insert into tracker.metric_chunk (run_id, key, number, points, first_step, last_step, data)
            values (:runId, :key, :number, :points, :firstStep, :lastStep, :data)
            """);
    int at = 0;
    for (var key : grouped.keySet()) {
      var chunk = chunks.get(at);
      insert
          .bind("runId", key.runId)
          .bind("key", key.key)
          .bind("number", numbers.get(at))
          .bind("points", chunk.points())
          .bind("firstStep", Arrays.stream(chunk.steps()).min().orElseThrow())
          .bind("lastStep", Arrays.stream(chunk.steps()).max().orElseThrow())
          .bind("data", chunk.encode())
          .add();
      at++;
    }
    insert.execute();
  }

  /// The newest values of each of these runs, by key.
  public Map<String, List<LatestMetric>> latest(Collection<String> runIds) {
    return latest(runIds, null);
  }

  /// @param keys null for all of them
  public Map<String, List<LatestMetric>> latest(
      Collection<String> runIds, @Nullable Collection<String> keys) {
    var found = new HashMap<String, List<LatestMetric>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select run_id, key, last_value, last_step, last_timestamp, min, max, points
                    from tracker.metric where run_id = any(:runs) order by run_id, key
                    """)
                .bindArray("runs", String.class, runIds)
                .map((rs, context) ->
                    Map.entry(
                        rs.getString(1),
                        new LatestMetric(
                            rs.getString(2),
                            rs.getDouble(3),
                            rs.getLong(4),
                            Instant.ofEpochMilli(rs.getLong(5)),
                            orNaN((Double) rs.getObject(6)),
                            orNaN((Double) rs.getObject(7)),
                            rs.getLong(8))))
                .list())
        .forEach(entry ->
            found.computeIfAbsent(entry.getKey(), id -> new ArrayList<>()).add(entry.getValue()));
    return found;
  }

  private record ChunkRow(byte[] data) {}

  /// All points of a metric by step, then time; exact repetitions once. Empty when the run has no
  /// such metric.
  ///
  /// @param most how many points to answer at most; null for all
  Optional<MetricHistory> history(String runId, String key, @Nullable Integer most) {
    var chunks =
        db.read(handle ->
            handle
                .createQuery(
                    """
                    select data from tracker.metric_chunk
                    where run_id = :run and key = :key order by number
                    """)
                .bind("run", runId)
                .bind("key", key)
                .mapTo(ChunkRow.class)
                .map(row -> MetricChunk.decode(row.data))
                .list());
    if (chunks.isEmpty()) {
      return Optional.empty();
    }
    var all = merge(chunks);
    var shown = most == null ? all : Downsample.minMax(all, most);
    return Optional.of(
        new MetricHistory(
            runId,
            key,
            all.points(),
            Arrays.stream(shown.steps()).boxed().toList(),
            Arrays.stream(shown.timestamps()).boxed().toList(),
            Arrays.stream(shown.values()).boxed().toList()));
  }

  private static MetricChunk pack(List<MetricSeries> series) {
    return new MetricChunk(
        series.stream().flatMapToLong(s -> s.getStepsList().stream().mapToLong(v -> v)).toArray(),
        series.stream()
            .flatMapToLong(s -> s.getTimestampsList().stream().mapToLong(v -> v))
            .toArray(),
        series.stream()
            .flatMapToDouble(s -> s.getValuesList().stream().mapToDouble(v -> v))
            .toArray());
  }

  static MetricChunk merge(List<MetricChunk> chunks) {
    int points = chunks.stream().mapToInt(MetricChunk::points).sum();
    var steps = new long[points];
    var timestamps = new long[points];
    var values = new double[points];
    int filled = 0;
    boolean ordered = true;
    for (var chunk : chunks) {
      for (int i = 0; i < chunk.points(); i++) {
        steps[filled] = chunk.steps()[i];
        timestamps[filled] = chunk.timestamps()[i];
        values[filled] = chunk.values()[i];
        ordered &= filled == 0 || steps[filled - 1] < steps[filled];
        filled++;
      }
    }
    if (ordered) {
      return new MetricChunk(steps, timestamps, values);
    }
    var order =
        IntStream.range(0, points)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingLong(i -> steps[i])
                    .thenComparingLong(i -> timestamps[i])
                    .thenComparingDouble(i -> values[i]))
            .toList();
    var kept = new ArrayList<Integer>(points);
    for (int i : order) {
      if (kept.isEmpty()
          || steps[kept.getLast()] != steps[i]
          || timestamps[kept.getLast()] != timestamps[i]
          || Double.compare(values[kept.getLast()], values[i]) != 0) {
        kept.add(i);
      }
    }
    return new MetricChunk(
        kept.stream().mapToLong(i -> steps[i]).toArray(),
        kept.stream().mapToLong(i -> timestamps[i]).toArray(),
        kept.stream().mapToDouble(i -> values[i]).toArray());
  }

  private static double orNaN(@Nullable Double value) {
    return value == null ? Double.NaN : value;
  }
}
