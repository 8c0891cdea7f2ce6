package dev.pipewright.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpressionTest {
  private static final String DOCUMENT =
      """
      name: x
      params:
        x: { type: double }
        n: { type: int }
        s: { type: string }
        b: { type: bool }
        j: { type: json }
        d: { type: dataset }
      tasks:
        fit-it:
          command: [x]
          outputs: { auc: { type: double }, gone: { type: double, required: false }, count: { type: int } }
        use:
          command: [x]
          inputs:
            value: "%s"
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "${{ params.x }} | 1",
        "${{ params.n }} | 3",
        "${{ params.n + 1 }} | 4",
        "${{ params.n / 2 }} | 1",
        "${{ params.x / 2.0 }} | 0.5",
        "${{ params.n > params.x }} | true",
        "${{ params.n >= 3.0 }} | true",
        "${{ params.x < 2 }} | true",
        "${{ double(params.n) * 0.5 }} | 1.5",
        "${{ params.s + '!' }} | 'hi!'",
        "${{ params.s.startsWith('h') ? 'yes' : 'no' }} | 'yes'",
        "${{ !params.b }} | true",
        "${{ params.j.list[1] }} | 'two'",
        "${{ params.j.list.map(x, x + '!') }} | ['one!', 'two!']",
        "${{ params.j.list.exists(x, x == 'two') }} | true",
        "${{ size(params.j.list) }} | 2",
        "${{ [1, 2] + [3] }} | [1, 2, 3]",
        "${{ size(params.j.big.map(x, [x, x]).filter(x, size(x) == 2)) }} | 1000",
        "${{ size(params.j.big + params.j.big) }} | 2000",
        "${{ {'a': params.n, 'b': {'c': params.s}} }} | {'a': 3, 'b': {'c': 'hi'}}",
        "${{ params.d }} | {'kind': 'dataset', 'name': 'd.csv', 'digest': 'sha256:1', 'size': 5}",
        "${{ params.d.name }} | 'd.csv'",
        "${{ params.d.size + 1 }} | 6",
        "${{ tasks.fit-it.outputs.auc }} | 0.8",
        "${{ tasks.fit-it.outputs.auc > 0.7 && tasks.fit-it.outputs.count - 1 == 9 }} | true",
        "${{ tasks.fit-it.outputs.auc-params.x < 0.0 }} | true",
        "${{ has(tasks.fit-it.outputs.auc) }} | true",
        "${{ has(tasks.fit-it.outputs.gone) }} | false",
        "${{ has(tasks.fit-it.outputs.gone) ? tasks.fit-it.outputs.gone : -1.0 }} | -1.0",
        "${{ 'tasks.fit-it.outputs.auc' }} | 'tasks.fit-it.outputs.auc'",
        "${{ 'a }} b' }} | 'a }} b'",
        "n=${{ params.n }}, s=${{ params.s }} | 'n=3, s=hi'",
        "${{ params.n }}${{ params.b }} | '3false'",
        "{{ params.n }} | '{{ params.n }}'",
        "$${{ params.n }} | '$3'",
        // what an expression gives is text, whatever it looks like
        "${{ '$' + '{{ params.n }}' }} | '${{ params.n }}'"
      })
  void evaluates(String input, String expected) throws IOException {
    assertThat(evaluate(input)).isEqualTo(json(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "${{ tasks.fit-it.outputs.gone }} | the task 'fit-it' has left no output 'gone'",
        "${{ tasks.fit-it.outputs.gone + 1.0 }} | the task 'fit-it' has left no output 'gone'",
        "a ${{ tasks.fit-it.outputs.gone }} | the task 'fit-it' has left no output 'gone'",
        "${{ params.n / 0 }} | / by zero",
        "${{ params.j.list[7] }} | Index out of bounds",
        "${{ params.j.nothing }} | nothing",
        "${{ params.j.list.map(a, params.j.list.map(b, [1,2,3,4,5,6,7,8,9].map(c, params.j.big.map(d, params.j.big)))) }} | Iteration budget exceeded",
        "${{ size(DOUBLED) > 0 }} | with '+' it makes more than 10,000,000 characters and items",
        "${{ size(DOUBLED_LIST) > 0 }} | with '+' it makes more than 10,000,000 characters and items"
      })
  void says_why_it_fails(String input, String message) {
    var written =
        input.replace("DOUBLED_LIST", doubled("[1]")).replace("DOUBLED", doubled("'text'"));
    assertThatThrownBy(() -> evaluate(written))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().code()).isEqualTo("EXPRESSION_FAILED"))
        .hasMessageContaining(message);
  }

  @Test
  void there_are_only_so_many_different_ones() {
    var violations = new Violations();
    var expressions = new Expressions(new Scope(Map.of(), Map.of()), violations, 2);
    for (var text : List.of("1 + 1", "2 + 2", "1 + 1", "run.id", "2 + 2")) {
      assertThat(expressions.check(text, Context.TASK, "x", _ -> new Place(1, 1))).isNotNull();
    }
    assertThat(violations.list()).isEmpty();
    assertThat(expressions.check("3 + 3", Context.TASK, "x", _ -> new Place(1, 1))).isNull();
    assertThat(expressions.check("4 + 4", Context.TASK, "x", _ -> new Place(1, 1))).isNull();
    assertThat(violations.list())
        .singleElement()
        .satisfies(error -> assertThat(error.code()).isEqualTo("TOO_MANY_EXPRESSIONS"));
  }

  /// Each level makes it twice as large: 2^40 in all.
  private static String doubled(String value) {
    var text = value;
    for (int i = 0; i < 40; i++) {
      text = "[%s].map(a, a + a)[0]".formatted(text);
    }
    return text;
  }

  private static JsonNode evaluate(String input) throws IOException {
    var spec = PipelineLanguage.require(DOCUMENT.formatted(input.replace("\"", "\\\"")));
    var params =
        Map.of(
            "x", json("1"),
            "n", json("3"),
            "s", json("'hi'"),
            "b", json("false"),
            "j", json("{'list': ['one', 'two'], 'big': [" + "1,".repeat(999) + "1]}"),
            "d", json("{'kind': 'dataset', 'name': 'd.csv', 'digest': 'sha256:1', 'size': 5}"));
    var outputs = Map.of("fit-it", Map.of("auc", json("0.8"), "count", json("10")));
    return json(
        Json.MAPPER.writeValueAsString(
            spec.tasks().get("use").inputs().get("value").evaluate(Values.of(params, outputs))));
  }

  private static JsonNode json(String text) throws IOException {
    return Json.MAPPER.readTree(text.startsWith("\"") ? text : text.replace('\'', '"'));
  }
}
