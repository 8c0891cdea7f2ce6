package dev.pipewright.tracker.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import graphql.parser.Parser;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class QueryLimitsTest {
  private static final String FRAGMENTS =
      "{ x { ...A ...B } } fragment A on T { a: x b: x c: x d: x e: x f: x }"
          + " fragment B on T { g: x h: x i: x j: x k: x }";

  static Stream<Arguments> queries() {
    return Stream.of(
        Arguments.of("{ a }", ""),
        Arguments.of("{" + " a".repeat(10) + "}", ""),
        Arguments.of("{" + " a".repeat(11) + "}", "at most 10 root fields, got 11"),
        Arguments.of("{ x {" + " b: a".repeat(11) + "} }", "at most 10 aliases, got 11"),
        Arguments.of(FRAGMENTS, "at most 10 aliases, got 11"),
        Arguments.of("{a".repeat(10) + "}".repeat(10), ""),
        Arguments.of("{a".repeat(11) + "}".repeat(11), "maximum depth of 10"),
        Arguments.of("{ x {" + " a".repeat(1000) + "} }", "total selections of 1000"),
        Arguments.of("{ x { ...F } } fragment F on T { a ...F }", ""));
  }

  @ParameterizedTest
  @MethodSource("queries")
  void largeQueriesAreRefused(String query, String message) {
    assertThat(QueryLimits.exceeded(Parser.parse(query)).orElse("")).contains(message);
  }
}
