package dev.pipewright.orchestrator.fire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.language.CelJson;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MappingTest {
  private static final Mapping MAPPING = new Mapping("body", "headers");
  private static final String BODY =
      """
      {"ref": "refs/heads/main", "n": 3, "half": 0.5, "yes": true, "no": null,
       "commits": [{"id": "a"}, {"id": "b"}], "big": 12345678901234567890, "trap": "${{ 1 }}"}
      """;

  private static JsonNode json(String text) {
    try {
      return Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private static Map<String, Object> variables() {
    return Map.of("body", CelJson.toCel(json(BODY)), "headers", Map.of("x-github-event", "push"));
  }

  private static Fields fields() {
    return Fields.of(Json.MAPPER.createObjectNode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"plain\"                                        | \"plain\"",
        "7                                                | 7",
        "\"${{ body.ref }}\"                              | \"refs/heads/main\"",
        "\"${{ body.n }}\"                                | 3",
        "\"${{ body.n + 1 }}\"                            | 4",
        "\"${{ body.half * 2.0 }}\"                       | 1.0",
        "\"${{ body.yes }}\"                              | true",
        "\"${{ body.no == null }}\"                       | true",
        "\"${{ has(body.gone) ? body.gone : 'none' }}\"   | \"none\"",
        "\"${{ body.commits.map(c, c.id) }}\"             | [\"a\",\"b\"]",
        "\"${{ size(body.commits) }} commits on ${{ body.ref.replace('refs/heads/', '') }}\" | ``",
        "\"v${{ body.n }}-${{ headers['x-github-event'] }}\" | \"v3-push\"",
        "[\"${{ body.n }}\", {\"a\": \"${{ body.yes }}\"}] | [3,{\"a\":true}]",
        // a map's braces and a text's are no end
        "\"${{ {'a': {'b': body.n}}.a }}\"                | {\"b\":3}",
        "\"${{ '}}' + body.ref }}\"                       | \"}}refs/heads/main\"",
        // what comes out is not looked at again
        "\"${{ body.trap }}\"                             | \"${{ 1 }}\"",
      })
  void mapsMessages(String mapping, String expected) throws Mapping.Failed {
    var fields = fields();
    var checked = MAPPING.params(Map.of("p", json(mapping)), fields);
    if (expected == null || expected.isEmpty()) {
      // Functions beyond the standard ones are not there.
      assertThat(fields.errors())
          .extracting(Problem.Violation::code)
          .contains("EXPRESSION_INVALID");
      return;
    }
    assertThat(fields.errors()).isEmpty();
    assertThat(checked.get("p").value(variables())).hasToString(json(expected).toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "${{ body.ref            | the expression is not closed",
        "${{ bdoy.ref }}         | undeclared reference to 'bdoy'",
        "${{ }}                  | ",
        "${{ body. }}            | ",
        "${{ body.n ++ 1 }}      | ",
      })
  void saysAtOnceWhatCanNeverBeMapped(String text, String message) {
    var fields = fields();
    MAPPING.params(Map.of("p", Json.MAPPER.getNodeFactory().textNode(text)), fields);
    assertThat(fields.errors())
        .singleElement()
        .satisfies(error -> {
          assertThat(error.code()).isEqualTo("EXPRESSION_INVALID");
          assertThat(error.path()).isEqualTo("params.p");
          assertThat(error.message()).contains(message == null ? "" : message);
        });
  }

  @Test
  void saysOfEachParamWhyItCouldNotBeMapped() {
    var checked =
        MAPPING.params(
            Map.of(
                "a", json("\"${{ body.gone }}\""),
                "b", json("{\"deep\": [\"${{ body.n / 0 }}\"]}"),
                "c", json("\"${{ body.ref }}\"")),
            fields());
    var errors = new ArrayList<Problem.Violation>();
    var values = Mapping.values(checked, variables(), errors);
    assertThat(values).containsOnlyKeys("c");
    assertThat(errors)
        .extracting(Problem.Violation::path)
        .containsExactlyInAnyOrder("params.a", "params.b.deep[0]");
    assertThat(errors).extracting(Problem.Violation::message).anyMatch(m -> m.contains("gone"));
  }

  @Test
  void aConditionIsOneExpressionThatGivesABool() throws Mapping.Failed {
    for (var wrong : new String[] {"body.n == 3", "x ${{ true }}", "${{ 'text' }}"}) {
      var fields = fields();
      MAPPING.condition("when", wrong, fields);
      assertThat(fields.errors()).as(wrong).hasSize(1);
    }
    var good = MAPPING.condition("when", "${{ body.n == 3 }}", fields());
    assertThat(Mapping.holds(good, variables())).isTrue();
    assertThat(Mapping.holds(null, variables())).isTrue();
    var number = MAPPING.condition("when", "${{ body.n }}", fields());
    assertThatThrownBy(() -> Mapping.holds(number, variables()))
        .isInstanceOf(Mapping.Failed.class)
        .hasMessageContaining("gives 3");
  }
}
