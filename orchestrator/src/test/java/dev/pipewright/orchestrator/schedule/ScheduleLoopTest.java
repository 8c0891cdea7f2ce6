package dev.pipewright.orchestrator.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.FireState;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.orchestrator.fire.FireStore;
import dev.pipewright.orchestrator.fire.FireStore.Owner;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// Each time of a schedule is dealt with once, by two servers on one database and over crashes.
class ScheduleLoopTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private Db db;
  private ScheduleStore schedules;
  private FireStore fires;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "orchestrator");
    db = new Db(source);
    schedules = new ScheduleStore(db);
    fires = FireStore.on(db);
  }

  private ScheduleLoop server() {
    return new ScheduleLoop(db, schedules, fires, () -> {}, now::get);
  }

  private long schedule(String name, String spec) throws JsonProcessingException {
    var json = Json.MAPPER.readTree(spec);
    var first = ScheduleReader.stored(json).after(START).orElseThrow();
    db.useTransaction(tx -> schedules.create(tx, name, json, false, first, START));
    return schedules.find(name).orElseThrow().number();
  }

  private List<Instant> times(long schedule) {
    return fires.history(Owner.SCHEDULE, schedule, 1_000, null).items().stream()
        .map(Fire::time)
        .sorted()
        .toList();
  }

  private static List<Instant> seconds(int last) {
    return IntStream.rangeClosed(1, last).mapToObj(START::plusSeconds).toList();
  }

  @Test
  void twoServersDealWithEachTimeOnce() throws Exception {
    long every =
        schedule(
            "each",
            """
            {"pipeline": "p", "every": "1s", "catchUp": "all",
             "params": {"at": "${{ schedule.time }}", "n": 1}}
            """);
    schedule("other", "{\"pipeline\": \"p\", \"every\": \"1s\"}");
    try (var threads = Executors.newFixedThreadPool(2)) {
      for (int second = 1; second <= 40; second++) {
        now.set(START.plusSeconds(second));
        Callable<Void> work =
            () -> {
              var server = server();
              while (server.step()) {
                // one schedule after the other
              }
              return null;
            };
        for (var done : threads.invokeAll(List.of(work, work))) {
          done.get();
        }
      }
    }
    assertThat(times(every)).isEqualTo(seconds(40));
    var due = claimed();
    assertThat(due).hasSize(80);
    assertThat(due.stream().filter(each -> each.schedule() == every))
        .allSatisfy(each ->
            assertThat(Json.MAPPER.readTree(each.wanted()).at("/params/at").asText())
                .isEqualTo(each.time().toString()));
  }

  @Test
  void whatACrashUndoesIsDoneAgain() throws Exception {
    long every = schedule("each", "{\"pipeline\": \"p\", \"every\": \"1s\", \"catchUp\": \"all\"}");
    now.set(START.plusSeconds(5));
    assertThatThrownBy(() ->
            db.useTransaction(tx -> {
              assertThat(server().deal(tx)).isTrue();
              throw new IllegalStateException("the server ends before the commit");
            }))
        .hasMessageContaining("ends");
    assertThat(times(every)).isEmpty();

    assertThat(server().step()).isTrue();
    assertThat(times(every)).isEqualTo(seconds(5));
    assertThat(server().step()).isFalse();

    // It ends after the commit, and the next server comes late.
    now.set(START.plusSeconds(9));
    while (server().step()) {
      // until nothing is left
    }
    assertThat(times(every)).isEqualTo(seconds(9));
  }

  @Test
  void whoeverTakesAnOccasionAndVanishesHoldsItForAWhile() throws Exception {
    schedule("each", "{\"pipeline\": \"p\", \"every\": \"1s\"}");
    now.set(START.plusSeconds(1));
    server().step();
    assertThat(claimed()).hasSize(1);
    assertThat(claimed()).isEmpty();
    now.set(now.get().plus(LEASE));
    var again = claimed();
    assertThat(again)
        .extracting(FireStore.Due::key)
        .containsExactly("schedule:each/1:" + START.plusSeconds(1));
  }

  @Test
  void oneThatCannotBeReadDoesNotHoldUpTheOthers() throws Exception {
    schedule("damaged", "{\"pipeline\": \"p\", \"every\": \"1s\"}");
    long good = schedule("good", "{\"pipeline\": \"p\", \"every\": \"1s\"}");
    db.useTransaction(
        tx -> tx.execute("update orchestrator.schedule set spec = '{}' where name = 'damaged'"));
    now.set(START.plusSeconds(1));
    var server = server();
    assertThatThrownBy(server::step).hasMessageContaining("damaged");
    assertThat(server.step()).isTrue();
    assertThat(server.step()).isFalse();
    assertThat(times(good)).isEqualTo(seconds(1));
  }

  @Test
  void aPausedScheduleHasNoTimes() throws Exception {
    long every = schedule("each", "{\"pipeline\": \"p\", \"every\": \"1s\"}");
    db.useTransaction(tx -> {
      var row = schedules.lock(tx, "each").orElseThrow();
      schedules.update(tx, row.number(), row.json(), true, null, START);
    });
    now.set(START.plusSeconds(60));
    assertThat(server().step()).isFalse();
    assertThat(times(every)).isEmpty();
  }

  @Test
  void timesThatAreSkippedAreOneLineOfTheHistory() throws Exception {
    long every = schedule("each", "{\"pipeline\": \"p\", \"every\": \"1s\"}");
    now.set(START.plusSeconds(100));
    server().step();
    var history = fires.history(Owner.SCHEDULE, every, 10, null).items();
    assertThat(history)
        .extracting(Fire::state)
        .containsExactly(FireState.PLANNED, FireState.SKIPPED);
    var skipped = history.getLast();
    assertThat(skipped.times()).isEqualTo(99);
    assertThat(skipped.until()).isEqualTo(START.plusSeconds(99));
    assertThat(skipped.reason()).contains("catchUp");
  }

  private static final Duration LEASE = Duration.ofSeconds(10);

  private List<FireStore.Due> claimed() {
    return fires.claim(now.get(), 1_000, LEASE);
  }
}
