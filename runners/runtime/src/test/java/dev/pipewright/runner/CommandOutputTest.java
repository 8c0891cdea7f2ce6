package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.ValueType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandOutputTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "STRING|hello world|\"hello world\"",
        "INT| 42 |42",
        "INT|-7|-7",
        "DOUBLE|0.25|0.25",
        "DOUBLE|1e-3|0.001",
        "BOOL|true|true",
        "JSON|[1, 2]|[1,2]",
      })
  void aScalarIsTheFilesTextAsItsTypeSays(ValueType type, String text, String json) {
    assertThat(CommandTask.scalar("out", type, text)).hasToString(json);
  }

  @ParameterizedTest
  @CsvSource({"INT, 1.5", "INT, ''", "INT, many", "DOUBLE, x", "BOOL, yes", "JSON, {"})
  void whatDoesNotFitIsRefusedByName(ValueType type, String text) {
    assertThatThrownBy(() -> CommandTask.scalar("words", type, text))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("OUTPUT_INVALID")
        .hasMessageContaining("'words'")
        .hasMessageContaining(type.word());
  }
}
