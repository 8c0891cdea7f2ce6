package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.StudyCurves;
import dev.pipewright.contract.api.StudyTrial;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineLookup;
import dev.pipewright.orchestrator.pipeline.PipelineStore.StoredVersion;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

/// A task's study as people read it.
class TaskStudiesTest {
  private static final String SOURCE =
      """
      name: p
      tasks:
        prepare: { command: ["true"] }
        tune:
          command: ["true"]
          study:
            space:
              lr: { type: double, low: 1.0e-4, high: 1, log: true }
              kind: { values: [a, b] }
            objective: auc
            direction: maximize
            metric: validation_auc
            trials: 40
            pruner: asha
          outputs: { auc: { type: double } }
      """;
  private static Db db;
  private static StoredVersion version;

  private final UUID run = UUID.randomUUID();
  private final TaskStudies studies =
      new TaskStudies(
          new TrialReadStore(db), new RunReadStore(db), new TaskReadStore(db), (_, _) -> version);

  @BeforeAll
  static void openDatabase() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "orchestrator");
    db = new Db(source);
    PipelineLookup none =
        new PipelineLookup() {
          @Override
          public Optional<Signature> find(String name, @Nullable Integer version) {
            return Optional.empty();
          }
        };
    var spec = PipelineLanguage.require(SOURCE, none);
    var signature = PipelineLookup.Signature.of(spec, 1, none);
    version = new StoredVersion("p", 1, "d", SOURCE, spec, signature, List.of(), Instant.EPOCH);
    sql(
        "insert into orchestrator.pipeline (name, latest_version, created_at, updated_at)"
            + " values ('p', 1, now(), now())");
    sql(
        "insert into orchestrator.pipeline_version (pipeline, version, digest, source, files, created_at)"
            + " values ('p', 1, 'd', 's', '[]', now())");
  }

  @BeforeEach
  void makeRun() {
    sql(
        "insert into orchestrator.pipeline_run"
            + " (id, pipeline, version, state, params, tracked_run_id, revision, created_at)"
            + " values (?, 'p', 1, 'RUNNING', '{}', 't', 9, timestamptz '2026-01-01Z')",
        run);
    task("prepare", null, 0, "SUCCEEDED", null, "{}");
    task("tune", null, 0, "RUNNING", null, "{}");
  }

  private static void sql(String sql, @Nullable Object... args) {
    db.useTransaction(tx -> tx.execute(sql, args));
  }

  private void task(
      String name,
      @Nullable String group,
      int index,
      String state,
      @Nullable String item,
      String outputs) {
    sql(
        "insert into orchestrator.task"
            + " (run_id, name, position, kind, needs, state, group_name, index, item, outputs)"
            + " values (?, ?, 1, 'k', '{}', ?, ?, ?, cast(? as jsonb), cast(? as jsonb))",
        run,
        name,
        state,
        group,
        index,
        item,
        outputs);
  }

  private void trial(int number, String state, String outputs) {
    var item =
        "{\"params\": {\"lr\": %s, \"kind\": \"%s\"}, \"asked\": 0}"
            .formatted(0.01 * (number + 1), number % 2 == 0 ? "a" : "b");
    task("tune[%d]".formatted(number), "tune", number, state, item, outputs);
  }

  private void marked(int number, String state, String mark) {
    trial(number, state, "{}");
    sql(
        "update orchestrator.task set trial = cast(? as jsonb) where run_id = ? and name = ?",
        "{\"state\": \"%s\", \"rung\": 0, \"left\": 1}".formatted(mark),
        run,
        "tune[%d]".formatted(number));
  }

  private void point(int trial, long step, double value) {
    sql(
        "insert into orchestrator.trial_point (run_id, task, step, value) values (?, ?, ?, ?)",
        run,
        "tune[%d]".formatted(trial),
        step,
        value);
  }

  private void attempt(int trial, int number, String trackedRun, @Nullable String message) {
    sql(
        "insert into orchestrator.attempt"
            + " (id, run_id, task, number, state, tracked_run_id, inputs, message, created_at,"
            + " started_at, ended_at)"
            + " values (?, ?, ?, ?, 'FAILED', ?, '{}', ?, timestamptz '2026-01-02Z',"
            + " timestamptz '2026-01-02Z' + ? * interval '1 h',"
            + " timestamptz '2026-01-02Z' + ? * interval '1 h' + interval '1 min')",
        UUID.randomUUID(),
        run,
        "tune[%d]".formatted(trial),
        number,
        trackedRun,
        message,
        number,
        number);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "PENDING         | {}               | WAITING  | []",
        "READY           | {}               | WAITING  | []",
        "RUNNING         | {}               | RUNNING  | []",
        "RETRYING        | {}               | RUNNING  | []",
        "SUCCEEDED       | {\"auc\": 0.75}  | COMPLETE | [0.75]",
        "SUCCEEDED       | {\"auc\": 1}     | COMPLETE | [1.0]",
        "SUCCEEDED       | {\"auc\": \"-\"} | FAILED   | []",
        "SUCCEEDED       | {}               | FAILED   | []",
        "FAILED          | {\"auc\": 0.75}  | FAILED   | []",
        "CANCELLED       | {}               | FAILED   | []",
        "UPSTREAM_FAILED | {}               | FAILED   | []",
        "PRUNED          | {}               | PRUNED   | []",
      })
  void anInstanceIsATrial(String state, String outputs, String shown, String values) {
    trial(0, state, outputs);
    assertThat(studies.trials(run, "tune"))
        .singleElement()
        .satisfies(trial -> {
          assertThat(trial.state()).isEqualTo(shown);
          assertThat(trial.values()).hasToString(values);
          assertThat(trial.params()).containsOnlyKeys("lr", "kind");
        });
  }

  @Test
  void aTrialNamesTheRunOfItsLastAttemptAndWhyItFailed() {
    trial(0, "FAILED", "{}");
    attempt(0, 1, "first", "it broke");
    attempt(0, 2, "second", "it broke again");
    trial(1, "SUCCEEDED", "{\"auc\": 1}");
    attempt(1, 1, "third", null);
    assertThat(studies.trials(run, "tune"))
        .extracting(StudyTrial::runId, StudyTrial::attempt, StudyTrial::message)
        .containsExactly(tuple("second", 2, "it broke again"), tuple("third", 1, null));
  }

  @Test
  void aTrialTookFromItsFirstAttemptToTheEndOfItsLast() {
    trial(0, "FAILED", "{}");
    sql("update orchestrator.task set ended_at = now() where run_id = ? and name = 'tune[0]'", run);
    trial(1, "RUNNING", "{}");
    for (int trial = 0; trial < 2; trial++) {
      attempt(trial, 1, "first", null);
      attempt(trial, 2, "second", null);
    }
    assertThat(studies.trials(run, "tune"))
        .extracting(StudyTrial::startedAt, StudyTrial::endedAt)
        .containsExactly(
            tuple(Instant.parse("2026-01-02T01:00:00Z"), Instant.parse("2026-01-02T02:01:00Z")),
            tuple(Instant.parse("2026-01-02T01:00:00Z"), null));
  }

  @Test
  void theStudySaysWhatWasFound() {
    for (int i = 0; i < 12; i++) {
      trial(i, "SUCCEEDED", "{\"auc\": %s}".formatted(i == 7 ? 0.9 : 0.5 + i / 100.0));
    }
    trial(12, "RUNNING", "{}");
    var study = studies.study(run, "tune");
    assertThat(study.name()).isEqualTo("tune");
    assertThat(study.state()).isEqualTo("RUNNING");
    assertThat(study.trials()).isEqualTo(Map.of("COMPLETE", 12, "RUNNING", 1));
    assertThat(study.best()).isEqualTo(7);
    assertThat(study.bestValues()).containsExactly(0.9);
    assertThat(study.spec().maxTrials()).isEqualTo(40);
    assertThat(study.spec().metric()).isEqualTo("validation_auc");
    assertThat(study.spec().space()).containsOnlyKeys("lr", "kind");
    assertThat(study.spec().objectives().getFirst().direction()).isEqualTo("maximize");
    assertThat(study.updatedAt()).isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
    var result = studies.result(run, "tune");
    assertThat(result.best()).isNotNull();
    assertThat(result.best().number()).isEqualTo(7);
    assertThat(result.importance()).containsOnlyKeys("lr", "kind");
  }

  @Test
  void trialsThatWereStoppedOrPausedSayWhatTheyReached() {
    marked(0, "PRUNED", "PRUNED");
    marked(1, "PENDING", "PAUSED");
    marked(2, "READY", "RUNNING");
    point(0, 1, 0.2);
    point(1, 1, 0.3);
    var before = studies.study(run, "tune").updatedAt();
    point(1, 3, 0.4);
    var study = studies.study(run, "tune");
    assertThat(study.updatedAt()).isAfter(before);
    assertThat(study.trials()).isEqualTo(Map.of("PRUNED", 1, "PAUSED", 1, "WAITING", 1));
    assertThat(study.best()).isEqualTo(1);
    assertThat(studies.curves(run, "tune"))
        .containsExactly(
            new StudyCurves.Curve(0, List.of(1L), List.of(0.2)),
            new StudyCurves.Curve(1, List.of(1L, 3L), List.of(0.3, 0.4)));
  }

  @Test
  void aStudyWithoutTrialsIsOneToo() {
    var study = studies.study(run, "tune");
    assertThat(study.trials()).isEmpty();
    assertThat(study.best()).isNull();
    assertThat(studies.result(run, "tune").importance()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "prepare, has no task 'prepare' that is a study",
    "tune[0], has no task 'tune[0]' that is a study",
    "nothing, has no task 'nothing'",
  })
  void otherTasksAreNone(String task, String detail) {
    trial(0, "RUNNING", "{}");
    assertThatThrownBy(() -> studies.study(run, task))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(detail);
  }
}
