package dev.pipewright.tracker.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.metrics.v1.WatchedMetrics;
import dev.pipewright.contract.metrics.v1.WatchedPoints;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.PipelineSource;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.run.RunStore;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class WatchedPointStoreTest {
  private static final Instant AT = Instant.parse("2026-01-31T00:00:00Z");

  private Db db;
  private RunStore runs;
  private WatchedPointStore store;
  private final AtomicInteger noted = new AtomicInteger();

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    runs = RunStore.on(db);
    store = WatchedPointStore.on(db);
    store.whenNoted(noted::incrementAndGet);
  }

  /// @param watched empty for a run of which nothing is
  private void run(String id, String pipelineRun, String task, String watched) {
    db.useTransaction(tx -> {
      var key = runs.ensure(tx, Map.of(id, AT)).get(id);
      var source = PipelineSource.newBuilder().setPipelineRunId(pipelineRun).setTask(task);
      runs.started(
          tx,
          key,
          AT,
          RunStarted.newBuilder()
              .setExperiment("tuning")
              .setPipeline(source)
              .setWatchedMetric(watched)
              .build());
    });
  }

  private void log(String run, MetricSeries.Builder... series) {
    db.useTransaction(tx ->
        store.note(
            tx,
            Map.of(run, List.of(series).stream().map(MetricSeries.Builder::build).toList()),
            runs.keys(tx, List.of(run))));
  }

  private static MetricSeries.Builder series(String key, long step, double value) {
    return MetricSeries.newBuilder().setKey(key).addSteps(step).addTimestamps(1).addValues(value);
  }

  private List<WatchedMetrics> sent() {
    store.send();
    return db.inTransaction(tx ->
        tx
            .createQuery(
                "delete from tracker.outbox where topic = :topic returning number, payload")
            .bind("topic", Topics.WATCHED_METRICS)
            .map((rs, context) -> Map.entry(rs.getLong(1), rs.getBytes(2)))
            .stream()
            .sorted(Map.Entry.comparingByKey())
            .map(row -> read(row.getValue()))
            .toList());
  }

  private static WatchedMetrics read(byte[] payload) {
    try {
      return WatchedMetrics.parseFrom(payload);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static WatchedPoints points(String task, String run, List<Long> steps, Double... values) {
    return WatchedPoints.newBuilder()
        .setTask(task)
        .setRunId(run)
        .addAllSteps(steps)
        .addAllValues(List.of(values))
        .build();
  }

  @Test
  void tellsOfTheWatchedMetricOnly() {
    run("a", "p", "tune[0]", "auc");
    run("b", "p", "train", "");
    log("a", series("loss", 1, 0.1));
    log("b", series("auc", 1, 0.2));
    assertThat(noted).hasValue(0);
    log("a", series("loss", 2, 0.3), series("auc", 2, 0.4));
    assertThat(noted).hasValue(1);
    assertThat(sent())
        .containsExactly(
            WatchedMetrics.newBuilder()
                .setPipelineRunId("p")
                .addPoints(points("tune[0]", "a", List.of(2L), 0.4))
                .build());
    assertThat(sent()).as("once").isEmpty();
  }

  @Test
  void whatComesInOneTurnIsOneMessageWithAPointForEachStep() {
    run("a", "p", "tune[0]", "auc");
    run("b", "p", "tune[1]", "auc");
    run("c", "q", "tune[0]", "auc");
    log("a", series("auc", 1, 0.1));
    log("b", series("auc", 1, 0.2));
    log("a", series("auc", 2, 0.3), series("auc", 1, 0.4));
    log("c", series("auc", 1, Double.NaN));
    assertThat(sent())
        .containsExactly(
            WatchedMetrics.newBuilder()
                .setPipelineRunId("p")
                .addPoints(points("tune[0]", "a", List.of(1L, 2L), 0.4, 0.3))
                .addPoints(points("tune[1]", "b", List.of(1L), 0.2))
                .build(),
            WatchedMetrics.newBuilder()
                .setPipelineRunId("q")
                .addPoints(points("tune[0]", "c", List.of(1L), Double.NaN))
                .build());
  }

  /// More than a message of Kafka's may hold.
  @Test
  void whatPiledUpGoesInSeveralMessages() {
    run("a", "p", "tune[0]", "auc");
    var many = MetricSeries.newBuilder().setKey("auc");
    LongStream.range(0, 50_000).forEach(step -> many.addSteps(step).addTimestamps(1).addValues(1));
    log("a", many);
    var sent = sent();
    assertThat(sent).hasSize(3).allMatch(message -> message.getSerializedSize() < 400_000);
    assertThat(sent.stream().flatMap(each -> each.getPoints(0).getStepsList().stream()))
        .containsExactlyElementsOf(LongStream.range(0, 50_000).boxed().toList());
  }

  @Test
  void whatIsNotStoredIsNotTold() {
    run("a", "p", "tune[0]", "auc");
    assertThatThrownBy(() ->
            db.useTransaction(tx -> {
              store.note(
                  tx,
                  Map.of("a", List.of(series("auc", 1, 1).build())),
                  runs.keys(tx, List.of("a")));
              throw new IllegalStateException("killed");
            }))
        .hasMessage("killed");
    assertThat(noted).hasValue(0);
    assertThat(sent()).isEmpty();
  }

  @Test
  void aRunThatWasDeletedIsNotToldOf() {
    run("a", "p", "tune[0]", "auc");
    log("a", series("auc", 1, 1));
    db.useTransaction(tx -> tx.execute("delete from tracker.run where id = 'a'"));
    assertThat(sent()).isEmpty();
  }
}
