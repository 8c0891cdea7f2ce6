package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A task that is a study: its instances are the trials.
class LiveRunStudyTest {
  private static String study(String more) {
    return """
    name: tuning
    tasks:
      tune:
        command: ["true"]
        study:
          space:
            lr: { type: double, low: 1.0e-4, high: 1, log: true }
            layers: { type: int, low: 1, high: 4 }
            kind: { values: [a, b] }
            drop: { type: double, low: 0, high: 1, when: { kind: [b] } }
          objective: loss
          %s
        inputs:
          lr: "${{ trial.params.lr }}"
          drop: "${{ has(trial.params.drop) ? trial.params.drop : 0.5 }}"
          all: "${{ trial.params }}"
          number: "${{ trial.number }}"
        outputs: { loss: { type: double }, model: { type: string } }
      after:
        command: ["true"]
        inputs:
          params: "${{ tasks.tune.outputs.best }}"
          loss: "${{ tasks.tune.outputs.bestValue }}"
          trial: "${{ tasks.tune.outputs.bestTrial }}"
          model: "${{ tasks.tune.outputs.model }}"
    """
        .formatted(more);
  }

  private static double loss(Runs run, String trial) {
    return Math.abs(Math.log10(run.inputs(trial).get("lr").doubleValue()) + 2);
  }

  private static Runs end(Runs run, String trial) {
    return run.succeeded(trial, "loss", loss(run, trial), "model", "of " + trial);
  }

  private static JsonNode json(Object value) {
    return Json.MAPPER.valueToTree(value);
  }

  /// The inputs of each trial, in the order in which they were made.
  private static List<Map<String, JsonNode>> runAll(Runs run, boolean forget) {
    run.step();
    var inputs = new ArrayList<Map<String, JsonNode>>();
    while (run.state("tune") == TaskState.RUNNING) {
      var trial = run.active().iterator().next();
      inputs.add(run.inputs(trial));
      if (forget) {
        run.forget();
      }
      end(run, trial).step();
    }
    return inputs;
  }

  @Test
  void itsOutputsAreThoseOfTheBestTrial() {
    var run = Runs.of(study("trials: 30"));
    var inputs = runAll(run, false);
    assertThat(inputs).hasSize(30).doesNotHaveDuplicates();
    assertThat(run.state("tune")).isEqualTo(TaskState.SUCCEEDED);
    var after = run.inputs("after");
    int best = after.get("trial").intValue();
    assertThat(after.get("loss").doubleValue()).isEqualTo(loss(run, "tune[%d]".formatted(best)));
    assertThat(after.get("loss").doubleValue()).isLessThan(0.2);
    assertThat(after.get("params")).isEqualTo(inputs.get(best).get("all"));
    assertThat(after.get("model")).isEqualTo(json("of tune[%d]".formatted(best)));
    assertThat(run.reason("tune"))
        .contains("trial %d of 30 is the best, with loss".formatted(best));
    run.succeeded("after").step();
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
  }

  /// As after a kill of the server at each point.
  @ParameterizedTest
  @ValueSource(strings = {"tpe", "cmaes", "random"})
  void aStudyThatIsLoadedAgainGoesOnTheSame(String sampler) {
    var study = study("trials: 25\n      sampler: " + sampler);
    assertThat(runAll(Runs.of(study), true)).isEqualTo(runAll(Runs.of(study), false));
  }

  @Test
  void asManyTrialsRunAtOnceAsMay() {
    var run = Runs.of(study("trials: 6\n      parallel: 3"));
    run.step();
    assertThat(run.active()).containsExactlyInAnyOrder("tune[0]", "tune[1]", "tune[2]");
    end(run, "tune[1]").step();
    assertThat(run.active()).containsExactlyInAnyOrder("tune[0]", "tune[2]", "tune[3]");
    var seen = new HashSet<>(run.active());
    seen.add("tune[1]");
    while (run.state("tune") == TaskState.RUNNING) {
      var trial = run.active().iterator().next();
      end(run.forget(), trial).step();
      seen.addAll(run.active());
    }
    seen.remove("after");
    assertThat(seen).hasSize(6);
  }

  @Test
  void aTrialMayFail() {
    var run = Runs.of(study("trials: 3"));
    run.step();
    run.failed("tune[0]").step();
    end(run, "tune[1]").step();
    end(run, "tune[2]").step();
    assertThat(run.state("tune")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.active()).containsExactly("after");
  }

  @Test
  void aStudyFailsWhereAllTrialsDo() {
    var run = Runs.of(study("trials: 2"));
    run.step();
    run.failed("tune[0]").step();
    run.failed("tune[1]").step();
    assertThat(run.state("tune")).isEqualTo(TaskState.FAILED);
    assertThat(run.reason("tune")).isEqualTo("none of its 2 trials left a number as 'loss'");
    assertThat(run.state("after")).isEqualTo(TaskState.UPSTREAM_FAILED);
  }

  @Test
  void aStudyFailsOnceTooManyTrialsHave() {
    var run = Runs.of(study("trials: 10\n      parallel: 2\n      maxFailed: 1"));
    run.step();
    run.failed("tune[0]").step();
    run.claimed("tune[2]").failed("tune[1]").step();
    assertThat(run.stopRequested("tune[2]")).isTrue();
    run.stopped("tune[2]").step();
    assertThat(run.state("tune")).isEqualTo(TaskState.FAILED);
    assertThat(run.reason("tune")).isEqualTo("2 of 3 trials failed, but only 1 may");
  }

  @Test
  void aRetryMakesTheTrialsThatFailedAgain() {
    var run = Runs.of(study("trials: 3\n      maxFailed: 0"));
    run.step();
    end(run, "tune[0]").step();
    var params = run.inputs("tune[1]");
    run.failed("tune[1]").step();
    assertThat(run.state()).isEqualTo(RunState.FAILED);
    run.retry().step();
    assertThat(run.active()).containsExactly("tune[1]");
    assertThat(run.inputs("tune[1]")).isEqualTo(params);
    end(run, "tune[1]").step();
    end(run, "tune[2]").step();
    assertThat(run.state("tune")).isEqualTo(TaskState.SUCCEEDED);
  }

  @Test
  void aCancelledRunMakesNoFurtherTrials() {
    var run = Runs.of(study("trials: 5\n      parallel: 2"));
    run.step();
    run.claimed("tune[0]").cancel().step();
    assertThat(run.state("tune[1]")).isEqualTo(TaskState.CANCELLED);
    assertThat(run.stopRequested("tune[0]")).isTrue();
    run.stopped("tune[0]").step();
    assertThat(run.state("tune")).isEqualTo(TaskState.CANCELLED);
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
    assertThat(run.tasks()).doesNotContainKey("tune[2]");
  }

  @Test
  void aGridEndsByItself() {
    var run =
        Runs.of(
            """
            name: grid
            tasks:
              tune:
                command: ["true"]
                study:
                  { space: { a: { values: [1, 2] }, b: { values: [x, y] } }, objective: loss, trials: 100, sampler: grid }
                inputs: { lr: "${{ trial.params.a }}" }
                outputs: { loss: { type: double }, model: { type: string } }
            """);
    assertThat(runAll(run, false)).hasSize(4);
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
  }
}
