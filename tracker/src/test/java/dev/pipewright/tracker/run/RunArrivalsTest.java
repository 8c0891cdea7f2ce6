package dev.pipewright.tracker.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class RunArrivalsTest {
  private static final String RUN = "0123456789abcdef0123456789abcdef";

  private final Set<String> expected = ConcurrentHashMap.newKeySet();
  private final CountDownLatch asked = new CountDownLatch(1);
  private Db db;
  private RunArrivals arrivals;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    arrivals =
        new RunArrivals(
            RunStore.on(db),
            List.of(run -> {
              asked.countDown();
              return expected.contains(run);
            }));
  }

  private void store() {
    db.useTransaction(tx -> RunStore.on(db).ensure(tx, Map.of(RUN, Instant.EPOCH)));
  }

  @Test
  void aRunThatNobodyIsAboutToTellOfIsNotThere() throws InterruptedException {
    assertThat(arrivals.await(RUN)).isFalse();
  }

  /// Between the first look for the run and the question whether it is expected.
  @Test
  void aRunThatHasJustArrivedIsThereThoughNobodyExpectsItAnyMore() throws InterruptedException {
    store();
    assertThat(arrivals.await(RUN)).isTrue();
  }

  @Test
  void aRunOfWhatRunsNowIsWaitedFor() throws InterruptedException {
    expected.add(RUN);
    var storing =
        Thread.ofVirtual()
            .start(() -> {
              try {
                asked.await();
                store();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    assertThat(arrivals.await(RUN)).isTrue();
    storing.join();
  }
}
