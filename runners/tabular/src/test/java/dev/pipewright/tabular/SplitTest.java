package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SplitTest {
  @TempDir Path folder;

  @Test
  void parts_are_the_rows_in_their_order_with_their_text() throws IOException {
    var csv = new StringBuilder("text,target\n");
    for (int i = 0; i < 50; i++) {
      csv.append("\" ")
          .append(i)
          .append(", \"\"x\"\"\n y\",")
          .append(i % 5 == 0 ? "b" : "a")
          .append('\n');
    }
    var task = run("one", csv.toString());
    var train = Table.read(task.outputs().resolve("train.csv"), "train.csv");
    var test = Table.read(task.outputs().resolve("test.csv"), "test.csv");
    assertThat(test.rows()).hasSize(10);
    assertThat(test.rows().stream().filter(row -> row.getLast().equals("b"))).hasSize(2);
    var both = new ArrayList<>(train.rows());
    both.addAll(test.rows());
    assertThat(both)
        .containsExactlyInAnyOrderElementsOf(
            Table.read(folder.resolve("one.csv"), "one.csv").rows());
    assertThat(train.rows()).isSortedAccordingTo(java.util.Comparator.comparing(SplitTest::number));
    assertThat(task.datasets).containsEntry("input", 50L);
  }

  private static int number(java.util.List<String> row) {
    return Integer.parseInt(row.getFirst().strip().replaceAll("(?s),.*", ""));
  }

  @Test
  void the_seed_decides() throws IOException {
    var csv = table(200, "a", "b");
    var first = Files.readString(run("one", csv).outputs().resolve("test.csv"));
    assertThat(Files.readString(run("two", csv).outputs().resolve("test.csv"))).isEqualTo(first);
    var other =
        new FakeContext(folder.resolve("three"))
            .with("data", csv("three", csv))
            .with("target", "y")
            .with("seed", 7);
    new Split().run(other);
    assertThat(Files.readString(other.outputs().resolve("test.csv"))).isNotEqualTo(first);
  }

  @Test
  void rows_without_a_target_are_left_out_and_counted() throws IOException {
    var task = run("one", table(100, "a", "b", "?", ""));
    assertThat(task.last("dropped-rows")).isEqualTo(50);
    assertThat(task.last("train-rows")).isEqualTo(40);
    assertThat(task.last("test-rows")).isEqualTo(10);
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(
            table(9, "a", "b"),
            "TABLE_TOO_SMALL",
            "t.csv has 9 rows with a value in column 'y'; at least 10"),
        Arguments.of(table(40, "?"), "TARGET_UNUSABLE", "every cell of column 'y'"),
        Arguments.of(table(40, "a"), "TARGET_ONE_CLASS", "the same value 'a'"),
        Arguments.of("x,z\n1,2\n", "TARGET_NOT_A_COLUMN", "no column 'y'"),
        Arguments.of("x,y\n", "TABLE_EMPTY", "no rows"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refuses(String csv, String code, String message) throws IOException {
    var task = new FakeContext(folder.resolve("t")).with("data", csv("t", csv)).with("target", "y");
    assertThatThrownBy(() -> new Split().run(task))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo(code))
        .hasMessageContaining(message);
    assertThat(task.outputs()).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({
    "test, 1.5, a number from 0.01 to 0.99",
    "test, 0, a number from 0.01 to 0.99",
    "seed, 0.5, a whole number from 0 to 4503599627370496",
    "seed, -1, a whole number from 0 to 4503599627370496"
  })
  void refuses_settings(String input, double value, String remedy) throws IOException {
    var task =
        new FakeContext(folder.resolve("t"))
            .with("data", csv("t", table(20, "a", "b")))
            .with("target", "y")
            .with(input, value);
    assertThatThrownBy(() -> new Split().run(task))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("INPUT_INVALID");
              assertThat(e.problem().remedy()).contains(remedy);
            });
  }

  static Stream<Arguments> strata() {
    return Stream.of(
        // strata sizes, share, held out of each
        Arguments.of(new int[] {80, 20}, 0.2, new int[] {16, 4}),
        Arguments.of(new int[] {7, 3}, 0.2, new int[] {1, 1}),
        Arguments.of(new int[] {10}, 0.25, new int[] {3}),
        Arguments.of(new int[] {9, 1}, 0.5, new int[] {5, 0}),
        Arguments.of(new int[] {2, 2}, 0.99, new int[] {1, 1}),
        Arguments.of(new int[] {5, 5}, 0.01, new int[] {1, 0}));
  }

  @ParameterizedTest
  @MethodSource("strata")
  void holds_out_of_each_stratum(int[] sizes, double share, int[] expected) {
    var strata =
        IntStream.range(0, sizes.length)
            .flatMap(s -> IntStream.generate(() -> s).limit(sizes[s]))
            .toArray();
    var held = Strata.holdOut(strata, share, 42);
    var counts = new int[sizes.length];
    for (int row = 0; row < held.length; row++) {
      counts[strata[row]] += held[row] ? 1 : 0;
    }
    assertThat(counts).containsExactly(expected);
  }

  @Test
  void quantiles_are_equally_large() {
    var strata = Strata.byQuantile(new java.util.Random(1).doubles(1000).toArray());
    for (int s = 0; s < 10; s++) {
      int which = s;
      assertThat(Arrays.stream(strata).filter(x -> x == which).count()).isEqualTo(100);
    }
    assertThat(Strata.byQuantile(new double[99])).containsOnly(0);
  }

  private FakeContext run(String name, String csv) throws IOException {
    var target = csv.startsWith("text") ? "target" : "y";
    var task =
        new FakeContext(folder.resolve(name)).with("data", csv(name, csv)).with("target", target);
    new Split().run(task);
    return task;
  }

  private Path csv(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name + ".csv"), text);
  }

  private static String table(int rows, String... targets) {
    var csv = new StringBuilder("x,y\n");
    for (int i = 0; i < rows; i++) {
      csv.append(i).append(',').append(targets[i % targets.length]).append('\n');
    }
    return csv.toString();
  }
}
