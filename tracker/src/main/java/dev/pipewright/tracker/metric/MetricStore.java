package dev.pipewright.tracker.metric;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.MetricHistory;
import dev.pipewright.contract.api.TrackedRun.LatestMetric;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of metrics. What is logged is appended to the tail, a row a run and transaction however
/// many metrics and points there are, and is durable and readable from then on. Folding moves it
/// from there into packed chunks and the table of newest values.
@ApplicationScoped
public class MetricStore {
  /// What one fold takes at most, which bounds its memory: some 700,000 points.
  private static final int FOLD_BYTES = 8 * 1024 * 1024;

  private static final int FOLD_ROWS = 4_096;

  /// So many chunks of a level are merged into one of the next.
  private static final int FAN_IN = 8;

  /// A chunk of so many points is not merged any more.
  private static final int SEALED_POINTS = 4_096;

  private static final int SEALED = 9;

  /// How many points the overview of a sealed chunk has. With the chunk's 8,192 points at most, a
  /// chart of a million steps reads a hundredth of them.
  private static final int OVERVIEW = 64;

  /// A chart of more points than this is drawn from overviews where they are fine enough.
  private static final int LONG = 25_000;

  /// An index entry holds 2,700 bytes at most, and a character has up to four.
  private static final int LONGEST_KEY = 500;

  /// The points of one answer: what a server with half a gigabyte can make several of at once.
  static final int MOST_EXACT = 1_000_000;

  private final Db db;

  MetricStore(Db db) {
    this.db = db;
  }

  public static MetricStore on(Db db) {
    return new MetricStore(db);
  }

  // Writing

  /// Appends what runs logged.
  ///
  /// @param batch by the number of the run
  /// @throws IllegalArgumentException when a series is not well formed; nothing is appended then
  public void append(Handle tx, Map<Long, MetricsLogged> batch) {
    var insert =
        tx.prepareBatch("insert into tracker.metric_tail (run, data) values (:run, :data)");
    // In one order everywhere, so that two transactions never wait for each other's runs.
    for (var entry : new TreeMap<>(batch).entrySet()) {
      check(entry.getValue());
      if (entry.getValue().getSeriesCount() > 0) {
        insert.bind("run", entry.getKey()).bind("data", entry.getValue().toByteArray()).add();
      }
    }
    if (insert.size() > 0) {
      insert.execute();
    }
  }

  private static void check(MetricsLogged logged) {
    for (var series : logged.getSeriesList()) {
      int points = series.getStepsCount();
      if (series.getTimestampsCount() != points || series.getValuesCount() != points) {
        throw new IllegalArgumentException(
            "the metric '%s' has %d steps, %d timestamps and %d values; there must be as many of each"
                .formatted(
                    series.getKey(), points, series.getTimestampsCount(), series.getValuesCount()));
      }
      if (series.getKey().isEmpty() || series.getKey().length() > LONGEST_KEY) {
        throw new IllegalArgumentException(
            "a metric's key has %d characters; it must have 1 to %d"
                .formatted(series.getKey().length(), LONGEST_KEY));
      }
    }
  }

  /// Moves a run's metrics to another experiment's index.
  public void experimentChanged(Handle tx, long run, long experimentId) {
    // A fold that read the old experiment must not write it afterwards.
    lock(tx);
    tx.createUpdate("update tracker.metric set experiment_id = :experiment where run = :run")
        .bind("experiment", experimentId)
        .bind("run", run)
        .execute();
  }

  // Folding

  /// Packs what these experiments' runs have logged until now, so that [#latest] in SQL, which is
  /// what a search filters and orders by, has it.
  public void fold(Collection<Long> experimentIds) {
    while (hasTail()
        && db.inTransaction(tx -> {
          lock(tx);
          return fold(tx, experimentIds);
        })) {}
  }

  /// Packs a part of what there is, unless somebody else is at it.
  ///
  /// @return whether there may be more
  boolean foldSome() {
    return hasTail() && db.inTransaction(tx -> tryLock(tx) && fold(tx, null));
  }

  private boolean hasTail() {
    return db.read(handle ->
        handle
            .createQuery("select exists (select from tracker.metric_tail)")
            .mapTo(Boolean.class)
            .one());
  }

  private static void lock(Handle tx) {
    tx.createQuery("select pg_advisory_xact_lock(hashtext('tracker.fold'))::text")
        .mapTo(String.class)
        .one();
  }

  private static boolean tryLock(Handle tx) {
    return tx.createQuery("select pg_try_advisory_xact_lock(hashtext('tracker.fold'))")
        .mapTo(Boolean.class)
        .one();
  }

  private record SeriesKey(long run, String key) implements Comparable<SeriesKey> {
    private static final Comparator<SeriesKey> ORDER =
        Comparator.comparingLong(SeriesKey::run).thenComparing(SeriesKey::key);

    @Override
    public int compareTo(SeriesKey other) {
      return ORDER.compare(this, other);
    }
  }

  private record TailRow(long run, byte[] data) {}

  private record ChunkData(long run, String key, byte[] data) {}

  private static boolean fold(Handle tx, @Nullable Collection<Long> experimentIds) {
    var taken = take(tx, experimentIds);
    var buffers = new HashMap<Long, Map<String, PointBuffer>>();
    for (var row : taken) {
      var ofRun = buffers.computeIfAbsent(row.run, run -> new HashMap<>());
      Tail.read(row.data, key -> ofRun.computeIfAbsent(key, k -> new PointBuffer()));
    }
    var series = new TreeMap<SeriesKey, Points>();
    buffers.forEach((run, ofRun) ->
        ofRun.forEach((key, buffer) -> {
          if (buffer.size() > 0) {
            series.put(new SeriesKey(run, key), buffer.points().byStep());
          }
        }));
    buffers.clear();
    if (!series.isEmpty()) {
      var folds = newest(tx, series);
      // A run that was deleted since has nothing to be kept for.
      series.keySet().retainAll(folds.keySet());
      chunks(tx, series, folds);
    }
    return taken.size() == FOLD_ROWS
        || taken.stream().mapToLong(row -> row.data.length).sum() >= FOLD_BYTES;
  }

  private static List<TailRow> take(Handle tx, @Nullable Collection<Long> experimentIds) {
    var query =
        tx.createQuery(
            """
            delete from tracker.metric_tail where id = any(array(
              select id from (
                select id, size, sum(size) over (order by id) as so_far from (
                  select t.id, octet_length(t.data) as size from tracker.metric_tail t %s
                  order by t.id limit :rows) oldest) summed
              where so_far - size < :bytes))
            returning run, data
            """
                .formatted(
                    experimentIds == null
                        ? ""
                        // The tail is short and its runs are looked up, never the other way round.
                        : "where (select r.experiment_id from tracker.run r where r.number = t.run)"
                            + " = any(:experiments)"));
    query.bind("rows", FOLD_ROWS).bind("bytes", FOLD_BYTES);
    if (experimentIds != null) {
      query.bindArray("experiments", Long.class, experimentIds);
    }
    return query.mapTo(TailRow.class).list();
  }

  /// Keeps the newest values.
  ///
  /// @return how often each series was folded, this time included
  private static Map<SeriesKey, Long> newest(Handle tx, Map<SeriesKey, Points> series) {
    int n = series.size();
    var runs = new Long[n];
    var keys = new String[n];
    var steps = new Long[n];
    var timestamps = new Long[n];
    var values = new Double[n];
    var lows = new @Nullable Double[n];
    var highs = new @Nullable Double[n];
    var counts = new Long[n];
    int at = 0;
    for (var entry : series.entrySet()) {
      var points = entry.getValue();
      int last = points.size() - 1;
      var range = Range.of(points.values());
      runs[at] = entry.getKey().run;
      keys[at] = entry.getKey().key;
      steps[at] = points.steps()[last];
      timestamps[at] = points.timestamps()[last];
      values[at] = points.values()[last];
      lows[at] = range.isEmpty() ? null : (Double) range.min;
      highs[at] = range.isEmpty() ? null : (Double) range.max;
      counts[at] = (long) points.size();
      at++;
    }
    var folds = new HashMap<SeriesKey, Long>(n * 2);
    tx.createQuery(
            """
            insert into tracker.metric as m
              (run, key, experiment_id, step, timestamp, value, min, max, points, folds)
            select u.run, u.key, r.experiment_id, u.step, u.timestamp, u.value, u.min, u.max, u.points, 1
            from unnest(:runs, :keys, :steps, :timestamps, :values, :lows, :highs, :counts)
              as u (run, key, step, timestamp, value, min, max, points)
            join tracker.run r on r.number = u.run
            on conflict (run, key) do update set
              step = case when newer then excluded.step else m.step end,
              timestamp = case when newer then excluded.timestamp else m.timestamp end,
              value = case when newer then excluded.value else m.value end,
              min = least(m.min, excluded.min),
              max = greatest(m.max, excluded.max),
              points = m.points + excluded.points,
              folds = m.folds + 1
            returning run, key, folds
            """
                .replace(
                    "newer",
                    """
                    (excluded.step, excluded.timestamp, coalesce(nullif(excluded.value, 'NaN'), 0))
                      >= (m.step, m.timestamp, coalesce(nullif(m.value, 'NaN'), 0))
                    """))
        .bindArray("runs", Long.class, (Object[]) runs)
        .bindArray("keys", String.class, (Object[]) keys)
        .bindArray("steps", Long.class, (Object[]) steps)
        .bindArray("timestamps", Long.class, (Object[]) timestamps)
        .bindArray("values", Double.class, (Object[]) values)
        .bindArray("lows", Double.class, (Object[]) lows)
        .bindArray("highs", Double.class, (Object[]) highs)
        .bindArray("counts", Long.class, (Object[]) counts)
        .map((rs, context) ->
            Map.entry(new SeriesKey(rs.getLong(1), rs.getString(2)), rs.getLong(3)))
        .forEach(row -> folds.put(row.getKey(), row.getValue()));
    return folds;
  }

  /// Writes the new points as chunks. Every eighth fold of a series takes its seven small chunks
  /// with it, every sixty-fourth those that came out of that too, and so on: a point is rewritten a
  /// few times, and a metric has a few small chunks, however its points came in.
  private static void chunks(Handle tx, Map<SeriesKey, Points> series, Map<SeriesKey, Long> folds) {
    var levels = new TreeMap<SeriesKey, Integer>();
    series.forEach((key, points) -> {
      int level = 0;
      for (long n = folds.get(key); n % FAN_IN == 0 && level < SEALED - 1; n /= FAN_IN) {
        level++;
      }
      levels.put(key, level);
    });
    var merged = new HashMap<SeriesKey, PointBuffer>();
    for (var small : takeSmall(tx, levels)) {
      merged
          .computeIfAbsent(new SeriesKey(small.run, small.key), key -> new PointBuffer())
          .add(MetricChunk.decode(small.data));
    }
    var insert =
        tx.prepareBatch(
            """
            insert into tracker.metric_chunk
              (run, key, first_step, last_step, points, level, data, overview)
            values (:run, :key, :first, :last, :points, :level, :data, :overview)
            """);
    series.forEach((key, fresh) -> {
      var buffer = merged.get(key);
      var all = fresh;
      if (buffer != null) {
        buffer.add(fresh);
        all = buffer.points().byStep();
      }
      for (int from = 0; from < all.size(); from += 2 * SEALED_POINTS) {
        var part = all.slice(from, Math.min(all.size(), from + 2 * SEALED_POINTS));
        boolean sealed = part.size() >= SEALED_POINTS;
        insert
            .bind("run", key.run)
            .bind("key", key.key)
            .bind("first", part.steps()[0])
            .bind("last", part.steps()[part.size() - 1])
            .bind("points", part.size())
            .bind("level", sealed ? SEALED : levels.get(key))
            .bind("data", MetricChunk.encode(part))
            .bind("overview", sealed ? MetricChunk.encode(Downsample.minMax(part, OVERVIEW)) : null)
            .add();
      }
    });
    if (insert.size() > 0) {
      insert.execute();
    }
  }

  private static List<ChunkData> takeSmall(Handle tx, Map<SeriesKey, Integer> levels) {
    var merging = levels.entrySet().stream().filter(entry -> entry.getValue() > 0).toList();
    if (merging.isEmpty()) {
      return List.of();
    }
    return tx.createQuery(
            """
            delete from tracker.metric_chunk c
            using unnest(:runs, :keys, :levels) as u (run, key, level)
            where c.run = u.run and c.key = u.key and c.level < u.level
            returning c.run, c.key, c.data
            """)
        .bindArray("runs", Long.class, merging.stream().map(each -> each.getKey().run).toList())
        .bindArray("keys", String.class, merging.stream().map(each -> each.getKey().key).toList())
        .bindArray("levels", Integer.class, merging.stream().map(Map.Entry::getValue).toList())
        .mapTo(ChunkData.class)
        .list();
  }

  /// Of the values that are numbers.
  private record Range(double min, double max) {
    static Range of(double[] values) {
      double min = Double.POSITIVE_INFINITY;
      double max = Double.NEGATIVE_INFINITY;
      for (double value : values) {
        min = value < min ? value : min;
        max = value > max ? value : max;
      }
      return new Range(min, max);
    }

    boolean isEmpty() {
      return min > max;
    }
  }

  // Reading

  /// The newest values, in order of the keys, by the number of the run.
  public Map<Long, List<LatestMetric>> latest(Collection<Long> runs) {
    return latest(runs, null);
  }

  /// @param keys null for all of them
  public Map<Long, List<LatestMetric>> latest(
      Collection<Long> runs, @Nullable Collection<String> keys) {
    if (runs.isEmpty() || keys != null && keys.isEmpty()) {
      return Map.of();
    }
    var wanted = keys == null ? null : Set.copyOf(keys);
    var found = new HashMap<Long, Map<String, LatestMetric>>();
    var tails = new HashMap<Long, Map<String, PointBuffer>>();
    db.read(handle -> {
      // One statement sees one state: a point is in the tail or folded, never both or neither.
      var query =
          handle
              .createQuery(
                  """
                  select run, key, value, step, timestamp, min, max, points, null as data
                  from tracker.metric where run = any(:runs) %s
                  union all
                  select run, null, null, null, null, null, null, null, data
                  from tracker.metric_tail where run = any(:runs)
                  """
                      .formatted(wanted == null ? "" : "and key = any(:keys)"))
              .bindArray("runs", Long.class, runs);
      if (wanted != null) {
        query.bindArray("keys", String.class, wanted);
      }
      return query.scanResultSet((results, context) -> {
        try (var rows = results.get()) {
          while (rows.next()) {
            long run = rows.getLong(1);
            var data = rows.getBytes(9);
            if (data == null) {
              var metric = latest(rows);
              found.computeIfAbsent(run, id -> new TreeMap<>()).put(metric.key(), metric);
            } else {
              var ofRun = tails.computeIfAbsent(run, id -> new HashMap<>());
              Tail.read(
                  data,
                  key ->
                      wanted == null || wanted.contains(key)
                          ? ofRun.computeIfAbsent(key, k -> new PointBuffer())
                          : null);
            }
          }
        }
        return found;
      });
    });
    tails.forEach((run, ofRun) -> {
      var latest = found.computeIfAbsent(run, id -> new TreeMap<>());
      ofRun.forEach((key, buffer) -> {
        if (buffer.size() > 0) {
          latest.merge(key, newestOf(key, buffer.points().byStep()), MetricStore::newer);
        }
      });
    });
    var lists = new HashMap<Long, List<LatestMetric>>();
    found.forEach((run, latest) -> lists.put(run, List.copyOf(latest.values())));
    return lists;
  }

  private static LatestMetric latest(ResultSet row) throws SQLException {
    return new LatestMetric(
        row.getString(2),
        row.getDouble(3),
        row.getLong(4),
        Instant.ofEpochMilli(row.getLong(5)),
        orNaN((Double) row.getObject(6)),
        orNaN((Double) row.getObject(7)),
        row.getLong(8));
  }

  private static LatestMetric newestOf(String key, Points points) {
    int last = points.size() - 1;
    var range = Range.of(points.values());
    return new LatestMetric(
        key,
        points.values()[last],
        points.steps()[last],
        Instant.ofEpochMilli(points.timestamps()[last]),
        range.isEmpty() ? Double.NaN : range.min,
        range.isEmpty() ? Double.NaN : range.max,
        points.size());
  }

  private static LatestMetric newer(LatestMetric a, LatestMetric b) {
    int c = Long.compare(a.step(), b.step());
    c = c != 0 ? c : a.timestamp().compareTo(b.timestamp());
    c = c != 0 ? c : Points.compare(a.value(), b.value());
    var newest = c > 0 ? a : b;
    return new LatestMetric(
        a.key(),
        newest.value(),
        newest.step(),
        newest.timestamp(),
        Double.isNaN(a.min())
            ? b.min()
            : Double.isNaN(b.min()) ? a.min() : Math.min(a.min(), b.min()),
        Double.isNaN(a.max())
            ? b.max()
            : Double.isNaN(b.max()) ? a.max() : Math.max(a.max(), b.max()),
        a.points() + b.points());
  }

  /// All points within a range of steps, both ends included, by step, timestamp and value.
  public Points history(String runId, String key, long fromStep, long toStep) {
    return chart(runId, key, fromStep, toStep, null).points();
  }

  /// At most so many points of a range of steps, the lowest and the highest of each part among
  /// them.
  public Points sampled(String runId, String key, long fromStep, long toStep, int maxPoints) {
    return chart(runId, key, fromStep, toStep, maxPoints).atMost(maxPoints);
  }

  /// A part of a history.
  ///
  /// @param more whether points follow
  public record Page(Points points, boolean more) {}

  /// A part of all points by timestamp, step and value.
  public Page page(String runId, String key, int afterPosition, int limit) {
    var all = history(runId, key, Long.MIN_VALUE, Long.MAX_VALUE).byTime();
    int from = Math.min(afterPosition, all.size());
    int to = (int) Math.min((long) from + limit, all.size());
    return new Page(all.slice(from, to), to < all.size());
  }

  /// Histories of one metric in several runs, for lines beside each other: the steps that any of
  /// the runs has, evenly thinned out to about `maxResults`, and the first and the last of each
  /// run. Of a long history it is the lowest and the highest points, as in [#sampled]. Runs without
  /// such a metric are left out.
  public Map<String, Points> bulkInterval(
      Collection<String> runIds, String key, long startStep, long endStep, int maxResults) {
    var shown = new TreeMap<String, Points>();
    var whole = new TreeMap<String, Points>();
    var steps = new long[0];
    var ends = new long[0];
    for (var runId : new TreeSet<>(runIds)) {
      var chart = chart(runId, key, startStep, endStep, maxResults);
      if (chart.total() > LONG) {
        shown.put(runId, chart.atMost(maxResults));
      } else if (chart.total() > 0) {
        var ofRun = chart.points();
        whole.put(runId, ofRun);
        steps = Steps.union(steps, Steps.distinct(ofRun.steps()));
        ends = Steps.union(ends, Steps.ends(ofRun.steps()));
      }
    }
    var common = Steps.union(Steps.thinnedOut(steps, maxResults), ends);
    whole.forEach((runId, points) -> shown.put(runId, points.only(common)));
    return shown;
  }

  /// The answer of the API. Empty when the run has no such metric.
  ///
  /// @param most how many points to answer at most; null for all
  /// @throws ProblemException TOO_MANY_POINTS
  Optional<MetricHistory> history(
      String runId, String key, long fromStep, long toStep, @Nullable Integer most) {
    if (most == null) {
      requireFew(runId, key, fromStep, toStep);
    }
    var chart = chart(runId, key, fromStep, toStep, most);
    if (chart.total() == 0 && !exists(runId, key)) {
      return Optional.empty();
    }
    var points = most == null ? chart.points() : chart.atMost(most);
    return Optional.of(
        new MetricHistory(
            runId, key, chart.total(), points.steps(), points.timestamps(), points.values()));
  }

  /// What is folded counts; the tail is short.
  private void requireFew(String runId, String key, long fromStep, long toStep) {
    long points =
        db.read(handle ->
            handle
                .createQuery(
                    """
                    select coalesce(sum(c.points), 0)::bigint
                    from tracker.run r join tracker.metric_chunk c on c.run = r.number
                    where r.id = :run and c.key = :key
                      and c.last_step >= :from and c.first_step <= :to
                    """)
                .bind("run", runId)
                .bind("key", key)
                .bind("from", fromStep)
                .bind("to", toStep)
                .mapTo(Long.class)
                .one());
    if (points > MOST_EXACT) {
      throw new ProblemException(
          ProblemCode.TOO_MANY_POINTS,
          "Run %s has about %,d points of '%s' there; one answer holds %,d."
              .formatted(runId, points, key, MOST_EXACT));
    }
  }

  private boolean exists(String runId, String key) {
    List<Long> run =
        db.read(handle ->
            handle
                .createQuery("select number from tracker.run where id = :id")
                .bind("id", runId)
                .mapTo(Long.class)
                .list());
    return latest(run, List.of(key)).values().stream().anyMatch(found -> !found.isEmpty());
  }

  private record Part(byte[] data, int points, long total) {}

  /// @param most how many points will be shown at most; null for all
  private Chart.Result chart(
      String runId, String key, long fromStep, long toStep, @Nullable Integer most) {
    var chart = new Chart(fromStep, toStep, most, LONG);
    db.useTransaction(tx -> {
      // One statement sees one state: a point is in the tail or folded, never both or neither. An
      // overview serves when it is whole within the range and has the chunk's share of the chart.
      try (var parts =
          tx
              .createQuery(
                  """
                  with chunk as (
                    select c.data, c.overview, c.points, c.first_step, c.last_step,
                      sum(c.points) over () as total
                    from tracker.run r join tracker.metric_chunk c on c.run = r.number
                    where r.id = :run and c.key = :key
                      and c.last_step >= :from and c.first_step <= :to)
                  select case when overview is not null and total > :long
                        and first_step >= :from and last_step <= :to
                        and points * :spare::float8 / total <= :overview
                      then overview else data end as data, points, total, first_step
                  from chunk
                  union all
                  select t.data, 0, 0, null
                  from tracker.run r join tracker.metric_tail t on t.run = r.number where r.id = :run
                  order by first_step nulls last
                  """)
              .bind("run", runId)
              .bind("key", key)
              .bind("from", fromStep)
              .bind("to", toStep)
              .bind("long", most == null ? Long.MAX_VALUE : LONG)
              .bind("spare", most == null ? 0 : (long) Chart.SPARE * most)
              .bind("overview", OVERVIEW)
              .setFetchSize(64)
              .mapTo(Part.class)
              .stream()) {
        parts.forEach(part -> {
          if (part.total == 0) {
            chart.tail(part.data, key);
          } else {
            chart.chunk(part.data, part.points, part.total);
          }
        });
      }
    });
    return chart.end();
  }

  private static double orNaN(@Nullable Double value) {
    return value == null ? Double.NaN : value;
  }
}
