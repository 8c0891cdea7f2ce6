package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.orchestrator.run.RunSnapshot.Ending;
import dev.pipewright.orchestrator.run.RunSnapshot.Outcome;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunDeciderTest {
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
    run.settle();
    assertThat(run.state()).isEqualTo(RunState.RUNNING);
    assertThat(run.state("first")).isEqualTo(TaskState.RUNNING);
    assertThat(run.state("left")).isEqualTo(TaskState.PENDING);
    run.started("first").succeeded("first").settle();
    assertThat(run.state("left")).isEqualTo(TaskState.RUNNING);
    assertThat(run.state("right")).isEqualTo(TaskState.RUNNING);
    run.succeeded("left").settle();
    assertThat(run.state("last")).isEqualTo(TaskState.PENDING);
    run.succeeded("right").settle();
    run.succeeded("last").settle();
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
  }

  @Test
  void aFailureSparesTheTasksThatDoNotNeedIt() {
    var run = Runs.of(DIAMOND);
    run.settle();
    run.succeeded("first").settle();
    run.failed("left").settle();
    assertThat(run.state("left")).isEqualTo(TaskState.FAILED);
    assertThat(run.state("right")).isEqualTo(TaskState.RUNNING);
    assertThat(run.state()).isEqualTo(RunState.RUNNING);
    run.succeeded("right").settle();
    assertThat(run.state("last")).isEqualTo(TaskState.UPSTREAM_FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
    assertThat(run.message()).isEqualTo("task 'left' failed");
  }

  @Test
  void theUsersFailuresAreRetriedAsOftenAsTheUserSays() {
    var run = Runs.of(RETRIED);
    run.settle();
    run.failed("work").settle();
    assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
    run.wait(Duration.ofSeconds(9)).settle();
    assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
    run.wait(Duration.ofSeconds(1)).settle();
    assertThat(run.attempt("work")).isEqualTo(2);
    run.failed("work").settle();
    assertThat(run.state("work")).isEqualTo(TaskState.FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  @Test
  void whatTheSystemLostDoesNotUseUpTheUsersRetries() {
    var run = Runs.of(RETRIED);
    run.settle();
    for (int i = 0; i < RunDecider.SYSTEM_RETRIES; i++) {
      run.lost("work").settle();
      assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
      run.wait(Duration.ofMinutes(1)).settle();
    }
    run.failed("work").settle();
    assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
    run.wait(Duration.ofMinutes(1)).settle();
    run.succeeded("work").settle();
    assertThat(run.attempt("work")).isEqualTo(RunDecider.SYSTEM_RETRIES + 2);
    assertThat(run.state("after")).isEqualTo(TaskState.RUNNING);
  }

  @Test
  void theSystemsBudgetEndsToo() {
    var run = Runs.of(RETRIED);
    run.settle();
    for (int i = 0; i <= RunDecider.SYSTEM_RETRIES; i++) {
      run.lost("work").settle();
      run.wait(Duration.ofMinutes(1)).settle();
    }
    assertThat(run.state("work")).isEqualTo(TaskState.FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  @Test
  void aConditionDecidesOnOutputs() {
    var run = Runs.of(GATED);
    run.settle();
    run.succeeded("measure", "score", 0.7).settle();
    assertThat(run.state("publish")).isEqualTo(TaskState.RUNNING);

    var other = Runs.of(GATED);
    other.settle();
    other.succeeded("measure", "score", 0.3).settle();
    assertThat(other.state("publish")).isEqualTo(TaskState.SKIPPED);
    assertThat(other.state("report")).isEqualTo(TaskState.SKIPPED);
    assertThat(other.state()).isEqualTo(RunState.SUCCEEDED);
  }

  @Test
  void aConditionThatCannotBeEvaluatedFailsItsTask() {
    var run = Runs.of(GATED);
    run.settle();
    run.succeeded("measure").settle();
    assertThat(run.state("publish")).isEqualTo(TaskState.FAILED);
    assertThat(run.state()).isEqualTo(RunState.FAILED);
  }

  @Test
  void cancellingStopsWhatRunsAndStartsNothing() {
    var run = Runs.of(DIAMOND);
    run.settle();
    run.succeeded("first").settle();
    run.cancel();
    var decisions = run.settle();
    assertThat(decisions).filteredOn(Decision.StopAttempt.class::isInstance).hasSize(2);
    assertThat(run.state("last")).isEqualTo(TaskState.CANCELLED);
    assertThat(run.state()).isEqualTo(RunState.RUNNING);
    run.stopped("left").settle();
    // It was faster than the signal.
    run.succeeded("right").settle();
    assertThat(run.state("left")).isEqualTo(TaskState.CANCELLED);
    assertThat(run.state("right")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
  }

  @Test
  void aRunThatWaitsIsCancelledAtOnce() {
    var run = Runs.of(DIAMOND).cancel();
    run.settle();
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
    assertThat(run.tasks().values()).allMatch(task -> task.state() == TaskState.CANCELLED);
  }

  @Test
  void stoppedByAStrangerIsTheSystemsFailure() {
    var run = Runs.of(RETRIED);
    run.settle();
    run.stopped("work").settle();
    assertThat(run.state("work")).isEqualTo(TaskState.RETRYING);
  }

  @Test
  void reportsOfOldOrUnknownAttemptsChangeNothing() {
    var run = Runs.of(RETRIED);
    run.settle();
    run.failed("work").settle();
    run.wait(Duration.ofMinutes(1)).settle();
    var late =
        new Report.Finished(
            "work", 1, Instant.EPOCH, new Outcome.Succeeded(Map.of()), Ending.CLEAN);
    assertThat(run.report(late).step()).isEmpty();
    assertThat(run.report(new Report.Started("nobody", 1, Instant.EPOCH)).step()).isEmpty();
    assertThat(run.state("work")).isEqualTo(TaskState.RUNNING);
  }
}
