package dev.pipewright.tracker.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Digests;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.time.Instant;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class BlobUseStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  @Test
  void namesWhatEveryTableRefersTo() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    var db = new Db(source);
    ArtifactStore.on(db).put("0/a", Digests.of("artifact"), 1, "text/plain", NOW);
    UploadStore.on(db).begin("u", "0/b", NOW);
    UploadStore.on(db).part("u", 1, Digests.of("part"), 1);
    db.useTransaction(tx -> {
      var files =
          "[{\"path\":\"m\",\"digest\":\"%s\",\"size\":1},{\"path\":\"n\",\"digest\":\"%s\",\"size\":1}]";
      tx.execute(
          """
          insert into tracker.logged_model (id, name, experiment_id, artifact_uri, files, params, created_at)
          values ('m-1', 'm', 0, 'mlflow-artifacts:/0/models/m-1/artifacts', ?::jsonb, '{}', now())
          """,
          files.formatted(Digests.of("logged 1"), Digests.of("logged 2")));
      tx.execute("insert into tracker.registered_model (name) values ('r')");
      tx.execute(
          """
          insert into tracker.model_version (name, version, source, files)
          values ('r', 1, 'models:/m-1', ?::jsonb), ('r', 2, 'models:/m-2', null)
          """,
          files.formatted(Digests.of("version 1"), Digests.of("version 2")));
      tx.execute(
          """
          insert into tracker.dataset (experiment_id, name, digest, source_type, source)
          values (0, 'd', ?, 'blob', 's'), (0, 'e', '1a2b3c4d', 'code', 's')
          """,
          Digests.of("dataset"));
    });
    var found = new ArrayList<String>();
    new BlobUseStore(db).forEachDigest(found::add);
    assertThat(found)
        .containsExactlyInAnyOrder(
            Digests.of("artifact"),
            Digests.of("part"),
            Digests.of("logged 1"),
            Digests.of("logged 2"),
            Digests.of("version 1"),
            Digests.of("version 2"),
            Digests.of("dataset"));
  }
}
