package dev.pipewright.tracker.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.evaluation.ScorerStore.ScorerRow;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class ScorerStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  private Db db;
  private ScorerStore scorers;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    scorers = ScorerStore.on(db);
    db.useTransaction(tx ->
        tx.execute(
            """
            insert into tracker.experiment (id, name, artifact_location) overriding system value
            values (7, 'seven', ''), (8, 'eight', '')
            """));
  }

  private ScorerRow register(String id, long experiment, String name, String serialized) {
    return db.inTransaction(tx -> ScorerStore.register(tx, id, experiment, name, serialized, NOW));
  }

  private List<Integer> versions(long experiment, String name) {
    return db.read(handle ->
        ScorerStore.versions(handle, experiment, name).stream().map(ScorerRow::version).toList());
  }

  private boolean delete(long experiment, String name, Integer version) {
    return db.inTransaction(tx -> ScorerStore.delete(tx, experiment, name, version));
  }

  @Test
  void aNameGetsVersionsOfOneScorer() {
    var first = register("s-1", 7, "safe", "{}");
    var second = register("s-2", 7, "safe", "{\"a\": 1}");
    assertThat(first).isEqualTo(new ScorerRow("s-1", 7, "safe", 1, "{}", NOW));
    assertThat(second).isEqualTo(new ScorerRow("s-1", 7, "safe", 2, "{\"a\": 1}", NOW));
    assertThat(register("s-3", 8, "safe", "{}").id()).isEqualTo("s-3");
    assertThat(versions(7, "safe")).containsExactly(1, 2);
    assertThat(versions(8, "safe")).containsExactly(1);
    assertThat(versions(7, "Safe")).isEmpty();
  }

  @Test
  void theNewestOfEachByExperimentAndName() {
    register("s-1", 8, "z", "{}");
    register("s-2", 7, "b", "{}");
    register("s-3", 7, "b", "{}");
    register("s-4", 7, "a", "{}");
    assertThat(scorers.newest(null))
        .extracting(row -> row.experimentId() + row.name() + row.version())
        .containsExactly("7a1", "7b2", "8z1");
    assertThat(scorers.newest(List.of(8L))).extracting(ScorerRow::id).containsExactly("s-1");
    assertThat(scorers.newest(List.of())).isEmpty();
    db.useTransaction(
        tx -> tx.execute("update tracker.experiment set deleted_at = now() where id = 7"));
    assertThat(scorers.newest(null)).extracting(ScorerRow::id).containsExactly("s-1");
  }

  @Test
  void oneVersionIsDeletedOrAll() {
    register("s-1", 7, "safe", "{}");
    register("s-1", 7, "safe", "{}");
    register("s-1", 7, "safe", "{}");
    assertThat(delete(7, "safe", 2)).isTrue();
    assertThat(delete(7, "safe", 2)).isFalse();
    assertThat(delete(8, "safe", 1)).isFalse();
    assertThat(versions(7, "safe")).containsExactly(1, 3);
    // A number is given again only when nothing newer is left.
    assertThat(register("s-1", 7, "safe", "{}").version()).isEqualTo(4);
    assertThat(delete(7, "safe", null)).isTrue();
    assertThat(delete(7, "safe", null)).isFalse();
    assertThat(versions(7, "safe")).isEmpty();
    assertThat(register("s-9", 7, "safe", "{}").id()).isEqualTo("s-9");
  }

  @Test
  void versionsThatAreMadeAtOnceGetTheirOwnNumbers() throws Exception {
    int many = 20;
    var made = new ArrayList<Integer>();
    try (var pool = Executors.newFixedThreadPool(4)) {
      var calls =
          IntStream.range(0, many)
              .<Callable<ScorerRow>>mapToObj(i -> () -> register("s-" + i, 7, "safe", "{}"))
              .toList();
      for (var each : pool.invokeAll(calls)) {
        made.add(each.get().version());
      }
    }
    assertThat(made)
        .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, many).boxed().toList());
    assertThat(scorers.newest(null)).hasSize(1);
  }
}
