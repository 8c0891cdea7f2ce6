package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.Target.Kind;
import dev.pipewright.tabular.Target.Wish;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TargetTest {
  static Stream<Arguments> found() {
    return Stream.of(
        Arguments.of(
            "two texts", times(10, "good", "bad"), Wish.AUTO, Kind.BINARY, List.of("bad", "good")),
        Arguments.of(
            "three texts",
            times(10, "c", "a", "b"),
            Wish.AUTO,
            Kind.MULTICLASS,
            List.of("a", "b", "c")),
        Arguments.of(
            "true and false",
            times(5, "true", "false"),
            Wish.AUTO,
            Kind.BINARY,
            List.of("false", "true")),
        Arguments.of(
            "yes and no", times(5, "yes", "no"), Wish.AUTO, Kind.BINARY, List.of("no", "yes")),
        Arguments.of("0 and 1", times(5, "1", "0"), Wish.AUTO, Kind.BINARY, List.of("0", "1")),
        Arguments.of(
            "two spellings of 1",
            times(5, "1.0", "0", "1"),
            Wish.AUTO,
            Kind.BINARY,
            List.of("0", "1")),
        Arguments.of(
            "minus zero is zero",
            times(5, "-0.0", "0", "1"),
            Wish.AUTO,
            Kind.BINARY,
            List.of("0", "1")),
        Arguments.of(
            "two fractions", times(5, "0.5", "1.5"), Wish.AUTO, Kind.BINARY, List.of("0.5", "1.5")),
        Arguments.of(
            "grades by size, not by spelling",
            times(6, "10", "9", "2"),
            Wish.AUTO,
            Kind.MULTICLASS,
            List.of("2", "9", "10")),
        Arguments.of(
            "ten whole numbers",
            times(5, numbers(10)),
            Wish.AUTO,
            Kind.MULTICLASS,
            List.of(numbers(10))),
        Arguments.of(
            "eleven whole numbers", times(50, numbers(11)), Wish.AUTO, Kind.REGRESSION, List.of()),
        Arguments.of(
            "28 whole numbers", times(150, numbers(28)), Wish.AUTO, Kind.REGRESSION, List.of()),
        Arguments.of(
            "few whole numbers in few rows",
            times(4, numbers(6)),
            Wish.AUTO,
            Kind.REGRESSION,
            List.of()),
        Arguments.of(
            "three fractions",
            times(50, "0.5", "1.5", "2.5"),
            Wish.AUTO,
            Kind.REGRESSION,
            List.of()),
        Arguments.of(
            "missing cells don't count",
            times(5, "1", "?", "0", "", "NA"),
            Wish.AUTO,
            Kind.BINARY,
            List.of("0", "1")),
        Arguments.of(
            "white space doesn't count",
            times(5, " a", "a ", "b"),
            Wish.AUTO,
            Kind.BINARY,
            List.of("a", "b")),
        Arguments.of(
            "asked for classes",
            times(5, numbers(28)),
            Wish.CLASSIFICATION,
            Kind.MULTICLASS,
            List.of(numbers(28))),
        Arguments.of(
            "asked for numbers", times(5, "0", "1"), Wish.REGRESSION, Kind.REGRESSION, List.of()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("found")
  void finds(String name, List<String> cells, Wish wish, Kind kind, List<String> classes) {
    var target = Target.find("t", cells, wish, "t.csv");
    assertThat(target.kind()).as(name).isEqualTo(kind);
    assertThat(target.classes()).as(name).isEqualTo(classes);
    assertThat(target.positive()).isEqualTo(kind == Kind.BINARY ? classes.getLast() : null);
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(
            times(20, "a"),
            Wish.AUTO,
            "TARGET_ONE_CLASS",
            "all 20 rows of t.csv have the same value 'a'"),
        Arguments.of(times(20, "7"), Wish.REGRESSION, "TARGET_ONE_CLASS", "the same value '7'"),
        Arguments.of(times(20, "a", "?"), Wish.AUTO, "TARGET_ONE_CLASS", "all 20 rows"),
        Arguments.of(
            times(20, "?", ""),
            Wish.AUTO,
            "TARGET_UNUSABLE",
            "every cell of column 't' in t.csv is missing"),
        Arguments.of(
            List.of(words(40)), Wish.AUTO, "TARGET_UNUSABLE", "40 different values in 40 rows"),
        Arguments.of(times(50, words(101)), Wish.AUTO, "TARGET_UNUSABLE", "101 different values"),
        Arguments.of(
            List.of(numbers(40)), Wish.CLASSIFICATION, "TARGET_UNUSABLE", "40 different values"),
        Arguments.of(
            times(5, "1", "x", "2"), Wish.REGRESSION, "TARGET_UNUSABLE", "text such as 'x'"),
        Arguments.of(
            joined(numbers(300), "unknown"),
            Wish.AUTO,
            "TARGET_UNUSABLE",
            "300 of its cells are numbers, but 'unknown' is not"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refuses(List<String> cells, Wish wish, String code, String message) {
    assertThatThrownBy(() -> Target.find("t", cells, wish, "t.csv"))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private static List<String> times(int times, String... values) {
    return Collections.nCopies(times, List.of(values)).stream().flatMap(List::stream).toList();
  }

  private static List<String> joined(String[] values, String last) {
    var all = new ArrayList<>(List.of(values));
    all.add(last);
    return all;
  }

  private static String[] numbers(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toArray(String[]::new);
  }

  private static String[] words(int count) {
    return IntStream.range(0, count).mapToObj(i -> "w" + i).toArray(String[]::new);
  }
}
