package dev.pipewright.tracker.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.metric.MetricStore;
import dev.pipewright.tracker.search.NaiveSearch.Dataset;
import dev.pipewright.tracker.search.NaiveSearch.Metric;
import dev.pipewright.tracker.search.NaiveSearch.Run;
import dev.pipewright.tracker.search.RunQuery.View;
import dev.pipewright.tracker.search.RunSearchStore.Found;
import dev.pipewright.tracker.search.RunSearchStore.Limits;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

/// Searches against the real database find what the naive search finds, by every plan.
class RunSearchTest {
  private static final int EXPERIMENTS = 5;
  private static final int RUNS = 40;

  /// So small that a few dozen runs make every plan give way to every other.
  private static final List<Limits> LIMITS =
      List.of(
          Limits.MEASURED,
          new Limits(2, 5, 12, 4, 30, 2, 8),
          new Limits(0, 3, 6, 2, 12, 1, 3),
          new Limits(0, 0, 0, 1, 1_000, 2, 4),
          new Limits(0, 0, 0, 1, 1, 1, 1));

  private static Db db = open();
  private static List<Run> runs = fill();

  private static Db open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    var db = new Db(source);
    return db;
  }

  private static List<Run> fill() {
    var random = new Random(11);
    var made = new ArrayList<Run>();
    return db.inTransaction(tx -> {
      for (int e = 1; e <= EXPERIMENTS; e++) {
        tx.execute(
            "insert into tracker.experiment (id, name, artifact_location) overriding system value values (?, ?, '')",
            e,
            "experiment " + e);
        tx.execute(
            "insert into tracker.dataset (experiment_id, name, digest, source_type, source) select ?, 'd' || i, 'x' || i % 2, '', '' from generate_series(0, 3) i",
            e);
        for (int i = 0; i < RUNS; i++) {
          made.add(run(tx, random, e));
        }
      }
      return made;
    });
  }

  private static <T> T one(Random random, List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private static Run run(Handle tx, Random random, long experiment) {
    var id = "%08x".formatted(random.nextInt());
    var start =
        Instant.ofEpochMilli(1_000 + random.nextInt(6)).plusNanos(random.nextInt(2) * 500_000L);
    var end = random.nextInt(3) == 0 ? null : Instant.ofEpochMilli(2_000 + random.nextInt(5));
    var name = "run" + random.nextInt(8);
    var user = one(random, List.of("ann", "bob"));
    var status = one(random, List.of("RUNNING", "FINISHED", "FAILED"));
    boolean deleted = random.nextInt(5) == 0;
    long number =
        tx.createQuery(
                """
                insert into tracker.run (id, experiment_id, name, user_id, status, start_time, end_time, deleted_at, artifact_uri)
                values (:id, :experiment, :name, :user, :status, :start, :end, case when :deleted then now() end, 'mlflow-artifacts:/' || :id)
                returning number
                """)
            .bind("id", id)
            .bind("experiment", experiment)
            .bind("name", name)
            .bind("user", user)
            .bind("status", status)
            .bind("start", start)
            .bind("end", end)
            .bind("deleted", deleted)
            .mapTo(Long.class)
            .one();
    var metrics = new HashMap<String, Metric>();
    for (var key : List.of("acc", "a b", "loss")) {
      if (random.nextInt(4) > 0) {
        double value = one(random, List.of(Double.NaN, -1.5, 0.0, 0.1, 1.0, 3.0, 1e9));
        var metric =
            new Metric(
                value,
                random.nextInt(4) == 0 ? null : Math.floor(random.nextDouble() * 3),
                random.nextInt(4) == 0 ? null : Math.floor(random.nextDouble() * 3));
        metrics.put(key, metric);
        tx.execute(
            "insert into tracker.metric (run, key, experiment_id, value, step, timestamp, points, folds, min, max) values (?, ?, ?, ?, 0, 0, 1, 1, ?, ?)",
            number,
            key,
            experiment,
            value,
            metric.min(),
            metric.max());
      }
    }
    var params = texts(tx, random, "param", number, experiment);
    var tags = texts(tx, random, "tag", number, experiment);
    var datasets = new ArrayList<Dataset>();
    for (int d = 0; d < 4; d++) {
      if (random.nextInt(4) == 0) {
        var context = one(random, List.of("train", "test"));
        datasets.add(new Dataset("d" + d, "x" + d % 2, context));
        tx.execute(
            "insert into tracker.run_dataset (run, dataset, context) select ?, id, ? from tracker.dataset where experiment_id = ? and name = ?",
            number,
            context,
            experiment,
            "d" + d);
      }
    }
    return new Run(
        id,
        number,
        experiment,
        name,
        user,
        status,
        start,
        end,
        deleted,
        metrics,
        params,
        tags,
        datasets);
  }

  private static final String LONG = "long ".repeat(25) + "..";

  private static Map<String, String> texts(
      Handle tx, Random random, String table, long run, long experiment) {
    var texts = new HashMap<String, String>();
    for (var key : List.of("k", "x.y", "key 3")) {
      if (random.nextInt(4) > 0) {
        var value =
            one(
                random,
                List.of(
                    "a",
                    "A",
                    "b",
                    "10%",
                    "it's",
                    "",
                    "a\\b",
                    LONG + "x",
                    LONG + "xy",
                    LONG + "y" + random.nextInt(2)));
        texts.put(key, value);
        tx.execute(
            "insert into tracker.%s (run, key, value, experiment_id) values (?, ?, ?, ?)"
                .formatted(table),
            run,
            key,
            value,
            experiment);
      }
    }
    return texts;
  }

  @Provide
  Arbitrary<String> filters() {
    return Arbitraries.lazyOf(
        () -> clauses(),
        () -> clauses(),
        () -> Arbitraries.just(""),
        () ->
            Combinators.combine(inner(), Arbitraries.of(" AND ", " and ", " OR ", " "), inner())
                .as((a, word, b) -> a + word + b),
        () -> inner().map(part -> "NOT (" + part + ")"));
  }

  private Arbitrary<String> inner() {
    return filters().map(filter -> filter.isEmpty() ? "status != 'KILLED'" : "(" + filter + ")");
  }

  private Arbitrary<String> clauses() {
    var metric =
        Arbitraries.of(
            "metrics.acc", "metric.`a b`", "metrics.loss", "max(metrics.acc)", "min(metrics.loss)");
    var number = Arbitraries.of("0", "-1.5", ".1", "1", "3.0", "1e9", "2");
    var time = Arbitraries.of("start_time", "end_time", "attributes.created");
    var millis = Arbitraries.of("1002", "1003", "1002.5", "2001", "2003", "0", "1e300", "-1e300");
    var sign = Arbitraries.of("=", "!=", "<", "<=", ">", ">=");
    var text =
        Arbitraries.of(
            "params.k",
            "params.`x.y`",
            "param.x.y",
            "tags.`key 3`",
            "tags.k",
            "run_name",
            "status",
            "attr.user_id",
            "dataset.name",
            "datasets.context",
            "dataset.digest",
            "artifact_uri",
            "params.none");
    var value =
        Arbitraries.of(
            "'a'",
            "\"b\"",
            "'A'",
            "'10%'",
            "\"it's\"",
            "''",
            "'a\\b'",
            "'RUNNING'",
            "'FINISHED'",
            "'run3'",
            "'ann'",
            "'d1'",
            "'x1'",
            "'train'",
            "'" + LONG + "x'",
            "'" + LONG + "y1'");
    var pattern =
        Arbitraries.of("'a%'", "'_'", "'%b'", "'RUN%'", "'run_'", "'long%'", "'10\\%'", "'%%'");
    return Arbitraries.oneOf(
        Combinators.combine(metric, sign, number).as((a, b, c) -> a + " " + b + " " + c),
        Combinators.combine(time, sign, millis).as((a, b, c) -> a + b + c),
        Combinators.combine(text, Arbitraries.of("=", "!="), value)
            .as((a, b, c) -> a + " " + b + " " + c),
        Combinators.combine(text, Arbitraries.of(" LIKE ", " ilike "), pattern)
            .as((a, b, c) -> a + b + c),
        Combinators.combine(text, Arbitraries.of(" IN ", " not in "), value, value)
            .as((a, b, c, d) -> a + b + "(" + c + ", " + d + ")"),
        Combinators.combine(
                Arbitraries.oneOf(metric, time, text), Arbitraries.of(" IS NULL", " is not null"))
            .as((a, b) -> a + b));
  }

  @Provide
  Arbitrary<List<String>> orders() {
    return Combinators.combine(
            Arbitraries.of(
                "metrics.acc",
                "metrics.`a b`",
                "min(metrics.loss)",
                "params.k",
                "params.`x.y`",
                "tags.k",
                "start_time",
                "end_time",
                "run_name",
                "status",
                "run_id",
                "metrics.none",
                "user_id"),
            Arbitraries.of("", " ASC", " desc"))
        .as((key, direction) -> key + direction)
        .list()
        .uniqueElements(order -> order.replaceAll(" (?i)(asc|desc)$", ""))
        .ofMaxSize(3);
  }

  @Property(tries = 100)
  void findsWhatTheNaiveSearchFinds(
      @ForAll("filters") String filter,
      @ForAll("orders") List<String> orderBy,
      @ForAll View view,
      @ForAll("experiments") List<Long> experiments,
      @ForAll("limits") Limits limits,
      @ForAll("sizes") int size) {
    var store = new RunSearchStore(db, MetricStore.on(db), limits);
    var wanted =
        NaiveSearch.search(runs, RunQuery.of(experiments, filter, orderBy, view, size, null));
    var found = new ArrayList<String>();
    @Nullable String token = null;
    do {
      var page = store.search(RunQuery.of(experiments, filter, orderBy, view, size, token));
      assertThat(page.runs()).hasSizeLessThanOrEqualTo(size);
      assertThat(page.next() != null).isEqualTo(page.runs().size() == size);
      page.runs().stream().map(Found::id).forEach(found::add);
      token = page.next();
      assertThat(found).isEqualTo(wanted.subList(0, Math.min(found.size(), wanted.size())));
    } while (token != null);
    assertThat(found).isEqualTo(wanted);
  }

  @Provide
  Arbitrary<List<Long>> experiments() {
    return Arbitraries.longs().between(1, EXPERIMENTS + 1).list().ofMinSize(1).ofMaxSize(3);
  }

  @Provide
  Arbitrary<Limits> limits() {
    return Arbitraries.of(LIMITS);
  }

  @Provide
  Arbitrary<Integer> sizes() {
    return Arbitraries.of(3, 7, 25, 1_000);
  }

  private static RunQuery query(String filter, List<String> orderBy, @Nullable String token) {
    return RunQuery.of(List.of(1L, 2L), filter, orderBy, View.ACTIVE_ONLY, 5, token);
  }

  @Test
  void aTokenFitsOnlyItsOwnQuery() {
    var store = RunSearchStore.on(db);
    var order = List.of("metrics.acc DESC");
    var token = store.search(query("", order, null)).next();
    assertThat(store.search(query("", order, token)).runs()).hasSize(5);
    assertThatThrownBy(() -> query("status = 'FAILED'", order, token))
        .isInstanceOf(InvalidFilter.class)
        .hasMessageContaining("comes from another search");
    assertThatThrownBy(() -> query("", List.of(), token)).isInstanceOf(InvalidFilter.class);
  }

  @ParameterizedTest
  @CsvSource({
    "!, could not base64-decode",
    "bm8=, decoded value=no",
    "e30=, parsed value=",
    "bnVsbA==, parsed value=null"
  })
  void aTokenOfAnotherMakeIsRefused(String token, String message) {
    assertThatThrownBy(() -> query("", List.of(), token))
        .isInstanceOf(InvalidFilter.class)
        .hasMessageStartingWith("Invalid page token, ")
        .hasMessageContaining(message);
  }

  @Test
  void aTokenWithOtherValuesIsRefused() {
    var order = List.of("metrics.acc");
    var digest = query("", order, null).digest();
    for (var value : List.of("many", "1; drop table run", "\0", "0.5")) {
      var token = new PageToken(digest, List.of(value, "the day before", "x")).encode();
      assertThatThrownBy(() -> RunSearchStore.on(db).search(query("", order, token)))
          .isInstanceOf(InvalidFilter.class)
          .hasMessageContaining("Invalid page token");
    }
  }

  @Test
  void aPatternMayEndWithABackslash() {
    assertThat(RunSearchStore.on(db).search(query("params.k LIKE 'a\\'", List.of(), null)).runs())
        .isEmpty();
  }
}
