package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.orchestrator.run.AttemptStore.ActiveAttempt;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/// Who is let into pools, and that it is never too many.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PoolClaimTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private Db db;
  private AttemptStore attempts;
  private UUID run;
  private int tasks;

  @BeforeAll
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "orchestrator");
    db = new Db(source);
    attempts = new AttemptStore(db);
    db.useTransaction(tx -> {
      tx.execute(
          "insert into orchestrator.pipeline (name, latest_version, created_at, updated_at)"
              + " values ('p', 1, now(), now())");
      tx.execute(
          "insert into orchestrator.pipeline_version"
              + " (pipeline, version, digest, source, files, created_at)"
              + " values ('p', 1, 'd', 's', '[]', now())");
    });
  }

  @BeforeEach
  void begin() {
    db.useTransaction(tx -> {
      tx.execute("delete from orchestrator.pipeline_run");
      tx.execute("delete from orchestrator.pool");
    });
    run = newRun();
  }

  private UUID newRun() {
    var id = UUID.randomUUID();
    db.useTransaction(tx ->
        tx.execute(
            "insert into orchestrator.pipeline_run"
                + " (id, pipeline, version, state, params, tracked_run_id, created_at)"
                + " values (?, 'p', 1, 'RUNNING', '{}', '', now())",
            id));
    return id;
  }

  private void pool(String name, int slots) {
    db.useTransaction(tx ->
        tx.execute(
            "insert into orchestrator.pool (name, slots) values (?, ?)"
                + " on conflict (name) do update set slots = excluded.slots",
            name,
            slots));
  }

  private void attempt(String task, String state, int priority, @Nullable String pools) {
    attempt(run, task, state, priority, pools);
  }

  private void attempt(UUID of, String task, String state, int priority, @Nullable String pools) {
    var created = NOW.plusSeconds(tasks++);
    db.useTransaction(tx -> {
      tx.execute(
          "insert into orchestrator.task (run_id, name, position, kind, needs, state)"
              + " values (?, ?, ?, 'command', '{}', 'READY')",
          of,
          task,
          tasks);
      tx.execute(
          "insert into orchestrator.attempt (id, run_id, task, number, state, tracked_run_id,"
              + " inputs, priority, pools, created_at)"
              + " values (?, ?, ?, 1, ?, '', '{}', ?, ?::jsonb, ?)",
          UUID.randomUUID(),
          of,
          task,
          state,
          priority,
          pools,
          created.atOffset(java.time.ZoneOffset.UTC));
    });
  }

  /// A pool is `a=4`, an attempt its name, with `+` where it has a higher priority, `*` where it
  /// runs, `!` where its run is paused, and with what it takes: `x(a1 b2)`.
  private void given(String pools, String waiting) {
    for (var each : List.of(pools.split(" "))) {
      pool(each.substring(0, 1), Integer.parseInt(each.substring(2)));
    }
    UUID paused = newRun();
    db.useTransaction(tx ->
        tx.execute("update orchestrator.pipeline_run set paused = true where id = ?", paused));
    for (var each : List.of(waiting.split(", "))) {
      int bracket = each.indexOf('(');
      var shares =
          bracket < 0
              ? null
              : List.of(each.substring(bracket + 1, each.length() - 1).split(" ")).stream()
                  .map(share -> "\"%s\": %s".formatted(share.charAt(0), share.substring(1)))
                  .collect(Collectors.joining(", ", "{", "}"));
      attempt(
          each.contains("!") ? paused : run,
          each.substring(0, 1),
          each.contains("*") ? "RUNNING" : "QUEUED",
          each.contains("+") ? 1 : 0,
          shares);
    }
  }

  private String queued() {
    return attempts.queued(256).stream().map(ActiveAttempt::task).collect(Collectors.joining(" "));
  }

  @ParameterizedTest(name = "{3}")
  @CsvSource(
      delimiter = '|',
      value = {
        "a=1     | x(a1), y(a1)                | x     | one slot is for the oldest",
        "a=1     | x(a1), y+(a1)               | y     | priority comes before age",
        "a=2     | x(a1), y(a1), z(a1)         | x y   | as many as there are slots",
        "a=2     | w*(a2), x(a1), y            | y     | a full pool holds up nobody else",
        "a=4     | w*(a2), x(a3), y(a1)        | ''    | a large share is not passed by small ones",
        "a=4     | w*(a2), y(a1), x(a3), z(a1) | y     | who comes before a large share goes in",
        "a=1 b=1 | w*(b1), x(a1 b1), y(a1)     | ''    | the place in one pool is kept while another lacks",
        "a=2 b=1 | w*(b1), x(a1 b1), y(a1)     | y     | what is beyond the kept place is free",
        "a=1 b=1 | w*(a1), x(a1), y(b1)        | y     | pools do not hold up each other",
        "a=2 b=4 | x(a3 b4), y(a1), z(b4)      | y z   | what never fits keeps nothing",
        "a=2 b=4 | x(c1 b4), y(b4)             | y     | nor does what asks for a pool that is not there",
        "a=1     | x!(a1), y(a1)               | y     | a paused run keeps no place",
        "a=1     | v*(a1), w*(a1), x(a1), y    | y     | a pool made too small lets nobody in",
        "a=3     | x(a2), y, z(a1)             | x y z | in one order with those without pools",
      })
  void whoIsLetIn(String pools, String waiting, String letIn, String rule) {
    given(pools, waiting);
    assertThat(queued()).as(rule).isEqualTo(letIn);
    var ids = ids();
    assertThat(attempts.claim(ids, "s", NOW).size() + attempts.claimPooled(ids, "s", NOW).size())
        .as("all waiting ones asked for, only these are had")
        .isEqualTo(letIn.isEmpty() ? 0 : letIn.split(" ").length);
    assertThat(attempts.claimPooled(ids, "s", NOW)).isEmpty();
  }

  private List<UUID> ids() {
    return db.read(handle ->
        handle
            .createQuery("select id from orchestrator.attempt where state = 'QUEUED'")
            .mapTo(UUID.class)
            .list());
  }

  /// More than are looked at at once.
  @ParameterizedTest
  @ValueSource(ints = {300, 1500})
  void manyThatWaitHoldUpNobodyElse(int many) {
    pool("a", 1);
    pool("b", 2);
    attempt("holds", "RUNNING", 0, "{\"a\": 1}");
    attempt("wants", "QUEUED", 5, "{\"a\": 1}");
    db.useTransaction(tx ->
        tx.execute(
            "insert into orchestrator.attempt (id, run_id, task, number, state, tracked_run_id,"
                + " inputs, priority, pools, created_at)"
                + " select gen_random_uuid(), run_id, task, n, state, '', inputs, priority, pools,"
                + " created_at from orchestrator.attempt, generate_series(2, ?) n"
                + " where task = 'wants'",
            many));
    attempt("plain", "QUEUED", 0, null);
    attempt("other", "QUEUED", 0, "{\"b\": 1}");
    assertThat(queued()).isEqualTo("plain other");
    pool("a", 1 + many);
    assertThat(attempts.queued(256)).hasSize(256).allMatch(each -> each.task().equals("wants"));
  }

  @Test
  void whatEndsHoweverItEndsMakesRoom() {
    pool("a", 1);
    for (var state : List.of("SUCCEEDED", "FAILED", "CANCELLED")) {
      attempt("t-" + state, "QUEUED", 0, "{\"a\": 1}");
      var next = attempts.queued(10);
      assertThat(next).singleElement().matches(ActiveAttempt::pooled);
      assertThat(attempts.claimPooled(List.of(next.getFirst().id()), "s", NOW)).hasSize(1);
      attempt("after-" + state, "QUEUED", 0, "{\"a\": 1}");
      assertThat(queued()).isEmpty();
      db.useTransaction(tx ->
          tx.execute("update orchestrator.attempt set state = ? where state = 'LAUNCHING'", state));
      assertThat(queued()).isEqualTo("after-" + state);
      db.useTransaction(
          tx -> tx.execute("delete from orchestrator.attempt where state = 'QUEUED'"));
    }
  }

  /// Servers that claim at once, attempts that are lost, pools that change: never too many, and
  /// everyone gets a turn.
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  @Timeout(120)
  void neverTooMany(long seed) throws Exception {
    var random = new Random(seed);
    var names = List.of("a", "b", "c");
    names.forEach(name -> pool(name, 4));
    int all = 40;
    for (int i = 0; i < all; i++) {
      var shares = new ArrayList<String>();
      for (var name : names) {
        if (random.nextInt(3) == 0) {
          shares.add("\"%s\": %d".formatted(name, 1 + random.nextInt(4)));
        }
      }
      attempt(
          "t" + i,
          "QUEUED",
          random.nextInt(3),
          shares.isEmpty() ? null : "{" + String.join(", ", shares) + "}");
    }
    var left = new AtomicInteger(all);
    List<Callable<Integer>> servers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      var server = "s" + i;
      servers.add(() -> claimAll(server, left));
    }
    servers.add(() -> endAll(new Random(seed + 1), left));
    servers.add(() -> resizeAll(new Random(seed + 2), names, left));
    try (var threads = Executors.newFixedThreadPool(servers.size())) {
      for (var each : threads.invokeAll(servers, 110, TimeUnit.SECONDS)) {
        each.get();
      }
    }
    assertThat(left).hasValue(0);
    assertThat(ids()).isEmpty();
  }

  private int claimAll(String server, AtomicInteger left) {
    int claimed = 0;
    while (left.get() > 0) {
      var ids = attempts.queued(256).stream().map(ActiveAttempt::id).toList();
      claimed += attempts.claim(ids, server, NOW).size();
      // What was taken is looked at before anybody else can claim.
      claimed +=
          db.inTransaction(tx -> {
            var had = attempts.claimPooled(ids, server, NOW);
            if (!had.isEmpty()) {
              assertThat(tooFull(tx, had)).as("pools that are too full").isEmpty();
            }
            return had.size();
          });
    }
    return claimed;
  }

  /// Of the pools that these take from.
  private static List<String> tooFull(Handle tx, java.util.Set<UUID> attempts) {
    return tx.createQuery(
            """
            select p.name || ': ' || sum(s.value::int) || ' of ' || p.slots
            from orchestrator.attempt a, jsonb_each_text(a.pools) s, orchestrator.pool p
            where a.state in ('LAUNCHING', 'RUNNING') and p.name = s.key
              and p.name in (
                select jsonb_object_keys(pools) from orchestrator.attempt where id = any(:attempts))
            group by p.name, p.slots having sum(s.value::int) > p.slots
            """)
        .bindArray("attempts", UUID.class, attempts)
        .mapTo(String.class)
        .list();
  }

  private int endAll(Random random, AtomicInteger left) {
    while (left.get() > 0) {
      var state = random.nextBoolean() ? "SUCCEEDED" : "FAILED";
      int most = 1 + random.nextInt(3);
      int ended =
          db.inTransaction(tx ->
              tx.createUpdate(
                      """
                      update orchestrator.attempt set state = :state where id in (
                        select id from orchestrator.attempt where state = 'LAUNCHING'
                        order by id limit :most for update skip locked)
                      """)
                  .bind("state", state)
                  .bind("most", most)
                  .execute());
      left.addAndGet(-ended);
    }
    return 0;
  }

  /// Now and then a pool is too small for some, but not for ever.
  private int resizeAll(Random random, List<String> names, AtomicInteger left) {
    while (left.get() > 0) {
      pool(names.get(random.nextInt(3)), random.nextInt(4) == 0 ? 1 : 4 + random.nextInt(4));
    }
    return 0;
  }
}
