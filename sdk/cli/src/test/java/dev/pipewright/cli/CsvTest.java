package dev.pipewright.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CsvTest {
  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a,b c,d",
        "a;b c;d",
        "a\tb c\td",
        "a|b c|d",
        "\ufeffa,b c,d",
        "\"a\",\"b c\",\"d\"",
        " a , b c,d ",
      })
  void findsTheColumns(String header) {
    assertThat(Csv.columns(header)).containsExactly("a", "b c", "d");
  }

  @Test
  void keepsSeparatorsAndQuotesWithinQuotes() {
    assertThat(Csv.columns("\"a;b\",\"say \"\"x\"\"\",c")).containsExactly("a;b", "say \"x\"", "c");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a,y\n1,2\n", "a,y\r\n1,2", "\na,y\n\n1,2", "\"a\nb\",y\n1,2\n"})
  void accepts(String table) throws IOException {
    var file = Files.writeString(dir.resolve("t.csv"), table);
    assertThatCode(() -> Csv.check(file, "y")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | TABLE_EMPTY | is empty",
        "'\n\n' | TABLE_EMPTY | is empty",
        "'a,y' | TABLE_EMPTY | no rows below",
        "'a,y\n \n' | TABLE_EMPTY | no rows below",
        "'a,b\n1,2' | TARGET_NOT_A_COLUMN | has no column y among its 2",
        "'a,Y\n1,2' | TARGET_NOT_A_COLUMN | has no column y among its 2",
      })
  void refuses(String table, String code, String message) throws IOException {
    var file = Files.writeString(dir.resolve("t.csv"), table);
    assertThatThrownBy(() -> Csv.check(file, "y"))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith(code + ": ")
        .hasMessageContaining("t.csv")
        .hasMessageContaining(message);
  }

  @Test
  void refusesWhatIsNotAReadableTextFile() throws IOException {
    assertThatThrownBy(() -> Csv.check(dir.resolve("gone.csv"), "y"))
        .hasMessageStartingWith("INPUT_MISSING: There is no file");
    assertThatThrownBy(() -> Csv.check(dir, "y"))
        .hasMessageStartingWith("INPUT_MISSING: ")
        .hasMessageContaining("is a folder");
    var latin =
        Files.write(dir.resolve("l.csv"), "größe,y\n1,2".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> Csv.check(latin, "y")).hasMessageStartingWith("TABLE_UNREADABLE: ");
  }

  @Test
  void namesTheNearestColumns() {
    assertThat(Csv.nearest("specis", List.of("petal", "Species", "sepal"), 1))
        .containsExactly("Species");
  }
}
