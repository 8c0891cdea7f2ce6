package dev.pipewright.tracker.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.webhook.WebhookStore;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

class DeletionsTest {
  private static final Duration MONTH = Duration.ofDays(30);

  private Db db;
  private Deletions deletions;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    deletions = new Deletions(db, DeletionStore.on(db), RunStore.on(db), WebhookStore.on(db));
    execute(
        """
        insert into tracker.experiment (id, name, artifact_location) overriding system value
        values (7, 'seven', 'mlflow-artifacts:/7')
        """);
    for (var id : new String[] {"a", "b"}) {
      execute(
          """
          insert into tracker.run (id, experiment_id, name, status, start_time, artifact_uri)
          values ('%1$s', 7, 'n', 'RUNNING', now(), 'mlflow-artifacts:/7/%1$s/artifacts');
          insert into tracker.param select number, 'k', 'v', 7 from tracker.run where id = '%1$s';
          insert into tracker.run_source values ('%1$s', 's', 1);
          insert into tracker.artifact (path, digest, size, media_type) values
            ('7/%1$s/artifacts/f', 'd', 1, 't'), ('7/%1$s/artifacts/x/f', 'd', 1, 't');
          insert into tracker.logged_model (id, run_id, experiment_id, name, artifact_uri, params, created_at)
          values ('m-%1$s', '%1$s', 7, 'm', 'mlflow-artifacts:/7/models/m-%1$s/artifacts', '{}', now());
          insert into tracker.artifact (path, digest, size, media_type)
          values ('7/models/m-%1$s/artifacts/f', 'd', 1, 't');
          """
              .formatted(id));
    }
  }

  private void execute(String sql) {
    db.useTransaction(tx -> tx.createScript(sql).execute());
  }

  private long count(String from) {
    return db.read(handle ->
        handle.createQuery("select count(*) from tracker." + from).mapTo(Long.class).one());
  }

  private void register() {
    execute(
        """
        insert into tracker.registered_model (name) values ('wine');
        insert into tracker.model_version (name, version, model_id, source) values ('wine', 1, 'm-a', 's');
        """);
  }

  @Test
  void aRunThatIsDeletedForGoodLeavesNothing() {
    deletions.deleteRunForGood("a");
    assertThat(count("run")).isEqualTo(1);
    assertThat(count("param")).isEqualTo(1);
    assertThat(count("run_source")).isEqualTo(1);
    assertThat(count("logged_model")).isEqualTo(1);
    assertThat(count("artifact")).isEqualTo(3);
    assertThat(count("artifact where path like '%a/artifacts%'")).isZero();
    assertThatThrownBy(() -> deletions.deleteRunForGood("a"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("no run a");
  }

  @Test
  void whatARegisteredModelNeedsStays() {
    register();
    assertThatThrownBy(() -> deletions.deleteRunForGood("a"))
        .isInstanceOfSatisfying(
            ProblemException.class,
            problem ->
                assertThat(problem.problem().code()).isEqualTo(ProblemCode.RUN_IN_USE.name()))
        .hasMessageContaining("wine, version 1");
    assertThatThrownBy(() -> deletions.deleteExperimentForGood(7))
        .isInstanceOf(ProblemException.class);
    deletions.setExperimentDeleted(7, true);
    assertThat(deletions.deleteForGood(Duration.ZERO, false))
        .isEqualTo(Map.of("experiments", 0L, "models", 0L, "runs", 1L));
    assertThat(count("run where id = 'a'")).isEqualTo(1);
    assertThat(count("artifact")).isEqualTo(3);
  }

  /// Where the files of a version may be that names neither a run nor a model.
  @ParameterizedTest
  @CsvSource({
    "mlflow-artifacts:/7/a/artifacts/model, a",
    "mlflow-artifacts://host:5000/7/a/artifacts/x/, a",
    "mlflow-artifacts:/7/a/artifacts, a",
    "mlflow-artifacts:/7/models/m-a/artifacts, a",
    "mlflow-artifacts:/7/models/m-a/artifacts/deep/er, a",
    // Begins with the same letters, but is not below it.
    "mlflow-artifacts:/7/a/artifacts2/model, ",
    "mlflow-artifacts:/7, ",
    "mlflow-artifacts:/other, ",
    "s3://bucket/7/a/artifacts/model, ",
  })
  void filesThatAVersionUsesOnlyByTheirLocationStay(String location, String needed) {
    execute(
        """
        insert into tracker.registered_model (name) values ('wine');
        insert into tracker.model_version (name, version, source, storage_location)
        values ('wine', 1, 'somewhere', '%1$s'), ('wine', 2, 'models:/wine/1', '%1$s');
        """
            .formatted(location));
    deletions.setExperimentDeleted(7, true);

    long gone = needed == null ? 2 : 1;
    assertThat(deletions.deleteForGood(Duration.ZERO, true).get("runs")).isEqualTo(gone);
    if (needed == null) {
      deletions.deleteExperimentForGood(7);
      assertThat(count("artifact")).isZero();
      return;
    }
    assertThatThrownBy(() -> deletions.deleteRunForGood(needed))
        .isInstanceOfSatisfying(
            ProblemException.class,
            problem ->
                assertThat(problem.problem().code()).isEqualTo(ProblemCode.RUN_IN_USE.name()))
        .hasMessageContaining("wine, version ");
    assertThatThrownBy(() -> deletions.deleteExperimentForGood(7))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("wine, version ");
    deletions.deleteForGood(Duration.ZERO, false);
    assertThat(count("run where id = '" + needed + "'")).isEqualTo(1);
    assertThat(count("artifact where path like '%" + needed + "/artifacts/%'")).isEqualTo(3);
    assertThat(count("experiment where id = 7")).isEqualTo(1);
  }

  @Test
  void aModelThatIsDeletedByItselfStaysWhileAVersionHasItsFiles() {
    execute(
        """
        update tracker.logged_model set deleted_at = now() - interval '1 day';
        insert into tracker.registered_model (name) values ('wine');
        insert into tracker.model_version (name, version, source)
        values ('wine', 1, 'mlflow-artifacts:/7/models/m-a/artifacts');
        """);
    assertThat(deletions.deleteForGood(Duration.ZERO, false))
        .isEqualTo(Map.of("experiments", 0L, "models", 1L, "runs", 0L));
    assertThat(count("logged_model where id = 'm-a'")).isEqualTo(1);
    assertThat(count("artifact where path like '7/models/%'")).isEqualTo(1);
  }

  @Test
  void anExperimentGoesWithAllItHas() {
    deletions.deleteExperimentForGood(7);
    for (var table : new String[] {"run", "param", "run_source", "logged_model", "artifact"}) {
      assertThat(count(table)).as(table).isZero();
    }
    assertThat(count("experiment")).isEqualTo(1);
    assertThatThrownBy(() -> deletions.deleteExperimentForGood(0))
        .isInstanceOf(ProblemException.class);
  }

  @Test
  void whatWasDeletedLongAgoGoesAndTheRestStays() {
    deletions.setRunDeleted("a", true);
    deletions.setRunDeleted("b", true);
    execute("update tracker.run set deleted_at = now() - interval '31 days' where id = 'a'");
    var expected = Map.of("experiments", 0L, "models", 0L, "runs", 1L);
    assertThat(deletions.deleteForGood(MONTH, true)).isEqualTo(expected);
    assertThat(count("run")).isEqualTo(2);
    assertThat(deletions.deleteForGood(MONTH, false)).isEqualTo(expected);
    assertThat(count("run")).isEqualTo(1);
    deletions.setRunDeleted("b", false);
    assertThat(count("run where deleted_at is null")).isEqualTo(1);
    assertThat(deletions.deleteForGood(MONTH, false).get("runs")).isZero();
  }
}
