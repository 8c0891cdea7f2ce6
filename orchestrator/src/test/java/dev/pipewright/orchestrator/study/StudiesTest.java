package dev.pipewright.orchestrator.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.orchestrator.OrchestratorRelay;
import dev.pipewright.orchestrator.study.StudyStore.TrialRow;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Kafka;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tune.Study;
import dev.pipewright.tune.StudySpec;
import dev.pipewright.tune.TrialState;
import dev.pipewright.tune.Verdict;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StudiesTest {
  private static final String SPEC =
      """
      {"space": {"kind": {"values": ["a", "b"]}, "x": {"type": "double", "low": 0, "high": 1}},
       "objectives": [{"name": "loss"}], "seed": 5, "lease": "60s"%s}
      """;

  private final HandClock clock = new HandClock();
  private Db db;
  private Studies studies;

  /// A clock that the test moves.
  private static final class HandClock extends Clock {
    Instant now = Instant.parse("2026-01-31T00:00:00Z");

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @BeforeAll
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "orchestrator");
    db = new Db(source);
  }

  @BeforeEach
  void begin() {
    db.useTransaction(tx -> tx.execute("delete from orchestrator.study"));
    studies = server();
  }

  private Studies server() {
    var relay = new OrchestratorRelay(db, Kafka.at("127.0.0.1:1"));
    return new Studies(db, new StudyStore(db), relay, clock);
  }

  private static JsonNode spec(String more) throws Exception {
    return Json.MAPPER.readTree(SPEC.formatted(more));
  }

  private TrialRow ask() {
    return studies.ask("s", "me", null).trial();
  }

  private static double loss(TrialRow trial) {
    return Math.abs(trial.json().get("x").asDouble() - 0.3);
  }

  @Test
  void aStudyIsMadeOnce() throws Exception {
    assertThat(studies.create("s", spec(""))).isTrue();
    assertThat(studies.create("s", spec(""))).isFalse();
    assertThatThrownBy(() -> studies.create("s", spec(", \"maxTrials\": 3")))
        .hasMessageContaining("STUDY_EXISTS");
    assertThatThrownBy(() -> studies.ask("t", null, null)).hasMessageContaining("STUDY_NOT_FOUND");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'seed': 'abc', 'maxTrials': 10000000000, 'space': [1], 'lease': 5, 'from': 'x'}",
        "{'objectives': {'auc': {'name': 'auc'}}, 'from': [{}]}",
        "{'objectives': [null, 3, {'name': [], 'direction': {}}], 'space': null}",
      })
  void whateverIsStoredIsShown(String stored) throws Exception {
    assertThat(StudyReader.shown(Json.MAPPER.readTree(stored.replace('\'', '"')))).isNotNull();
  }

  /// Two servers in turn, each killed after every third step, make the trials that one process
  /// makes.
  @Test
  void serversThatComeAndGoMakeTheSameTrials() throws Exception {
    var json = spec(", \"pruner\": {\"type\": \"asha\", \"min\": 1, \"max\": 9}");
    studies.create("s", json);
    var alone = Study.of(StudySpec.read(StudyReader.search(json)));
    var servers = new ArrayList<>(List.of(server(), server()));
    for (int i = 0; i < 60; i++) {
      if (i % 3 == 2) {
        servers.set(i % 2, server());
      }
      var server = servers.get(i % 2);
      var asked = server.ask("s", "w", null);
      var trial = asked.trial();
      var expected = alone.ask().orElseThrow();
      assertThat(trial.number()).isEqualTo(expected.number());
      assertThat(trial.json()).isEqualTo(json(expected.params()));
      assertThat(asked.budget()).isEqualTo(expected.budget());
      assertThat(asked.resumed()).isEqualTo(expected.resumed());
      double loss = loss(trial);
      var verdict = server.report("s", trial.number(), asked.budget(), loss, trial.attempt());
      assertThat(verdict).isEqualTo(expected.report(expected.budget(), loss));
      if (verdict == Verdict.GO_ON) {
        server.tell("s", trial.number(), List.of(loss), null, trial.attempt());
        expected.tell(loss);
      }
    }
    assertThat(server().<Object>look("s", Study::trials)).isEqualTo(alone.trials());
  }

  private static Map<String, JsonNode> json(Map<String, ?> params) {
    var json = new LinkedHashMap<String, JsonNode>();
    params.forEach((name, value) -> json.put(name, Json.MAPPER.valueToTree(value)));
    return json;
  }

  @Test
  void theSameKeyGetsTheSameTrial() throws Exception {
    studies.create("s", spec(""));
    var first = studies.ask("s", "me", "k1").trial();
    assertThat(server().ask("s", "me", "k1").trial()).isEqualTo(first);
    assertThat(studies.ask("s", "me", "k2").trial().number()).isEqualTo(1);
    studies.tell("s", 0, List.of(1.0), null, null);
    assertThat(studies.ask("s", "me", "k1").trial().state()).isEqualTo(TrialState.COMPLETE);
  }

  @Test
  void workersAtOnceGetDifferentTrials() throws Exception {
    studies.create("s", spec(", \"maxTrials\": 40"));
    var servers = List.of(server(), server());
    List<Integer> numbers = new ArrayList<>();
    try (var workers = Executors.newFixedThreadPool(4)) {
      List<Future<List<Integer>>> futures =
          IntStream.range(0, 4)
              .mapToObj(i ->
                  workers.submit(() -> {
                    var mine = new ArrayList<Integer>();
                    var server = servers.get(i % 2);
                    for (var trial = server.ask("s", "w", null).trial();
                        trial != null;
                        trial = server.ask("s", "w", null).trial()) {
                      mine.add(trial.number());
                      server.tell("s", trial.number(), List.of(loss(trial)), null, null);
                    }
                    return (List<Integer>) mine;
                  }))
              .toList();
      for (var future : futures) {
        numbers.addAll(future.get());
      }
    }
    assertThat(numbers).hasSize(40).doesNotHaveDuplicates();
    var asked = studies.ask("s", "w", null);
    assertThat(asked.trial()).isNull();
    assertThat(asked.ended()).isTrue();
    assertThat(new StudyStore(db).find("s").orElseThrow().state()).isEqualTo(StudyState.ENDED);
  }

  @Test
  void aSilentTrialIsHandedOutAgainAndThenGivenUp() throws Exception {
    studies.create("s", spec(", \"maxTrials\": 1"));
    for (int attempt = 1; attempt <= 4; attempt++) {
      var trial = ask();
      assertThat(trial.number()).isZero();
      assertThat(trial.attempt()).isEqualTo(attempt);
      clock.now = clock.now.plus(Duration.ofSeconds(50));
      assertThat(studies.report("s", 0, attempt, 1, attempt)).isEqualTo(Verdict.GO_ON);
      clock.now = clock.now.plus(Duration.ofSeconds(59));
      assertThat(ask()).as("it was heard of in time").isNull();
      clock.now = clock.now.plus(Duration.ofSeconds(2));
    }
    var asked = studies.ask("s", "me", null);
    assertThat(asked.trial()).isNull();
    assertThat(asked.ended()).isTrue();
    var study = new StudyStore(db).find("s").orElseThrow();
    assertThat(studies.trial(study.number(), 0).orElseThrow())
        .satisfies(trial -> {
          assertThat(trial.state()).isEqualTo(TrialState.FAILED);
          assertThat(trial.message()).contains("Nothing was heard of its worker for 60 s");
        });
  }

  private TrialRow trial(int number) {
    var study = new StudyStore(db).find("s").orElseThrow();
    return studies.trial(study.number(), number).orElseThrow();
  }

  /// That it was let past its rungs is no loss.
  @Test
  void aTrialThatWasPausedOftenIsHandedOutAgainAsWell() throws Exception {
    studies.create("s", spec(", \"pruner\": {\"type\": \"asha\", \"min\": 1, \"max\": 9}"));
    var asked = studies.ask("s", "w", null);
    while (asked.trial().attempt() < 3) {
      int number = asked.trial().number();
      double loss = loss(asked.trial());
      if (studies.report("s", number, asked.budget(), loss, null) == Verdict.GO_ON) {
        studies.tell("s", number, List.of(loss), null, null);
      }
      asked = studies.ask("s", "w", null);
    }
    clock.now = clock.now.plus(Duration.ofSeconds(61));
    studies.takeInSilent();
    assertThat(trial(asked.trial().number()))
        .satisfies(trial -> {
          assertThat(trial.state()).isEqualTo(TrialState.WAITING);
          assertThat(trial.lost()).isEqualTo(1);
          assertThat(trial.attempt()).isEqualTo(3);
        });
  }

  @Test
  void lostWorkersAreTakenInWhereNobodyAsks() throws Exception {
    forget();
    studies.create("s", spec(""));
    studies.create("t", spec(""));
    ask();
    studies.ask("t", "me", null);
    studies.stop("t");
    studies.takeInSilent();
    assertThat(trial(0).state()).isEqualTo(TrialState.RUNNING);
    clock.now = clock.now.plus(Duration.ofSeconds(61));
    server().takeInSilent();
    assertThat(trial(0).state()).isEqualTo(TrialState.WAITING);
    long stopped = new StudyStore(db).find("t").orElseThrow().number();
    assertThat(studies.trial(stopped, 0).orElseThrow())
        .as("nobody is to have it again")
        .satisfies(trial -> {
          assertThat(trial.state()).isEqualTo(TrialState.FAILED);
          assertThat(trial.leaseUntil()).isNull();
        });
    assertThat(new StudyStore(db).withSilent(clock.now)).isEmpty();
  }

  /// A worker whose steps take longer than its lease is not lost as long as nobody else has its
  /// trial.
  @Test
  void aSlowWorkerKeepsATrialThatNobodyElseHas() throws Exception {
    studies.create("s", spec(", \"maxTrials\": 2"));
    ask();
    for (long step : new long[] {1, 2, 2, 3, 4, 5}) {
      giveBack();
      assertThat(studies.report("s", 0, step, 1, 1)).isEqualTo(Verdict.GO_ON);
      assertThat(trial(0))
          .satisfies(trial -> {
            assertThat(trial.state()).isEqualTo(TrialState.RUNNING);
            assertThat(trial.leaseUntil()).isEqualTo(clock.now.plus(Duration.ofSeconds(60)));
            assertThat(trial.lost()).isZero();
            assertThat(trial.message()).isNull();
          });
      assertThat(studies.<TrialState>look("s", study -> study.trial(0).state()))
          .isEqualTo(TrialState.RUNNING);
    }
    giveBack();
    studies.tell("s", 0, List.of(1.0), null, 1);
    assertThat(trial(0))
        .satisfies(trial -> {
          assertThat(trial.state()).isEqualTo(TrialState.COMPLETE);
          assertThat(trial.lost()).isZero();
          assertThat(trial.message()).isNull();
        });
  }

  private void giveBack() {
    clock.now = clock.now.plus(Duration.ofSeconds(61));
    server().takeInSilent();
    assertThat(trial(0).state()).isEqualTo(TrialState.WAITING);
  }

  @Test
  void theSameKeyTakesUpATrialThatWasGivenBack() throws Exception {
    studies.create("s", spec(""));
    studies.ask("s", "me", "key");
    giveBack();
    var again = studies.ask("s", "me", "key").trial();
    assertThat(again.state()).isEqualTo(TrialState.RUNNING);
    assertThat(again.attempt()).isEqualTo(1);
    assertThat(again.lost()).isZero();
    assertThat(again.leaseUntil()).isEqualTo(clock.now.plus(Duration.ofSeconds(60)));
    assertThat(ask().number()).as("nobody else gets it").isEqualTo(1);
    assertThat(studies.report("s", 0, 1, 1, 1)).isEqualTo(Verdict.GO_ON);
    giveBack();
    studies.stop("s");
    assertThat(studies.ask("s", "me", "key").trial().state())
        .as("nobody wants to know")
        .isEqualTo(TrialState.WAITING);
  }

  @Test
  void workersHaveTimeToComeBackAfterAStart() throws Exception {
    studies.create("s", spec(""));
    ask();
    clock.now = clock.now.plus(Duration.ofHours(1));
    var loop = new StudyLoop(server(), clock);
    loop.step();
    clock.now = clock.now.plus(Duration.ofSeconds(119));
    loop.step();
    assertThat(trial(0).state()).isEqualTo(TrialState.RUNNING);
    clock.now = clock.now.plus(Duration.ofSeconds(1));
    loop.step();
    assertThat(trial(0).state()).isEqualTo(TrialState.WAITING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"s", "t"})
  void aDamagedStudyDoesNotHoldUpOthers(String damaged) throws Exception {
    for (var name : List.of("s", "t")) {
      studies.create(name, spec(""));
      studies.ask(name, "me", null);
    }
    long number = new StudyStore(db).find(damaged).orElseThrow().number();
    db.useTransaction(
        tx -> tx.execute("update orchestrator.trial set params = '[]' where study = ?", number));
    clock.now = clock.now.plus(Duration.ofSeconds(61));
    server().takeInSilent();
    assertThat(new StudyStore(db).withSilent(clock.now)).containsExactly(damaged);
  }

  @Test
  void whoReportsEachOfManyStepsIsNoBurden() throws Exception {
    forget();
    studies.create("s", spec(", \"pruner\": {\"type\": \"asha\", \"min\": 5003, \"max\": 81000}"));
    ask();
    studies.report("s", 0, 5000, 1, 1);
    long version = new StudyStore(db).find("s").orElseThrow().version();
    clock.now = clock.now.plus(Duration.ofSeconds(50));
    assertThat(studies.report("s", 0, 5001, 1, 1)).isEqualTo(Verdict.GO_ON);
    assertThat(studies.report("s", 0, 4000, 1, 1)).isEqualTo(Verdict.GO_ON);
    assertThat(new StudyStore(db).find("s").orElseThrow().version()).isEqualTo(version);
    assertThat(studies.reports(trial(0).study(), 0)).containsOnlyKeys(5000L);
    assertThat(trial(0).leaseUntil()).isEqualTo(clock.now.plus(Duration.ofSeconds(60)));
    assertThat(studies.report("s", 0, 5003, 1, 1)).as("at its rung").isEqualTo(Verdict.PAUSE);
    assertThat(studies.reports(trial(0).study(), 0)).containsOnlyKeys(5000L, 5003L);
    assertThat(told())
        .extracting(Told::what)
        .filteredOn(what -> what.startsWith("loss"))
        .as("what is left out is not told either, or it would be the newest")
        .containsExactly("loss 5000: 1.0", "loss 5003: 1.0");
  }

  @Test
  void whoeverLostATrialIsToldSo() throws Exception {
    studies.create("s", spec(""));
    ask();
    clock.now = clock.now.plus(Duration.ofSeconds(61));
    assertThat(ask().attempt()).isEqualTo(2);
    assertThat(studies.report("s", 0, 1, 0.5, 1)).isEqualTo(Verdict.STOP);
    assertThatThrownBy(() -> studies.tell("s", 0, List.of(1.0), null, 1))
        .hasMessageContaining("attempt 2 has it, not 1");
    assertThat(studies.report("s", 0, 1, 0.5, 2)).isEqualTo(Verdict.GO_ON);
    studies.tell("s", 0, List.of(1.0), null, 2);
  }

  @Test
  void aStoppedStudyMakesNoTrialsAndStopsThoseThatRun() throws Exception {
    studies.create("s", spec(""));
    ask();
    studies.stop("s");
    assertThat(studies.ask("s", "me", null).ended()).isTrue();
    assertThat(studies.report("s", 0, 1, 1, null)).isEqualTo(Verdict.STOP);
    studies.tell("s", 0, List.of(2.0), null, null);
    assertThat(new StudyStore(db).find("s").orElseThrow().values()).containsExactly(2.0);
    assertThatThrownBy(() -> studies.enqueue("s", Map.of("x", 0.5)))
        .hasMessageContaining("STUDY_ENDED");
  }

  /// What could not be written is not remembered either.
  @Test
  void aStepThatFailsLeavesNothingBehind() throws Exception {
    forget();
    studies.create("s", spec(""));
    ask();
    assertThatThrownBy(() -> studies.ask("s", "a NUL character \0", null))
        .hasMessageContaining("invalid byte sequence");
    assertThat(told()).extracting(Told::run).doesNotContain("trial 1");
    assertThat(ask().number()).isEqualTo(1);
    assertThat(studies.<Integer>look("s", study -> study.trials().size())).isEqualTo(2);
  }

  @Test
  void learnsFromAnEarlierStudy() throws Exception {
    studies.create("s", spec(", \"maxTrials\": 30"));
    for (var trial = ask(); trial != null; trial = ask()) {
      studies.tell("s", trial.number(), List.of(loss(trial)), null, null);
    }
    assertThatThrownBy(() -> studies.create("t", spec(", \"from\": [\"u\"]")))
        .hasMessageContaining("STUDY_INVALID");
    var other = Json.MAPPER.readTree(spec(", \"from\": [\"s\"]").toString().replace("loss", "auc"));
    assertThatThrownBy(() -> studies.create("t", other))
        .hasMessageContaining("'s' has no objective 'auc'");
    studies.create("t", spec(", \"from\": [\"s\"]"));
    var first = studies.ask("t", "me", null).trial();
    assertThat(first.number()).isEqualTo(30);
    assertThat(loss(first)).isLessThan(0.1);
  }

  // Runs -----------------------------------------------------------------------------------------

  private record Told(String run, String what) {}

  /// What the tracker is told, in order, by the names of runs; each piece once.
  private List<Told> told() {
    var names = new LinkedHashMap<String, String>();
    return db.inTransaction(tx -> {
      var payloads =
          tx.createQuery("select payload from orchestrator.outbox order by number")
              .mapTo(byte[].class)
              .list();
      var told = new ArrayList<Told>();
      for (var payload : payloads) {
        var event = read(payload);
        if (event.hasRunStarted()) {
          assertThat(names.put(event.getRunId(), event.getRunStarted().getName()))
              .as("each begins once")
              .isNull();
          assertThat(event.getRunStarted().getExperiment()).isEqualTo("s");
        }
        told.add(new Told(names.get(event.getRunId()), what(event, names)));
      }
      return told;
    });
  }

  private static RunEvent read(byte[] payload) {
    try {
      return RunEvent.parseFrom(payload);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static String what(RunEvent event, Map<String, String> names) {
    return switch (event.getEventCase()) {
      case RUN_STARTED -> "begins below " + names.get(event.getRunStarted().getParentRunId());
      case PARAMS_LOGGED ->
          "params " + new TreeMap<>(event.getParamsLogged().getParamsMap()).keySet();
      case TAGS_SET -> "tags " + new TreeMap<>(event.getTagsSet().getTagsMap()).keySet();
      case METRICS_LOGGED -> {
        var series = event.getMetricsLogged().getSeries(0);
        yield series.getKey() + " " + series.getSteps(0) + ": " + series.getValues(0);
      }
      case RUN_FINISHED ->
          (event.getRunFinished().getStatus() + " " + event.getRunFinished().getMessage()).strip();
      default -> throw new AssertionError(event);
    };
  }

  private void forget() {
    db.useTransaction(tx -> tx.execute("delete from orchestrator.outbox"));
  }

  @Test
  void aStudyIsARunAndItsTrialsAreRunsBelowIt() throws Exception {
    forget();
    studies.create("s", spec(", \"pruner\": {\"type\": \"halving\", \"eta\": 2}"));
    studies.create("s", spec(", \"pruner\": {\"type\": \"halving\", \"eta\": 2}"));
    var first = ask();
    studies.report("s", 0, 1, 0.5, 1);
    studies.tell("s", 0, List.of(0.25), null, 1);
    studies.tell("s", 0, List.of(0.25), null, 1);
    ask();
    studies.report("s", 1, 1, 0.75, 1);
    studies.report("s", 1, 2, 0.75, 1);
    ask();
    studies.tell("s", 2, List.of(), "it broke", 1);
    var params = "params [kind, x]";
    var tags = "tags [mlflow.parentRunId, pipewright.study, pipewright.trial, pipewright.worker]";
    assertThat(told())
        .containsExactly(
            new Told("s", "begins below null"),
            new Told("s", "params [objective loss, pruner, sampler, seed]"),
            new Told("s", "tags [pipewright.study]"),
            new Told("trial 0", "begins below s"),
            new Told("trial 0", params),
            new Told("trial 0", tags),
            new Told("trial 0", "loss 1: 0.5"),
            new Told("trial 0", "loss 1: 0.25"),
            new Told("trial 0", "RUN_STATUS_FINISHED"),
            new Told("trial 1", "begins below s"),
            new Told("trial 1", params),
            new Told("trial 1", tags),
            new Told("trial 1", "loss 1: 0.75"),
            new Told("trial 1", "tags [pipewright.pruned]"),
            new Told("trial 1", "RUN_STATUS_KILLED stopped early at step 1, where loss = 0.75"),
            new Told("trial 2", "begins below s"),
            new Told("trial 2", params),
            new Told("trial 2", tags),
            new Told("trial 2", "RUN_STATUS_FAILED it broke"));
    var store = new StudyStore(db);
    assertThat(first.trackedRunId()).hasSize(32);
    assertThat(store.isExpected(first.trackedRunId())).as("it has ended").isFalse();
    assertThat(store.isExpected(ask().trackedRunId())).isTrue();
  }

  @Test
  void eachObjectiveIsToldInTheEnd() throws Exception {
    forget();
    var two =
        spec("")
            .toString()
            .replace("{\"name\":\"loss\"}", "{\"name\":\"loss\"},{\"name\":\"time\"}");
    studies.create("s", Json.MAPPER.readTree(two));
    ask();
    studies.report("s", 0, 1, 0.5, 1);
    studies.tell("s", 0, List.of(0.5, 0.5), null, 1);
    assertThat(told())
        .filteredOn(told -> told.what.contains(": "))
        .containsExactly(new Told("trial 0", "loss 1: 0.5"), new Told("trial 0", "time 1: 0.5"));
  }

  @Test
  void aTrialThatIsHandedOutAgainGoesOnInItsRun() throws Exception {
    forget();
    studies.create("s", spec(", \"maxTrials\": 1"));
    var run = ask().trackedRunId();
    for (int attempt = 2; attempt <= 5; attempt++) {
      clock.now = clock.now.plus(Duration.ofSeconds(61));
      var again = ask();
      assertThat(again == null ? run : again.trackedRunId()).isEqualTo(run);
    }
    assertThat(told())
        .filteredOn(told -> told.what.startsWith("begins") || told.what.startsWith("RUN"))
        .containsExactly(
            new Told("s", "begins below null"),
            new Told("trial 0", "begins below s"),
            new Told("trial 0", "RUN_STATUS_FAILED Nothing was heard of its worker for 60 s."),
            new Told("s", "RUN_STATUS_FINISHED"));
  }

  @Test
  void whatIsPausedEndsWithItsStudy() throws Exception {
    forget();
    studies.create("s", spec(", \"maxTrials\": 1, \"pruner\": \"asha\""));
    ask();
    assertThat(studies.report("s", 0, 1, 0.5, 1)).isEqualTo(Verdict.PAUSE);
    assertThat(told())
        .filteredOn(told -> told.what.startsWith("RUN"))
        .containsExactly(
            new Told("trial 0", "RUN_STATUS_KILLED stopped early at step 1, where loss = 0.5"),
            new Told("s", "RUN_STATUS_FINISHED"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nothingRunsOnInAStudyThatIsStoppedOrDeleted(boolean deleted) throws Exception {
    forget();
    studies.create("s", spec(""));
    ask();
    ask();
    studies.tell("s", 0, List.of(1.0), null, null);
    if (deleted) {
      studies.delete("s");
      assertThat(new StudyStore(db).find("s")).isEmpty();
      assertThatThrownBy(() -> studies.delete("s")).hasMessageContaining("STUDY_NOT_FOUND");
    } else {
      studies.stop("s");
    }
    assertThat(told())
        .filteredOn(told -> told.what.startsWith("RUN"))
        .containsExactly(
            new Told("trial 0", "RUN_STATUS_FINISHED"),
            new Told("trial 1", "RUN_STATUS_KILLED the study was stopped"),
            new Told("s", "RUN_STATUS_KILLED the study was stopped"));
  }

  @Test
  void aStudyThatCannotBeReadCanBeDeleted() throws Exception {
    studies.create("s", spec(""));
    db.useTransaction(tx ->
        tx.execute("update orchestrator.study set spec = '{\"objectives\": []}' where name = 's'"));
    var fresh = server();
    assertThatThrownBy(() -> fresh.ask("s", "me", null)).hasMessageContaining("STUDY_INVALID");
    fresh.delete("s");
    assertThat(new StudyStore(db).find("s")).isEmpty();
  }
}
