package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Cells;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TableTest {
  @TempDir Path folder;

  static Stream<Arguments> readable() {
    return Stream.of(
        Arguments.of("commas", "a,b\n1,x\n2,y\n", List.of("1", "x"), List.of("2", "y")),
        Arguments.of(
            "no line feed at the end", "a,b\n1,x\n2,y", List.of("1", "x"), List.of("2", "y")),
        Arguments.of("CRLF", "a,b\r\n1,x\r\n2,y\r\n", List.of("1", "x"), List.of("2", "y")),
        Arguments.of(
            "byte order mark", "\uFEFFa,b\n1,x\n2,y\n", List.of("1", "x"), List.of("2", "y")),
        Arguments.of("semicolons", "a;b\n1,5;x\n2;y,z\n", List.of("1,5", "x"), List.of("2", "y,z")),
        Arguments.of("tabs", "a\tb\n1\tx\n2\ty\n", List.of("1", "x"), List.of("2", "y")),
        Arguments.of("bars", "a|b\n1|x\n2|y\n", List.of("1", "x"), List.of("2", "y")),
        Arguments.of(
            "quoted separators, quotes and line ends",
            "a,b\n\"1,5\",\"x \"\"y\"\"\"\n\"p\nq\",\"\"\n",
            List.of("1,5", "x \"y\""),
            List.of("p\nq", "")),
        Arguments.of(
            "white space stays in cells",
            " a , b \n 1 ,x\n2, y\n",
            List.of(" 1 ", "x"),
            List.of("2", " y")),
        Arguments.of(
            "empty lines don't count",
            "a,b\n\n1,x\n\n2,y\n\n",
            List.of("1", "x"),
            List.of("2", "y")),
        Arguments.of(
            "a hash is no comment", "a,b\n#1,x\n2,y\n", List.of("#1", "x"), List.of("2", "y")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("readable")
  void reads(String name, String text, List<String> first, List<String> second) throws IOException {
    var table = Table.read(file(text, StandardCharsets.UTF_8), "t.csv");
    assertThat(table.columns()).as(name).containsExactly("a", "b");
    assertThat(table.rows()).as(name).containsExactly(first, second);

    var copy = folder.resolve("copy.csv");
    table.write(copy);
    assertThat(Table.read(copy, "copy.csv").rows())
        .as("written and read again")
        .isEqualTo(table.rows());
  }

  static Stream<Arguments> unreadable() {
    return Stream.of(
        Arguments.of("", ProblemCode.TABLE_EMPTY, "t.csv has no content"),
        Arguments.of("\uFEFF", ProblemCode.TABLE_EMPTY, "t.csv has no content"),
        Arguments.of("a,b\n", ProblemCode.TABLE_EMPTY, "t.csv has a header but no rows"),
        Arguments.of(
            "a,b\n1,2\n1,2,3\n",
            ProblemCode.TABLE_UNREADABLE,
            "line 3 of t.csv has 3 cells, its header has 2"),
        Arguments.of(
            "a,b\n\"x\ny\",2\n1\n", ProblemCode.TABLE_UNREADABLE, "line 4 of t.csv has 1 cells"),
        Arguments.of(
            "a,b,a\n1,2,3\n",
            ProblemCode.TABLE_UNREADABLE,
            "columns 1 and 3 of t.csv have the same name 'a'"),
        Arguments.of(
            "a,,c\n1,2,3\n", ProblemCode.TABLE_UNREADABLE, "column 2 of t.csv has no name"),
        Arguments.of(
            "5.1,3.5,setosa\n4.9,3.0,setosa\n", ProblemCode.TABLE_UNREADABLE, "looks like data"),
        Arguments.of("a,b\n\"x\"y,2\n", ProblemCode.TABLE_UNREADABLE, "not well-formed CSV"),
        Arguments.of(
            "a,b\n1,\"x\n2,y\n",
            ProblemCode.TABLE_UNREADABLE,
            "line 2 of t.csv opens a quote that is never closed"),
        Arguments.of("PK\u0003\u0004....", ProblemCode.TABLE_UNREADABLE, "a ZIP or Excel file"),
        Arguments.of("PAR1....", ProblemCode.TABLE_UNREADABLE, "a Parquet file"));
  }

  @ParameterizedTest
  @MethodSource("unreadable")
  void refuses(String text, ProblemCode code, String message) throws IOException {
    var file = file(text, StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Table.read(file, "t.csv"))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo(code.name()))
        .hasMessageContaining(message);
  }

  @Test
  void names_the_line_that_is_not_utf8() throws IOException {
    var file = file("a,b\n1,x\n2,Müller\n", StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> Table.read(file, "t.csv"))
        .hasMessageContaining("line 3 of t.csv is not UTF-8 text");
    var late = file("a,b\n" + "1,x\n".repeat(50_000) + "2,Müller\n", StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> Table.read(late, "t.csv"))
        .hasMessageContaining("line 50002 of t.csv is not UTF-8 text");
  }

  @Test
  void years_are_a_header() throws IOException {
    var table = Table.read(file("site,2019,2020,2021\nA,1,2,3\n", StandardCharsets.UTF_8), "t.csv");
    assertThat(table.columns()).containsExactly("site", "2019", "2020", "2021");
  }

  @Test
  void a_folder_must_hold_just_one_file() throws IOException {
    Files.createDirectories(folder.resolve("data"));
    Files.writeString(folder.resolve("data/one.csv"), "a,b\n1,2\n");
    assertThat(Table.read(folder.resolve("data"), "loans").name()).isEqualTo("loans");
    Files.writeString(folder.resolve("data/two.csv"), "a,b\n1,2\n");
    assertThatThrownBy(() -> Table.read(folder.resolve("data"), "loans"))
        .hasMessageContaining("holds 2 files");
  }

  @ParameterizedTest
  @CsvSource({"defualt, default", "AGE, age", "incme, income", "payments, late_payments"})
  void names_the_nearest_columns(String wrong, String nearest) {
    var table = new Table("t.csv", List.of("income", "age", "default", "late_payments"), List.of());
    assertThatThrownBy(() -> table.target(wrong))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("TARGET_NOT_A_COLUMN");
              assertThat(e.problem().detail()).isEqualTo("t.csv has no column '" + wrong + "'");
              assertThat(e.problem().remedy()).startsWith("Did you mean '" + nearest + "'");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "  ", "?", "NA", "na", "N/A", "NaN", "null", " NULL ", "inf", "-Infinity"})
  void missing(String cell) {
    assertThat(Cells.missing(cell)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "none", "-", "nano", "no"})
  void present(String cell) {
    assertThat(Cells.missing(cell)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "1.0, 1",
    "' 2.50 ', 2.5",
    "-3e2, -300",
    "+7, 7",
    ".5, 0.5",
    "0.1, 0.1",
    "1e20, 1E+20"
  })
  void numbers(String cell, String label) {
    assertThat(Cells.label(Cells.number(cell).orElseThrow())).isEqualTo(label);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1f",
        "1d",
        "0x10",
        "1e400",
        "1-2",
        "e",
        ".",
        "2024-01-05",
        "1,5",
        "NaN",
        "Infinity",
        "١"
      })
  void not_numbers(String cell) {
    assertThat(Cells.number(cell)).isEmpty();
  }

  private Path file(String text, Charset charset) throws IOException {
    return Files.write(folder.resolve("t.csv"), text.getBytes(charset));
  }
}
