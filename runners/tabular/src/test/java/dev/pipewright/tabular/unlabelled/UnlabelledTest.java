package dev.pipewright.tabular.unlabelled;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import dev.pipewright.tabular.evaluate.Evaluate;
import dev.pipewright.tabular.predict.Predict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnlabelledTest {
  @TempDir Path folder;

  /// Payments in three shops.
  private static String ordinary() {
    var random = new Random(1);
    var text = new StringBuilder("id,shop,country,amount,items,opened\n");
    for (int i = 0; i < 597; i++) {
      int shop = i % 3;
      double amount = 100 * shop + 20 + 5 * random.nextGaussian();
      text.append(
          String.format(
              Locale.ROOT,
              "p%04d,shop-%d,%s,%s,%d,2026-01-%02d%n",
              i,
              shop,
              random.nextInt(3) == 0 ? "fr" : "de",
              i % 50 == 7 ? "" : String.format(Locale.ROOT, "%.2f", amount),
              10 * shop + 1 + random.nextInt(3),
              1 + i % 28));
    }
    return text.toString();
  }

  /// By an amount, a country, and by all.
  private static final String ODD =
      """
      p0597,shop-0,de,9000.00,1,2026-01-01
      p0598,shop-1,zz,420.00,11,2026-01-02
      p0599,shop-2,yy,-500.00,90,2026-01-03
      """;

  private Path payments(String odd) throws IOException {
    var name = odd.isEmpty() ? "payments.csv" : "odd-payments.csv";
    return Files.writeString(folder.resolve(name), ordinary() + odd);
  }

  private FakeContext context(String name, Object... inputs) throws IOException {
    var context = new FakeContext(folder.resolve(name)).with("train", payments(""));
    for (int i = 0; i < inputs.length; i += 2) {
      context.with((String) inputs[i], inputs[i + 1]);
    }
    return context;
  }

  private Frame predicted(FakeContext trained) throws IOException, InterruptedException {
    var context =
        new FakeContext(folder.resolve("predict"))
            .with("model", trained.model())
            .with("data", trained.data.get("train"));
    new Predict().run(context);
    return Frames.read(context.outputs().resolve("predictions.csv"), "predictions");
  }

  @Test
  void findsWhatIsOdd() throws Exception {
    var task = context("anomalies", "share", 0.005, "train", payments(ODD));
    new Anomalies().run(task);
    assertThat(task.gave("anomalies")).isEqualTo(3);
    assertThat(task.gave("threshold")).isBetween(0.5, 0.7);
    assertThat(task.outputs().resolve("page.html"))
        .content()
        .contains(
            "The oddest rows", "amount 9000", "country zz", "rows are not compared by a date");

    var predictions = predicted(task);
    for (int row = 0; row < predictions.rows(); row++) {
      boolean odd = row >= 597;
      assertThat(predictions.column("anomaly").text(row))
          .as("row %d", row)
          .isEqualTo(Boolean.toString(odd));
      assertThat(predictions.column("prediction").number(row) > task.gave("threshold"))
          .isEqualTo(odd);
    }
    assertThat(task.model().resolve("MLmodel"))
        .content()
        .contains("flavor: anomalies", "\\\"name\\\":\\\"anomaly\\\"");
    assertThat(task.model().resolve("README.md"))
        .content()
        .contains("A model of what is odd in", "`id`: ");
  }

  @Test
  void findsHowManyGroupsThereAre() throws Exception {
    var task = context("clusters", "ignore", "country");
    new Clusters().run(task);
    assertThat(task.gave("k")).isEqualTo(3);
    assertThat(task.gave("silhouette")).isBetween(0.8, 1.0);
    assertThat(task.metrics.get("silhouette-of-search")).hasSize(9);
    assertThat(task.outputs().resolve("page.html"))
        .content()
        .contains(
            "What sets them apart", "shop = shop-1", "it is to be ignored", "How many clusters");

    var predictions = predicted(task);
    var shops = new String[3];
    for (int row = 0; row < 597; row++) {
      int cluster = (int) predictions.column("prediction").number(row);
      var shop = predictions.column("shop").text(row);
      assertThat(shops[cluster]).isIn(null, shop);
      shops[cluster] = shop;
    }
    assertThat(shops).doesNotContainNull().doesNotHaveDuplicates();
    assertThat(predictions.columns()).doesNotContain("anomaly");
  }

  @Test
  void theNumberOfGroupsCanBeGivenAndTheSeedDecides() throws Exception {
    var one = context("one", "k", 5);
    var two = context("two", "k", 5);
    new Clusters().run(one);
    new Clusters().run(two);
    assertThat(one.gave("k")).isEqualTo(5);
    assertThat(one.gave("silhouette")).isCloseTo(two.gave("silhouette"), within(0.0));
    assertThat(one.model().resolve("model.json"))
        .hasSameTextualContentAs(two.model().resolve("model.json"));
  }

  @Test
  void newRowsMayHaveLevelsThatWereNotThereAndMustHaveTheColumns() throws Exception {
    var task = context("clusters", "k", 3);
    new Clusters().run(task);
    var fresh =
        Files.writeString(
            folder.resolve("new.csv"), "shop,country,amount,items\nshop-9,,220,21\n,de,,1\n");
    var less = Files.writeString(folder.resolve("less.csv"), "shop,amount\nshop-1,3\n");
    try (var model = Predictor.open(task.model())) {
      assertThat(model.predict(Frames.read(fresh, "new"))).hasDimensions(2, 1);
      assertThatThrownBy(() -> model.predict(Frames.read(less, "less")))
          .hasMessageContaining("less has no column 'country'");
    }
  }

  @Test
  void thereIsNothingToJudgeItBy() throws Exception {
    var task = context("clusters", "k", 3);
    new Clusters().run(task);
    var judging =
        new FakeContext(folder.resolve("judge"))
            .with("model", task.model())
            .with("data", payments(""));
    assertThatThrownBy(() -> new Evaluate().run(judging))
        .hasMessageContaining("TARGET_NOT_A_COLUMN")
        .hasMessageContaining("'cluster'");
  }

  @Test
  void stopsWhenAskedAndKeepsNothing() throws Exception {
    for (var task : new BuiltinTask[] {new Anomalies(), new Clusters()}) {
      var context = context(task.getClass().getSimpleName());
      context.patience = 0;
      assertThatThrownBy(() -> task.run(context)).isInstanceOf(InterruptedException.class);
      assertThat(context.outputs).isEmpty();
      assertThat(context.model()).doesNotExist();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "anomalies | share  | 0    | INPUT_INVALID    | the input 'share' is 0",
        "anomalies | share  | 0.6  | INPUT_INVALID    | the input 'share' is 0.6",
        "anomalies | trees  | 0    | INPUT_INVALID    | the input 'trees' is 0",
        "anomalies | sample | 1    | INPUT_INVALID    | the input 'sample' is 1",
        "anomalies | ignore | shp  | COLUMN_NOT_FOUND | has no column 'shp'",
        "clusters  | k      | 1    | INPUT_INVALID    | the input 'k' is 1",
        "clusters  | k      | 101  | INPUT_INVALID    | the input 'k' is 101",
        "clusters  | k      | 2.5  | INPUT_INVALID    | the input 'k' is 2.5",
        "clusters  | starts | 0    | INPUT_INVALID    | the input 'starts' is 0",
        "clusters  | ignore | shop, country, amount, items | NO_FEATURES | amount=it is to be ignored",
      })
  void refusesInputs(String task, String input, String value, String code, String message)
      throws IOException {
    Object given = value.matches("[0-9.]+") ? (Object) Double.valueOf(value) : value;
    refuses(context("task", input, given), task, code, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "anomalies | x;1;2;3         | 0 | TABLE_TOO_SMALL | has 3 rows; anomalies need at least 10",
        "clusters  | x;1;2;3;4;5     | 8 | TABLE_TOO_SMALL | has 5 different rows; 8 clusters need as many",
        "clusters  | x;1;2;1;2;1;2   | 3 | TABLE_TOO_SMALL | has 2 different rows; 3 clusters",
        "clusters  | x,y;1,;1,;1,    | 0 | NO_FEATURES     | x=every row has the same value",
      })
  void refusesTables(String task, String rows, int k, String code, String message)
      throws IOException {
    var table = Files.writeString(folder.resolve("table.csv"), rows.replace(';', '\n') + "\n");
    var context = new FakeContext(folder.resolve("task")).with("train", table).with("k", k);
    refuses(context, task, code, message);
  }

  private static void refuses(FakeContext context, String task, String code, String message) {
    BuiltinTask run = task.equals("clusters") ? new Clusters() : new Anomalies();
    assertThatThrownBy(() -> run.run(context))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo(code))
        .hasMessageContaining(message);
    assertThat(context.outputs).isEmpty();
  }
}
