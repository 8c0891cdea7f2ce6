package dev.pipewright.tracker.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// What servers before version 4 of the schema kept of files is what the newest one reads.
class ArtifactMigrationTest {
  private final PGSimpleDataSource source = new PGSimpleDataSource();
  private Db db;

  @BeforeEach
  void openBefore() {
    source.setUrl(TestPostgres.shared().newDatabase());
    Flyway.configure()
        .dataSource(source)
        .schemas("tracker")
        .locations("classpath:db/tracker")
        .target("3")
        .load()
        .migrate();
    db = new Db(source);
    execute(
        """
        insert into tracker.experiment (id, name, artifact_location) overriding system value
        values (7, 'seven', 'mlflow-artifacts:/7'), (8, 'eight', 's3://bucket/eight');
        insert into tracker.run (id, experiment_id, name, status, start_time, artifact_uri) values
          ('a', 7, 'a', 'FINISHED', now(), 'mlflow-artifacts:/7/a/artifacts'),
          ('b', 7, 'b', 'FINISHED', now(), 'mlflow-artifacts://host:5000/7/b/artifacts/'),
          ('c', 8, 'c', 'FINISHED', now(), 's3://bucket/eight/c/artifacts');
        insert into tracker.artifact (run_id, path, digest, size, media_type, created_at) values
          ('a', 'report.html', 'sha256:1', 10, 'text/html', '2026-01-02T03:04:05Z'),
          ('a', 'plots/roc.png', 'sha256:2', 20, 'image/png', '2026-01-02T03:04:06Z'),
          ('b', 'report.html', 'sha256:1', 10, 'text/html', '2026-01-02T03:04:07Z'),
          ('c', 'far.txt', 'sha256:3', 30, 'text/plain', '2026-01-02T03:04:08Z');
        """);
  }

  private void execute(String sql) {
    db.useTransaction(tx -> tx.createScript(sql).execute());
  }

  private void loggedModel(String id, String location, String files) {
    db.useTransaction(tx ->
        tx.execute(
            """
            insert into tracker.logged_model
              (id, run_id, experiment_id, name, artifact_uri, files, params, created_at)
            values (?, 'a', 7, 'm', ?, ?::jsonb, '{}', '2026-01-02T03:04:09Z')
            """,
            id,
            location,
            files));
  }

  private Map<String, String> files() {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select path, digest || ' ' || size || ' ' || media_type || ' '
                  || to_char(created_at at time zone 'UTC', 'HH24:MI:SS') as file
                from tracker.artifact order by path
                """)
            .setMapKeyColumn("path")
            .setMapValueColumn("file")
            .collectInto(new org.jdbi.v3.core.generic.GenericType<Map<String, String>>() {}));
  }

  @Test
  void theFilesOfRunsAndModelsAreBelowTheirLocations() {
    loggedModel(
        "m-1",
        "mlflow-artifacts:/7/models/m-1/artifacts",
        """
        [{"path": "model.ubj", "digest": "sha256:4", "size": 40},
         {"path": "data/signature.json", "digest": "sha256:5", "size": 50}]
        """);
    // One that a client made, and did not upload to yet.
    loggedModel("m-2", "mlflow-artifacts:/7/models/m-2/artifacts", null);

    Migrations.migrate(source, "tracker");

    assertThat(files())
        .containsOnly(
            Map.entry("7/a/artifacts/report.html", "sha256:1 10 text/html 03:04:05"),
            Map.entry("7/a/artifacts/plots/roc.png", "sha256:2 20 image/png 03:04:06"),
            Map.entry("7/b/artifacts/report.html", "sha256:1 10 text/html 03:04:07"),
            Map.entry("s3://bucket/eight/c/artifacts/far.txt", "sha256:3 30 text/plain 03:04:08"),
            Map.entry(
                "7/models/m-1/artifacts/model.ubj",
                "sha256:4 40 application/octet-stream 03:04:09"),
            Map.entry(
                "7/models/m-1/artifacts/data/signature.json",
                "sha256:5 50 application/octet-stream 03:04:09"));
    var store = ArtifactStore.on(db);
    assertThat(store.artifacts("a", 10, null).items())
        .extracting("path")
        .containsExactly("plots/roc.png", "report.html");
    assertThat(store.artifact("b", "report.html")).isPresent();
    assertThat(store.artifact("c", "far.txt")).isPresent();
    assertThat(store.list("7", 10, null))
        .extracting(ArtifactStore.Child::name)
        .containsExactly("a", "b", "models");
  }

  /// Old clients put a model's files below their run, where the row of the run's own file is kept.
  @Test
  void aFileThatRunAndModelShareIsTheRuns() {
    loggedModel(
        "m-1",
        "mlflow-artifacts:/7/a/artifacts",
        """
        [{"path": "report.html", "digest": "sha256:9", "size": 90},
         {"path": "MLmodel", "digest": "sha256:8", "size": 80}]
        """);

    Migrations.migrate(source, "tracker");

    assertThat(files())
        .containsEntry("7/a/artifacts/report.html", "sha256:1 10 text/html 03:04:05")
        .containsEntry("7/a/artifacts/MLmodel", "sha256:8 80 application/octet-stream 03:04:09")
        .hasSize(5);
  }
}
