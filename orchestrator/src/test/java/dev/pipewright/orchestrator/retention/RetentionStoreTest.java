package dev.pipewright.orchestrator.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.language.Retention;
import dev.pipewright.orchestrator.run.RunDeletionStore;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

/// Which runs go, and what goes with them.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RetentionStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-31T00:00:00Z");

  private Db db;
  private RetentionStore store;

  @BeforeAll
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "orchestrator");
    db = new Db(source);
    store = new RetentionStore(db, RunDeletionStore.on(db));
    for (var pipeline : List.of("p", "other")) {
      execute(
          "insert into orchestrator.pipeline (name, latest_version, created_at, updated_at)"
              + " values (?, 1, now(), now())",
          pipeline);
      execute(
          "insert into orchestrator.pipeline_version"
              + " (pipeline, version, digest, source, files, created_at)"
              + " values (?, 1, 'd', 's', '[]', now())",
          pipeline);
    }
  }

  @BeforeEach
  void begin() {
    execute("delete from orchestrator.pipeline_run");
    execute("delete from orchestrator.deleted_run");
    execute("delete from orchestrator.backfill");
    execute("delete from orchestrator.cache_entry");
  }

  private void execute(String sql, Object... arguments) {
    db.useTransaction(tx -> tx.execute(sql, arguments));
  }

  /// @param age how many days ago it ended; null for one under way
  private UUID run(
      String pipeline, String name, @Nullable Integer age, @Nullable UUID parent, String origin) {
    var id = UUID.randomUUID();
    db.useTransaction(tx ->
        tx.createUpdate(
                """
                insert into orchestrator.pipeline_run
                  (id, pipeline, version, state, message, params, tracked_run_id, created_at,
                   ended_at, parent_run_id, origin)
                values (:id, :pipeline, 1, :state, :name, '{}', '', now(), :ended, :parent,
                  :origin::jsonb)
                """)
            .bind("id", id)
            .bind("pipeline", pipeline)
            .bind("state", age == null ? "RUNNING" : "FAILED")
            .bind("name", name)
            .bind("ended", age == null ? null : NOW.minus(Duration.ofDays(age)))
            .bind("parent", parent)
            .bind("origin", origin)
            .execute());
    return id;
  }

  private String left() {
    return db.read(handle ->
        handle
            .createQuery("select message from orchestrator.pipeline_run order by number")
            .mapTo(String.class)
            .list()
            .stream()
            .collect(Collectors.joining(" ")));
  }

  /// Runs are their ages in days, in the order of their numbers; `*` is under way.
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "-, -, 9 8 * 1,     *",
        "2, -, 9 8 7 6,     7 6",
        "2, -, 9 8 * 7 * 6, * 7 * 6",
        "5, -, 9 8 7 6,     9 8 7 6",
        "4, -, 9 8 7 6,     9 8 7 6",
        "-, 7, 9 8 7 6,     7 6",
        "-, 7, 9 6 8 * 5,   6 * 5",
        "1, 7, 9 8,         8",
        "3, 7, 9 8 6 5,     8 6 5",
        "1, 7, 9 6 8 5,     6 5",
      })
  void whatIsKept(@Nullable Integer keepLast, @Nullable Integer days, String ages, String kept) {
    for (var age : List.of(ages.strip().split(" "))) {
      run("p", age, age.equals("*") ? null : Integer.valueOf(age), null, "{}");
    }
    var rule = new Retention(keepLast, days == null ? null : Duration.ofDays(days));
    long found = store.find("p", rule, NOW).runs();
    assertThat(store.delete("p", rule, NOW, 100)).isEqualTo((int) found);
    assertThat(left()).isEqualTo(kept);
    assertThat(store.find("p", rule, NOW).runs()).isZero();
  }

  private static final Retention WEEK = new Retention(null, Duration.ofDays(7));

  @Test
  void theOldestGoFirstAndOnlyOfThisPipeline() {
    for (int i = 0; i < 5; i++) {
      run("p", "p" + i, 9, null, "{}");
      run("other", "o" + i, 9, null, "{}");
    }
    assertThat(store.delete("p", WEEK, NOW, 3)).isEqualTo(3);
    assertThat(left()).isEqualTo("o0 o1 o2 p3 o3 p4 o4");
    var found = store.find("p", WEEK, NOW);
    assertThat(found.runs()).isEqualTo(2);
    assertThat(found.first()).isLessThan(found.last());
  }

  @Test
  void calledRunsGoWithThoseThatCalledThem() {
    var parent = run("other", "parent", null, null, "{}");
    run("p", "child", 9, parent, "{}");
    var old = run("p", "old", 9, null, "{}");
    var called = run("p", "mine", 9, old, "{}");
    run("other", "its", 9, called, "{}");
    assertThat(store.delete("p", WEEK, NOW, 100)).isEqualTo(1);
    assertThat(left()).isEqualTo("parent child");
    assertThat(RunDeletionStore.on(db).deleted(List.of(parent, old, called)))
        .containsExactlyInAnyOrder(old, called);
  }

  @Test
  void aBackfillUnderWayKeepsItsRuns() {
    var id = UUID.randomUUID();
    execute(
        "insert into orchestrator.backfill (id, asked, spec, pipeline, state, created_at)"
            + " values (?, '{}', '{}', 'p', 'RUNNING', now())",
        id);
    run("p", "its", 9, null, "{\"by\": \"backfill\", \"backfill\": \"" + id + "\"}");
    run("p", "nobodys", 9, null, "{\"by\": \"request\"}");
    store.delete("p", WEEK, NOW, 100);
    assertThat(left()).isEqualTo("its");
    execute("update orchestrator.backfill set state = 'ENDED'");
    store.delete("p", WEEK, NOW, 100);
    assertThat(left()).isEmpty();
  }

  @Test
  void triggersHearOfAnEndFirst() {
    var run = run("p", "ended", 9, null, "{}");
    execute(
        "insert into orchestrator.run_end (run_id, revision, pipeline, version, state, at)"
            + " values (?, 1, 'p', 1, 'FAILED', now())",
        run);
    assertThat(store.delete("p", WEEK, NOW, 100)).isZero();
    execute("delete from orchestrator.run_end");
    assertThat(store.delete("p", WEEK, NOW, 100)).isEqualTo(1);
  }

  /// What a deleted run made is not taken again; what another made under the same key stays.
  @Test
  void theCacheForgetsWhatIsDeleted() {
    var old = run("p", "old", 9, null, "{}");
    var called = run("other", "called", 9, old, "{}");
    var kept = run("p", "kept", 1, null, "{}");
    cached(old, "a", "a");
    cached(called, "b", "b");
    cached(kept, "c", "c");
    // Its key is another attempt's by now.
    cached(old, "c", null);
    store.delete("p", WEEK, NOW, 100);
    List<String> left =
        db.read(handle ->
            handle
                .createQuery("select key from orchestrator.cache_entry")
                .mapTo(String.class)
                .list());
    assertThat(left).containsExactly("c");
  }

  private void cached(UUID run, String key, @Nullable String entry) {
    var attempt = UUID.randomUUID();
    execute(
        "insert into orchestrator.task (run_id, name, position, kind, needs, state)"
            + " values (?, ?, 0, 'command', '{}', 'SUCCEEDED')",
        run,
        key);
    execute(
        "insert into orchestrator.attempt (id, run_id, task, number, state, tracked_run_id, inputs,"
            + " cache_key, created_at) values (?, ?, ?, 1, 'SUCCEEDED', '', '{}', ?, now())",
        attempt,
        run,
        key,
        key);
    if (entry != null) {
      execute(
          "insert into orchestrator.cache_entry"
              + " (key, attempt_id, run_number, task, outputs, created_at)"
              + " values (?, ?, 1, '', '{}', ?)",
          entry,
          attempt,
          NOW.minus(Duration.ofDays(30)).atOffset(ZoneOffset.UTC));
    }
  }

  @Test
  void whatIsTooOldIsForgotten() {
    cached(run("p", "r", 1, null, "{}"), "k", "k");
    assertThat(store.forgetCached(NOW.minus(Duration.ofDays(31)), 10)).isZero();
    assertThat(store.forgetCached(NOW.minus(Duration.ofDays(29)), 10)).isEqualTo(1);
    execute(
        "insert into orchestrator.dead_letter (topic, partition, record_offset, reason, created_at)"
            + " values ('t', 0, 0, '', ?)",
        NOW.atOffset(ZoneOffset.UTC));
    assertThat(store.forgetDeadLetters(NOW, 10)).isZero();
    assertThat(store.forgetDeadLetters(NOW.plusSeconds(1), 10)).isEqualTo(1);
    execute(
        "insert into orchestrator.deleted_run (id, at) values (?, ?)",
        UUID.randomUUID(),
        NOW.atOffset(ZoneOffset.UTC));
    assertThat(store.forgetDeleted(NOW, 10)).isZero();
    assertThat(store.forgetDeleted(NOW.plusSeconds(1), 10)).isEqualTo(1);
  }
}
