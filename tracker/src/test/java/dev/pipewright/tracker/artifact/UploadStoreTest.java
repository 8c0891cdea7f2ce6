package dev.pipewright.tracker.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Digests;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.artifact.UploadStore.UploadPart;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class UploadStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final String ONE = Digests.of("one");
  private static final String TWO = Digests.of("two");

  private UploadStore uploads;
  private ArtifactStore artifacts;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    var db = new Db(source);
    uploads = UploadStore.on(db);
    artifacts = ArtifactStore.on(db);
    uploads.begin("u", "0/file", NOW);
  }

  @Test
  void keepsThePartsUntilTheyAreJoined() {
    assertThat(uploads.part("u", 2, TWO, 2)).isTrue();
    assertThat(uploads.part("u", 1, TWO, 2)).isTrue();
    assertThat(uploads.part("u", 1, ONE, 1)).isTrue();
    assertThat(uploads.parts("u"))
        .containsExactly(new UploadPart(1, ONE, 1), new UploadPart(2, TWO, 2));
    assertThat(uploads.complete("u", "0/file", Digests.of("both"), 3, "text/plain", NOW)).isTrue();
    assertThat(artifacts.find("0/file").orElseThrow().digest()).isEqualTo(Digests.of("both"));
    assertThat(uploads.exists("u")).isFalse();
    assertThat(uploads.parts("u")).isEmpty();
    // It is known for a while, for a client that asks again.
    assertThat(uploads.isCompleted("u", "0/file")).isTrue();
    assertThat(uploads.isCompleted("u", "0/other")).isFalse();
    assertThat(uploads.part("u", 3, ONE, 1)).isFalse();
    assertThat(uploads.complete("u", "0/file", ONE, 1, "text/plain", NOW)).isFalse();
  }

  @Test
  void takesNothingOnceItIsOver() {
    uploads.abort("u", "0/file");
    assertThat(uploads.part("u", 1, ONE, 1)).isFalse();
    assertThat(uploads.complete("u", "0/file", ONE, 1, "text/plain", NOW)).isFalse();
    assertThat(artifacts.find("0/file")).isEmpty();
  }

  @Test
  void isForOnePathOnly() {
    assertThat(uploads.complete("u", "0/other", ONE, 1, "text/plain", NOW)).isFalse();
    uploads.abort("u", "0/other");
    assertThat(uploads.exists("u")).isTrue();
  }

  @Test
  void endsWhatWasAbandoned() {
    uploads.begin("v", "0/file", NOW.plusSeconds(1));
    assertThat(uploads.abortAbandoned(NOW.plusSeconds(1))).isEqualTo(1);
    assertThat(uploads.exists("u")).isFalse();
    assertThat(uploads.exists("v")).isTrue();
  }
}
