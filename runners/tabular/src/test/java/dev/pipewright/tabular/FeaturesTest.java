package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FeaturesTest {
  private static final int ROWS = 100;

  static Stream<Arguments> columns() {
    return Stream.of(
        column("numbers", "x", i -> Integer.toString(i * i % 37), "number"),
        column("numbers with missing ones", "x", i -> i % 3 == 0 ? "?" : i % 7 + ".5", "number"),
        column(
            "numbers and a few words",
            "x",
            i -> i % 20 == 0 ? "unknown" : i * 3 % 41 + "",
            "number"),
        column(
            "numbers and many words", "x", i -> i % 5 == 0 ? "unknown" : i % 41 + "", "frequency"),
        column("few categories", "x", i -> "c" + i % 4, "one-hot"),
        column("a flag", "x", i -> i % 2 == 0 ? "yes" : "no", "one-hot"),
        column("many categories", "x", i -> "c" + i % 40, "frequency"),
        column("one value, or missing", "x", i -> i % 2 == 0 ? "a" : "", "one-hot"),
        column("one number", "x", i -> i % 2 == 0 ? "1" : "1.0", "every row has the same value"),
        column("one text", "x", _ -> "a", "every row has the same value"),
        column("nothing", "x", _ -> "NA", "every cell is missing"),
        column(
            "a row number",
            "row",
            i -> Integer.toString(i + 1000),
            "every row has a whole number of its own"),
        column(
            "an id by name",
            "customer_id",
            i -> Integer.toString(i * 1009),
            "every row has a whole number of its own"),
        column("an amount", "amount", i -> Integer.toString(i * 1009), "number"),
        column("fractions that all differ", "x", i -> i + ".25", "number"),
        column("names", "name", i -> "person " + i, "nearly every row has a value of its own"));
  }

  private static Arguments column(
      String name, String column, IntFunction<String> cell, String expected) {
    return Arguments.of(name, column, cell, expected);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("columns")
  void chooses(String name, String column, IntFunction<String> cell, String expected) {
    var rows = new ArrayList<List<String>>();
    for (int i = 0; i < ROWS; i++) {
      rows.add(List.of(cell.apply(i), i % 10 + ".5", "target"));
    }
    var features = Features.find(new Table("t.csv", List.of(column, "other", "y"), rows), 2);
    var dropped = features.dropped().get(column);
    if (dropped != null) {
      assertThat(dropped).as(name).startsWith(expected);
    } else {
      assertThat(Json.MAPPER.valueToTree(features.used().getFirst()).path("encoding").asText())
          .as(name)
          .isEqualTo(expected);
    }
  }

  @Test
  void what_training_has_not_seen_is_missing() {
    var features =
        new Features(
            List.of(
                new Feature.Number("n"),
                new Feature.OneHot("c", List.of("a", "b")),
                new Feature.Frequency("f", java.util.Map.of("p", 0.25))),
            java.util.Map.of());
    // The columns may come in another order, and there may be more.
    var table =
        new Table(
            "t.csv",
            List.of("f", "more", "c", "n"),
            List.of(
                List.of("p", "-", " b", "1.5"),
                List.of("new", "-", "new", "new"),
                List.of("?", "", "", "")));
    float nan = Float.NaN;
    assertThat(features.encode(table))
        .containsExactly(1.5f, 0, 1, 0.25f, nan, nan, nan, nan, nan, nan, nan, nan);
    assertThat(features.owners()).containsExactly(0, 1, 1, 2);
  }

  @Test
  void says_which_column_is_not_there() {
    var features = new Features(List.of(new Feature.Number("age")), java.util.Map.of());
    assertThatThrownBy(() -> features.encode(new Table("t.csv", List.of("y"), List.of())))
        .hasMessageContaining("t.csv has no column 'age', which the model was trained on");
  }

  @Test
  void says_why_nothing_is_left() {
    var table =
        new Table("t.csv", List.of("a", "y"), List.of(List.of("1", "p"), List.of("1", "q")));
    assertThatThrownBy(() -> Features.find(table, 1))
        .hasMessageContaining("NO_FEATURES")
        .hasMessageContaining("a=every row has the same value");
  }
}
