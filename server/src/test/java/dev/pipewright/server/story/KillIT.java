package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.RunStatus;
import dev.pipewright.contract.api.TaskState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// `kill -9` in the middle of a run: it ends as it should, no event is lost or doubled, and no task
/// runs twice at once.
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KillIT {
  private static final int SOME_LINES = 10;
  private static final int ROUNDS = 3_000;

  private final Sandbox sandbox = Sandbox.create();

  @BeforeEach
  void everythingIsUp() {
    sandbox.up();
  }

  @AfterAll
  void leavesNothing() {
    sandbox.close();
  }

  @Test
  void theServer() {
    try (var pipewright = sandbox.client()) {
      var work = Work.start(sandbox, pipewright);
      long postgres = sandbox.postgresPid();
      long kafka = sandbox.kafkaPid();

      Sandbox.kill(sandbox.serverPid());
      work.awaitBeats(SOME_LINES);
      sandbox.up();

      assertThat(sandbox.postgresPid()).as("PostgreSQL, adopted").isEqualTo(postgres);
      assertThat(sandbox.kafkaPid()).as("Kafka, adopted").isEqualTo(kafka);
      work.awaitBeats(SOME_LINES);
      work.enough();
      work.succeedsInOneAttempt();
    }
  }

  /// The work ends, and so does its runner perhaps, before anybody is there to hear of it.
  @Test
  void theServerAndTheWorkEndsMeanwhile() {
    try (var pipewright = sandbox.client()) {
      var work = Work.start(sandbox, pipewright);

      Sandbox.kill(sandbox.serverPid());
      work.enough();
      work.awaitEndOfBeats();
      sandbox.up();

      work.succeedsInOneAttempt();
    }
  }

  @Test
  void theBroker() {
    survives(sandbox::kafkaPid);
  }

  @Test
  void theDatabase() {
    survives(sandbox::postgresPid);
  }

  private void survives(LongSupplier pid) {
    try (var pipewright = sandbox.client()) {
      var work = Work.start(sandbox, pipewright);
      long server = sandbox.serverPid();
      long killed = pid.getAsLong();

      Sandbox.kill(killed);
      work.awaitBeats(SOME_LINES);
      within(Duration.ofSeconds(60))
          .until(() -> pid.getAsLong() != killed && Sandbox.alive(pid.getAsLong()));
      work.awaitBeats(SOME_LINES);
      work.enough();

      work.succeedsInOneAttempt();
      assertThat(sandbox.serverPid()).isEqualTo(server);
    }
  }

  @Test
  void theWorker() {
    try (var pipewright = sandbox.client()) {
      var work = Work.start(sandbox, pipewright);
      long first = work.beatenBy().getFirst();
      var attempt = work.now().tasks().getFirst().attempts().getFirst();

      Sandbox.kill(Sandbox.pid(sandbox.home().workerLock()));
      within(Duration.ofSeconds(60)).until(() -> work.beatenBy().size() > 1);
      assertThat(Sandbox.alive(first)).as("the first attempt's command").isFalse();
      work.awaitBeats(SOME_LINES);
      work.enough();

      var run = work.succeeds();
      var attempts = run.tasks().getFirst().attempts();
      assertThat(attempts)
          .extracting(each -> each.state())
          .containsExactly(AttemptState.FAILED, AttemptState.SUCCEEDED);
      var lost = attempts.getFirst();
      assertThat(lost.id()).isEqualTo(attempt.id());
      // The task has no retries of its own to spend.
      assertThat(lost.failure()).isEqualTo(FailureKind.SYSTEM);
      assertThat(lost.code()).isEqualTo("TASK_LOST");
      assertThat(pipewright.trackedRuns().get(lost.trackedRunId()).status())
          .isEqualTo(RunStatus.FAILED);
      assertThat(work.beatenBy()).as("one after the other").hasSize(2);
      work.hasWholeLog(attempts.getLast(), work.lines(run));
      var told = pipewright.trackedRuns().lastLogs(lost.trackedRunId(), 100_000);
      assertThat(told)
          .extracting(line -> line.number())
          .containsExactlyElementsOf(LongStream.rangeClosed(1, told.size()).boxed().toList());
      awaitNoTasks();
    }
  }

  @Test
  void everythingButTheTask() {
    try (var pipewright = sandbox.client()) {
      var work = Work.start(sandbox, pipewright);

      Sandbox.kill(sandbox.serverPid(), sandbox.kafkaPid(), sandbox.postgresPid());
      work.awaitBeats(SOME_LINES);
      sandbox.up();
      work.awaitBeats(SOME_LINES);
      work.enough();

      work.succeedsInOneAttempt();
    }
  }

  @Test
  void everythingButTheTraining() {
    try (var pipewright = sandbox.client()) {
      var random = new Random(7);
      var rows = new StringBuilder("a,b,c,y\n");
      for (int i = 0; i < 4_000; i++) {
        double a = random.nextGaussian();
        double b = random.nextGaussian();
        double c = random.nextGaussian();
        rows.append("%.4f,%.4f,%.4f,%.4f%n".formatted(a, b, c, a * b + Math.sin(3 * c)));
      }
      var table = sandbox.write("curve.csv", rows.toString());
      var version = pipewright.pipelines().apply(Sandbox.fixture("training/pipeline.yaml"));
      var run =
          pipewright.runs().start(version.pipeline(), Map.of("data", table, "rounds", ROUNDS));
      within(Duration.ofSeconds(60))
          .until(() ->
              pipewright.trackedRuns().ofPipelineRun(run.id()).stream()
                  .filter(each -> each.name().equals("train"))
                  .anyMatch(each -> !each.metrics().isEmpty()));

      Sandbox.kill(sandbox.serverPid(), sandbox.kafkaPid(), sandbox.postgresPid());
      sandbox.up();

      var ended = follow(pipewright, run);
      assertThat(ended.state()).as(ended.message()).isEqualTo(RunState.SUCCEEDED);
      var train = ended.tasks().getFirst();
      assertThat(train.attempts()).hasSize(1);
      assertThat(pipewright.trackedRuns().get(train.attempts().getFirst().trackedRunId()).metrics())
          .filteredOn(metric -> metric.key().matches("(train|validation)-.*"))
          .isNotEmpty()
          .allSatisfy(metric -> {
            assertThat(metric.points()).as(metric.key()).isEqualTo(ROUNDS);
            assertThat(metric.step()).as(metric.key()).isEqualTo(ROUNDS - 1);
          });
    }
  }

  /// Trials go on while nobody hears of them, and what they logged is judged afterwards: none is
  /// lost or made twice, those that are paused go on where they were, and one that is stopped early
  /// stays it.
  @Test
  void everythingButTheTrialsOfAStudy() throws IOException {
    try (var pipewright = sandbox.client()) {
      var version = pipewright.pipelines().apply(Sandbox.fixture("study/pipeline.yaml"));
      var run = pipewright.runs().start(version.pipeline(), Map.of());
      within(Duration.ofSeconds(60))
          .until(() ->
              pipewright.runs().get(run.id()).tasks().stream()
                      .filter(task -> task.trial() != null && task.trial().state().equals("PAUSED"))
                      .count()
                  >= 2);

      Sandbox.kill(sandbox.serverPid(), sandbox.kafkaPid(), sandbox.postgresPid());
      sandbox.up();

      var ended = follow(pipewright, run);
      assertThat(ended.state()).as(ended.message()).isEqualTo(RunState.SUCCEEDED);
      var trials = ended.tasks().stream().filter(task -> task.group() != null).toList();
      assertThat(trials)
          .extracting(PipelineRun.Task::name)
          .containsExactlyElementsOf(
              LongStream.range(0, 9).mapToObj("tune[%d]"::formatted).toList());
      assertThat(trials).extracting(PipelineRun.Task::item).doesNotHaveDuplicates();
      assertThat(trials)
          .extracting(PipelineRun.Task::state)
          .contains(TaskState.PRUNED, TaskState.SUCCEEDED)
          .containsOnly(TaskState.PRUNED, TaskState.SUCCEEDED);
      assertThat(trials)
          .as("one was paused and went on")
          .anyMatch(task -> task.state() == TaskState.SUCCEEDED && task.attempts().size() > 1);
      for (var trial : trials) {
        assertThat(trial.attempts())
            .as(trial.name())
            .extracting(PipelineRun.Attempt::failure)
            .containsOnlyNulls();
        var epochs =
            Files.readAllLines(
                sandbox
                    .home()
                    .root()
                    .resolve("checkpoints")
                    .resolve(run.id())
                    .resolve(trial.name())
                    .resolve("epochs"));
        assertThat(epochs)
            .as("no epoch of %s is done twice or left out", trial.name())
            .containsExactlyElementsOf(
                LongStream.rangeClosed(1, epochs.size()).mapToObj(Long::toString).toList());
        assertThat(epochs.size() == 9 || trial.state() == TaskState.PRUNED).isTrue();
      }
      double best =
          trials.stream()
              .filter(task -> task.state() == TaskState.SUCCEEDED)
              .mapToDouble(task -> task.output("loss", Double.class))
              .min()
              .orElseThrow();
      assertThat(ended.tasks().getFirst().output("bestValue", Double.class)).isEqualTo(best);
    }
  }

  @Test
  void theRunIsCancelled() {
    try (var pipewright = sandbox.client()) {
      var work = Work.start(sandbox, pipewright);

      pipewright.runs().cancel(work.run().id());

      var ended = follow(pipewright, work.run());
      assertThat(ended.state()).isEqualTo(RunState.CANCELLED);
      assertThat(ended.tasks()).extracting(task -> task.state()).containsOnly(TaskState.CANCELLED);
      assertThat(ended.tasks().getFirst().attempts())
          .singleElement()
          .satisfies(attempt -> assertThat(attempt.state()).isEqualTo(AttemptState.CANCELLED));
      awaitNoTasks();
      assertThat(work.beatenBy()).hasSize(1);
    }
  }

  private void awaitNoTasks() {
    within(Duration.ofSeconds(20))
        .untilAsserted(
            () -> assertThat(sandbox.tasks().stream().map(ProcessHandle::info)).isEmpty());
  }

  private static PipelineRun follow(Pipewright pipewright, PipelineRun run) {
    within(Duration.ofSeconds(90))
        .ignoreExceptions()
        .until(() -> pipewright.runs().get(run.id()).state().isTerminal());
    return pipewright.runs().get(run.id());
  }

  private static ConditionFactory within(Duration limit) {
    return await().atMost(limit).pollInterval(Duration.ofMillis(50));
  }

  /// A run of the pipeline `slow`, whose first task beats until it is told that it is enough.
  private record Work(Sandbox sandbox, Pipewright pipewright, PipelineRun run, Path marks) {

    /// Starts it and waits until it is well under way.
    static Work start(Sandbox sandbox, Pipewright pipewright) {
      try {
        var marks = Files.createTempDirectory(sandbox.folder(), "marks");
        var version = pipewright.pipelines().apply(Sandbox.fixture("slow/pipeline.yaml"));
        var run =
            pipewright
                .runs()
                .start(version.pipeline(), Map.of("marks", TextNode.valueOf(marks.toString())));
        var work = new Work(sandbox, pipewright, run, marks);
        work.awaitBeats(SOME_LINES);
        return work;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    PipelineRun now() {
      return pipewright.runs().get(run.id());
    }

    void enough() {
      try {
        Files.createFile(marks.resolve("enough"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /// Waits for so many beats more than there are.
    void awaitBeats(int more) {
      int before = beats().size();
      within(Duration.ofSeconds(60)).until(() -> beats().size() >= before + more);
    }

    void awaitEndOfBeats() {
      long command = beatenBy().getLast();
      within(Duration.ofSeconds(20)).until(() -> !Sandbox.alive(command));
    }

    private List<Long> beats() {
      var file = marks.resolve("beats");
      try {
        return Files.exists(file)
            ? Files.readAllLines(file).stream().map(Long::parseLong).toList()
            : List.of();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /// Who worked, in order; who worked in turns with another is in it more than once.
    List<Long> beatenBy() {
      var workers = new ArrayList<Long>();
      for (var beat : beats()) {
        if (workers.isEmpty() || !workers.getLast().equals(beat)) {
          workers.add(beat);
        }
      }
      return workers;
    }

    long lines(PipelineRun ended) {
      return ended.tasks().getFirst().outputs().get("lines").longValue();
    }

    PipelineRun succeeds() {
      var ended = follow(pipewright, run);
      assertThat(ended.state()).as(String.valueOf(ended)).isEqualTo(RunState.SUCCEEDED);
      assertThat(ended.tasks()).extracting(task -> task.state()).containsOnly(TaskState.SUCCEEDED);
      return ended;
    }

    void succeedsInOneAttempt() {
      var ended = succeeds();
      assertThat(ended.tasks()).allSatisfy(task -> assertThat(task.attempts()).hasSize(1));
      assertThat(beatenBy()).as("who worked").hasSize(1);
      assertThat(lines(ended)).isEqualTo(beats().size());
      hasWholeLog(ended.tasks().getFirst().attempts().getFirst(), lines(ended));
    }

    /// Every line, each once, in order.
    void hasWholeLog(PipelineRun.Attempt attempt, long lines) {
      within(Duration.ofSeconds(20))
          .untilAsserted(() ->
              assertThat(pipewright.trackedRuns().lastLogs(attempt.trackedRunId(), 100_000))
                  .extracting(line -> line.number() + " " + line.text())
                  .containsExactlyElementsOf(
                      LongStream.rangeClosed(1, lines).mapToObj(n -> n + " line " + n).toList()));
    }
  }
}
