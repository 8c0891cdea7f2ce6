package dev.pipewright.tune;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TpeTest {
  private static final Objective LOSS = Objective.minimize("loss");

  @Test
  void beatsRandomByFar() {
    var spec = StudySpec.of(Problems.cube(6, 0, 1), LOSS);
    double tpe = Problems.medianLeast(spec, Problems::hartmann6, 100, 30);
    double random =
        Problems.medianLeast(spec.sampledBy(new RandomSearch()), Problems::hartmann6, 100, 30);
    assertThat(tpe).isLessThan(0.25);
    assertThat(random).isGreaterThan(0.8);
  }

  @Test
  void maximisesAsWellAsItMinimises() {
    var spec = StudySpec.of(Problems.cube(2, 0, 1), Objective.maximize("score"));
    var study = Study.of(spec);
    for (int i = 0; i < 60; i++) {
      var trial = study.ask().orElseThrow();
      trial.tell(-Problems.sphere(trial.params()));
    }
    assertThat(study.best().orElseThrow().values().getFirst()).isBetween(-0.01, 0.0);
  }

  @Test
  void learnsInEachBranchOfAConditionalSpace() {
    var space =
        SearchSpace.of(
            Parameter.choice("kind", "a", "b"),
            Parameter.real("x0", 0, 1).onlyWhen("kind", "a"),
            Parameter.real("x1", 0, 1).onlyWhen("kind", "b"));
    var spec = StudySpec.of(space, LOSS);
    double least =
        Problems.medianLeast(
            spec,
            params ->
                params.get("kind").equals("a")
                    ? 0.2 + Math.abs(Problems.x(params, 0) - 0.5)
                    : Math.abs(Problems.x(params, 1) - 0.25),
            50,
            11);
    assertThat(least).isLessThan(0.01);
  }

  @Test
  void workersThatAskTogetherDoNotGetTheSame() {
    var study =
        Study.of(StudySpec.of(SearchSpace.of(Parameter.whole("x0", 0, 30)), LOSS).seededWith(3));
    for (int i = 0; i < 12; i++) {
      var trial = study.ask().orElseThrow();
      trial.tell(Math.abs(Problems.x(trial.params(), 0) - 17));
    }
    var asked = new HashSet<Object>();
    for (int worker = 0; worker < 8; worker++) {
      asked.add(study.ask().orElseThrow().params().get("x0"));
    }
    assertThat(asked).hasSize(8);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "10, 1", "11, 2", "100, 10", "250, 25", "1000, 25"})
  void aTenthAreTheBest(int trials, int best) {
    assertThat(Tpe.best(trials)).isEqualTo(best);
  }

  /// Complete before deep before shallow, and among equals the better one.
  @Test
  void trialsThatLeftEarlyStandBehindCompleteOnes() {
    var study = Study.of(StudySpec.of(Problems.cube(1, 0, 1), LOSS).prunedBy(new Patience(2, 0)));
    var shallow = study.ask().orElseThrow();
    report(shallow, 0.1, 0.2, 0.3);
    var deep = study.ask().orElseThrow();
    report(deep, 0.9, 0.8, 0.8, 0.85);
    var failed = study.ask().orElseThrow();
    failed.fail();
    var bad = study.ask().orElseThrow();
    bad.tell(7);
    var good = study.ask().orElseThrow();
    good.tell(5);
    var nan = study.ask().orElseThrow();
    report(nan, Double.NaN, Double.NaN);
    var history = history(study);
    assertThat(history.teachers().stream().sorted(History.BEST_FIRST).map(e -> e.number))
        .containsExactly(
            good.number(), bad.number(), deep.number(), shallow.number(), nan.number());
  }

  private static History history(Study study) {
    try {
      var field = Study.class.getDeclaredField("history");
      field.setAccessible(true);
      return (History) field.get(study);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static void report(Trial trial, double... values) {
    for (int step = 0; step < values.length; step++) {
      trial.report(step + 1, values[step]);
    }
  }

  @Test
  void learnsFromAnEarlierStudyAtOnce() {
    var spec = StudySpec.of(Problems.cube(2, 0, 1), LOSS);
    var earlier = Study.of(spec.seededWith(1));
    for (int i = 0; i < 40; i++) {
      var trial = earlier.ask().orElseThrow();
      trial.tell(Problems.sphere(trial.params()));
    }
    var study = Study.of(spec.seededWith(2));
    assertThat(study.addTrials(earlier.trials())).isEqualTo(40);
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < 5; i++) {
      var trial = study.ask().orElseThrow();
      double loss = Problems.sphere(trial.params());
      trial.tell(loss);
      least = Math.min(least, loss);
    }
    assertThat(least).isLessThan(0.01);
    assertThat(study.best().orElseThrow().number()).isGreaterThanOrEqualTo(40);
  }

  @Test
  void earlierTrialsOfAnotherSpaceTeachWhatTheyShare() {
    var study = Study.of(StudySpec.of(Problems.cube(2, 0, 1), LOSS));
    var other =
        Study.of(
            StudySpec.of(
                SearchSpace.of(Parameter.real("x0", -1, 0.5), Parameter.real("y", 0, 1)), LOSS));
    other.enqueue(Map.of("x0", 0.25, "y", 0.5));
    other.enqueue(Map.of("x0", -0.5, "y", 0.5));
    other.ask().orElseThrow().tell(1);
    other.ask().orElseThrow().tell(2);
    assertThat(study.addTrials(other.trials())).isEqualTo(1);
    assertThat(study.trials())
        .singleElement()
        .satisfies(trial -> {
          assertThat(trial.params()).isEqualTo(Map.of("x0", 0.25));
          assertThat(trial.values()).isEqualTo(List.of(1.0));
        });
  }
}
