package dev.pipewright.orchestrator.run;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.metrics.v1.WatchedMetrics;
import dev.pipewright.contract.metrics.v1.WatchedPoints;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tasks.v1.TaskStarted;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.language.Checked;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineLookup;
import dev.pipewright.orchestrator.pipeline.PipelineStore.StoredVersion;
import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
import dev.pipewright.platform.Blobs;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/// Two engines on one database, as two servers are, each with its own memory of the runs.
class RunEngineTest {
  private final Map<String, StoredVersion> versions = new HashMap<>();
  private final Set<String> lostBlobs = new HashSet<>();
  private Db db;
  private InboxStore inbox;
  private RunReadStore reads;
  private AttemptStore attempts;
  private List<RunEngine> engines;
  private final Lane lane = new Lane();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "orchestrator");
    db = new Db(source);
    inbox = InboxStore.on(db);
    reads = new RunReadStore(db);
    attempts = new AttemptStore(db);
    engines = List.of(engine(), engine());
  }

  private RunEngine engine() {
    return new RunEngine(db, (name, version) -> versions.get(name), blobs(), clock(), lane);
  }

  /// Lets in as many as it is told to, and keeps what it is told.
  static final class Lane implements FastLane {
    int room;
    final List<ActiveAttempt> begun = new ArrayList<>();
    final List<UUID> givenBack = new ArrayList<>();

    @Override
    public @Nullable String obstacle() {
      return null;
    }

    @Override
    public Set<UUID> admit(List<ActiveAttempt> attempts) {
      var admitted = attempts.stream().limit(room).map(ActiveAttempt::id).collect(toSet());
      room -= admitted.size();
      return admitted;
    }

    @Override
    public String server() {
      return "s";
    }

    @Override
    public void begin(List<ActiveAttempt> attempts) {
      begun.addAll(attempts);
    }

    @Override
    public void giveBack(Collection<UUID> attempts) {
      givenBack.addAll(attempts);
    }
  }

  private Clock clock() {
    InstantSource time = () -> now;
    return time.withZone(ZoneOffset.UTC);
  }

  /// Knows which contents are gone; nothing else is asked of it.
  private Blobs blobs() {
    return (Blobs)
        Proxy.newProxyInstance(
            Blobs.class.getClassLoader(),
            new Class<?>[] {Blobs.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("renew")) {
                return !lostBlobs.contains((String) arguments[0]);
              }
              throw new UnsupportedOperationException(method.getName());
            });
  }

  private void store(String source) {
    var lookup =
        new PipelineLookup() {
          @Override
          public Optional<Signature> find(String name, @Nullable Integer version) {
            return Optional.ofNullable(versions.get(name)).map(StoredVersion::signature);
          }
        };
    var spec = PipelineLanguage.require(source, lookup);
    versions.put(
        spec.name(),
        new StoredVersion(
            spec.name(),
            1,
            "d",
            source,
            spec,
            PipelineLookup.Signature.of(spec, 1, lookup),
            List.of(),
            now));
    db.useTransaction(tx -> {
      tx.execute(
          "insert into orchestrator.pipeline (name, latest_version, created_at, updated_at)"
              + " values (?, 1, now(), now())",
          spec.name());
      tx.execute(
          "insert into orchestrator.pipeline_version"
              + " (pipeline, version, digest, source, files, created_at)"
              + " values (?, 1, 'd', 's', '[]', now())",
          spec.name());
    });
  }

  private UUID start(String pipeline) {
    return db.inTransaction(tx ->
        NewRunStore.create(
                tx,
                new NewRunStore.NewRun(
                    Ids.uuid7(now.toEpochMilli()),
                    versions.get(pipeline).spec(),
                    1,
                    Map.of(),
                    0,
                    null,
                    Map.of("by", "test"),
                    Map.of(),
                    null,
                    null,
                    "r"),
                now)
            .id());
  }

  /// What the loop does: whatever has something to do, by either engine.
  private void settle(Random random) {
    for (var due = inbox.needingAttention(now); !due.isEmpty(); due = inbox.needingAttention(now)) {
      for (var id : due) {
        engines.get(random.nextInt(2)).step(id);
      }
    }
  }

  private TaskReport.Builder report(ActiveAttempt attempt) {
    return TaskReport.newBuilder()
        .setPipelineRunId(attempt.runId().toString())
        .setTask(attempt.task())
        .setAttemptId(attempt.id().toString())
        .setAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()));
  }

  private TaskReport ended(ActiveAttempt attempt, Outcome outcome, Map<String, JsonNode> outputs) {
    var finished = TaskFinished.newBuilder().setOutcome(outcome).setCode("X").setMessage("it did");
    outputs.forEach((name, value) -> finished.putOutputs(name, value.toString()));
    return report(attempt).setSeq(2).setFinished(finished).build();
  }

  /// Lets all attempts happen until the run has ended.
  private PipelineRun finish(UUID run, Oracle oracle, Random random) {
    for (int i = 0; i < 2_000; i++) {
      lane.room = random.nextInt(4);
      settle(random);
      var known = reads.get(run);
      if (known.state().isTerminal()) {
        return known;
      }
      claim();
      for (var attempt : attempts.active("s", 100)) {
        tell(attempt, oracle, random);
      }
      if (attempts.active("s", 1).isEmpty()) {
        now = now.plus(Duration.ofMinutes(10));
      }
    }
    throw new AssertionError("the run does not end: " + reads.get(run));
  }

  private void claim() {
    var queued = attempts.queued(100).stream().map(ActiveAttempt::id).toList();
    attempts.claim(queued, "s", now);
    attempts.claimPooled(queued, "s", now);
  }

  private void tell(ActiveAttempt attempt, Oracle oracle, Random random) {
    var reports = new ArrayList<TaskReport>();
    if (random.nextBoolean()) {
      reports.add(report(attempt).setSeq(1).setStarted(TaskStarted.getDefaultInstance()).build());
    }
    if (random.nextInt(4) > 0) {
      reports.add(
          switch (oracle.outcome(attempt.task(), attempt.number())) {
            case SUCCEEDED ->
                ended(
                    attempt,
                    Outcome.OUTCOME_SUCCEEDED,
                    Map.of("n", IntNode.valueOf(oracle.output(attempt.task()))));
            case FAILED -> ended(attempt, Outcome.OUTCOME_USER_FAILURE, Map.of());
            case LOST -> ended(attempt, Outcome.OUTCOME_SYSTEM_FAILURE, Map.of());
          });
    }
    if (reports.isEmpty()) {
      return;
    }
    // Straight in, or by way of the inbox, or both.
    if (random.nextBoolean()) {
      engines.get(random.nextInt(2)).step(attempt.runId(), reports);
    }
    if (random.nextBoolean()) {
      db.useTransaction(tx -> InboxStore.keepReports(tx, reports));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void twoServersTakeRunsToTheirRightEnd(long seed) {
    var random = new Random(seed);
    var source = LiveRunPropertyTest.text(random, 14);
    while (!(PipelineLanguage.check(source) instanceof Checked.Valid)) {
      source = LiveRunPropertyTest.text(random, 14);
    }
    store(source);
    var spec = versions.get("random").spec();
    var oracle = new Oracle(spec, seed);
    var run = finish(start("random"), oracle, random);
    for (var task : run.tasks()) {
      if (task.group() == null) {
        assertThat(task.state()).as(task.name()).isEqualTo(oracle.state(task.name()));
      }
    }
    assertThat(run.state()).isEqualTo(oracle.runState());
    var lines = reads.history(UUID.fromString(run.id()), false, 1_000, null).items();
    assertThat(lines).isNotEmpty();
    long revision = 0;
    for (var line : lines) {
      assertThat(line.revision()).isGreaterThan(revision);
      revision = line.revision();
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "tasks                       | 3 | tasks: { a: { command: [x], pools: [p] }, b: { command: [x], pools: [p] }, c: { command: [x], pools: { p: 1 } } }",
        "instances of a matrix       | 3 | tasks: { a: { command: [x], matrix: { m: [1, 2, 3] }, pools: [p] } }",
        "iterations of a loop        | 2 | tasks: { a: { command: [x], loop: { until: '${{ loop.iteration == 2 }}' }, pools: [p] } }",
        "attempts after a failure    | 2 | tasks: { shaky: { command: [x], retry: { limit: 1 }, pools: [p] } }",
        "tasks of a called pipeline  | 2 | tasks: { a: { pipeline: inner }, b: { pipeline: inner } }",
        "tasks of finally            | 3 | {tasks: { a: { command: [x], pools: [p] } }, finally: { b: { command: [x], pools: [p] }, c: { command: [x], pools: { p: 1 } } }}",
        "one too large for the pools | 0 | tasks: { a: { command: [x], pools: { p: 2 }, pendingTimeout: 1m } }",
      })
  void whateverTakesFromAPoolHasItsTurn(String what, int pooled, String document) {
    db.useTransaction(
        tx -> tx.execute("insert into orchestrator.pool (name, slots) values ('p', 1)"));
    store("{ name: inner, tasks: { work: { command: [x], pools: [p] } } }");
    store(
        document.startsWith("{")
            ? "{name: outer, " + document.substring(1)
            : "name: outer\n" + document);
    var run = start("outer");
    var had = new HashSet<UUID>();
    settle(new Random(1));
    for (int i = 0; i < 20 && !reads.get(run).state().isTerminal(); i++) {
      claim();
      var active = attempts.active("s", 100);
      assertThat(active).as(what).hasSizeLessThanOrEqualTo(1);
      for (var attempt : active) {
        had.add(attempt.id());
        boolean fails = attempt.task().equals("shaky") && attempt.number() == 1;
        var end =
            ended(
                attempt,
                fails ? Outcome.OUTCOME_USER_FAILURE : Outcome.OUTCOME_SUCCEEDED,
                Map.of());
        db.useTransaction(tx -> InboxStore.keepReports(tx, List.of(end)));
      }
      now = now.plus(Duration.ofMinutes(1));
      settle(new Random(i));
    }
    assertThat(had).as(what).hasSize(pooled);
    assertThat(reads.get(run).state())
        .isEqualTo(pooled == 0 ? RunState.FAILED : RunState.SUCCEEDED);
  }

  @Test
  void aCalledPipelineIsARunOfItsOwn() {
    store(
        """
        name: inner
        params: { n: { type: int } }
        outputs: { twice: "${{ tasks.work.outputs.n }}" }
        tasks:
          work: { command: ["true"], inputs: { n: "${{ params.n }}" }, outputs: { n: { type: int } } }
        """);
    store(
        """
        name: outer
        tasks:
          first: { pipeline: inner, with: { n: 3 } }
          second: { pipeline: inner, with: { n: "${{ tasks.first.outputs.twice }}" } }
        """);
    var random = new Random(1);
    var outer = start("outer");
    settle(random);
    for (int expected : new int[] {3, 6}) {
      var work = attempts.queued(10);
      assertThat(work).singleElement().matches(each -> each.pipeline().equals("inner"));
      assertThat(work.getFirst().inputs()).isEqualTo("{\"n\": " + expected + "}");
      db.useTransaction(tx ->
          InboxStore.keepReports(
              tx,
              List.of(
                  ended(
                      work.getFirst(),
                      Outcome.OUTCOME_SUCCEEDED,
                      Map.of("n", IntNode.valueOf(6))))));
      settle(random);
    }
    assertThat(reads.get(outer).state()).isEqualTo(RunState.SUCCEEDED);
    var runsOfInner = reads.page(10, null, "inner", null).items();
    assertThat(runsOfInner).hasSize(2);
    assertThat(reads.get(UUID.fromString(runsOfInner.getFirst().id())).parentRunId())
        .isEqualTo(outer.toString());
  }

  @Test
  void whoCancelsTheCallerCancelsTheCalled() {
    store(
        """
        name: inner
        tasks: { work: { command: ["true"] } }
        """);
    store(
        """
        name: outer
        tasks: { call: { pipeline: inner } }
        """);
    var random = new Random(2);
    var outer = start("outer");
    settle(random);
    engines.getFirst().act(outer, (run, at) -> run.stop(RunSnapshot.Stop.CANCEL, at));
    settle(random);
    assertThat(reads.get(outer).state()).isEqualTo(RunState.CANCELLED);
    assertThat(reads.page(10, null, "inner", null).items())
        .singleElement()
        .matches(run -> run.state() == RunState.CANCELLED);
    assertThat(attempts.queued(10)).isEmpty();
  }

  @Test
  void knownOutputsAreTakenUnlessTheirContentIsGone() {
    store(
        """
        name: cached
        tasks:
          make: { command: [make], outputs: { data: { type: dataset } } }
        """);
    var random = new Random(3);
    var data =
        Json.MAPPER.valueToTree(
            DataRef.file(DataRef.Kind.DATASET, "d.csv", "sha256:" + "a".repeat(64), 5));
    start("cached");
    settle(random);
    var attempt = attempts.queued(10).getFirst();
    engines
        .getFirst()
        .step(
            attempt.runId(),
            List.of(ended(attempt, Outcome.OUTCOME_SUCCEEDED, Map.of("data", data))));

    var second = start("cached");
    settle(random);
    var run = reads.get(second);
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
    assertThat(run.tasks().getFirst().attempts()).isEmpty();
    assertThat(run.tasks().getFirst().outputs().get("data").get("digest"))
        .isEqualTo(data.get("digest"));

    lostBlobs.add("sha256:" + "a".repeat(64));
    start("cached");
    settle(random);
    assertThat(attempts.queued(10)).as("its content is gone").hasSize(1);
  }

  @Test
  void runsWaitForTheirTurn() {
    store(
        """
        name: single
        concurrency: { policy: queue, limit: 1 }
        tasks: { work: { command: ["true"] } }
        """);
    var random = new Random(4);
    var first = start("single");
    var second = start("single");
    settle(random);
    assertThat(reads.get(first).state()).isEqualTo(RunState.RUNNING);
    assertThat(reads.get(second).state()).isEqualTo(RunState.QUEUED);
    var attempt = attempts.queued(10).getFirst();
    engines
        .getLast()
        .step(attempt.runId(), List.of(ended(attempt, Outcome.OUTCOME_SUCCEEDED, Map.of())));
    assertThat(reads.get(first).state()).isEqualTo(RunState.SUCCEEDED);
    settle(random);
    assertThat(reads.get(second).state()).isEqualTo(RunState.RUNNING);
  }

  @Test
  void anAttemptThatThereIsRoomForBeginsOnceItIsStored() {
    store(
        """
        name: three
        tasks:
          a: { command: ["true"] }
          b: { command: ["true"] }
          c: { command: ["true"] }
        """);
    var run = start("three");
    lane.room = 2;
    assertThatThrownBy(() ->
            db.useTransaction(tx -> {
              engines.getFirst().step(run);
              assertThat(lane.begun).isEmpty();
              throw new IllegalStateException("the database is away");
            }))
        .hasMessage("the database is away");
    assertThat(lane.begun).isEmpty();
    assertThat(lane.givenBack).hasSize(2);
    assertThat(attempts.active("s", 9)).isEmpty();

    lane.room = 2;
    engines.getFirst().step(run);
    assertThat(lane.begun).hasSize(2).containsExactlyInAnyOrderElementsOf(attempts.active("s", 9));
    assertThat(attempts.queued(9)).hasSize(1);
    assertThat(attempts.beats("t"))
        .containsOnlyKeys(lane.begun.stream().map(ActiveAttempt::id).toList());
  }

  @Test
  void aPausedRunsAttemptsAreNotLaunched() {
    store(
        """
        name: single
        tasks: { work: { command: ["true"] } }
        """);
    var run = start("single");
    settle(new Random(5));
    engines.getFirst().act(run, (live, at) -> live.pause(true, at));
    assertThat(attempts.queued(10)).isEmpty();
    engines.getLast().act(run, (live, at) -> live.pause(false, at));
    assertThat(attempts.queued(10)).hasSize(1);
    assertThat(reads.get(run).tasks().getFirst().state()).isEqualTo(TaskState.READY);
  }

  /// What the tracker tells of trials reaches whichever server decides next, and counts once.
  @Test
  void whatTrialsLogIsKeptAndDecidedOnByAnyServer() throws InvalidProtocolBufferException {
    store(
        """
        name: tuned
        tasks:
          tune:
            command: [x]
            study:
              space: { a: { type: double, low: 0, high: 1 } }
              objective: loss
              trials: 4
              parallel: 2
              pruner: { type: asha, max: 9 }
              metric: val_loss
            outputs: { loss: { type: double } }
        """);
    var run = start("tuned");
    lane.room = 9;
    settle(new Random(1));
    logged(run, "tune[0]", Map.of(1L, 0.5));
    logged(run, "tune[0]", Map.of(1L, 0.1, 2L, 0.1));
    settle(new Random(2));
    var trial = task(run, "tune[0]");
    assertThat(trial.trial()).isEqualTo(new PipelineRun.Trial("PAUSED", 0, 1L, 0.5));
    var first = attempt("tune[0]");
    assertThat(first.stopRequested()).isTrue();
    keepReport(ended(first, Outcome.OUTCOME_CANCELLED, Map.of()));
    engines = List.of(engine(), engine());
    settle(new Random(3));
    assertThat(task(run, "tune[0]").state()).isEqualTo(TaskState.PENDING);
    assertThat(task(run, "tune[0]").reason()).isEqualTo("paused at step 1, where val_loss = 0.5");
    for (int i = 1; i < 3; i++) {
      logged(run, "tune[" + i + "]", Map.of(1L, Double.NaN));
      settle(new Random(i));
      keepReport(ended(attempt("tune[" + i + "]"), Outcome.OUTCOME_CANCELLED, Map.of()));
      settle(new Random(i));
    }
    // one in three goes on: the first, as a second attempt that finds what the first one left
    assertThat(attempt("tune[0]").number()).isEqualTo(2);
    assertThat(task(run, "tune[0]").trial().rung()).isEqualTo(1);
    keepReport(
        ended(
            attempt("tune[0]"),
            Outcome.OUTCOME_SUCCEEDED,
            Map.of("loss", DoubleNode.valueOf(0.2))));
    settle(new Random(4));
    logged(run, "tune[3]", Map.of(1L, Double.POSITIVE_INFINITY));
    settle(new Random(5));
    keepReport(ended(attempt("tune[3]"), Outcome.OUTCOME_CANCELLED, Map.of()));
    settle(new Random(6));
    assertThat(reads.get(run).state()).isEqualTo(RunState.SUCCEEDED);
    assertThat(reads.get(run).tasks())
        .filteredOn(task -> task.group() != null)
        .extracting(PipelineRun.Task::state)
        .containsExactly(TaskState.SUCCEEDED, TaskState.PRUNED, TaskState.PRUNED, TaskState.PRUNED);
    assertThat(task(run, "tune").outputs()).containsEntry("bestTrial", IntNode.valueOf(0));
    var tags = new ArrayList<String>();
    for (var payload :
        db.read(handle ->
            handle
                .createQuery("select payload from orchestrator.outbox order by number")
                .mapTo(byte[].class)
                .list())) {
      tags.addAll(RunEvent.parseFrom(payload).getTagsSet().getTagsMap().keySet());
    }
    // the last one was not paused, as nothing was left to wait for
    assertThat(tags)
        .containsExactly(
            "pipewright.paused",
            "pipewright.paused",
            "pipewright.paused",
            "pipewright.pruned",
            "pipewright.pruned",
            "pipewright.pruned");
    // too late: nobody waits for it
    logged(run, "tune[3]", Map.of(9L, 0.1));
    assertThat(inbox.needingAttention(now)).isEmpty();
  }

  private void logged(UUID run, String task, Map<Long, Double> points) {
    var each = WatchedPoints.newBuilder().setTask(task).setRunId("t");
    points.forEach((step, value) -> each.addSteps(step).addValues(value));
    var message =
        WatchedMetrics.newBuilder().setPipelineRunId(run.toString()).addPoints(each).build();
    db.useTransaction(tx -> InboxStore.keepPoints(tx, List.of(message)));
  }

  private void keepReport(TaskReport report) {
    db.useTransaction(tx -> InboxStore.keepReports(tx, List.of(report)));
  }

  private PipelineRun.Task task(UUID run, String name) {
    return reads.get(run).tasks().stream()
        .filter(task -> task.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private ActiveAttempt attempt(String task) {
    return attempts.active("s", 100).stream()
        .filter(attempt -> attempt.task().equals(task))
        .findFirst()
        .orElseThrow();
  }
}
