package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Retry;
import dev.pipewright.orchestrator.run.RunSnapshot.Ending;
import dev.pipewright.orchestrator.run.RunSnapshot.Outcome;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LiveRunTest {
  private static final String DIAMOND =
      """
      name: diamond
      tasks:
        first: { command: ["true"] }
        left: { command: ["true"], needs: [first] }
        right: { command: ["true"], needs: [first] }
        last: { command: ["true"], needs: [left, right] }
      """;

  private static final String RETRIED =
      """
      name: retried
      tasks:
        work: { command: ["true"], retry: { limit: 1, backoff: 10s } }
        after: { command: ["true"], needs: [work] }
      """;

  private static final String GATED =
      """
      name: gated
      tasks:
        measure:
          command: ["true"]
          outputs: { score: { type: double } }
        publish:
          when: "${{ tasks.measure.outputs.score >= 0.5 }}"
          command: ["true"]
        report: { command: ["true"], needs: [publish] }
      """;

  @Test
  void tasksStartAsSoonAsAllTheyNeedSucceeded() {
    var run = Runs.of(DIAMOND);
    run.step();
    assertThat(run.state()).isEqualTo(RunState.RUNNING);
    assertThat(run.state("first")).isEqualTo(TaskState.READY);
    run.claimed("first").started("first").step();
    assertThat(run.state("first")).isEqualTo(TaskState.RUNNING);
    assertThat(run.state("left")).isEqualTo(TaskState.PENDING);
    run.succeeded("first").step();
    assertThat(run.active()).containsExactlyInAnyOrder("left", "right");
    run.succeeded("left").step();
    assertThat(run.state("last")).isEqualTo(TaskState.PENDING);
    run.succeeded("right").step();
    run.succeeded("last").step();
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
  }

  @Test
  void aFailureSparesTheTasksThatDoNotNeedIt() {
    var run = Runs.of(DIAMOND);
    run.step();
    run.succeeded("first").step();
    run.failed("left").step();
    assertThat(run.state("left")).isEqualTo(TaskState.FAILED);
    assertThat(run.active()).containsExactly("right");
    assertThat(run.state()).isEqualTo(RunState.RUNNING);
    run.succeeded("right").step();
    assertThat(run.state("last")).isEqualTo(TaskState.UPSTREAM_FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
    assertThat(run.message()).isEqualTo("task 'left' failed");
  }

  @Test
  void theUsersFailuresAreRetriedAsOftenAsTheUserSays() {
    var run = Runs.of(RETRIED);
    run.step();
    run.failed("work").step();
    assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
    // Ten seconds, a tenth of which is left to chance.
    run.wait(Duration.ofMillis(8_900)).step();
    assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
    run.wait(Duration.ofMillis(2_200)).step();
    assertThat(run.attempt("work")).isEqualTo(2);
    run.failed("work").step();
    assertThat(run.state("work")).isEqualTo(TaskState.FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  @Test
  void whatTheSystemLostDoesNotUseUpTheUsersRetries() {
    var run = Runs.of(RETRIED);
    run.step();
    for (int i = 0; i < Retry.SYSTEM; i++) {
      run.lost("work").step();
      assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
      run.wait(Duration.ofMinutes(1)).step();
    }
    run.failed("work").step();
    assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
    run.wait(Duration.ofMinutes(1)).step();
    run.succeeded("work").step();
    assertThat(run.attempt("work")).isEqualTo(Retry.SYSTEM + 2);
    assertThat(run.active()).containsExactly("after");
  }

  @Test
  void theSystemsBudgetEndsToo() {
    var run = Runs.of(RETRIED);
    run.step();
    for (int i = 0; i <= Retry.SYSTEM; i++) {
      run.lost("work").step();
      run.wait(Duration.ofMinutes(1)).step();
    }
    assertThat(run.state("work")).isEqualTo(TaskState.FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  @Test
  void aConditionDecidesOnOutputs() {
    var run = Runs.of(GATED);
    run.step();
    run.succeeded("measure", "score", 0.7).step();
    assertThat(run.active()).containsExactly("publish");

    var other = Runs.of(GATED);
    other.step();
    other.succeeded("measure", "score", 0.3).step();
    assertThat(other.state("publish")).isEqualTo(TaskState.SKIPPED);
    assertThat(other.state("report")).isEqualTo(TaskState.SKIPPED);
    assertThat(other.state()).isEqualTo(RunState.SUCCEEDED);
  }

  @Test
  void aConditionThatCannotBeEvaluatedFailsItsTask() {
    var run = Runs.of(GATED);
    run.step();
    run.succeeded("measure").step();
    assertThat(run.state("publish")).isEqualTo(TaskState.FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  @Test
  void cancellingStopsWhatRunsAndStartsNothing() {
    var run = Runs.of(DIAMOND);
    run.step();
    run.succeeded("first").step();
    run.claimed("left").claimed("right").cancel().step();
    assertThat(run.stopRequested("left")).isTrue();
    assertThat(run.stopRequested("right")).isTrue();
    assertThat(run.state("last")).isEqualTo(TaskState.CANCELLED);
    assertThat(run.state()).isEqualTo(RunState.RUNNING);
    run.stopped("left").step();
    // It was faster than the signal.
    run.succeeded("right").step();
    assertThat(run.state("left")).isEqualTo(TaskState.CANCELLED);
    assertThat(run.state("right")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
  }

  @Test
  void aRunThatWaitsIsCancelledAtOnce() {
    var run = Runs.of(DIAMOND).cancel();
    run.step();
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
    assertThat(run.tasks().values()).allMatch(task -> task.state() == TaskState.CANCELLED);
  }

  @Test
  void stoppedByAStrangerIsTheSystemsFailure() {
    var run = Runs.of(RETRIED);
    run.step();
    run.stopped("work").step();
    assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
  }

  @Test
  void reportsOfOldOrUnknownAttemptsChangeNothing() {
    var run = Runs.of(RETRIED);
    run.step();
    var first = run.attemptId("work");
    run.failed("work").step();
    run.wait(Duration.ofMinutes(1)).step();
    var late = new Outcome.Succeeded(Map.of());
    assertThat(run.report(new Report.Finished(first, Instant.EPOCH, late, Ending.CLEAN)).step())
        .isFalse();
    assertThat(run.report(new Report.Started(new UUID(5, 5), Instant.EPOCH)).step()).isFalse();
    assertThat(run.active()).containsExactly("work");
    assertThat(run.attempt("work")).isEqualTo(2);
  }

  @Test
  void anAttemptThatNobodyLaunchedIsTakenBackAtOnce() {
    var run = Runs.of(DIAMOND);
    run.step();
    run.cancel().step();
    assertThat(run.state("first")).isEqualTo(TaskState.CANCELLED);
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
  }
}
