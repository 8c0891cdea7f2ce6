package dev.pipewright.contract.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.task.DataRef;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class OutputsTest {
  record Score(String name, double auc) {}

  private static Map<String, JsonNode> outputs(String json) throws IOException {
    var outputs = new TreeMap<String, JsonNode>();
    Json.MAPPER
        .readTree(json)
        .properties()
        .forEach(output -> outputs.put(output.getKey(), output.getValue()));
    return outputs;
  }

  static Stream<Arguments> values() {
    var digest = "sha256:" + "a".repeat(64);
    return Stream.of(
        Arguments.of("3", Integer.class, 3),
        Arguments.of("3", Long.class, 3L),
        Arguments.of("3", Double.class, 3.0),
        Arguments.of("0.25", Double.class, 0.25),
        Arguments.of("\"NaN\"", Double.class, Double.NaN),
        Arguments.of("\"x\"", String.class, "x"),
        Arguments.of("true", Boolean.class, true),
        Arguments.of("[1,2]", List.class, List.of(1, 2)),
        Arguments.of("{\"name\":\"a\",\"auc\":0.5}", Score.class, new Score("a", 0.5)),
        Arguments.of(
            "{\"kind\":\"dataset\",\"name\":\"t\",\"digest\":\"%s\",\"size\":3,\"files\":[{\"path\":\"t\",\"digest\":\"%s\",\"size\":3}]}"
                .formatted(digest, digest),
            DataRef.class,
            DataRef.file(DataRef.Kind.DATASET, "t", digest, 3)));
  }

  @ParameterizedTest
  @MethodSource("values")
  void readsAValueAsItsType(String json, Class<?> type, Object value) throws IOException {
    assertThat((Object) Outputs.read(outputs("{\"x\":" + json + "}"), "x", type, "run #1"))
        .isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`\"3\"`, java.lang.Integer",
        "3.5, java.lang.Integer",
        "3, java.lang.Boolean",
        "[1], java.lang.Double",
      })
  void makesNoTypeOfAnother(String json, Class<?> type) {
    assertThatThrownBy(() -> Outputs.read(outputs("{\"x\":" + json + "}"), "x", type, "run #1"))
        .hasMessageStartingWith(
            "OUTPUT_INVALID: Output 'x' of run #1 is no " + type.getSimpleName() + ": ");
  }

  @Test
  void namesWhatThereIs() {
    assertThatThrownBy(
            () -> Outputs.read(outputs("{\"a\":1,\"b\":2}"), "x", Integer.class, "run #1"))
        .hasMessage("OUTPUT_MISSING: There is no output 'x' of run #1.")
        .extracting("problem.remedy")
        .isEqualTo("It has a, b.");
  }
}
