package dev.pipewright.tracker.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Timestamp;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.api.DeadLettersReplayed;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.LocalBlobs;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.live.RunLive;
import dev.pipewright.tracker.metric.MetricStore;
import dev.pipewright.tracker.model.ModelStore;
import dev.pipewright.tracker.run.DatasetStore;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.run.RunStore.RunRow;
import dev.pipewright.tracker.watch.WatchedPointStore;
import dev.pipewright.tracker.webhook.WebhookStore;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.ds.PGSimpleDataSource;

/// What becomes of events that could not be stored, against the real database.
class DeadLettersTest {
  private static final String RUN = "0123456789abcdef0123456789abcdef";

  @TempDir Path folder;
  private Db db;
  private RunStore runs;
  private MetricStore metrics;
  private Ingest ingest;
  private DeadLetterStore store;
  private DeadLetters letters;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    metrics = MetricStore.on(db);
    runs = RunStore.on(db);
    ingest =
        new Ingest(
            runs,
            DatasetStore.on(db),
            metrics,
            ArtifactStore.on(db),
            ModelStore.on(db, runs, DatasetStore.on(db)),
            new LocalBlobs(folder, Clock.systemUTC()),
            WatchedPointStore.on(db),
            WebhookStore.on(db),
            new RunLive());
    store = new DeadLetterStore(db);
    letters = new DeadLetters(db, store, ingest);
  }

  private static byte[] metric(long seq, String key, double value) {
    var series =
        MetricSeries.newBuilder().setKey(key).addSteps(seq).addTimestamps(1).addValues(value);
    return RunEvent.newBuilder()
        .setRunId(RUN)
        .setSource("attempt-1")
        .setSeq(seq)
        .setAt(Timestamp.newBuilder().setSeconds(1_700_000_000))
        .setMetricsLogged(MetricsLogged.newBuilder().addSeries(series))
        .build()
        .toByteArray();
  }

  private void consume(byte[] event) throws Exception {
    db.useTransaction(
        tx -> ingest.store(tx, List.of(new ConsumerRecord<>(Topics.RUN_EVENTS, 0, 0, RUN, event))));
  }

  private long keep(byte[] event) {
    return db.inTransaction(tx ->
        tx.createQuery(
                """
                insert into tracker.dead_letter (topic, partition, record_offset, key, payload, reason)
                values (:topic, 3, 17, :run, :event, 'the disk was full') returning id
                """)
            .bind("topic", Topics.RUN_EVENTS)
            .bind("run", RUN)
            .bind("event", event)
            .mapTo(Long.class)
            .one());
  }

  private long number() {
    return runs.get(RUN).number();
  }

  private double latest(String key) {
    return metrics.latest(List.of(number())).get(number()).stream()
        .filter(metric -> metric.key().equals(key))
        .findFirst()
        .orElseThrow()
        .value();
  }

  @Test
  void oneIsStoredThoughItsSourceHasGoneOnAndRemoved() throws Exception {
    long id = keep(metric(1, "missed", 0.5));
    consume(metric(2, "came", 0.25));

    assertThat(letters.replay(id)).isEmpty();

    assertThat(latest("missed")).isEqualTo(0.5);
    assertThat(store.list(null, 10)).isEmpty();
    assertThatThrownBy(() -> letters.replay(id))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("There is no dead letter " + id);
  }

  @Test
  void aReplayDoesNotTurnTheMarkOfItsSourceBack() throws Exception {
    consume(metric(2, "came", 0.25));
    letters.replay(keep(metric(1, "missed", 0.5)));
    consume(metric(2, "came", 0.75));

    assertThat(latest("came")).isEqualTo(0.25);
  }

  @Test
  void oneThatIsRefusedAgainStaysWithTheNewReason() {
    long id = keep(new byte[] {1, 2, 3});
    long other = keep(metric(1, "", 0.5));

    assertThat(letters.replay(id)).isPresent();
    assertThat(letters.replay(other)).hasValueSatisfying(why -> assertThat(why).contains("key"));

    assertThat(store.list(null, 10))
        .hasSize(2)
        .allSatisfy(letter -> {
          assertThat(letter.reason()).isNotEqualTo("the disk was full");
          assertThat(letter.offset()).isEqualTo(17);
        });
    assertThat(metrics.latest(runs.find(RUN).stream().map(RunRow::number).toList())).isEmpty();
  }

  @Test
  void allAreTriedAndOneThatIsRefusedHoldsUpNone() {
    keep(metric(1, "first", 0.5));
    long bad = keep(new byte[] {1, 2, 3});
    keep(metric(2, "second", 0.25));

    assertThat(letters.replayAll()).isEqualTo(new DeadLettersReplayed(2, 1));

    assertThat(latest("first")).isEqualTo(0.5);
    assertThat(latest("second")).isEqualTo(0.25);
    assertThat(store.count()).isEqualTo(1);
    assertThat(store.list(null, 10)).extracting("id").containsExactly(bad);
    assertThat(store.delete(bad)).isTrue();
    assertThat(store.delete(bad)).isFalse();
  }

  /// Two that replay all at once take letters from each other's lists; none is stored twice, and
  /// neither fails for what the other took.
  @Test
  void twoReplaysOfAllShareThem() throws Exception {
    int many = 200;
    for (int i = 0; i < many; i++) {
      keep(metric(i + 1, "m" + i, i));
    }
    try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      var begin = new CyclicBarrier(2);
      Callable<DeadLettersReplayed> replay =
          () -> {
            begin.await();
            return letters.replayAll();
          };
      var one = pool.submit(replay);
      var other = pool.submit(replay);
      assertThat(one.get().stored() + other.get().stored()).isEqualTo(many);
      assertThat(one.get().refused() + other.get().refused()).isZero();
    }
    assertThat(store.count()).isZero();
    assertThat(metrics.latest(List.of(number())).get(number())).hasSize(many);
  }

  /// What the race looks like from inside, every time: the letter goes while it is being tried.
  @Test
  void oneThatGoesWhileItIsTriedIsNotAFailureOfAll() throws Exception {
    long gone = keep(metric(1, "gone", 0.5));
    keep(metric(2, "stays", 0.25));
    try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      var all =
          db.inTransaction(other -> {
            assertThat(store.take(other, gone)).isPresent();
            var replay = pool.submit(letters::replayAll);
            await().until(this::somebodyWaitsForALock);
            return replay;
          });
      assertThat(all.get()).isEqualTo(new DeadLettersReplayed(1, 0));
    }
    assertThat(store.count()).isZero();
  }

  private boolean somebodyWaitsForALock() {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select exists (select from pg_stat_activity
                  where datname = current_database() and wait_event_type = 'Lock')
                """)
            .mapTo(Boolean.class)
            .one());
  }
}
