package dev.pipewright.tracker.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Digests;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.artifact.ArtifactStore.Child;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

class ArtifactStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  private Db db;
  private ArtifactStore artifacts;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    artifacts = ArtifactStore.on(db);
  }

  private void put(String... paths) {
    for (var path : paths) {
      artifacts.put(path, Digests.of(path), path.length(), "text/plain", NOW);
    }
  }

  private List<String> names(String directory) {
    return artifacts.list(directory, 1_000, null).stream()
        .map(child -> child.name() + (child.directory() ? "/" : ""))
        .toList();
  }

  @Test
  void findsAFileByItsPath() {
    put("1/r/artifacts/a.txt");
    var found = artifacts.find("1/r/artifacts/a.txt").orElseThrow();
    assertThat(found.digest()).isEqualTo(Digests.of("1/r/artifacts/a.txt"));
    assertThat(found.createdAt()).isEqualTo(NOW);
    assertThat(artifacts.find("1/r/artifacts")).isEmpty();
  }

  @Test
  void putAgainTakesTheNewContent() {
    put("a");
    artifacts.put("a", Digests.of("new"), 3, "text/html", NOW.plusSeconds(1));
    var found = artifacts.find("a").orElseThrow();
    assertThat(found.digest()).isEqualTo(Digests.of("new"));
    assertThat(found.mediaType()).isEqualTo("text/html");
  }

  @Test
  void listsChildrenOnly() {
    put("d/a.txt", "d/b/1", "d/b/c/2", "d/b-1", "d/b.txt", "d/b0", "d/z/z/z", "d2/x", "d", "e");
    assertThat(names("d")).containsExactly("a.txt", "b-1", "b.txt", "b/", "b0", "z/");
    assertThat(names("d/b")).containsExactly("1", "c/");
    assertThat(names("")).containsExactly("d", "d/", "d2/", "e");
    assertThat(names("nothing")).isEmpty();
    assertThat(names("d/a.txt")).isEmpty();
  }

  @Test
  void listsNamesOfAnyCharacter() {
    put("ü/😀/x", "ü/😀 2", "ü/%_\\x", "ü/日本");
    assertThat(names("ü")).containsExactlyInAnyOrder("😀/", "😀 2", "%_\\x", "日本");
    assertThat(names("ü/😀")).containsExactly("x");
  }

  @Test
  void givesSizesOfFiles() {
    put("d/ab", "d/c/e");
    assertThat(artifacts.list("d", 10, null))
        .containsExactly(new Child("ab", false, 4L), new Child("c", true, null));
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "100"})
  void pages(int limit) {
    put("d/a", "d/b/1", "d/b/2", "d/b/3", "d/b0", "d/c", "d/c!", "d/c/1");
    var names = new ArrayList<String>();
    Child last = null;
    while (true) {
      var page = artifacts.list("d", limit, last);
      if (page.isEmpty()) {
        break;
      }
      page.forEach(child -> names.add(child.name()));
      last = page.getLast();
    }
    assertThat(names).containsExactly("a", "b", "b0", "c", "c!", "c");
  }

  @ParameterizedTest
  @CsvSource({"d, 3", "d/a, 1", "d/b, 1", "d2, 1", "nothing, 0"})
  void deletesAFileOrADirectory(String path, int deleted) {
    put("d/a", "d/b/1", "d/a!", "d2", "e");
    assertThat(artifacts.delete(path)).isEqualTo(deleted);
    assertThat(artifacts.find("e")).isPresent();
  }

  @Test
  void copiesAFileOrADirectory() {
    put("d/a", "d/b/1", "d2");
    assertThat(artifacts.copy("d", "x/y")).isEqualTo(2);
    assertThat(names("x/y")).containsExactly("a", "b/");
    assertThat(artifacts.find("x/y/b/1").orElseThrow().digest()).isEqualTo(Digests.of("d/b/1"));
    assertThat(artifacts.copy("d2", "x/d3")).isEqualTo(1);
  }

  /// Steps over what is below: the plan reads one row a child.
  @Test
  void doesNotReadWhatLiesWithinChildren() {
    db.useTransaction(tx ->
        tx.execute(
            """
            insert into tracker.artifact (path, digest, size, media_type)
            select 'd/' || a || '/' || b, 'sha256:', 1, 'x'
            from generate_series(1, 20) a, generate_series(1, 5000) b
            """));
    var before = rowsRead();
    assertThat(artifacts.list("d", 1_000, null)).hasSize(20);
    assertThat(rowsRead() - before).isLessThan(1_000);
  }

  private long rowsRead() {
    return db.inTransaction(tx -> {
      tx.execute("select pg_stat_force_next_flush()");
      return tx.createQuery(
              "select coalesce(sum(idx_tup_read), 0) from pg_stat_user_indexes where relname = 'artifact'")
          .mapTo(Long.class)
          .one();
    });
  }
}
