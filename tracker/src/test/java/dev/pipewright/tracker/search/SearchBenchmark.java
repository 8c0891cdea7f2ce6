package dev.pipewright.tracker.search;

import dev.pipewright.embedded.EmbeddedPostgres;
import dev.pipewright.embedded.Progress;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.search.RunQuery.View;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalPropertiesReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Measures searches of the million runs that `benchmarks/search/load.sql` makes. Each search has
/// other values each time. It is no test: `./dev bench search` runs it.
class SearchBenchmark {
  private static final int PAGE = 100;

  private record Question(@Nullable String filter, List<String> order, int pagesBefore) {}

  private static Question first(@Nullable String filter, String... order) {
    return new Question(filter, List.of(order), 0);
  }

  private static Map<String, Function<Random, Question>> questions() {
    var questions = new LinkedHashMap<String, Function<Random, Question>>();
    questions.put("first page, default order", random -> first(null));
    questions.put("order by one metric", random -> first(null, "metrics.acc DESC"));
    questions.put("order by one metric, ascending", random -> first(null, "metrics.m05 ASC"));
    questions.put("order by a metric with 50 values", random -> first(null, "metrics.epoch DESC"));
    questions.put("order by a metric with NaN", random -> first(null, "metrics.nan DESC"));
    questions.put(
        "order by two metrics", random -> first(null, "metrics.epoch ASC", "metrics.acc DESC"));
    questions.put("order by a param", random -> first(null, "params.lr DESC", "metrics.acc DESC"));
    questions.put("order by name", random -> first(null, "attributes.run_name"));
    questions.put(
        "three metrics, unselective",
        random ->
            first(
                "metrics.acc > %.3f AND metrics.auc > %.3f AND metrics.loss > 0.1"
                    .formatted(0.1 + random.nextDouble() / 5, 0.1 + random.nextDouble() / 5)));
    questions.put(
        "three metrics, one selective",
        random ->
            first(
                "metrics.acc > %.5f AND metrics.auc > 0.5 AND metrics.loss < 1"
                    .formatted(0.999 + random.nextDouble() / 2000)));
    questions.put(
        "three metrics, each 1 in 100",
        random ->
            first(
                "metrics.acc > %.4f AND metrics.auc > %.4f AND metrics.f1 < 0.01"
                    .formatted(
                        0.989 + random.nextDouble() / 500, 0.989 + random.nextDouble() / 500)));
    questions.put(
        "three metrics, each 1 in 10",
        random ->
            first(
                "metrics.acc > %.3f AND metrics.auc > %.3f AND metrics.f1 < 0.1"
                    .formatted(0.89 + random.nextDouble() / 50, 0.89 + random.nextDouble() / 50)));
    questions.put(
        "param, one run",
        random -> first("params.seed = '%d'".formatted(random.nextInt(1_000_000))));
    questions.put(
        "param, 1 in 1000", random -> first("params.p07 = '%d'".formatted(random.nextInt(1000))));
    questions.put("param, 1 in 5", random -> first("params.lr = '0.03'"));
    questions.put(
        "param, none", random -> first("params.lr = '%d'".formatted(random.nextInt(100) + 2)));
    questions.put(
        "tag, 1 in 50",
        random -> first("tags.mlflow.user = 'user%d'".formatted(random.nextInt(50))));
    questions.put("tag, 1 in 1000", random -> first("tags.rare = 'yes'"));
    questions.put(
        "name", random -> first("run_name = 'run-%d'".formatted(random.nextInt(1_000_000))));
    questions.put(
        "filter and order",
        random ->
            first(
                "metrics.loss < %.3f AND params.model = 'xgboost'"
                    .formatted(0.2 + random.nextDouble()),
                "metrics.acc DESC"));
    questions.put(
        "selective filter and order",
        random ->
            first(
                "params.p08 = '%d' AND metrics.auc > 0.5".formatted(random.nextInt(1000)),
                "metrics.acc DESC"));
    questions.put(
        "filter and order on one metric",
        random ->
            first("metrics.acc > %.3f".formatted(random.nextDouble() * 0.9), "metrics.acc ASC"));
    questions.put(
        "OR and NOT",
        random ->
            first(
                "(params.p09 = '%d' OR params.p10 = '3') AND NOT tags.team = 'team3'"
                    .formatted(random.nextInt(1000))));
    questions.put("best value", random -> first("max(metrics.acc) > 1.05 AND metrics.auc < 0.5"));
    questions.put("page 5000, default order", random -> new Question(null, List.of(), 5_000));
    questions.put(
        "page 5000, order by one metric",
        random -> new Question(null, List.of("metrics.acc DESC"), 5_000));
    questions.put("LIKE, many", random -> first("tags.mlflow.runName LIKE 'run-%7'"));
    return questions;
  }

  @Test
  void measure() throws IOException, SQLException {
    var folder = Path.of(System.getProperty("pipewright.bench.folder"));
    var postgres = EmbeddedPostgres.start(folder, Progress.SILENT);
    try {
      var settings =
          Map.of(
              "jdbcUrl", postgres.jdbcUrl(),
              "principal", postgres.user(),
              "credential", postgres.password(),
              "initialSize", "1",
              "maxSize", "2");
      try (var source =
          AgroalDataSource.from(new AgroalPropertiesReader().readProperties(settings).get())) {
        load(source);
        measure(
            RunSearchStore.on(new Db(source)), Integer.getInteger("pipewright.bench.times", 100));
      }
    } finally {
      postgres.stop();
    }
  }

  private static void load(DataSource source) throws IOException, SQLException {
    Migrations.migrate(source, "tracker");
    try (var connection = source.getConnection();
        var statement = connection.createStatement()) {
      try (var run = statement.executeQuery("select from tracker.run limit 1")) {
        if (run.next()) {
          return;
        }
      }
      var root = Path.of(System.getProperty("pipewright.bench.root"));
      for (var sql :
          Files.readString(root.resolve("benchmarks/search/load.sql")).split(";\n", -1)) {
        if (!sql.isBlank()) {
          statement.execute(sql);
        }
      }
    }
  }

  private static void measure(RunSearchStore store, int times) {
    var warm = new Random(1);
    for (int i = 0; i < 20; i++) {
      questions()
          .values()
          .forEach(question -> {
            var asked = question.apply(warm);
            if (asked.order.size() < 2) {
              store.search(query(asked, PAGE, null));
            }
          });
    }
    System.out.printf("%-36s %8s %8s %8s%n", "search", "p50 ms", "p95 ms", "runs");
    questions()
        .forEach((name, question) -> {
          var random = new Random(7);
          var millis = new double[times];
          int runs = 0;
          var tokens = new LinkedHashMap<Question, @Nullable String>();
          for (int i = -5; i < times; i++) {
            var asked = question.apply(random);
            var token =
                asked.pagesBefore == 0 ? null : tokens.computeIfAbsent(asked, q -> deep(store, q));
            long start = System.nanoTime();
            runs = store.search(query(asked, PAGE, token)).runs().size();
            if (i >= 0) {
              millis[i] = (System.nanoTime() - start) / 1e6;
            }
          }
          Arrays.sort(millis);
          System.out.printf(
              "%-36s %8.1f %8.1f %8d%n",
              name, millis[times / 2], millis[(int) (times * 0.95)], runs);
        });
  }

  private static RunQuery query(Question asked, int size, @Nullable String token) {
    return RunQuery.of(List.of(1L), asked.filter, asked.order, View.ACTIVE_ONLY, size, token);
  }

  /// The token of the page so deep, reached in larger steps.
  private static @Nullable String deep(RunSearchStore store, Question asked) {
    String token = null;
    for (int i = 0; i < asked.pagesBefore / 10; i++) {
      token = store.search(query(asked, 10 * PAGE, token)).next();
    }
    return token;
  }
}
