package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.IntNode;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tasks.v1.TaskStarted;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.platform.Paging;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// The engine's steps as the database keeps them.
class RunStoreTest {
  private static final PipelineSpec SPEC =
      PipelineLanguage.require(
          """
          name: chain
          tasks:
            first: { command: ["true"], outputs: { n: { type: int } } }
            second: { command: ["true"], needs: [first], retry: { limit: 1, backoff: 10s } }
          """);

  private Db db;
  private InboxStore inbox;
  private RunReadStore reads;
  private AttemptStore attempts;
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
    db.useTransaction(tx -> {
      tx.execute(
          "insert into orchestrator.pipeline (name, latest_version, created_at, updated_at)"
              + " values ('chain', 1, now(), now())");
      tx.execute(
          "insert into orchestrator.pipeline_version"
              + " (pipeline, version, digest, source, files, created_at)"
              + " values ('chain', 1, 'd', 's', '[]', now())");
    });
  }

  private UUID create(String key) {
    return create(key, "request");
  }

  private UUID create(String key, String request) {
    return db.inTransaction(tx ->
        NewRunStore.create(
                tx,
                new NewRunStore.NewRun(
                    Ids.uuid7(now.toEpochMilli()),
                    SPEC,
                    1,
                    Map.of(),
                    0,
                    null,
                    Map.of(),
                    Map.of(),
                    null,
                    key,
                    request),
                now)
            .id());
  }

  /// What the engine does with one run, as one that keeps nothing in memory.
  private boolean step(UUID id) {
    return db.inTransaction(tx -> {
      var row = RunStore.lock(tx, id);
      if (row.isEmpty()) {
        return false;
      }
      var live = new LiveRun(RunStore.snapshot(tx, row.get(), SPEC));
      for (var message : InboxStore.take(tx, id)) {
        live.hear(ReportReader.read(InboxStore.report(message)), now);
      }
      live.decide(now, true);
      var changes = live.take();
      ChangesStore.apply(tx, row.get(), changes, Map.of(), ChangesStore.Admitted.NONE, now);
      assertThat(RunStore.snapshot(tx, row.get(), SPEC).tasks())
          .as("what is stored is what is known")
          .isEqualTo(live.snapshot().tasks());
      return !changes.isEmpty();
    });
  }

  private TaskReport.Builder report(UUID run, String task, long seq) {
    var attempts =
        reads.get(run).tasks().stream()
            .filter(each -> each.name().equals(task))
            .findFirst()
            .orElseThrow()
            .attempts();
    return TaskReport.newBuilder()
        .setPipelineRunId(run.toString())
        .setTask(task)
        .setAttemptId(attempts.getLast().id())
        .setSeq(seq)
        .setAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()));
  }

  private TaskReport succeeded(UUID run, String task) {
    return report(run, task, 2)
        .setFinished(
            TaskFinished.newBuilder().setOutcome(Outcome.OUTCOME_SUCCEEDED).putOutputs("n", "7"))
        .build();
  }

  private TaskReport failed(UUID run, String task) {
    return report(run, task, 2)
        .setFinished(
            TaskFinished.newBuilder()
                .setOutcome(Outcome.OUTCOME_USER_FAILURE)
                .setExitCode(3)
                .setCode("COMMAND_FAILED")
                .setMessage("it broke"))
        .build();
  }

  private void keep(TaskReport... reports) {
    db.useTransaction(tx -> InboxStore.keepReports(tx, List.of(reports)));
  }

  private TaskState state(UUID run, String task) {
    return reads.get(run).tasks().stream()
        .filter(each -> each.name().equals(task))
        .findFirst()
        .orElseThrow()
        .state();
  }

  @Test
  void aRunIsKeptThroughToItsEnd() {
    var id = create("k");
    assertThat(inbox.needingAttention(now)).containsExactly(id);
    step(id);
    assertThat(inbox.needingAttention(now)).isEmpty();
    assertThat(state(id, "first")).isEqualTo(TaskState.READY);
    keep(report(id, "first", 1).setStarted(TaskStarted.newBuilder().setPid(1)).build());
    assertThat(inbox.needingAttention(now)).containsExactly(id);
    step(id);
    keep(succeeded(id, "first"));
    step(id);
    keep(succeeded(id, "second"));
    step(id);
    var run = reads.get(id);
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
    assertThat(run.tasks().getFirst().outputs()).containsEntry("n", IntNode.valueOf(7));
    assertThat(reads.history(id, false, 100, null).items())
        .extracting(transition -> transition.task() + " " + transition.to())
        .startsWith("null RUNNING", "first READY", "first RUNNING", "first SUCCEEDED")
        .endsWith("second SUCCEEDED", "null SUCCEEDED");
    assertThat(attempts.queued(10)).isEmpty();
  }

  @Test
  void aReportThatComesAgainDecidesNothingNew() {
    var id = create("k");
    step(id);
    var end = succeeded(id, "first");
    keep(end, end);
    step(id);
    keep(end);
    assertThat(step(id)).isFalse();
    assertThat(reads.get(id).tasks().getFirst().attempts()).hasSize(1);
  }

  /// A server that vanished is known by what it no longer says, to the others only.
  @Test
  void anAttemptOfAServerThatFellSilentIsLost() {
    var id = create("");
    step(id);
    var queued = attempts.queued(10);
    var ids = queued.stream().map(AttemptStore.ActiveAttempt::id).toList();
    attempts.claim(ids, "one", now);
    assertThat(attempts.beats("other")).containsOnly(Map.entry(ids.getFirst(), now));
    now = now.plusSeconds(5);
    attempts.beat(ids, now);
    assertThat(attempts.beats("other")).containsOnly(Map.entry(ids.getFirst(), now));
    assertThat(attempts.beats("one")).isEmpty();
    var silent = attempts.launched(ids);
    attempts.launchFailed(silent.getFirst(), "it fell silent", null, now);
    step(id);
    var lost = reads.get(id).tasks().getFirst().attempts().getFirst();
    assertThat(lost.failure()).isEqualTo(FailureKind.SYSTEM);
    assertThat(lost.code()).isEqualTo("TASK_LOST");
    assertThat(attempts.launched(ids)).isEmpty();
    assertThat(attempts.beats("other")).isEmpty();
  }

  @Test
  void aServerLearnsWhatItIsToStop() {
    step(create(""));
    var ids = attempts.queued(10).stream().map(AttemptStore.ActiveAttempt::id).toList();
    attempts.claim(ids, "one", now);
    assertThat(attempts.stopping("one")).isEmpty();
    db.useTransaction(tx -> tx.execute("update orchestrator.attempt set stop_requested = true"));
    assertThat(attempts.stopping("one")).containsExactlyElementsOf(ids);
    assertThat(attempts.stopping("other")).isEmpty();
  }

  @Test
  void aReportOfAnUnknownAttemptIsNotKept() {
    var id = create("k");
    step(id);
    keep(
        TaskReport.newBuilder(succeeded(id, "first"))
            .setAttemptId(UUID.randomUUID().toString())
            .build());
    assertThat(step(id)).isFalse();
  }

  @Test
  void aReportWithNulEndsItsAttemptAllTheSame() {
    var id = create("k");
    step(id);
    keep(
        report(id, "first", 2)
            .setFinished(
                TaskFinished.newBuilder()
                    .setOutcome(Outcome.OUTCOME_SUCCEEDED)
                    .setMessage("a\0b")
                    .putOutputs("n", "\"5\\u0000\""))
            .build());
    step(id);
    assertThat(state(id, "first")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(attempts.notOver(List.of(UUID.randomUUID()))).isEmpty();
  }

  @Test
  void aRetryIsDueWhenItsTimeHasCome() {
    var id = create("k");
    step(id);
    keep(succeeded(id, "first"));
    step(id);
    keep(failed(id, "second"));
    step(id);
    assertThat(state(id, "second")).isEqualTo(TaskState.RETRYING);
    assertThat(inbox.needingAttention(now.plusMillis(8_900))).isEmpty();
    now = now.plus(Duration.ofSeconds(11));
    assertThat(inbox.needingAttention(now)).containsExactly(id);
    step(id);
    var attempts = reads.get(id).tasks().getLast().attempts();
    assertThat(attempts)
        .extracting(attempt -> attempt.state())
        .containsExactly(AttemptState.FAILED, AttemptState.QUEUED);
    assertThat(attempts.getFirst().code()).isEqualTo("COMMAND_FAILED");
    assertThat(this.attempts.queued(10)).singleElement().matches(active -> active.number() == 2);
  }

  @Test
  void manyLoopsOnOneRunDecideEachThingOnce() throws Exception {
    var id = create("k");
    List<Callable<Boolean>> loops = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      loops.add(() -> step(id));
    }
    try (var threads = Executors.newFixedThreadPool(8)) {
      int decided = 0;
      for (var each : threads.invokeAll(loops)) {
        decided += each.get() ? 1 : 0;
      }
      assertThat(decided).isEqualTo(1);
    }
    assertThat(reads.get(id).tasks().getFirst().attempts()).hasSize(1);
  }

  @Test
  void theSameKeyIsTheSameRunAlsoAtOnce() throws Exception {
    List<Callable<UUID>> requests = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      requests.add(() -> create("same"));
    }
    try (var threads = Executors.newFixedThreadPool(8)) {
      var ids = new ArrayList<UUID>();
      for (var each : threads.invokeAll(requests)) {
        ids.add(each.get());
      }
      assertThat(ids.stream().distinct()).hasSize(1);
    }
    assertThatThrownBy(() -> create("same", "another request"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("IDEMPOTENCY_KEY_REUSED");
    assertThat(create("other")).isNotEqualTo(create("same"));
  }

  @Test
  void listsArePagedFromTheNewest() {
    for (int i = 0; i < 5; i++) {
      create("k" + i);
    }
    var first = reads.page(2, null, null, null);
    assertThat(first.items()).hasSize(2);
    var numbers = new ArrayList<Long>();
    first.items().forEach(run -> numbers.add(run.number()));
    var next = first.next();
    while (next != null) {
      create("meanwhile " + numbers.size());
      var page = reads.page(2, Paging.number(next), "chain", RunState.QUEUED);
      page.items().forEach(run -> numbers.add(run.number()));
      next = page.next();
    }
    assertThat(numbers).hasSize(5).isSortedAccordingTo((a, b) -> Long.compare(b, a));
  }
}
