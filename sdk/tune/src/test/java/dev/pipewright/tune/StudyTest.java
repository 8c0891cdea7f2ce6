package dev.pipewright.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StudyTest {
  private static final StudySpec SPEC =
      StudySpec.of(
          SearchSpace.of(Parameter.real("x0", 0, 1), Parameter.choice("kind", "a", "b")),
          Objective.minimize("loss"));

  @Test
  void whatIsEnqueuedComesFirst() {
    var study = Study.of(SPEC);
    study.enqueue(Map.of("x0", 0.5, "kind", "b"));
    study.enqueue(Map.of("kind", "a"));
    assertThat(study.ask().orElseThrow().params()).isEqualTo(Map.of("x0", 0.5, "kind", "b"));
    var second = study.ask().orElseThrow();
    assertThat(second.params()).containsEntry("kind", "a").containsKey("x0");
    assertThat(second.start().origin()).isEqualTo(TrialRecord.Origin.ENQUEUED);
    assertThat(study.ask().orElseThrow().start().origin()).isEqualTo(TrialRecord.Origin.SAMPLED);
    assertThatThrownBy(() -> study.enqueue(Map.of("kind", "c"))).hasMessageContaining("'kind'");
  }

  @Test
  void endsWithItsLastTrial() {
    var study = Study.of(SPEC.upTo(2));
    var first = study.ask().orElseThrow();
    var second = study.ask().orElseThrow();
    assertThat(study.ask()).isEmpty();
    first.tell(1);
    assertThat(study.ended()).isFalse();
    second.fail();
    assertThat(study.ended()).isTrue();
    assertThat(study.best().orElseThrow().number()).isZero();
  }

  @Test
  void endsWithPausedTrialsOnlyWhereNoneGoesOn() {
    var study = Study.of(SPEC.upTo(3).prunedBy(new Asha(1, 3L, 3)));
    for (int i = 0; i < 3; i++) {
      study.ask().orElseThrow().report(1, 3 + i);
    }
    assertThat(study.ended()).as("the first is the best of three").isFalse();
    var resumed = study.ask().orElseThrow();
    assertThat(resumed.number()).isZero();
    assertThat(study.ended()).isFalse();
    resumed.tell(2);
    assertThat(study.ask()).isEmpty();
    assertThat(study.ended()).isTrue();
  }

  @Test
  void aTrialThatNobodyRunsIsHandedOutAgain() {
    var study = Study.of(SPEC);
    var trial = study.ask().orElseThrow();
    trial.report(1, 5);
    study.giveBack(trial.number());
    var again = study.ask().orElseThrow();
    assertThat(again.number()).isEqualTo(trial.number());
    assertThat(again.resumed()).isTrue();
    again.tell(1);
    assertThatThrownBy(() -> study.giveBack(0)).hasMessageContaining("TRIAL_ENDED");
  }

  @Test
  void objectivesOfAnEarlierStudyAreFoundByTheirNames() {
    var earlier =
        Study.of(
            StudySpec.of(SPEC.space(), Objective.maximize("auc"), Objective.minimize("logloss")));
    earlier.ask().orElseThrow().tell(0.9, 0.2);
    var study =
        Study.of(
            StudySpec.of(SPEC.space(), Objective.minimize("logloss"), Objective.minimize("auc")));
    assertThat(study.addTrials(earlier)).isEqualTo(1);
    assertThat(study.trial(0).values()).containsExactly(0.2, 0.9);
    assertThatThrownBy(() -> Study.of(SPEC).addTrials(earlier))
        .hasMessageContaining("The earlier study has no objective 'loss'");
  }

  @Test
  void tellingIsDoneOnce() {
    var study = Study.of(SPEC);
    var trial = study.ask().orElseThrow();
    trial.tell(1);
    trial.tell(1);
    assertThatThrownBy(() -> trial.tell(2)).hasMessageContaining("Trial 0 is complete");
    assertThatThrownBy(trial::fail).hasMessageContaining("TRIAL_ENDED");
    assertThatThrownBy(() -> study.tell(7, 1)).hasMessageContaining("TRIAL_NOT_FOUND");
    assertThatThrownBy(() -> study.tell(0, 1, 2)).hasMessageContaining("2 values");
    var lost = study.ask().orElseThrow();
    lost.tell(Double.NaN);
    lost.fail();
    assertThat(study.trial(1).state()).isEqualTo(TrialState.FAILED);
    assertThat(lost.report(1, 1)).isEqualTo(Verdict.STOP);
  }

  @Test
  void workersGetDifferentTrials() throws Exception {
    var study = Study.of(SPEC.upTo(200));
    var seen = new ConcurrentHashMap<Integer, Boolean>();
    try (var workers = Executors.newFixedThreadPool(4)) {
      var ends =
          IntStream.range(0, 4)
              .mapToObj(_ ->
                  workers.submit(() -> {
                    for (var trial = study.ask(); trial.isPresent(); trial = study.ask()) {
                      assertThat(seen.put(trial.get().number(), true)).isNull();
                      trial.get().report(1, 0.5);
                      trial.get().tell(Problems.x(trial.get().params(), 0));
                    }
                  }))
              .toList();
      for (Future<?> end : ends) {
        end.get();
      }
    }
    assertThat(seen).hasSize(200);
    assertThat(study.ended()).isTrue();
    assertThat(study.best().orElseThrow().values().getFirst()).isLessThan(0.01);
  }

  @Test
  void importanceIsOfWhatMatters() {
    var spec = StudySpec.of(Problems.cube(4, 0, 1), Objective.minimize("loss"));
    var study = Study.of(spec.sampledBy(new RandomSearch()).upTo(300));
    assertThat(study.importance()).isEmpty();
    for (var trial = study.ask(); trial.isPresent(); trial = study.ask()) {
      var params = trial.get().params();
      trial.get().tell(9 * Math.pow(Problems.x(params, 2) - 0.3, 2) + 0.3 * Problems.x(params, 0));
    }
    var importance = study.importance();
    assertThat(importance.keySet()).startsWith("x2", "x0");
    assertThat(importance.get("x1") + importance.get("x3")).isLessThan(0.1);
    assertThat(importance.values().stream().mapToDouble(Double::doubleValue).sum())
        .isCloseTo(1, within(1e-9));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{'objectives': []}                                   | OBJECTIVE_MISSING objectives",
        "{'objectives': [{'name': 'a'}, {'name': 'a'}]}       | NAME_TWICE objectives",
        "{'objectives': {'auc': {'name': 'auc'}}}             | TYPE_MISMATCH objectives",
        "{'objectives': [null]}                               | TYPE_MISMATCH objectives",
        "{'objectives': [{'direction': 'minimize'}]}          | NAME_EMPTY objectives",
        "{'objectives': [{'name': 'a', 'direction': 'up'}]}   | TYPE_MISMATCH objectives.direction",
        "{'objectives': [{'name': 'a', 'goal': 1}]}           | UNKNOWN_KEY objectives.goal",
        "{'sampler': 'tpee'}                                  | TYPE_UNKNOWN sampler.type",
        "{'sampler': {'type': 'tpe', 'start': 3}}             | UNKNOWN_KEY sampler.start",
        "{'sampler': {'type': 'tpe', 'candidates': 99999999}} | CANDIDATES_INVALID sampler.candidates",
        "{'sampler': {'type': 'cmaes', 'population': 99999999}} | SAMPLER_TOO_LARGE sampler",
        "{'sampler': {'type': 'tpe', 'startup': 'x'}}         | TYPE_MISMATCH sampler.startup",
        "{'pruner': {'type': 'percentile', 'percentile': 110}} | PERCENTILE_INVALID pruner.percentile",
        "{'maxTrials': 0}                                     | MAX_TRIALS_INVALID maxTrials",
        "{'maxTrials': 10000000000}                           | TYPE_MISMATCH maxTrials",
        "{'maxTrials': true}                                  | TYPE_MISMATCH maxTrials",
        "{'seed': 'abc'}                                      | TYPE_MISMATCH seed",
        "{'seed': 18446744073709551615}                       | TYPE_MISMATCH seed",
        "{'seed': 1.5}                                        | TYPE_MISMATCH seed",
        "{'seeed': 1}                                         | UNKNOWN_KEY seeed",
        "{'space': {'x': {'values': []}}}                     | VALUES_EMPTY space.x",
        "{'space': {'x': {'values': [1]}}, 'sampler': 'cmaes'} | SAMPLER_NEEDS_NUMBERS sampler",
        "{'objectives': [{'name': 'a'}, {'name': 'b'}], 'pruner': 'asha'} | PRUNER_ONE_OBJECTIVE pruner",
        "{'objectives': [{'name': 'a'}, {'name': 'b'}], 'sampler': 'cmaes'} | SAMPLER_ONE_OBJECTIVE sampler",
      })
  void errorsOfAStudyNameThePlace(String change, String expected) throws Exception {
    ObjectNode json = SPEC.toJson();
    json.setAll((ObjectNode) Json.MAPPER.readTree(change.replace('\'', '"')));
    var problem =
        catchThrowableOfType(ProblemException.class, () -> StudySpec.read(json)).problem();
    assertThat(problem.code()).isEqualTo("STUDY_INVALID");
    assertThat(problem.errors())
        .extracting(error -> error.code() + " " + error.path())
        .containsExactly(expected);
  }
}
