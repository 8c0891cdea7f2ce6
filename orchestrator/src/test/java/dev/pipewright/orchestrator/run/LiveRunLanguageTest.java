package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.PipelineLanguage;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What each word of the language makes the engine do.
class LiveRunLanguageTest {
  private static JsonNode json(Object value) {
    return Json.MAPPER.valueToTree(value);
  }

  // Branches -------------------------------------------------------------------------------------

  private static final String BRANCHES =
      """
      name: branches
      tasks:
        measure: { command: ["true"], outputs: { score: { type: double } } }
        good: { command: ["true"], when: "${{ tasks.measure.outputs.score > 0.8 }}" }
        fair: { command: ["true"], else: good, when: "${{ tasks.measure.outputs.score > 0.5 }}" }
        poor: { command: ["true"], else: fair }
        join: { command: ["true"], needs: [good, fair, poor], trigger: any-succeeded }
      """;

  @ParameterizedTest
  @CsvSource({"0.9, good", "0.7, fair", "0.1, poor"})
  void oneOfTheBranchesRunsAndTheJoinAfterIt(double score, String branch) {
    var run = Runs.of(BRANCHES);
    run.step();
    run.succeeded("measure", "score", score).step();
    assertThat(run.active()).containsExactly(branch);
    run.succeeded(branch).step();
    assertThat(run.active()).containsExactly("join");
    run.succeeded("join").step();
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
  }

  @Test
  void anElseIsNoRescueOfAFailure() {
    var run = Runs.of(BRANCHES);
    run.step();
    run.succeeded("measure", "score", 0.9).step();
    run.failed("good").step();
    assertThat(run.state("fair")).isEqualTo(TaskState.SKIPPED);
    assertThat(run.state("poor")).isEqualTo(TaskState.SKIPPED);
    assertThat(run.state("join")).isEqualTo(TaskState.UPSTREAM_FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  @Test
  void allEndedRunsWhateverCame() {
    var run =
        Runs.of(
            """
            name: whatever
            tasks:
              a: { command: ["true"] }
              b: { command: ["true"], needs: [a] }
              after: { command: ["true"], needs: [a, b], trigger: all-ended }
            """);
    run.step();
    run.failed("a").step();
    assertThat(run.state("b")).isEqualTo(TaskState.UPSTREAM_FAILED);
    assertThat(run.active()).containsExactly("after");
    run.succeeded("after").step();
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  // Fan-out --------------------------------------------------------------------------------------

  private static String matrix(String more) {
    return """
    name: fan
    tasks:
      list: { command: ["true"], outputs: { shards: { type: json } } }
      work:
        command: ["true"]
        matrix: { shard: "${{ tasks.list.outputs.shards }}", rate: [1, 2] }
        inputs: { text: "${{ matrix.shard }}-${{ matrix.rate }}-${{ matrix.index }}" }
        outputs: { n: { type: int } }
        %s
      sum: { command: ["true"], inputs: { all: "${{ tasks.work.outputs.n }}" } }
    """
        .formatted(more);
  }

  @Test
  void everyCombinationRunsAndTheirOutputsAreLists() {
    var run = Runs.of(matrix(""));
    run.step();
    run.succeeded("list", "shards", new String[] {"x", "y"}).step();
    assertThat(run.active()).containsExactlyInAnyOrder("work[0]", "work[1]", "work[2]", "work[3]");
    assertThat(String.valueOf(run.tasks().get("work[2]").item()))
        .isEqualTo("{\"shard\":\"y\",\"rate\":1}");
    assertThat(run.inputs("work[3]")).containsEntry("text", json("y-2-3"));
    for (int i = 3; i >= 0; i--) {
      run.succeeded("work[" + i + "]", "n", i * 10).step();
    }
    assertThat(run.state("work")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.inputs("sum")).containsEntry("all", json(new int[] {0, 10, 20, 30}));
  }

  @Test
  void noMoreRunAtOnceThanAllowed() {
    var run = Runs.of(matrix("maxParallel: 2"));
    run.step();
    run.succeeded("list", "shards", new String[] {"x", "y", "z"}).step();
    assertThat(run.active()).containsExactlyInAnyOrder("work[0]", "work[1]");
    run.forget().succeeded("work[1]", "n", 1).step();
    assertThat(run.active()).containsExactlyInAnyOrder("work[0]", "work[2]");
  }

  @Test
  void anEmptyListIsDoneAtOnce() {
    var run = Runs.of(matrix(""));
    run.step();
    run.succeeded("list", "shards", new String[0]).step();
    assertThat(run.state("work")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.inputs("sum")).containsEntry("all", json(new int[0]));
  }

  @Test
  void whatIsNoListFailsTheTask() {
    var run = Runs.of(matrix(""));
    run.step();
    run.succeeded("list", "shards", "five").step();
    assertThat(run.state("work")).isEqualTo(TaskState.FAILED);
    assertThat(run.reason("work")).contains("matrix.shard is no list");
  }

  @Test
  void enoughSuccessesAreEnough() {
    var run = Runs.of(matrix("minSuccess: 0.75"));
    run.step();
    run.succeeded("list", "shards", new String[] {"x", "y"}).step();
    run.failed("work[1]").step();
    assertThat(run.state("work")).isEqualTo(TaskState.RUNNING);
    run.succeeded("work[0]", "n", 1).succeeded("work[2]", "n", 3).succeeded("work[3]", "n", 4);
    run.step();
    assertThat(run.state("work")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.inputs("sum").get("all").toString()).isEqualTo("[1,null,3,4]");
  }

  @Test
  void whenTooManyFailedTheRestIsStopped() {
    var run = Runs.of(matrix("minSuccess: 0.75"));
    run.step();
    run.succeeded("list", "shards", new String[] {"x", "y"}).step();
    run.claimed("work[3]").failed("work[0]").failed("work[1]").step();
    assertThat(run.state("work[2]")).as("nobody had launched it").isEqualTo(TaskState.CANCELLED);
    assertThat(run.stopRequested("work[3]")).isTrue();
    run.stopped("work[3]").step();
    assertThat(run.state("work")).isEqualTo(TaskState.FAILED);
    assertThat(run.reason("work")).isEqualTo("0 of 4 succeeded, but 3 must");
    assertThat(run.state("sum")).isEqualTo(TaskState.UPSTREAM_FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  @Test
  void retryingRunsOnlyTheInstancesThatFailed() {
    var run = Runs.of(matrix(""));
    run.step();
    run.succeeded("list", "shards", new String[] {"x"}).step();
    run.succeeded("work[0]", "n", 1).failed("work[1]").step();
    assertThat(run.state()).isEqualTo(RunState.FAILED);
    run.forget().retry().step();
    assertThat(run.state()).isEqualTo(RunState.RUNNING);
    assertThat(run.active()).containsExactly("work[1]");
    assertThat(run.attempt("work[1]")).isEqualTo(2);
    run.succeeded("work[1]", "n", 2).step();
    run.succeeded("sum").step();
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
  }

  // Loops ----------------------------------------------------------------------------------------

  private static String loop(String onLimit) {
    return """
    name: refine
    tasks:
      refine:
        command: ["true"]
        loop: { until: "${{ loop.outputs.score > 0.9 }}", limit: 3, onLimit: %s }
        inputs:
          round: "${{ loop.iteration }}"
          before: "${{ has(loop.outputs.score) ? loop.outputs.score : 0.0 }}"
        outputs: { score: { type: double } }
      after: { command: ["true"], inputs: { score: "${{ tasks.refine.outputs.score }}" } }
    """
        .formatted(onLimit);
  }

  @Test
  void aLoopGoesOnUntilItsConditionHolds() {
    var run = Runs.of(loop("fail"));
    run.step();
    assertThat(run.inputs("refine[1]")).isEqualTo(Map.of("round", json(1L), "before", json(0.0)));
    run.succeeded("refine[1]", "score", 0.5).step();
    assertThat(run.inputs("refine[2]")).isEqualTo(Map.of("round", json(2L), "before", json(0.5)));
    run.forget().succeeded("refine[2]", "score", 0.95).step();
    assertThat(run.state("refine")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.inputs("after")).containsEntry("score", json(0.95));
  }

  @ParameterizedTest
  @CsvSource({"fail, FAILED", "succeed, SUCCEEDED"})
  void aLoopEndsAtItsLimit(String onLimit, TaskState state) {
    var run = Runs.of(loop(onLimit));
    run.step();
    for (int i = 1; i <= 3; i++) {
      run.succeeded("refine[" + i + "]", "score", 0.1).step();
    }
    assertThat(run.state("refine")).isEqualTo(state);
    assertThat(run.tasks()).doesNotContainKey("refine[4]");
  }

  @Test
  void aRetriedLoopGoesOnWhereItFailed() {
    var run = Runs.of(loop("fail"));
    run.step();
    run.succeeded("refine[1]", "score", 0.1).step();
    run.failed("refine[2]").step();
    assertThat(run.state()).isEqualTo(RunState.FAILED);
    run.retry().step();
    assertThat(run.active()).containsExactly("refine[2]");
    run.succeeded("refine[2]", "score", 1.0).step();
    assertThat(run.active()).containsExactly("after");
  }

  // Finally --------------------------------------------------------------------------------------

  private static final String FINALLY =
      """
      name: tidy
      tasks:
        a: { command: ["true"] }
        b: { command: ["true"], needs: [a] }
      finally:
        tell: { command: ["true"], inputs: { how: "${{ run.status }}", which: "${{ run.failed }}" } }
        sweep: { command: ["true"], needs: [tell] }
      """;

  @Test
  void finallyRunsAfterAllOthersAndKnowsWhatCame() {
    var run = Runs.of(FINALLY);
    run.step();
    assertThat(run.active()).containsExactly("a");
    run.failed("a").step();
    assertThat(run.active()).containsExactly("tell");
    assertThat(run.inputs("tell"))
        .isEqualTo(Map.of("how", json("FAILED"), "which", json(new String[] {"a"})));
    run.forget().succeeded("tell").step();
    run.succeeded("sweep").step();
    assertThat(run.state()).isEqualTo(RunState.FAILED);
    assertThat(run.message()).isEqualTo("task 'a' failed");
  }

  @Test
  void finallyRunsAfterACancelAndIsStoppedByASecondOne() {
    var run = Runs.of(FINALLY);
    run.step();
    run.cancel().step();
    assertThat(run.inputs("tell")).containsEntry("how", json("CANCELLED"));
    run.claimed("tell").cancel().step();
    assertThat(run.stopRequested("tell")).isTrue();
    assertThat(run.state("sweep")).isEqualTo(TaskState.CANCELLED);
    run.stopped("tell").step();
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
  }

  // Failures -------------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"75, RETRYING", "1, FAILED"})
  void onlyFailuresThatAreWorthItAreRetried(int exitCode, TaskState state) {
    var run =
        Runs.of(
            """
            name: picky
            tasks:
              work:
                command: ["true"]
                retry: { limit: 2, when: "${{ failure.exitCode == 75 && failure.attempt < 3 }}" }
            """);
    run.step();
    run.finished(
            "work",
            new RunSnapshot.Outcome.UserFailure(),
            new RunSnapshot.Ending(exitCode, "COMMAND_FAILED", "it broke"))
        .step();
    assertThat(run.state("work")).isEqualTo(state);
  }

  @Test
  void waitsGrowToTheirLongest() {
    var run =
        Runs.of(
            """
            name: slow
            tasks:
              work:
                command: ["true"]
                retry: { limit: 4, backoff: 1s, factor: 3, maxBackoff: 5s, jitter: 0 }
            """);
    run.step();
    for (int wait : new int[] {1, 3, 5, 5}) {
      run.failed("work").step();
      run.wait(Duration.ofSeconds(wait).minusMillis(1)).step();
      assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
      run.wait(Duration.ofMillis(1)).step();
      assertThat(run.state("work")).isEqualTo(TaskState.READY);
    }
  }

  @Test
  void whatDoesNotStartInTimeFails() {
    var run =
        Runs.of(
            """
            name: impatient
            tasks:
              work: { command: ["true"], pendingTimeout: 1m }
            """);
    run.step();
    run.wait(Duration.ofSeconds(59)).step();
    assertThat(run.state("work")).isEqualTo(TaskState.READY);
    run.forget().wait(Duration.ofSeconds(1)).step();
    assertThat(run.state("work")).isEqualTo(TaskState.FAILED);
    assertThat(run.reason("work")).startsWith("PENDING_TIMEOUT");
  }

  @Test
  void oneThatIsLaunchedInTimeIsLeftAlone() {
    var run =
        Runs.of(
            """
            name: impatient
            tasks:
              work: { command: ["true"], pendingTimeout: 1m }
            """);
    run.step();
    run.claimed("work").wait(Duration.ofMinutes(2)).step();
    assertThat(run.active()).containsExactly("work");
    run.started("work").wait(Duration.ofHours(2)).step();
    assertThat(run.state("work")).isEqualTo(TaskState.RUNNING);
  }

  @Test
  void aRunThatTakesTooLongIsStopped() {
    var run =
        Runs.of(
            """
            name: long
            timeout: 1h
            tasks:
              work: { command: ["true"] }
              after: { command: ["true"], needs: [work] }
            """);
    run.step();
    run.claimed("work").started("work").step();
    run.forget().wait(Duration.ofHours(1)).step();
    assertThat(run.stopRequested("work")).isTrue();
    run.stopped("work").step();
    assertThat(run.state()).isEqualTo(RunState.FAILED);
    assertThat(run.message()).startsWith("RUN_TIMEOUT");
  }

  /// Whether it is loaded anew or still known: the time before the retry is not held against it.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunThatIsRetriedHasItsWholeTimeAgain(boolean forgotten) {
    var run =
        Runs.of(
            """
            name: long
            timeout: 1h
            tasks:
              work: { command: ["true"] }
            """);
    run.step();
    run.claimed("work").started("work").step();
    run.wait(Duration.ofHours(1)).step();
    run.stopped("work").step();
    assertThat(run.message()).startsWith("RUN_TIMEOUT");

    run.wait(Duration.ofHours(5));
    if (forgotten) {
      run.forget();
    }
    run.retry().step();
    if (forgotten) {
      run.forget();
    }
    run.claimed("work").started("work").step();
    run.wait(Duration.ofMinutes(59)).step();
    assertThat(run.stopRequested("work")).isFalse();
    run.wait(Duration.ofMinutes(1)).step();
    assertThat(run.stopRequested("work")).isTrue();
  }

  // People ---------------------------------------------------------------------------------------

  private static final String APPROVAL =
      """
      name: gate
      tasks:
        ask:
          approval:
            message: "Publish run ${{ run.number }}?"
            inputs: { share: { type: double, default: 0.5 } }
            deadline: 2d
            onDeadline: %s
        publish: { command: ["true"], inputs: { by: "${{ tasks.ask.outputs.by }}", share: "${{ tasks.ask.outputs.share }}" } , needs: [ask] }
      """;

  @Test
  void anApprovalWaitsForAPerson() {
    var run = Runs.of(APPROVAL.formatted("fail"));
    run.step();
    assertThat(run.state("ask")).isEqualTo(TaskState.WAITING);
    assertThat(run.reason("ask")).isEqualTo("Publish run 7?");
    run.forget().answer("ask", true, Map.of("share", json(0.1))).step();
    assertThat(run.inputs("publish")).isEqualTo(Map.of("by", json("ada"), "share", json(0.1)));
  }

  @Test
  void aRejectionFailsTheTask() {
    var run = Runs.of(APPROVAL.formatted("fail"));
    run.step();
    run.answer("ask", false, Map.of()).step();
    assertThat(run.state("ask")).isEqualTo(TaskState.FAILED);
    assertThat(run.reason("ask")).isEqualTo("APPROVAL_REJECTED: ada said no: fine");
    assertThat(run.state("publish")).isEqualTo(TaskState.UPSTREAM_FAILED);
  }

  @ParameterizedTest
  @CsvSource({"fail, FAILED", "approve, SUCCEEDED"})
  void withoutAnAnswerTheDeadlineDecides(String onDeadline, TaskState state) {
    var run = Runs.of(APPROVAL.formatted(onDeadline));
    run.step();
    run.forget().wait(Duration.ofDays(2)).step();
    assertThat(run.state("ask")).isEqualTo(state);
  }

  @Test
  void nobodyAnswersWhatDoesNotWait() {
    var run = Runs.of(APPROVAL.formatted("fail"));
    run.step();
    run.answer("publish", true, Map.of());
    assertThatThrownBy(run::step)
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("NOT_WAITING");
  }

  // The rest -------------------------------------------------------------------------------------

  @Test
  void aPausedRunStartsNothingUntilItIsResumed() {
    var run =
        Runs.of(
            """
            name: chain
            tasks:
              a: { command: ["true"] }
              b: { command: ["true"], needs: [a] }
            """);
    run.step();
    run.pause(true).succeeded("a").step();
    assertThat(run.state("b")).isEqualTo(TaskState.READY);
    assertThat(run.active()).isEmpty();
    run.forget().pause(false).step();
    assertThat(run.active()).containsExactly("b");
  }

  @Test
  void knownOutputsAreTakenAtOnce() {
    var run =
        Runs.of(
                """
                name: chain
                tasks:
                  a: { command: ["true"], outputs: { n: { type: int } } }
                  b: { command: ["true"], inputs: { n: "${{ tasks.a.outputs.n }}" } }
                """)
            .cached("a", Map.of("n", json(4)));
    run.step();
    assertThat(run.state("a")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.attempt("a")).isZero();
    assertThat(run.inputs("b")).containsEntry("n", json(4));
  }

  @Test
  void aCallIsARunOfItsOwnAndItsOutputsAreTheTasks() {
    var spec =
        PipelineLanguage.require(
            """
            name: outer
            tasks:
              inner: { pipeline: part@2, with: { n: 3 } }
            """);
    var run = Runs.of(spec, Map.of());
    run.step();
    assertThat(run.state("inner")).isEqualTo(TaskState.RUNNING);
    assertThat(run.inputs("inner").get("n").asInt()).isEqualTo(3);
    run.cancel().step();
    assertThat(run.stopRequested("inner")).isTrue();
    run.stopped("inner").step();
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
  }

  @Test
  void aRunHasOutputsOfItsOwn() {
    var run =
        Runs.of(
            """
            name: scored
            outputs: { best: "${{ tasks.a.outputs.n + 1 }}" }
            tasks:
              a: { command: ["true"], outputs: { n: { type: int } } }
            """);
    run.step();
    run.succeeded("a", "n", 4).step();
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
    assertThat(run.outputs()).containsEntry("best", json(5L));
  }
}
