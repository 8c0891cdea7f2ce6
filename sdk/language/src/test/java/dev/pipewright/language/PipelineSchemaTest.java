package dev.pipewright.language;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PipelineSchemaTest {
  /// Errors that a schema can know of: they are about one key, not about what it refers to.
  private static final Set<String> STRUCTURAL =
      Set.of("UNKNOWN_KEY", "TASK_KIND", "MISSING_KEY", "WRONG_TYPE");

  private static final JsonSchema SCHEMA =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
          .getSchema(PipelineSchema.json());

  @Test
  void the_published_schema_is_this_one() throws IOException {
    var file =
        Path.of(System.getProperty("pipewright.root", "."))
            .resolve("docs/reference/pipeline.schema.json");
    if (Boolean.getBoolean("pipewright.update")) {
      Files.writeString(file, PipelineSchema.json());
    }
    assertThat(Files.readString(file))
        .as("run this test with -Dpipewright.update=true")
        .isEqualTo(PipelineSchema.json());
  }

  static Stream<Path> documents() {
    return Stream.concat(Corpus.files().stream(), Corpus.examples().stream());
  }

  @ParameterizedTest
  @MethodSource("documents")
  void allows_what_the_reader_allows(Path document) {
    assertThat(validate(Corpus.read(document))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("dev.pipewright.language.RulesTest#right")
  void allows_all_that_is_right(String tasks) {
    assertThat(validate(RulesTest.task(tasks, "", "", null).text())).isEmpty();
  }

  static Stream<RulesTest.Rule> structural() {
    return RulesTest.rules().filter(rule -> STRUCTURAL.contains(rule.code()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("structural")
  void refuses_what_it_can_know(RulesTest.Rule rule) {
    assertThat(validate(rule.text().replace("§", ""))).isNotEmpty();
  }

  static Stream<String> beyondBounds() {
    return Stream.of(
        "t: { command: [x], loop: { until: \"${{ true }}\", limit: 10001 } }",
        "t: { command: [x], retry: { jitter: 2 } }",
        "t: { command: [x], resources: { cpu: 0 } }",
        "t: { command: [x], timeout: soon }",
        "t: { command: [x], trigger: all-success }",
        "t: { command: [] }",
        "t: { command: [x], matrix: {} }",
        "t: { command: [x], matrix: { a: [1] }, loop: { until: \"${{ true }}\" } }",
        "t: { command: [x], maxParallel: 2 }",
        "t: { command: [\"${{ params.x }}\"] }",
        "t: { command: [x], env: { PIPEWRIGHT_X: a } }",
        "t: { command: [x], env: { X: { secret: low } } }",
        "t: { command: [x], pools: { a: 0 } }",
        "t: { command: [x], when: true }",
        "T: { command: [x] }",
        "t: { uses: pipewright/split@v2, with: {} }",
        "t: { uses: pipewright/split@v1 }",
        "t: { uses: pipewright/split@v1, with: { data: \"${{ params.data }}\", target: y, tset: 1 } }",
        "t: { uses: pipewright/split@v1, with: { data: \"${{ params.data }}\", target: y, seed: 1.5 } }",
        "t: { pipeline: Other }",
        "t: { approval: { message: ok, onDeadline: fail } }",
        "t: { approval: { message: ok, inputs: { d: { type: dataset } } } }");
  }

  @ParameterizedTest
  @MethodSource("beyondBounds")
  void refuses_what_is_out_of_bounds(String task) {
    var text = RulesTest.task(task, "", "", null).text();
    assertThat(PipelineLanguage.check(text)).isInstanceOf(Checked.Invalid.class);
    assertThat(validate(text)).isNotEmpty();
  }

  @Test
  void every_key_says_what_it_is_for() {
    var lines =
        PipelineSchema.json().lines().filter(line -> line.contains("\"description\" : \"\""));
    assertThat(lines).isEmpty();
  }

  @Test
  void the_corpus_uses_every_key() {
    var used = new TreeSet<String>();
    for (var document : Corpus.files()) {
      keys(Yaml.json(Yaml.read(Corpus.read(document), new Violations()).root()), used);
    }
    var tables =
        Stream.concat(
            Table.TASKS.stream(),
            Stream.of(
                Table.PIPELINE,
                Table.PARAM,
                Table.OUTPUT,
                Table.CONCURRENCY,
                Table.RETENTION,
                Table.LOOP,
                Table.STUDY,
                Table.RETRY,
                Table.CACHE,
                Table.SECRET,
                Table.RESOURCES,
                Table.QUESTION,
                Table.APPROVAL));
    assertThat(used).containsAll(tables.flatMap(table -> table.names().stream()).toList());
  }

  private static void keys(JsonNode node, Set<String> keys) {
    node.properties()
        .forEach(field -> {
          keys.add(field.getKey());
          keys(field.getValue(), keys);
        });
    if (node.isArray()) {
      node.forEach(item -> keys(item, keys));
    }
  }

  private static Set<ValidationMessage> validate(String text) {
    var violations = new Violations();
    var document = Yaml.read(text, violations);
    assertThat(violations.list()).isEmpty();
    return SCHEMA.validate(Yaml.json(document.root()));
  }
}
