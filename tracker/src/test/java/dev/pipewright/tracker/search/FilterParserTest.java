package dev.pipewright.tracker.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.pipewright.tracker.search.Field.Best;
import dev.pipewright.tracker.search.Filter.And;
import dev.pipewright.tracker.search.Filter.Compare;
import dev.pipewright.tracker.search.Filter.In;
import dev.pipewright.tracker.search.Filter.IsNull;
import dev.pipewright.tracker.search.Filter.Not;
import dev.pipewright.tracker.search.Filter.Operator;
import dev.pipewright.tracker.search.Filter.Or;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilterParserTest {
  private static Field attribute(String key) {
    return new Field(Entity.ATTRIBUTE, key);
  }

  private static Field metric(String key) {
    return new Field(Entity.METRIC, key);
  }

  private static Field param(String key) {
    return new Field(Entity.PARAMETER, key);
  }

  private static Field tag(String key) {
    return new Field(Entity.TAG, key);
  }

  private static Filter is(Field field, Object value) {
    return new Compare(field, Operator.EQ, value);
  }

  static List<Arguments> filters() {
    return List.of(
        arguments("", Filter.ALL),
        arguments("AND", Filter.ALL),
        arguments("metrics.acc > 0.5", new Compare(metric("acc"), Operator.GT, 0.5)),
        arguments("metric.`a b`<=-1e3", new Compare(metric("a b"), Operator.LE, -1000.0)),
        arguments("metrics.\"a.b\" != .5", new Compare(metric("a.b"), Operator.NE, 0.5)),
        arguments("metrics.x = 1.", is(metric("x"), 1.0)),
        arguments("`metrics`.`x` = 1", is(metric("x"), 1.0)),
        arguments("params.lr = '0.1'", is(param("lr"), "0.1")),
        arguments("parameters.lr = \"0.1\"", is(param("lr"), "0.1")),
        arguments("params.a.b.c = 'x'", is(param("a.b.c"), "x")),
        arguments("tags.mlflow.source.name = ''", is(tag("mlflow.source.name"), "")),
        arguments("tag.'a b' = 'it''s'", is(tag("a b"), "it''s")),
        arguments("tags.t = \"it's\"", is(tag("t"), "it's")),
        arguments("tags.t = 'C:\\'", is(tag("t"), "C:\\")),
        arguments("params.p lIkE '%x'", new Compare(param("p"), Operator.LIKE, "%x")),
        arguments("params.p ilike 'x'", new Compare(param("p"), Operator.ILIKE, "x")),
        arguments("status = 'RUNNING'", is(attribute("status"), "RUNNING")),
        arguments("attributes.`Run name` = 'x'", is(attribute("run_name"), "x")),
        arguments("run.Created > 1", new Compare(attribute("start_time"), Operator.GT, 1.0)),
        arguments("run_id IN ('a',)", new In(attribute("run_id"), List.of("a"), false)),
        arguments(
            "run_id not in ('a', \"b\")", new In(attribute("run_id"), List.of("a", "b"), true)),
        arguments(
            "dataset.name IN ('d')",
            new In(new Field(Entity.DATASET, "name"), List.of("d"), false)),
        arguments("tags.t IS NULL", new IsNull(tag("t"), false)),
        arguments("end_time is not null", new IsNull(attribute("end_time"), true)),
        arguments(
            "min(metrics.loss) < 1",
            new Compare(new Field(Entity.METRIC, "loss", Best.MIN), Operator.LT, 1.0)),
        arguments(
            "metrics.min = 1 AND metrics.and = 2",
            new And(List.of(is(metric("min"), 1.0), is(metric("and"), 2.0)))),
        arguments(
            "AND status = 'a' and AND run_id = 'b' user_id = 'c' AND",
            new And(
                List.of(
                    is(attribute("status"), "a"),
                    is(attribute("run_id"), "b"),
                    is(attribute("user_id"), "c")))),
        arguments(
            "NOT status = 'a' AND user_id = 'b' OR user_id = 'c'",
            new Or(
                List.of(
                    new And(
                        List.of(
                            new Not(is(attribute("status"), "a")), is(attribute("user_id"), "b"))),
                    is(attribute("user_id"), "c")))),
        arguments(
            "NOT NOT NOT (status = 'a' OR status = 'b')",
            new Not(new Or(List.of(is(attribute("status"), "a"), is(attribute("status"), "b"))))),
        arguments("((status = 'a'))", is(attribute("status"), "a")));
  }

  @ParameterizedTest
  @MethodSource("filters")
  void reads(String filter, Filter wanted) {
    assertThat(FilterParser.parse(filter, FilterSchema.RUNS)).isEqualTo(wanted);
  }

  static List<Arguments> mistakes() {
    return List.of(
        arguments("   ", 0, "Invalid filter '   '. Could not be parsed."),
        arguments("invalid", 0, "Invalid clause(s) in filter string: 'invalid' at character 1."),
        arguments("status = 'a' AND invalid", 17, "Invalid clause(s) in filter string: 'invalid'"),
        arguments("status LIKE", 0, "Invalid clause(s) in filter string: 'status LIKE'"),
        arguments("evilhax = true", 0, "Invalid clause(s) in filter string: 'evilhax = true'"),
        arguments("run_id IN", 0, "Invalid clause(s) in filter string"),
        arguments("run_id IN (", 0, "Invalid clause(s) in filter string"),
        arguments("run_id = 'a';", 12, "Invalid clause(s) in filter string: ';'"),
        arguments("status = 'a", 0, "Invalid clause(s) in filter string"),
        arguments("metrics.a-b > 1", 0, "Invalid clause(s) in filter string: 'metrics.a'"),
        arguments("OR status = 'a'", 0, "Invalid clause(s) in filter string: 'OR'"),
        arguments("status = 'a' OR", 13, "Invalid clause(s) in filter string: 'OR'"),
        arguments(
            "(status = 'a'",
            0,
            "Invalid clause(s) in filter string: '(status = 'a'' at character 1. This parenthesis is not closed."),
        arguments(
            "status = 'a')",
            12,
            "Invalid clause(s) in filter string: ')' at character 13. No parenthesis is open here."),
        arguments("()", 0, "Invalid clause(s) in filter string"),
        arguments("NOT", 3, "Invalid clause(s) in filter string"),
        arguments("metrics.a > 2fast", 0, "Invalid clause(s) in filter string"),
        arguments("metrics.a = abc", 12, "Expected numeric value type for metric. Found abc"),
        arguments("metrics.a = 'abc'", 12, "Expected numeric value type for metric. Found 'abc'"),
        arguments("metrics.a LIKE 1", 10, "Invalid comparator 'LIKE'"),
        arguments("metrics.a == 1", 10, "Invalid comparator '=='"),
        arguments("metrics.a <> 1", 10, "Invalid comparator '<>'"),
        arguments(
            "params.a = 1",
            11,
            "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"),
        arguments("params.a > 'x'", 9, "Invalid comparator '>'"),
        arguments("params.a RLIKE 'x'", 9, "Invalid comparator 'RLIKE'"),
        arguments("status = 1", 9, "Expected a quoted string value for attributes"),
        arguments(
            "status != something",
            10,
            "Parameter value is either not quoted or unidentified quote types used for string value something"),
        arguments(
            "start_time > 'x'",
            13,
            "Expected numeric value type for numeric attribute: start_time. Found 'x'"),
        arguments(
            "attribute.experiment_id = '1'", 0, "Invalid attribute key 'experiment_id' specified"),
        arguments(
            "lifecycle_stage = 'ACTIVE'", 0, "Invalid attribute key 'lifecycle_stage' specified"),
        arguments("foo.bar = 'a'", 0, "Invalid entity type 'foo'"),
        arguments("dataset.source = 'a'", 0, "Invalid dataset key 'source' specified"),
        arguments("metrics.`` = 1", 0, "Invalid identifier 'metrics.'"),
        arguments(
            "run_id IN ()",
            10,
            "While parsing a list in the query, expected a non-empty list of string values, but got empty list"),
        arguments(
            "run_id IN (1,2,3)",
            11,
            "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list"),
        arguments(
            "run_id IN (,)",
            11,
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list"),
        arguments(
            "run_id IN ('a',,'b')",
            15,
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list"),
        arguments(
            "run_id IN (a,b)",
            11,
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list"),
        arguments("start_time IN ('a')", 11, "Invalid comparator 'IN'"),
        arguments(
            "max(params.a) = 'x'",
            0,
            "max(…) at character 1: only a metric has a least and a greatest value"),
        arguments("status = 'a\0'", 11, "The filter has a NUL character"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void namesMistakes(String filter, int position, String message) {
    var mistake =
        catchThrowableOfType(
            InvalidFilter.class, () -> FilterParser.parse(filter, FilterSchema.RUNS));
    assertThat(mistake).hasMessageContaining(message);
    assertThat(mistake.position()).isEqualTo(position);
  }

  static List<Arguments> otherSchemas() {
    return List.of(
        arguments(FilterSchema.EXPERIMENTS, "attribute.`name` ILIKE 'a%'", ""),
        arguments(FilterSchema.EXPERIMENTS, "creation_time >= 1 AND tag.`k e y` = 'v'", ""),
        arguments(
            FilterSchema.EXPERIMENTS, "attributes.name = 'a'", "Invalid entity type 'attributes'"),
        arguments(FilterSchema.REGISTERED_MODELS, "tags.`mlflow.prompt.is_prompt` = 'true'", ""),
        arguments(
            FilterSchema.REGISTERED_MODELS,
            "run_id='x'",
            "Invalid attribute key 'run_id' specified. Valid keys are {'name'}"),
        arguments(FilterSchema.MODEL_VERSIONS, "version_number=2 AND run_id IN ('a','b')", ""),
        arguments(FilterSchema.LOGGED_MODELS, "metrics.foo LIKE 'x'", "Expected numeric"),
        arguments(FilterSchema.LOGGED_MODELS, "name > 'foo'", "Invalid comparison operator"),
        arguments(FilterSchema.LOGGED_MODELS, "Foo", "Invalid filter string"),
        arguments(FilterSchema.TRACES, "trace.timestamp_ms > 1 AND span.name RLIKE '^a'", ""),
        arguments(FilterSchema.TRACES, "name IN ('foo', 'bar')", ""),
        arguments(FilterSchema.TRACES, "trace.text LIKE '%x%'", ""),
        arguments(FilterSchema.TRACES, "span.attributes.a.b = 'x'", ""),
        arguments(FilterSchema.TRACES, "feedback.score > 0.8 AND feedback.ok = 'true'", ""),
        arguments(
            FilterSchema.TRACES,
            "feedback.score > 'high'",
            "Expected a numeric value for feedback"),
        arguments(
            FilterSchema.TRACES, "trace.tags.foo = 'bar'", "Invalid attribute key 'tags.foo'"),
        arguments(FilterSchema.TRACES, "trace.status < 'OK'", "Invalid comparator '<'"),
        arguments(FilterSchema.TRACES, "span.content = 'x'", "Invalid comparator '='"),
        arguments(FilterSchema.EVALUATION_DATASETS, "created_by = 'a' AND tags.k = 'v'", ""),
        arguments(
            FilterSchema.EVALUATION_DATASETS, "invalid_field = 'value'", "Invalid attribute key"));
  }

  @ParameterizedTest
  @MethodSource("otherSchemas")
  void eachKindOfThingHasItsOwnNames(FilterSchema schema, String filter, String mistake) {
    if (mistake.isEmpty()) {
      assertThat(FilterParser.parse(filter, schema)).isNotEqualTo(Filter.ALL);
    } else {
      assertThatThrownBy(() -> FilterParser.parse(filter, schema))
          .isInstanceOf(InvalidFilter.class)
          .hasMessageContaining(mistake);
    }
  }

  static List<Arguments> orders() {
    return List.of(
        arguments("metrics.`a b` DESC", new OrderBy(metric("a b"), false)),
        arguments("metrics.acc", new OrderBy(metric("acc"), true)),
        arguments("  params.lr   aSc ", new OrderBy(param("lr"), true)),
        arguments(
            "max(metrics.acc) desc", new OrderBy(new Field(Entity.METRIC, "acc", Best.MAX), false)),
        arguments("attribute.Created DESC", new OrderBy(attribute("start_time"), false)),
        arguments("run_id", new OrderBy(attribute("run_id"), true)));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void readsAnOrder(String clause, OrderBy wanted) {
    assertThat(OrderBy.parse(List.of(clause), FilterSchema.RUNS)).containsExactly(wanted);
  }

  static Stream<Arguments> wrongOrders() {
    return Stream.of(
        arguments(
            List.of("last_updated DESC blah"), "Invalid order_by clause 'last_updated DESC blah'"),
        arguments(List.of("start_time, run_id"), "Invalid order_by clause 'start_time, run_id'"),
        arguments(List.of(""), "Invalid order_by clause ''"),
        arguments(List.of("metrics.acc down"), "Invalid ordering key in order_by clause"),
        arguments(List.of("description"), "Invalid attribute key 'description' specified"),
        arguments(List.of("dataset.name"), "Invalid identifier type 'dataset'"),
        arguments(
            List.of("start_time", "created DESC"),
            "`order_by` contains duplicate fields: [start_time, created DESC]"));
  }

  @ParameterizedTest
  @MethodSource("wrongOrders")
  void refusesAnOrder(List<String> clauses, String message) {
    assertThatThrownBy(() -> OrderBy.parse(clauses, FilterSchema.RUNS))
        .isInstanceOf(InvalidFilter.class)
        .hasMessageContaining(message);
  }

  @Test
  void registeredModelsAreOrderedByNamesOfTheirOwn() {
    assertThat(
            OrderBy.parse(List.of("timestamp DESC", "name"), FilterSchema.REGISTERED_MODELS_ORDER))
        .containsExactly(
            new OrderBy(attribute("last_updated_timestamp"), false),
            new OrderBy(attribute("name"), true));
    assertThatThrownBy(() ->
            OrderBy.parse(List.of("creation_timestamp"), FilterSchema.REGISTERED_MODELS_ORDER))
        .hasMessageContaining("Invalid order by key 'creation_timestamp' specified");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(",
        "NOT ",
        "NOT(",
        "a.",
        "`",
        "'",
        "((a=",
        "status = 'a' AND ",
        "status = 'a' OR "
      })
  void boundsWhatItReads(String piece) {
    for (int times : new int[] {10_000, 1_000_000 / piece.length()}) {
      assertThatThrownBy(() -> FilterParser.parse(piece.repeat(times), FilterSchema.RUNS))
          .isInstanceOf(InvalidFilter.class);
    }
  }

  @Provide
  Arbitrary<String> nearlyFilters() {
    return Arbitraries.of(
            "metrics", "params", ".", "`a b`", "status", "run_id", " ", "=", "!=", "<", ">=",
            "LIKE", "IN", "NOT", "NULL", "IS", "AND", "OR", "(", ")", ",", "'x'", "\"y\"", "1",
            "-2.5e3", "min", "max", "'", "`", "\\", "é", "\uD83D", "😀", ";", "--", "0x")
        .list()
        .ofMaxSize(25)
        .map(parts -> String.join("", parts));
  }

  @Property(tries = 5_000)
  void neverThrowsAnythingElse(@ForAll("nearlyFilters") String filter) {
    for (var schema : List.of(FilterSchema.RUNS, FilterSchema.TRACES)) {
      try {
        assertThat(FilterParser.parse(filter, schema)).isNotNull();
      } catch (InvalidFilter e) {
        assertThat(e.getMessage()).isNotEmpty();
        assertThat(e.position()).isBetween(0, filter.length());
      }
      try {
        assertThat(OrderBy.parse(List.of(filter), schema)).hasSize(1);
      } catch (InvalidFilter e) {
        assertThat(e.position()).isBetween(0, filter.length());
      }
    }
  }

  @Property
  void neverThrowsAnythingElseOnAnyText(@ForAll String filter) {
    try {
      assertThat(FilterParser.parse(filter, FilterSchema.RUNS)).isNotNull();
    } catch (InvalidFilter e) {
      assertThat(e.position()).isBetween(0, filter.length());
    }
  }
}
