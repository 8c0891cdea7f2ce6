package dev.pipewright.tune;

import static dev.pipewright.tune.Parameter.choice;
import static dev.pipewright.tune.Parameter.real;
import static dev.pipewright.tune.Parameter.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearchSpaceTest {
  private static final SearchSpace BOOSTERS =
      SearchSpace.of(
          choice("booster", "tree", "dart", "linear"),
          real("lr", 1e-3, 1).inLog(),
          real("rateDrop", 0, 1).onlyWhen("booster", "dart"),
          whole("depth", 2, 8).by(2).onlyWhen("booster", "tree", "dart"),
          real("skip", 0, 1).onlyWhen("depth", 8));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "[]                                               | TYPE_MISMATCH",
        "{}                                               | SPACE_EMPTY",
        "{'a': 3}                                         | TYPE_MISMATCH a",
        "{'a': {'low': 1, 'high': 2}}                     | TYPE_MISMATCH a.type",
        "{'a': {'type': 'float', 'low': 1, 'high': 2}}    | TYPE_MISMATCH a.type",
        "{'a': {'type': 'int', 'low': 1}}                 | TYPE_MISMATCH a.high",
        "{'a': {'type': 'int', 'low': 1.5, 'high': 2}}    | TYPE_MISMATCH a.low",
        "{'a': {'type': 'int', 'low': '1', 'high': 2}}    | TYPE_MISMATCH a.low",
        "{'a': {'type': 'double', 'low': 1, 'high': 2, 'logg': true}} | UNKNOWN_KEY a.logg",
        "{'a': {'value': ['x', 'y']}}                         | UNKNOWN_KEY a.value",
        "{'a': {'type': 'double', 'low': 1, 'high': 2, 'log': 'yes'}} | TYPE_MISMATCH a.log",
        "{'a': {'type': 'double', 'low': 2, 'high': 1}}   | BOUNDS_SWAPPED a",
        "{'a': {'type': 'double', 'low': 0, 'high': 1, 'log': true}}  | LOG_NOT_POSITIVE a.low",
        "{'a': {'type': 'int', 'low': 0, 'high': 9, 'log': true}}     | LOG_NOT_POSITIVE a.low",
        "{'a': {'type': 'int', 'low': 1, 'high': 9, 'log': true, 'step': 2}} | LOG_WITH_STEP a.step",
        "{'a': {'type': 'double', 'low': 1, 'high': 9, 'step': -1}}   | STEP_INVALID a.step",
        "{'a': {'type': 'int', 'low': 1, 'high': 9, 'step': 0}}       | STEP_INVALID a.step",
        "{'a': {'type': 'int', 'low': 1, 'high': 90071992547409930}}  | BOUND_TOO_LARGE a",
        "{'a': {'type': 'double', 'low': -1e308, 'high': 1e308}}      | BOUND_INFINITE a",
        "{'a': {'type': 'double', 'low': 0, 'high': 1, 'step': 1e-300}} | STEP_INVALID a.step",
        "{'a': {'values': []}}                            | VALUES_EMPTY a",
        "{'a': {'values': 'x'}, 'b': {'values': [{}]}}    | VALUE_NOT_SCALAR b.values",
        "{'a': {'values': ['x', 'y', 'x']}}               | VALUE_TWICE a.values",
        "{'a': {'values': ['x'], 'type': 'int'}}          | TYPE_MISMATCH a.type",
        "{'a': {'values': ['x'], 'when': 3}}              | TYPE_MISMATCH a.when",
        "{'a': {'values': ['x'], 'when': {'b': ['y']}}}   | WHEN_UNKNOWN a.when.b",
        "{'a': {'values': [1], 'when': {'b': [2]}}, 'b': {'values': [1]}} | WHEN_VALUE_UNKNOWN a.when.b",
        "{'a': {'values': [1], 'when': {'b': []}}, 'b': {'values': [1]}}  | WHEN_EMPTY a.when.b",
        "{'a': {'values': [1], 'when': {'b': [1]}}, 'b': {'type': 'double', 'low': 1, 'high': 2}} | WHEN_ON_NUMBER a.when.b",
        "{'a': {'values': [1], 'when': {'a': [1]}}}       | WHEN_CYCLE a.when",
      })
  void errorsNameThePlace(String json, String expected) throws Exception {
    var problem =
        catchThrowableOfType(ProblemException.class, () -> SearchSpace.read(json(json))).problem();
    assertThat(problem.code()).isEqualTo("SEARCH_SPACE_INVALID");
    assertThat(problem.errors())
        .singleElement()
        .satisfies(error -> {
          assertThat((error.code() + " " + (error.path() == null ? "" : error.path())).strip())
              .isEqualTo(expected);
          assertThat(error.remedy()).isNotBlank();
        });
  }

  @Test
  void allErrorsAreSaidAtOnce() throws Exception {
    var json =
        json(
            "{'a': {'type': 'int', 'low': 3, 'high': 1}, 'b': {'values': [], 'whn': {}}, 'c':"
                + " {'type': 'double', 'low': 0, 'high': 1, 'when': {'b': [1]}}}");
    var problem =
        catchThrowableOfType(ProblemException.class, () -> SearchSpace.read(json)).problem();
    assertThat(problem.errors())
        .extracting(error -> error.code())
        .containsExactlyInAnyOrder("UNKNOWN_KEY", "BOUNDS_SWAPPED");
  }

  @Test
  void aSpaceHasAnEnd() {
    var parameters = IntStream.rangeClosed(0, 1_000).mapToObj(i -> real("x" + i, 0, 1)).toList();
    assertThatThrownBy(() -> SearchSpace.of(parameters))
        .hasMessageContaining("The search space has 1,001 parameters");
    assertThat(SearchSpace.of(parameters.subList(0, 1_000)).size()).isEqualTo(1_000);
  }

  @Test
  void parametersThatGoTogetherAreAGroup() {
    assertThat(BOOSTERS.groups()).isDeepEqualTo(new int[][] {{0, 1}, {2}, {3}, {4}});
  }

  @Test
  void whatIsNotActiveIsLeftOut() {
    var dart = Map.of("booster", "dart", "lr", 0.1, "rateDrop", 0.5, "depth", 8, "skip", 0.25);
    assertThat(BOOSTERS.decode(BOOSTERS.encode(dart, false)))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("booster", "dart", "lr", 0.1, "rateDrop", 0.5, "depth", 8L, "skip", 0.25));
    assertThat(BOOSTERS.decode(BOOSTERS.encode(Map.of("booster", "linear", "lr", 1), false)))
        .isEqualTo(Map.of("booster", "linear", "lr", 1.0));
  }

  @Test
  void paramsThatDoNotFitAreNamed() {
    var params = Map.of("booster", "linear", "lr", 2, "depth", 4, "seed", 1);
    assertThatThrownBy(() -> BOOSTERS.encode(params, false))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e ->
                assertThat(e.problem().errors())
                    .extracting(error -> error.code() + " " + error.path())
                    .containsExactly(
                        "NOT_IN_DOMAIN lr", "NOT_ACTIVE depth", "UNKNOWN_PARAMETER seed"));
    assertThatThrownBy(() -> BOOSTERS.encode(Map.of("booster", "tree", "lr", 1), false))
        .hasMessageContaining("'depth' is missing");
    assertThatThrownBy(() -> BOOSTERS.encode(Map.of("booster", "tree", "depth", 5), true))
        .hasMessageContaining("'depth' cannot be 5");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{'booster': 'dart', 'rateDrop': 0.5} | ",
        "{'booster': 'dart', 'depth': 8, 'skip': 0.5} | ",
        "{'lr': 0.1} | ",
        "{'booster': 'tree', 'rateDrop': 0.5} | rateDrop",
        "{'rateDrop': 0.5, 'lr': 0.1} | rateDrop",
        "{'booster': 'linear', 'depth': 8, 'skip': 0.5} | depth",
        "{'booster': 'tree', 'skip': 0.5} | skip",
      })
  void paramsThatAreEnqueuedAreTried(String json, String notActive) throws Exception {
    var params = Json.MAPPER.convertValue(json(json), new TypeReference<Map<String, Object>>() {});
    var study = Study.of(StudySpec.of(BOOSTERS, Objective.minimize("loss")));
    if (notActive == null) {
      study.enqueue(params);
      assertThat(study.ask().orElseThrow().params().toString())
          .as("whatever else is drawn")
          .satisfies(tried ->
              params.forEach((name, value) -> assertThat(tried).contains(name + "=" + value)));
    } else {
      assertThatThrownBy(() -> study.enqueue(params))
          .isInstanceOfSatisfying(
              ProblemException.class,
              e ->
                  assertThat(e.problem().errors())
                      .extracting(error -> error.code() + " " + error.path())
                      .containsExactly("NOT_ACTIVE " + notActive));
      assertThat(study.trials()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 0.1, 0.30000000000000004, 0.3",
    "0, 1, 0.3, 1, 0.9",
    "-0.3, 5, 0.1, 0.049, 0.0",
    "1, 2, 0.5, 1.76, 2.0",
  })
  void steppedValuesHaveNoMoreDigitsThanTheirStep(
      double low, double high, double step, double place, double expected) {
    assertThat(new Axis(real("a", low, high).by(step)).code(place)).isEqualTo(expected);
  }

  @Property
  void jsonGivesTheSameSpace(@ForAll long seed) throws Exception {
    var space = Spaces.any(seed);
    assertThat(SearchSpace.read(Json.MAPPER.readTree(space.toString()))).isEqualTo(space);
  }

  private static JsonNode json(String text) throws Exception {
    return Json.MAPPER.readTree(text.replace('\'', '"'));
  }
}
