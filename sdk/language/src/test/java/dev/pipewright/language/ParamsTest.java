package dev.pipewright.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParamsTest {
  private static final PipelineSpec SPEC =
      PipelineLanguage.require(
          """
          name: x
          params:
            data: { type: dataset }
            n: { type: int, default: 3 }
            x: { type: double, default: 0.5 }
            s: { type: string, default: "" }
            b: { type: bool, default: false }
            j: { type: json, default: {} }
          tasks: { a: { command: [x] } }
          """);

  @Test
  void fills_in_the_defaults() throws IOException {
    var resolved = Params.resolve(SPEC, given("{'x': 2, 'data': 'a.csv'}"));
    assertThat(Json.MAPPER.writeValueAsString(resolved))
        .isEqualTo("{\"data\":\"a.csv\",\"n\":3,\"x\":2,\"s\":\"\",\"b\":false,\"j\":{}}");
  }

  @Test
  void reports_every_error_at_once() {
    assertThatThrownBy(() -> Params.resolve(SPEC, given("{'nn': 1, 'n': 1.5, 'b': 'yes', 's': 5}")))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("PARAMS_INVALID");
              assertThat(e.problem().errors())
                  .extracting(Problem.Violation::message)
                  .containsExactly(
                      "the pipeline 'x' has no param 'nn'",
                      "the param 'data' (dataset) is not given",
                      "the param 'n' is an int, but the number 1.5 is given",
                      "the param 's' is a string, but the number 5 is given",
                      "the param 'b' is a bool, but the text 'yes' is given");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'d.csv' | true",
        "' ' | false",
        "5 | false",
        "{'kind': 'dataset', 'digest': 'sha256:1'} | true",
        "{'kind': 'model', 'digest': 'sha256:1'} | false",
        "{'kind': 'dataset'} | false"
      })
  void data_is_a_reference_or_a_path(String value, boolean fits) throws IOException {
    var node = Json.MAPPER.readTree(value.replace('\'', '"'));
    assertThat(Params.fits(dev.pipewright.contract.task.ValueType.DATASET, node)).isEqualTo(fits);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "n | 7 | 7",
        "x | 7 | 7.0",
        "s | 7 | `\"7\"`",
        "b | true | true",
        "j | [1, 2] | [1,2]",
        "data | a.csv | `\"a.csv\"`"
      })
  void reads_text_from_a_terminal(String name, String text, String json) {
    assertThat(Params.parse(SPEC, name, text)).hasToString(json);
  }

  @ParameterizedTest
  @CsvSource({
    "n, seven, 'an int', ",
    "n, 1.5, 'an int'",
    "b, yes, 'a bool'",
    "x, much, 'a double'",
    "j, '{', 'any JSON'"
  })
  void says_what_text_is_wanted(String name, String text, String wanted) {
    assertThatThrownBy(() -> Params.parse(SPEC, name, text))
        .hasMessageContaining(
            "the param '%s' is %s, but '%s' is given".formatted(name, wanted, text));
  }

  private static Map<String, JsonNode> given(String json) throws IOException {
    var given = new LinkedHashMap<String, JsonNode>();
    Json.MAPPER
        .readTree(json.replace('\'', '"'))
        .properties()
        .forEach(field -> given.put(field.getKey(), field.getValue()));
    return given;
  }
}
