package dev.pipewright.tracker.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.api.LogPage;
import dev.pipewright.contract.tracking.v1.ArtifactLogged;
import dev.pipewright.contract.tracking.v1.LogLine;
import dev.pipewright.contract.tracking.v1.LogLines;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.ParamsLogged;
import dev.pipewright.contract.tracking.v1.PipelineSource;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.contract.tracking.v1.RunStatus;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.LocalBlobs;
import dev.pipewright.platform.Migrations;
import dev.pipewright.platform.TopicConsumer.InvalidRecord;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.live.RunLive;
import dev.pipewright.tracker.metric.MetricStore;
import dev.pipewright.tracker.model.ModelStore;
import dev.pipewright.tracker.run.DatasetStore;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.watch.WatchedPointStore;
import dev.pipewright.tracker.webhook.WebhookStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.ds.PGSimpleDataSource;

/// What the tracker stores of events, against the real database.
class IngestTest {
  private static final String RUN = "0123456789abcdef0123456789abcdef";

  @TempDir Path folder;
  private Db db;
  private RunStore runs;
  private MetricStore metrics;
  private ArtifactStore artifacts;
  private LocalBlobs blobs;
  private Ingest ingest;
  private long seq;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    runs = RunStore.on(db);
    metrics = MetricStore.on(db);
    artifacts = ArtifactStore.on(db);
    blobs = new LocalBlobs(folder, Clock.systemUTC());
    ingest =
        new Ingest(
            runs,
            DatasetStore.on(db),
            metrics,
            artifacts,
            ModelStore.on(db, runs, DatasetStore.on(db)),
            blobs,
            WatchedPointStore.on(db),
            WebhookStore.on(db),
            new RunLive());
  }

  private RunEvent event(RunEvent.Builder event) {
    return event
        .setRunId(RUN)
        .setSource("attempt-1")
        .setSeq(++seq)
        .setAt(Timestamp.newBuilder().setSeconds(1_700_000_000 + seq))
        .build();
  }

  private RunEvent started() {
    return event(
        RunEvent.newBuilder()
            .setRunStarted(RunStarted.newBuilder().setExperiment("loans").setName("train")));
  }

  private RunEvent points(String key, long firstStep, double... values) {
    var series = MetricSeries.newBuilder().setKey(key);
    for (int i = 0; i < values.length; i++) {
      series.addSteps(firstStep + i).addTimestamps(1_000 + firstStep + i).addValues(values[i]);
    }
    return event(
        RunEvent.newBuilder().setMetricsLogged(MetricsLogged.newBuilder().addSeries(series)));
  }

  private RunEvent param(String key, String value) {
    return event(
        RunEvent.newBuilder().setParamsLogged(ParamsLogged.newBuilder().putParams(key, value)));
  }

  private RunEvent finished(RunStatus status) {
    return event(RunEvent.newBuilder().setRunFinished(RunFinished.newBuilder().setStatus(status)));
  }

  private void store(RunEvent... events) {
    store(Arrays.asList(events));
  }

  private void store(List<RunEvent> events) {
    var records = new ArrayList<ConsumerRecord<String, byte[]>>();
    for (var event : events) {
      records.add(
          new ConsumerRecord<>(
              Topics.RUN_EVENTS, 0, records.size(), event.getRunId(), event.toByteArray()));
    }
    try {
      db.useTransaction(tx -> ingest.store(tx, records));
    } catch (InvalidRecord e) {
      throw new AssertionError(e);
    }
    ingest.stored();
  }

  private long number() {
    return runs.get(RUN).number();
  }

  @Test
  void storesARunWithWhatItLogged() {
    store(
        started(),
        param("depth", "6"),
        points("loss", 0, 0.9, 0.5, Double.NaN),
        points("loss", 3, 0.7),
        finished(RunStatus.RUN_STATUS_FINISHED));
    var run = runs.get(RUN);
    assertThat(run.name()).isEqualTo("train");
    assertThat(run.experiment()).isEqualTo("loans");
    assertThat(run.status()).isEqualTo("FINISHED");
    assertThat(runs.params(List.of(number())).get(number())).containsEntry("depth", "6").hasSize(1);
    var loss = metrics.latest(List.of(number())).get(number()).getFirst();
    assertThat(loss.value()).isEqualTo(0.7);
    assertThat(loss.step()).isEqualTo(3);
    assertThat(loss.min()).isEqualTo(0.5);
    assertThat(loss.max()).isEqualTo(0.9);
    assertThat(loss.points()).isEqualTo(4);
  }

  @Test
  void whatIsDeliveredAgainChangesNothingHoweverItIsCut() {
    var events = new ArrayList<RunEvent>();
    events.add(started());
    for (int i = 0; i < 40; i++) {
      events.add(points("loss", i, i));
    }
    events.add(finished(RunStatus.RUN_STATUS_FINISHED));
    var random = new Random(7);
    // A sender that was killed starts again somewhere before where it was, any number of times.
    int delivered = 0;
    while (delivered < events.size()) {
      int from = random.nextInt(delivered + 1);
      int to = Math.min(events.size(), from + 1 + random.nextInt(12));
      if (to <= delivered && random.nextBoolean()) {
        continue;
      }
      store(events.subList(from, to));
      delivered = Math.max(delivered, to);
    }
    store(events);
    assertThat(metrics.latest(List.of(number())).get(number()).getFirst().points()).isEqualTo(40);
    assertThat(runs.get(RUN).status()).isEqualTo("FINISHED");
  }

  @Test
  void theNewestPointIsTheHighestStepWhateverArrivesLast() {
    store(started(), points("loss", 10, 1.0));
    store(points("loss", 2, 5.0));
    var loss = metrics.latest(List.of(number())).get(number()).getFirst();
    assertThat(loss.step()).isEqualTo(10);
    assertThat(loss.value()).isEqualTo(1.0);
    assertThat(loss.max()).isEqualTo(5.0);
  }

  @Test
  void aRunMayBeHeardOfBeforeItStarts() {
    var later = points("loss", 0, 1.0);
    store(later);
    assertThat(runs.get(RUN).experiment()).isEqualTo("Default");
    store(started());
    assertThat(runs.get(RUN).experiment()).isEqualTo("loans");
    assertThat(metrics.latest(List.of(number())).get(number())).hasSize(1);
  }

  @Test
  void theFirstEndAndTheFirstParamValueStay() {
    store(
        started(),
        param("depth", "6"),
        param("depth", "7"),
        finished(RunStatus.RUN_STATUS_FINISHED),
        finished(RunStatus.RUN_STATUS_FAILED));
    assertThat(runs.get(RUN).status()).isEqualTo("FINISHED");
    assertThat(runs.params(List.of(number())).get(number())).containsEntry("depth", "6");
  }

  @Test
  void aSmallArtifactComesWithItsContent() throws IOException {
    var content = "{}".getBytes(StandardCharsets.UTF_8);
    store(
        started(),
        event(
            RunEvent.newBuilder()
                .setArtifactLogged(
                    ArtifactLogged.newBuilder()
                        .setPath("report/evaluation.json")
                        .setDigest(Digests.of(content))
                        .setSize(content.length)
                        .setMediaType("application/json")
                        .setInline(ByteString.copyFrom(content)))));
    assertThat(blobs.exists(Digests.of(content))).isTrue();
  }

  @Test
  void logLinesComeBackInOrderWithoutRepetition() {
    var lines = new ArrayList<RunEvent>();
    lines.add(started());
    for (int i = 1; i <= 5; i++) {
      lines.add(
          event(
              RunEvent.newBuilder()
                  .setLogLines(
                      LogLines.newBuilder()
                          .addLines(LogLine.newBuilder().setNumber(i).setText("line " + i)))));
    }
    store(lines);
    store(lines);
    var log = artifacts.log(RUN, 0, 100);
    assertThat(log.lines().stream().map(LogPage.Line::text))
        .containsExactly("line 1", "line 2", "line 3", "line 4", "line 5");
    assertThat(artifacts.log(RUN, 3, 100).lines().getFirst().number()).isEqualTo(4);
    assertThat(artifacts.log(RUN, 5, 100).next()).isEqualTo(5);
  }

  @Test
  void aLogIsSearchedPageByPage() {
    store(started());
    for (int chunk = 0; chunk < 30; chunk++) {
      var lines = LogLines.newBuilder();
      for (int i = 1; i <= 1_000; i++) {
        int number = chunk * 1_000 + i;
        lines.addLines(
            LogLine.newBuilder()
                .setNumber(number)
                .setText(number % 10_000 == 7 ? "An ERROR (50%) here" : "line " + number));
      }
      store(event(RunEvent.newBuilder().setLogLines(lines)));
    }
    var first = artifacts.searchLog(RUN, "error (50%", 0, 2);
    assertThat(first.lines()).extracting(LogPage.Line::number).containsExactly(7L, 10_007L);
    var second = artifacts.searchLog(RUN, "error (50%", first.next(), 2);
    assertThat(second.lines()).extracting(LogPage.Line::number).containsExactly(20_007L);
    assertThat(second.next()).isEqualTo(30_000);
    assertThat(artifacts.searchLog(RUN, "error", second.next(), 2).next()).isEqualTo(30_000);
    assertThat(artifacts.searchLog(RUN, "err.r", 0, 2).lines()).isEmpty();
  }

  /// A task may print more than fits into memory.
  @Test
  void aPageOfLongLinesIsBounded() {
    var line = "x".repeat(16_000);
    for (int batch = 0; batch < 20; batch++) {
      var lines = LogLines.newBuilder();
      for (int i = 1; i <= 50; i++) {
        lines.addLines(LogLine.newBuilder().setNumber(batch * 50 + i).setText(line));
      }
      store(event(RunEvent.newBuilder().setLogLines(lines)));
    }
    long read = 0;
    int pages = 0;
    for (var page = artifacts.log(RUN, 0, 1_000); !page.lines().isEmpty(); pages++) {
      assertThat(page.lines().getFirst().number()).isEqualTo(read + 1);
      assertThat(page.lines().size()).isLessThan(350);
      read = page.next();
      page = artifacts.log(RUN, read, 1_000);
    }
    assertThat(read).isEqualTo(1_000);
    assertThat(pages).isBetween(3, 10);
    assertThat(artifacts.log(RUN, 995, 3).lines()).hasSize(3);
  }

  @Test
  void textWithNulIsKeptWithoutIt() {
    store(
        started(),
        param("separator", "a\0b"),
        event(
            RunEvent.newBuilder()
                .setRunFinished(
                    RunFinished.newBuilder()
                        .setStatus(RunStatus.RUN_STATUS_FAILED)
                        .setMessage("it said \0"))));
    assertThat(runs.params(List.of(number())).get(number())).containsEntry("separator", "a\uFFFDb");
    assertThat(runs.get(RUN).status()).isEqualTo("FAILED");
  }

  /// Once, however often they come.
  @Test
  void pointsOfAWatchedMetricAreNoted() {
    var started =
        event(
            RunEvent.newBuilder()
                .setRunStarted(RunStarted.newBuilder().setWatchedMetric("auc").setName("t")));
    var logged = MetricsLogged.newBuilder();
    for (var key : List.of("auc", "loss")) {
      logged.addSeries(
          MetricSeries.newBuilder().setKey(key).addSteps(1).addTimestamps(1).addValues(0.5));
    }
    var measured = event(RunEvent.newBuilder().setMetricsLogged(logged));
    store(started, measured);
    store(started, measured);
    store(event(RunEvent.newBuilder().setMetricsLogged(logged)));
    assertThat(
            db.<Integer, RuntimeException>read(handle ->
                handle
                    .createQuery("select count(*)::int from tracker.watched_point")
                    .mapTo(Integer.class)
                    .one()))
        .isEqualTo(2);
  }

  @Test
  void refusesWhatIsNotAnEvent() {
    var garbage =
        new ConsumerRecord<>(Topics.RUN_EVENTS, 0, 0, RUN, new byte[] {1, 2, 3, 4, 5, 6, 7});
    assertThatThrownBy(() -> db.useTransaction(tx -> ingest.store(tx, List.of(garbage))))
        .isInstanceOf(InvalidRecord.class);
  }

  /// An MLflow script inside a task resumes the run it was given and ends it, or comes too late.
  @Test
  void theEndOfAnAttemptIsNotItsClientsToTell() {
    var source = PipelineSource.newBuilder().setPipelineRunId("p").setTask("train").setAttempt(1);
    store(
        event(RunEvent.newBuilder().setRunStarted(RunStarted.newBuilder().setPipeline(source))),
        finished(RunStatus.RUN_STATUS_FAILED));
    var ended = runs.get(RUN);
    db.useTransaction(
        tx -> runs.update(tx, ended.number(), "RUNNING", ended.startTime().plusSeconds(9), null));
    assertThat(runs.get(RUN)).isEqualTo(ended);
    assertThat(ended.status()).isEqualTo("FAILED");
  }
}
