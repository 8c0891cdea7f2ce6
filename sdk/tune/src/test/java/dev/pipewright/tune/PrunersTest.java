package dev.pipewright.tune;

import static dev.pipewright.tune.Verdict.GO_ON;
import static dev.pipewright.tune.Verdict.PAUSE;
import static dev.pipewright.tune.Verdict.STOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrunersTest {
  private static Study study(Pruner pruner) {
    return Study.of(
        StudySpec.of(Problems.cube(1, 0, 1), Objective.minimize("loss"))
            .sampledBy(new RandomSearch())
            .prunedBy(pruner));
  }

  private static Trial ask(Study study) {
    return study.ask().orElseThrow();
  }

  @Test
  void medianStopsWhatIsWorseThanMostWere() {
    var study = study(new Median(3, 2, 1));
    for (int i = 0; i < 3; i++) {
      var trial = ask(study);
      for (int step = 1; step <= 4; step++) {
        assertThat(trial.report(step, 10 - step + i)).isEqualTo(GO_ON);
      }
      trial.tell(6 + i);
    }
    // at step 2 the three had 8, 9 and 10
    var worse = ask(study);
    assertThat(worse.report(1, 99)).isEqualTo(GO_ON);
    assertThat(worse.report(2, 9.1)).isEqualTo(STOP);
    assertThat(study.trial(worse.number()).state()).isEqualTo(TrialState.PRUNED);
    var like = ask(study);
    assertThat(like.report(2, 9)).isEqualTo(GO_ON);
    // its best so far counts, not its last
    assertThat(like.report(3, 9)).isEqualTo(STOP);
    var early = ask(study);
    assertThat(early.report(1, 7)).isEqualTo(GO_ON);
    assertThat(early.report(3, 99)).isEqualTo(GO_ON);
    var lost = ask(study);
    assertThat(lost.report(2, Double.NaN)).isEqualTo(STOP);
    assertThat(ask(study).report(100, 99)).as("nobody was there").isEqualTo(GO_ON);
  }

  @Test
  void medianLooksOnceAnInterval() {
    var study = study(new Median(1, 0, 10));
    var first = ask(study);
    IntStream.rangeClosed(1, 20).forEach(step -> first.report(step, 1));
    first.tell(1);
    var trial = ask(study);
    assertThat(trial.report(8, 0)).isEqualTo(GO_ON);
    assertThat(trial.report(9, 2)).isEqualTo(GO_ON);
    var other = ask(study);
    assertThat(other.report(12, 2)).isEqualTo(STOP);
  }

  /// Of many steps the same ones are kept of each trial, so one that missed a report is compared
  /// with the others as before.
  @Test
  void medianFindsTheStepsOfOthersAfterAMissedReport() {
    var study = study(new Median(1, 0, 1));
    var first = ask(study);
    for (long step = 1; step <= 6_000; step++) {
      if (study.isNews(0, step)) {
        assertThat(first.report(step, 6_000 - step)).isEqualTo(GO_ON);
      }
    }
    first.tell(0);
    var second = ask(study);
    var verdict = GO_ON;
    for (long step = 1; step <= 6_000 && verdict == GO_ON; step++) {
      if (step != 2_004 && study.isNews(1, step)) {
        verdict = second.report(step, 6_000 - Math.min(step, 2_003));
      }
    }
    assertThat(verdict).isEqualTo(STOP);
    assertThat(study.trial(1).reports().lastKey()).isEqualTo(2_006);
  }

  @Test
  void patienceStopsWhatGetsNoBetter() {
    var trial = ask(study(new Patience(3, 0.1)));
    assertThat(trial.report(1, 5)).isEqualTo(GO_ON);
    assertThat(trial.report(2, 4)).isEqualTo(GO_ON);
    assertThat(trial.report(3, 3.95)).isEqualTo(GO_ON);
    assertThat(trial.report(4, 4)).isEqualTo(GO_ON);
    assertThat(trial.report(5, 4)).isEqualTo(STOP);
    assertThat(trial.report(6, 0)).as("it stays stopped").isEqualTo(STOP);
  }

  @Test
  void halvingLetsTheBestGoOn() {
    var study = study(new Halving(1, null, 2));
    assertThat(ask(study).report(1, 5)).isEqualTo(GO_ON);
    assertThat(ask(study).report(1, 6)).isEqualTo(STOP);
    assertThat(ask(study).report(1, 4)).isEqualTo(GO_ON);
    assertThat(ask(study).report(1, 4.5)).as("second of four").isEqualTo(GO_ON);
    assertThat(ask(study).report(1, Double.NaN)).isEqualTo(STOP);
  }

  @Test
  void ashaPausesAtARungAndResumesTheBest() {
    var study = study(new Asha(1, 9L, 3));
    var first = ask(study);
    assertThat(first.budget()).isEqualTo(1);
    assertThat(first.report(1, 3)).isEqualTo(PAUSE);
    assertThat(first.report(2, 0)).as("it should have left").isEqualTo(PAUSE);
    var second = ask(study);
    assertThat(second.report(1, 2)).isEqualTo(PAUSE);
    var third = ask(study);
    assertThat(third.report(1, 5)).isEqualTo(PAUSE);
    // of three the best one goes on
    var again = ask(study);
    assertThat(again.number()).isEqualTo(second.number());
    assertThat(again.resumed()).isTrue();
    assertThat(again.budget()).isEqualTo(3);
    assertThat(again.report(2, 1.9)).isEqualTo(GO_ON);
    assertThat(again.report(3, 1.8)).isEqualTo(PAUSE);
    assertThat(ask(study).number()).as("a new one").isEqualTo(3);
  }

  @Test
  void ashaLetsATrialGoOnAtOnceThatIsAmongTheBest() {
    var study = study(new Asha(1, 9L, 3));
    ask(study).report(1, 3);
    ask(study).report(1, 2);
    var best = ask(study);
    assertThat(best.report(1, 1)).isEqualTo(GO_ON);
    assertThat(best.report(3, 1)).as("the only one there").isEqualTo(PAUSE);
    assertThat(study.trial(best.number()).rung()).isEqualTo(1);
  }

  @Test
  void aTrialAtTheLastRungEndsByItself() {
    var study = study(new Asha(1, 3L, 3));
    ask(study).report(1, 3);
    ask(study).report(1, 2);
    var best = ask(study);
    assertThat(best.report(1, 1)).isEqualTo(GO_ON);
    assertThat(best.report(3, 1)).isEqualTo(GO_ON);
    best.tell(1);
    assertThat(study.best().orElseThrow().number()).isEqualTo(best.number());
  }

  @Test
  void ashaNeitherResumesWhatIsLostNorTwice() {
    var study = study(new Asha(1, 9L, 2));
    ask(study).report(1, Double.NaN);
    ask(study).report(1, Double.NaN);
    assertThat(ask(study).report(1, 1))
        .as("the best of three, one of which passes")
        .isEqualTo(GO_ON);
    assertThat(ask(study).report(1, 2)).as("and two of four").isEqualTo(GO_ON);
    ask(study).report(1, 3);
    ask(study).report(1, 4);
    var numbers = new ArrayList<Integer>();
    for (int i = 0; i < 3; i++) {
      numbers.add(ask(study).number());
    }
    assertThat(numbers).containsExactly(4, 6, 7);
  }

  /// The same decisions, whether the study was restored in between or not.
  @Test
  void aRestoredStudyResumesTheSame() throws Exception {
    var straight = study(new Hyperband(1, 27, 3));
    var restarted = study(new Hyperband(1, 27, 3));
    for (int i = 0; i < 60; i++) {
      assertThat(step(restarted)).isEqualTo(step(straight));
      restarted = Study.read(Json.MAPPER.readTree(restarted.toJson().toString()));
    }
    assertThat(restarted.trials()).isEqualTo(straight.trials());
    assertThat(straight.trials()).anyMatch(trial -> trial.rung() > 1);
  }

  private static List<Object> step(Study study) {
    var trial = ask(study);
    long at = trial.budget();
    var verdict = trial.report(at, Problems.x(trial.params(), 0) + 1.0 / at);
    if (verdict == GO_ON) {
      trial.tell(Problems.x(trial.params(), 0));
    }
    return List.of(trial.number(), at, verdict);
  }

  /// 27, 12, 6 and 4 trials are what Hyperband gives its brackets with eta 3.
  @Test
  void hyperbandSpreadsTrialsOverItsBrackets() {
    var study = study(new Hyperband(1, 27, 3));
    var budgets = IntStream.range(0, 49).mapToObj(_ -> ask(study).budget()).toList();
    assertThat(budgets.stream().filter(budget -> budget == 1)).hasSize(27);
    assertThat(budgets.stream().filter(budget -> budget == 3)).hasSize(12);
    assertThat(budgets.stream().filter(budget -> budget == 9)).hasSize(6);
    assertThat(budgets.stream().filter(budget -> budget == 27)).hasSize(4);
  }

  @ParameterizedTest
  @CsvSource({
    "asha, 0, 9, 3, ",
    "asha, -1, 9, 3, MIN_INVALID",
    "asha, 1, 9, 1, ETA_INVALID",
    "asha, 10, 9, 3, MAX_INVALID",
    "hyperband, 1, 0, 3, MAX_INVALID",
    "halving, 1, 9, 1, ETA_INVALID",
  })
  void settingsAreChecked(String type, long min, long max, int eta, String error) {
    var json = study(new NoPruner()).spec().toJson();
    json.putObject("pruner").put("type", type).put("min", min).put("max", max).put("eta", eta);
    var problem = catchThrowableOfType(ProblemException.class, () -> StudySpec.read(json));
    if (error == null) {
      assertThat(problem).isNull();
    } else {
      assertThat(problem.problem().errors())
          .extracting(violation -> violation.code())
          .containsExactly(error);
    }
  }
}
