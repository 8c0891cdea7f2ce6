package dev.pipewright.tracker.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.TrackedRun.LatestMetric;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/// What comes back of metrics, whether they are folded or not.
class MetricStoreTest {
  private Db db;
  private MetricStore metrics;
  private long run;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    metrics = MetricStore.on(db);
    run = newRun("run");
  }

  private long newRun(String id) {
    return db.inTransaction(tx ->
        tx.createQuery(
                """
                insert into tracker.run (id, experiment_id, name, status, start_time, artifact_uri)
                values (:id, 0, :id, 'RUNNING', now(), '') returning number
                """)
            .bind("id", id)
            .mapTo(Long.class)
            .one());
  }

  private record Point(long step, long timestamp, double value) implements Comparable<Point> {
    @Override
    public int compareTo(Point other) {
      int c = Long.compare(step, other.step);
      c = c != 0 ? c : Long.compare(timestamp, other.timestamp);
      return c != 0 ? c : Points.compare(value, other.value);
    }
  }

  private static MetricSeries series(String key, List<Point> points) {
    var series = MetricSeries.newBuilder().setKey(key);
    points.forEach(
        point -> series.addSteps(point.step).addTimestamps(point.timestamp).addValues(point.value));
    return series.build();
  }

  private void log(long run, String key, List<Point> points) {
    db.useTransaction(tx ->
        metrics.append(
            tx, Map.of(run, MetricsLogged.newBuilder().addSeries(series(key, points)).build())));
  }

  private void log(String key, long step, long timestamp, double value) {
    log(run, key, List.of(new Point(step, timestamp, value)));
  }

  private void fold() {
    metrics.fold(List.of(0L));
  }

  private List<Point> all(String key) {
    var found = metrics.history("run", key, Long.MIN_VALUE, Long.MAX_VALUE);
    var points = new ArrayList<Point>();
    for (int i = 0; i < found.size(); i++) {
      points.add(new Point(found.steps()[i], found.timestamps()[i], found.values()[i]));
    }
    return points;
  }

  private LatestMetric latest(String key) {
    return metrics.latest(List.of(run)).get(run).stream()
        .filter(metric -> metric.key().equals(key))
        .findFirst()
        .orElseThrow();
  }

  private long count(String table) {
    return db.read(handle ->
        handle.createQuery("select count(*) from tracker." + table).mapTo(Long.class).one());
  }

  @Test
  void moreThanOneAnswerHoldsIsAskedForInRanges() {
    log(run, "loss", List.of(new Point(1, 1, 1), new Point(2, 2, 2)));
    fold();
    log(run, "loss", List.of(new Point(8, 8, 8), new Point(9, 9, 9)));
    fold();
    // As if the first of the two were a long one.
    db.useTransaction(tx ->
        tx.createUpdate("update tracker.metric_chunk set points = :many where first_step = 1")
            .bind("many", MetricStore.MOST_EXACT + 1)
            .execute());
    assertThatThrownBy(() -> metrics.history("run", "loss", 0, 9, null))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("1,000,003 points of 'loss'");
    assertThat(metrics.history("run", "loss", 8, 9, null).orElseThrow().steps())
        .containsExactly(8, 9);
  }

  /// Batches of any size, in any order, with repetitions, folded now and then.
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void whatWasLoggedIsWhatIsRead(long seed) {
    var random = new Random(seed);
    var logged = new TreeSet<Point>();
    for (int batch = 0; batch < 60; batch++) {
      var points = new ArrayList<Point>();
      long step = random.nextInt(40_000);
      for (int i = random.nextInt(600); i >= 0; i--) {
        double value = random.nextInt(50) == 0 ? Double.NaN : random.nextGaussian();
        points.add(
            !logged.isEmpty() && random.nextInt(20) == 0
                ? logged.first()
                : new Point(step++, 1_700_000_000_000L + random.nextInt(1_000), value));
      }
      log(run, "loss", points);
      logged.addAll(points);
      if (random.nextInt(3) > 0) {
        fold();
      }
    }
    assertThat(all("loss")).containsExactlyElementsOf(logged);
    fold();
    assertThat(all("loss")).containsExactlyElementsOf(logged);
    assertThat(count("metric_tail")).isZero();
    var latest = latest("loss");
    assertThat(latest.step()).isEqualTo(logged.last().step);
    assertThat(latest.value()).isEqualTo(Double.valueOf(logged.last().value));
    var range =
        logged.stream().mapToDouble(Point::value).filter(v -> !Double.isNaN(v)).summaryStatistics();
    assertThat(latest.min()).isEqualTo(range.getMin());
    assertThat(latest.max()).isEqualTo(range.getMax());
    var part = metrics.history("run", "loss", 1_000, 2_000);
    assertThat(part.size())
        .isEqualTo((int) logged.stream().filter(p -> p.step >= 1_000 && p.step <= 2_000).count());
    var chart = metrics.sampled("run", "loss", Long.MIN_VALUE, Long.MAX_VALUE, 200);
    assertThat(chart.size()).isLessThanOrEqualTo(200);
    assertThat(chart.values()).contains(range.getMin(), range.getMax());
  }

  @Test
  void smallChunksAreMerged() {
    for (int step = 0; step < 130; step++) {
      log("loss", step, step, step);
      fold();
    }
    assertThat(all("loss")).hasSize(130);
    assertThat(count("metric_chunk")).isLessThanOrEqualTo(3 * 7);
  }

  @ParameterizedTest
  @CsvSource({
    // The highest step, then the latest time, then the greatest value, where NaN is worth 0.
    "1, 5, 1.0,  2, 4, 0.5,  0.5",
    "2, 4, 0.5,  1, 5, 1.0,  0.5",
    "1, 5, 1.0,  1, 4, 2.0,  1.0",
    "1, 5, 1.0,  1, 5, 2.0,  2.0",
    "1, 5, 1.0,  1, 5, NaN,  1.0",
    "1, 5, -1.0, 1, 5, NaN,  NaN",
    "1, 5, Infinity, 1, 5, 7,  Infinity",
  })
  void theNewestPoint(
      long step, long time, double value, long step2, long time2, double value2, double newest) {
    log("a", step, time, value);
    log("a", step2, time2, value2);
    assertThat(latest("a").value()).isEqualTo(Double.valueOf(newest));
    fold();
    assertThat(latest("a").value()).isEqualTo(Double.valueOf(newest));
    // One of the two folded before the other.
    log("b", step, time, value);
    fold();
    log("b", step2, time2, value2);
    assertThat(latest("b").value()).isEqualTo(Double.valueOf(newest));
    fold();
    assertThat(latest("b").value()).isEqualTo(Double.valueOf(newest));
    assertThat(latest("b").points()).isEqualTo(2);
  }

  /// As a model logs that watches each of its layers.
  @Test
  void aRunHasTenThousandMetrics() {
    int keys = 10_000;
    for (int step = 0; step < 3; step++) {
      var logged = MetricsLogged.newBuilder();
      for (int key = 0; key < keys; key++) {
        logged.addSeries(series("layer" + key, List.of(new Point(step, step, key + step))));
      }
      var message = logged.build();
      db.useTransaction(tx -> metrics.append(tx, Map.of(run, message)));
      if (step == 1) {
        fold();
      }
    }
    for (var folded : new boolean[] {false, true}) {
      if (folded) {
        fold();
        assertThat(count("metric_tail")).isZero();
      }
      assertThat(metrics.latest(List.of(run)).get(run))
          .hasSize(keys)
          .allSatisfy(latest -> {
            assertThat(latest.points()).isEqualTo(3);
            assertThat(latest.value())
                .isEqualTo(Integer.parseInt(latest.key().substring("layer".length())) + 2.0);
          });
      assertThat(all("layer9999"))
          .containsExactly(new Point(0, 0, 9999), new Point(1, 1, 10_000), new Point(2, 2, 10_001));
    }
  }

  @Test
  void aPageIsInOrderOfTime() {
    log("loss", 3, 10, 1);
    log("loss", 1, 30, 2);
    fold();
    log("loss", 2, 20, 3);
    var first = metrics.page("run", "loss", 0, 2);
    assertThat(first.points().steps()).containsExactly(3, 2);
    assertThat(first.more()).isTrue();
    var second = metrics.page("run", "loss", 2, 2);
    assertThat(second.points().steps()).containsExactly(1);
    assertThat(second.more()).isFalse();
  }

  @Test
  void severalRunsShowTheSameStepsAndTheirEnds() {
    long other = newRun("other");
    for (int step = 0; step < 100; step++) {
      log("loss", step, step, step);
    }
    log(other, "loss", List.of(new Point(7, 1, 1), new Point(150, 2, 2)));
    var found = metrics.bulkInterval(List.of("run", "other", "none"), "loss", 0, 1_000, 10);
    assertThat(found).containsOnlyKeys("run", "other");
    assertThat(found.get("run").steps()).contains(0, 99).hasSizeLessThanOrEqualTo(14);
    assertThat(found.get("other").steps()).containsExactly(7, 150);
  }

  /// Long enough for chunks with overviews; each part of the zoom shows its own peaks.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLongMetricKeepsItsPeaksAtEveryZoom(boolean inOrder) {
    int size = 120_000;
    var points = new ArrayList<Point>();
    for (int step = 0; step < size; step++) {
      double value = step % 10_007 == 5_000 ? step : step % 10_009 == 5_000 ? -step : 0.5;
      points.add(new Point(step, step, step == 70_000 ? Double.NaN : value));
    }
    if (!inOrder) {
      Collections.shuffle(points, new Random(1));
    }
    for (int from = 0; from < size; from += 20_000) {
      log(run, "loss", points.subList(from, from + 20_000));
      fold();
    }
    log("loss", size, size, 1e9);
    long overviews =
        db.read(handle ->
            handle
                .createQuery("select count(overview) from tracker.metric_chunk")
                .mapTo(Long.class)
                .one());
    assertThat(overviews).isGreaterThan(10);

    for (var zoom : new int[][] {{0, size}, {0, 60_000}, {12_345, 98_765}, {50_000, 50_100}}) {
      var chart = metrics.sampled("run", "loss", zoom[0], zoom[1], 100);
      assertThat(chart.size()).isLessThanOrEqualTo(100);
      assertThat(chart.steps()).isSorted().startsWith(zoom[0]).endsWith(zoom[1]);
      for (int i = 0; i < chart.size(); i++) {
        // A point that was logged, not an average.
        assertThat(chart.timestamps()[i]).isEqualTo(chart.steps()[i]);
      }
      for (int peak = 5_000; peak < size; peak += 10_007) {
        if (peak >= zoom[0] && peak <= zoom[1]) {
          assertThat(chart.values()).contains(peak);
        }
      }
    }
    assertThat(metrics.sampled("run", "loss", 0, size, size + 1).size()).isEqualTo(size + 1);
    assertThat(metrics.history("run", "loss", 0, size).size()).isEqualTo(size + 1);

    var lines = metrics.bulkInterval(List.of("run"), "loss", 0, size, 50).get("run");
    assertThat(lines.size()).isLessThanOrEqualTo(50);
    assertThat(lines.steps()).startsWith(0).endsWith(size);
    assertThat(metrics.bulkInterval(List.of("run"), "loss", 0, size, 1).get("run").steps())
        .containsExactly(size);
  }

  @Test
  void aRunTakesItsMetricsToAnotherExperiment() {
    log("loss", 1, 1, 1);
    fold();
    long experiment =
        db.inTransaction(tx -> {
          long id =
              tx.createQuery(
                      """
                      insert into tracker.experiment (name, artifact_location) values ('x', '')
                      returning id
                      """)
                  .mapTo(Long.class)
                  .one();
          tx.execute("update tracker.run set experiment_id = ?", id);
          metrics.experimentChanged(tx, run, id);
          return id;
        });
    log("other", 1, 1, 1);
    metrics.fold(List.of(experiment));
    List<Long> kept =
        db.read(handle ->
            handle
                .createQuery("select experiment_id from tracker.metric")
                .mapTo(Long.class)
                .list());
    assertThat(kept).containsExactly(experiment, experiment);
  }

  @Test
  void foldingLeavesOtherExperimentsAlone() {
    log("loss", 1, 1, 1);
    metrics.fold(List.of(99L));
    assertThat(count("metric_tail")).isEqualTo(1);
    assertThat(metrics.foldSome()).isFalse();
    assertThat(count("metric_tail")).isZero();
  }

  @Test
  void aDeletedRunTakesItsMetricsAlong() {
    log("loss", 1, 1, 1);
    fold();
    log("loss", 2, 2, 2);
    db.useTransaction(tx -> tx.execute("delete from tracker.run"));
    fold();
    assertThat(count("metric_tail") + count("metric") + count("metric_chunk")).isZero();
  }

  @Test
  void aKeyMayHoldANul() {
    log("a\0b", 1, 1, 1);
    fold();
    assertThat(all("a\uFFFDb")).hasSize(1);
  }

  @Test
  void refusesSeriesThatFoldingCouldNotRead() {
    var uneven = MetricSeries.newBuilder().setKey("loss").addSteps(1).addValues(2).build();
    for (var bad : List.of(uneven, series("", List.of()), series("x".repeat(501), List.of()))) {
      assertThatThrownBy(() ->
              db.useTransaction(tx ->
                  metrics.append(
                      tx, Map.of(run, MetricsLogged.newBuilder().addSeries(bad).build()))))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(count("metric_tail")).isZero();
  }

  /// A home folder of the first release keeps its metrics.
  @Test
  void readsWhatTheFirstReleaseStored() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Flyway.configure()
        .dataSource(source)
        .schemas("tracker")
        .locations("classpath:db/tracker")
        .target("1")
        .load()
        .migrate();
    db = new Db(source);
    metrics = MetricStore.on(db);
    db.useTransaction(tx -> {
      tx.execute("insert into tracker.experiment (name) values ('old')");
      tx.execute(
          """
          insert into tracker.run (id, experiment_id, name, status, start_time)
          values ('run', 1, 'run', 'FINISHED', now())
          """);
      tx.execute(
          """
          insert into tracker.metric
            (run_id, key, points, last_step, last_timestamp, last_value, min, max, chunks)
          values ('run', 'loss', 2, 2, 1001, 2.5, 1.5, 2.5, 1)
          """);
      tx.execute(
          """
          insert into tracker.metric_chunk (run_id, key, number, points, first_step, last_step, data)
          values ('run', 'loss', 1, 2, 1, 2, '\\x01020200d00fcd0f063ff8067ffc')
          """);
    });
    Migrations.migrate(source, "tracker");
    var old = List.of(new Point(1, 1000, 1.5), new Point(2, 1001, 2.5));
    assertThat(all("loss")).isEqualTo(old);
    assertThat(latest("loss").value()).isEqualTo(2.5);
    assertThat(latest("loss").points()).isEqualTo(2);
    run = 1;
    for (int step = 3; step < 12; step++) {
      log("loss", step, step, step);
      metrics.foldSome();
    }
    assertThat(all("loss")).hasSize(11).containsAll(old);
  }
}
