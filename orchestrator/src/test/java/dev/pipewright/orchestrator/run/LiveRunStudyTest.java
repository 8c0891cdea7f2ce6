package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.tune.TrialState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
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

  /// Trials that had left are sent back, so that later ones were asked for after more had left than
  /// are known to have.
  @ParameterizedTest
  @ValueSource(strings = {"tpe", "cmaes", "random", "nsga2"})
  void aStudyGoesOnAfterTrialsInItsMiddleWereRetried(String sampler) {
    var study =
        study("trials: 30\n      parallel: 4\n      maxFailed: 2\n      sampler: " + sampler);
    var kept = retriedOften(Runs.of(study), false);
    assertThat(kept.state("tune")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(kept.tasks()).containsKey("tune[29]");
    assertThat(retriedOften(Runs.of(study), true).tasks()).isEqualTo(kept.tasks());
  }

  /// Every third attempt fails, and the run is retried until none does.
  private static Runs retriedOften(Runs run, boolean forget) {
    run.step();
    var random = new SplittableRandom(3);
    for (int event = 0; run.state("tune") != TaskState.SUCCEEDED; event++) {
      assertThat(event).as("it comes to an end").isLessThan(1_000);
      if (run.state().isTerminal()) {
        run.retry();
      } else {
        var active = run.active().stream().sorted().toList();
        var trial = active.get(random.nextInt(active.size()));
        if (random.nextInt(3) == 0) {
          run.failed(trial);
        } else {
          end(run, trial);
        }
      }
      if (forget) {
        run.forget();
      }
      run.step();
    }
    return run;
  }

  @Test
  void trialsThatAStudyMadeDoWithoutStayAsTheyAre() {
    var run = Runs.of(study("trials: 2"));
    run.step();
    run.failed("tune[0]").step();
    end(run, "tune[1]").step();
    run.failed("after").step();
    assertThat(run.state()).isEqualTo(RunState.FAILED);
    run.retry().step();
    assertThat(run.state("tune[0]")).isEqualTo(TaskState.FAILED);
    assertThat(run.active()).containsExactly("after");
    run.succeeded("after").step();
    assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
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

  // Stopping early -------------------------------------------------------------------------------

  private static final String ASHA = "pruner: { type: asha, min: 1, max: 9, eta: 3 }";

  @Test
  void aTrialThatIsNotAmongTheBestAtItsRungIsPausedAndGoesOnWhenItIs() {
    var run = Runs.of(study("trials: 4\n      parallel: 1\n      " + ASHA));
    run.step();
    run.claimed("tune[0]").started("tune[0]").logged("tune[0]", 1, 0.5).step();
    assertThat(run.stopRequested("tune[0]")).isTrue();
    assertThat(run.trial("tune[0]").state()).isEqualTo(TrialState.PAUSED);
    assertThat(run.active()).as("its attempt still has the place").containsExactly("tune[0]");
    run.stopped("tune[0]").step();
    assertThat(run.state("tune[0]")).isEqualTo(TaskState.PENDING);
    assertThat(run.reason("tune[0]")).isEqualTo("paused at step 1, where loss = 0.5");
    for (var trial : List.of("tune[1]", "tune[2]")) {
      assertThat(run.active()).containsExactly(trial);
      run.claimed(trial).started(trial).logged(trial, 1, 0.7).step();
      run.stopped(trial).step();
    }
    // the best one in three goes on, as its second attempt
    assertThat(run.active()).containsExactly("tune[0]");
    assertThat(run.attempt("tune[0]")).isEqualTo(2);
    run.started("tune[0]").logged("tune[0]", 1, 0.1).logged("tune[0]", 2, 0.4).step();
    assertThat(run.points("tune[0]")).isEqualTo(Map.of(1L, 0.5, 2L, 0.4));
    assertThat(run.stopRequested("tune[0]")).isFalse();
  }

  @Test
  void oneThatGoesOnBeforeItHasStoppedBeginsWhenItHas() {
    var run = Runs.of(study("trials: 4\n      parallel: 3\n      " + ASHA));
    run.step();
    for (int i = 0; i < 3; i++) {
      run.claimed("tune[" + i + "]").started("tune[" + i + "]");
    }
    run.logged("tune[0]", 1, 0.1).logged("tune[1]", 1, 0.2).step();
    run.logged("tune[2]", 1, 0.3).step();
    run.stopped("tune[2]").step();
    // tune[0] was let past its rung, and its first attempt is still there
    assertThat(run.trial("tune[0]").state()).isEqualTo(TrialState.RUNNING);
    assertThat(run.trial("tune[0]").rung()).isEqualTo(1);
    assertThat(run.attempt("tune[0]")).isEqualTo(1);
    run.forget().stopped("tune[0]").step();
    assertThat(run.attempt("tune[0]")).isEqualTo(2);
    assertThat(run.tasks().get("tune[0]").systemFailures()).isZero();
  }

  @Test
  void aTrialThatIsStoppedEarlyHasNotFailed() {
    var run =
        Runs.of(study("trials: 3\n      maxFailed: 0\n      pruner: { type: median, startup: 1 }"));
    run.step();
    run.started("tune[0]")
        .logged("tune[0]", 1, 0.5)
        .succeeded("tune[0]", "loss", 0.4, "model", "m");
    run.step();
    run.claimed("tune[1]").started("tune[1]").logged("tune[1]", 1, 0.9).step();
    assertThat(run.stopRequested("tune[1]")).isTrue();
    run.forget().stopped("tune[1]").step();
    assertThat(run.state("tune[1]")).isEqualTo(TaskState.PRUNED);
    assertThat(run.reason("tune[1]")).isEqualTo("stopped early at step 1, where loss = 0.9");
    // what it logs afterwards is of no interest
    run.claimed("tune[2]").logged("tune[1]", 2, 0.1).step();
    assertThat(run.points("tune[1]")).hasSize(1);
    run.started("tune[2]").succeeded("tune[2]", "loss", 0.8, "model", "m").step();
    assertThat(run.state("tune")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.reason("tune")).endsWith("with loss = 0.4, 1 were stopped early");
  }

  @Test
  void whatATrialHadLoggedBeforeItEndedCountsForTheOthers() {
    var run = Runs.of(study("trials: 2\n      pruner: { type: median, startup: 1 }"));
    run.step();
    run.started("tune[0]").succeeded("tune[0]", "loss", 0.4, "model", "m").step();
    run.logged("tune[0]", 1, 0.5).step();
    run.claimed("tune[1]").started("tune[1]").logged("tune[1]", 1, 0.9).step();
    assertThat(run.stopRequested("tune[1]")).isTrue();
  }

  @Test
  void whereAllArePausedTheBestGoesOnToItsEnd() {
    var run = Runs.of(study("trials: 2\n      " + ASHA));
    run.step();
    for (int i = 0; i < 2; i++) {
      var trial = "tune[%d]".formatted(i);
      run.claimed(trial).started(trial).logged(trial, 1, 1.0 - i / 2.0).step();
      run.forget().stopped(trial).step();
    }
    assertThat(run.active()).containsExactly("tune[1]");
    run.started("tune[1]").logged("tune[1]", 3, 9).logged("tune[1]", 9, 9).step();
    assertThat(run.stopRequested("tune[1]")).isFalse();
    run.succeeded("tune[1]", "loss", 0.3, "model", "m").step();
    assertThat(run.state("tune")).isEqualTo(TaskState.SUCCEEDED);
    assertThat(run.state("tune[0]")).isEqualTo(TaskState.PRUNED);
    assertThat(run.inputs("after").get("trial").intValue()).isEqualTo(1);
  }

  @Test
  void aTrialThatEndsWithItsOutputsWhenItIsToStopIsComplete() {
    var run = Runs.of(study("trials: 1\n      " + ASHA));
    run.step();
    run.claimed("tune[0]").started("tune[0]").logged("tune[0]", 1, 0.5).step();
    run.succeeded("tune[0]", "loss", 0.5, "model", "m").step();
    assertThat(run.state("tune")).isEqualTo(TaskState.SUCCEEDED);
  }

  @Test
  void oneThatIsNotLaunchedYetIsTakenBack() {
    var run = Runs.of(study("trials: 2\n      " + ASHA));
    run.step();
    // said by an attempt before it
    run.logged("tune[0]", 1, 0.5).step();
    assertThat(run.state("tune[0]")).isEqualTo(TaskState.PENDING);
    assertThat(run.active()).containsExactly("tune[1]");
  }

  @Test
  void aCancelledRunCancelsWhatIsPaused() {
    var run = Runs.of(study("trials: 3\n      " + ASHA));
    run.step();
    run.claimed("tune[0]").started("tune[0]").logged("tune[0]", 1, 0.5).step();
    run.stopped("tune[0]").step();
    run.claimed("tune[1]").cancel().step();
    assertThat(run.state("tune[0]")).isEqualTo(TaskState.CANCELLED);
    run.stopped("tune[1]").step();
    assertThat(run.state()).isEqualTo(RunState.CANCELLED);
    assertThat(run.trial("tune[0]").state()).isEqualTo(TrialState.PAUSED);
    run.retry().step();
    assertThat(run.active()).as("what is paused stays so").containsExactly("tune[1]");
    assertThat(run.trial("tune[0]").left()).isEqualTo(1);
    run.forget().claimed("tune[1]").started("tune[1]").logged("tune[1]", 1, 0.7).step();
    run.stopped("tune[1]").step();
    run.claimed("tune[2]").started("tune[2]").logged("tune[2]", 1, 0.6).step();
    run.stopped("tune[2]").step();
    assertThat(run.active()).as("the best of three").containsExactly("tune[0]");
    assertThat(run.points("tune[0]")).hasSize(1);
  }

  @Test
  void stepsThatLieCloseTogetherAreLeftOut() {
    var run = Runs.of(study("trials: 1\n      pruner: median"));
    run.step();
    run.started("tune[0]");
    for (long step = 1; step <= 20_000; step++) {
      run.logged("tune[0]", step, 1);
    }
    run.step();
    assertThat(run.points("tune[0]").headMap(1_001L)).hasSize(1_000);
    assertThat(run.points("tune[0]")).hasSizeBetween(5_000, 6_000).containsKey(1_000L);
  }

  /// Whatever happens in whichever order, a study comes to an end in which nothing is left over,
  /// and comes to the same whether or not the server is killed at any point.
  @ParameterizedTest
  @ValueSource(strings = {"asha", "hyperband", "halving", "median", "percentile", "patience"})
  void nothingIsLostAndNothingIsDecidedTwice(String pruner) {
    for (int seed = 0; seed < 25; seed++) {
      var pipeline =
          study(
              """
              trials: 14
                    parallel: 3
                    seed: %d
                    pruner: %s\
              """
                  .formatted(
                      seed,
                      pruner.equals("hyperband")
                          ? "{ type: hyperband, max: 9 }"
                          : pruner.equals("asha") ? "{ type: asha, max: 9 }" : pruner));
      var kept = new Trials(Runs.of(pipeline), seed, false);
      var killed = new Trials(Runs.of(pipeline), seed, true);
      kept.runAll();
      killed.runAll();
      assertThat(killed.run.tasks()).as("seed %d", seed).isEqualTo(kept.run.tasks());
      assertThat(killed.run.lines()).as("seed %d", seed).isEqualTo(kept.run.lines());
    }
  }

  /// Trials that log, fail, are lost and are stopped by chance.
  private static final class Trials {
    private static final int LONGEST = 9;

    final Runs run;
    private final boolean kills;
    private final SplittableRandom random;
    private final Map<String, Integer> steps = new HashMap<>();
    private final Map<String, Integer> attempts = new HashMap<>();
    private final Map<String, SortedMap<Long, Double>> seen = new HashMap<>();

    Trials(Runs run, long seed, boolean kills) {
      this.run = run;
      this.kills = kills;
      this.random = new SplittableRandom(seed);
    }

    void runAll() {
      run.step();
      int events = 0;
      while (run.state("tune") == TaskState.RUNNING) {
        assertThat(events++).as("it comes to an end").isLessThan(5_000);
        var active = run.active().stream().sorted().toList();
        assertThat(active).hasSizeLessThanOrEqualTo(3);
        if (active.isEmpty()) {
          assertThat(run.waitForTimer()).as("somebody still runs").isTrue();
        } else {
          happen(active.get(random.nextInt(active.size())));
        }
        boolean kill = random.nextInt(3) == 0;
        if (kill && kills) {
          run.forget();
        }
        run.step();
        check();
      }
      int complete = 0;
      for (var task : run.tasks().values()) {
        if (task.group() != null) {
          assertThat(task.state().isTerminal()).as(task.name()).isTrue();
          assertThat(task.trial().state())
              .as(task.name())
              .isEqualTo(
                  switch (task.state()) {
                    case SUCCEEDED -> TrialState.COMPLETE;
                    case PRUNED -> TrialState.PRUNED;
                    default -> TrialState.FAILED;
                  });
          complete += task.state() == TaskState.SUCCEEDED ? 1 : 0;
        }
      }
      assertThat(run.state("tune") == TaskState.SUCCEEDED).isEqualTo(complete > 0);
    }

    private void happen(String trial) {
      int attempt = run.attempt(trial);
      if (attempts.getOrDefault(trial, 0) != attempt) {
        attempts.put(trial, attempt);
        run.claimed(trial).started(trial);
        return;
      }
      int step = steps.merge(trial, 1, Integer::sum);
      int chance = random.nextInt(20);
      if (chance == 0) {
        run.lost(trial);
      } else if (chance == 1) {
        run.failed(trial);
      } else if (run.stopRequested(trial) && chance < 12) {
        run.stopped(trial);
      } else if (step > LONGEST) {
        run.succeeded(trial, "loss", value(trial, step), "model", "m");
      } else {
        run.logged(trial, step, value(trial, step));
        if (chance == 2 && step > 1) {
          // what came before comes again
          run.logged(trial, step - 1, -1);
        }
      }
    }

    private static double value(String trial, int step) {
      return (trial.hashCode() & 15) + 1.0 / step;
    }

    private void check() {
      for (var name : run.tasks().keySet()) {
        var points = run.points(name);
        var before = seen.put(name, new TreeMap<>(points));
        if (before != null) {
          assertThat(points).as("what counted goes on counting").containsAllEntriesOf(before);
        }
      }
    }
  }
}
