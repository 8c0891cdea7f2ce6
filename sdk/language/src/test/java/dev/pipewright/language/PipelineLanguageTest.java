package dev.pipewright.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.task.ValueType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PipelineLanguageTest {
  private static final String GOOD =
      """
      name: credit-risk
      description: Learns who pays back
      params:
        data: { type: dataset }
        target: { type: string, default: credit_risk }
        minAuc: { type: double, default: 1, description: The least AUC }
        tags: { type: json, default: [a, b] }
      tasks:
        report:
          image: python:3.12
          command: [python3, report.py, 5]
          files: [report.py, lib/draw.py]
          env: { LANG: C, N: 5 }
          needs: [train]
          inputs:
            metrics: "${{ tasks.evaluate-it.outputs.report }}"
            title: "AUC ${{ tasks.evaluate-it.outputs.auc }} of ${{ params.target }}"
            plan: { tags: "${{ params.tags }}", fixed: [1, true, null] }
          outputs: { page: { type: artifact, path: out/report.html }, n: { type: int, required: false } }
          timeout: 90s
        split:
          uses: pipewright/split@v1
          with: { data: "${{ params.data }}", target: "${{ params.target }}", test: 0.25, seed: 7 }
        train:
          uses: pipewright/xgboost@v1
          with:
            train: "${{ tasks.split.outputs.train }}"
            target: "${{params.target}}"
            rounds: "${{ 10 * 3 }}"
          retry: { limit: 2, backoff: 1m }
          resources: { cpu: 2, memory: 4Gi, gpu: 1, gpuType: nvidia-h100 }
        evaluate-it:
          uses: pipewright/evaluate@v1
          when: "${{ tasks.train.outputs.task != 'regression' && params.minAuc <= 1 }}"
          with: { model: "${{ tasks.train.outputs.model }}", data: "${{ tasks.split.outputs.test }}" }
      """;

  @Test
  void reads_everything() {
    var spec = PipelineLanguage.require(GOOD);
    assertThat(spec.name()).isEqualTo("credit-risk");
    assertThat(spec.description()).isEqualTo("Learns who pays back");
    assertThat(spec.params().keySet()).containsExactly("data", "target", "minAuc", "tags");
    assertThat(spec.params().get("data").defaultValue()).isNull();
    assertThat(spec.tasks().keySet()).containsExactly("report", "split", "train", "evaluate-it");

    var report = spec.tasks().get("report");
    assertThat(((Work.Command) report.work()).words()).containsExactly("python3", "report.py", "5");
    assertThat(report.work().label()).isEqualTo("python3 report.py 5");
    assertThat(report.needs())
        .as("in the order of the document")
        .containsExactly("train", "evaluate-it");
    assertThat(report.files()).containsExactly("report.py", "lib/draw.py");
    assertThat(report.env()).isEqualTo(Map.of("LANG", new Env.Text("C"), "N", new Env.Text("5")));
    assertThat(report.image()).isEqualTo("python:3.12");
    assertThat(report.timeout()).isEqualTo(Duration.ofSeconds(90));
    assertThat(report.retry()).isEqualTo(Retry.NONE);
    assertThat(report.outputs())
        .containsEntry("page", new TaskLaunch.Output(ValueType.ARTIFACT, "out/report.html", true))
        .containsEntry("n", new TaskLaunch.Output(ValueType.INT, null, false));

    var train = spec.tasks().get("train");
    assertThat(train.work().label()).isEqualTo("pipewright/xgboost@v1");
    assertThat(train.needs()).containsExactly("split");
    assertThat(train.outputs().get("bestScore").type()).isEqualTo(ValueType.DOUBLE);
    assertThat(train.retry().limit()).isEqualTo(2);
    assertThat(train.retry().backoff()).isEqualTo(Duration.ofMinutes(1));
    assertThat(train.resources()).isEqualTo(new Resources(2.0, "4Gi", 1, "nvidia-h100", null));
    assertThat(spec.tasks().get("evaluate-it").needs()).containsExactly("split", "train");
    assertThat(spec.tasks().get("evaluate-it").when().source())
        .isEqualTo("tasks.train.outputs.task != 'regression' && params.minAuc <= 1");
  }

  @Test
  void evaluates_inputs() throws IOException {
    var spec = PipelineLanguage.require(GOOD);
    var params = Params.resolve(spec, Map.of("data", Json.MAPPER.readTree("\"loans.csv\"")));
    var outputs =
        Map.of(
            "train", Map.of("task", json("'binary'")),
            "evaluate-it",
                Map.of("auc", json("0.79"), "report", json("{'kind': 'artifact', 'name': 'r'}")));
    var inputs = spec.tasks().get("report").inputs();
    assertThat(inputs.get("metrics").evaluate(Values.of(params, outputs)))
        .isEqualTo(json("{'kind': 'artifact', 'name': 'r'}"));
    assertThat(inputs.get("title").evaluate(Values.of(params, outputs)))
        .isEqualTo(json("'AUC 0.79 of credit_risk'"));
    assertThat(json(inputs.get("plan").evaluate(Values.of(params, outputs)).toString()))
        .isEqualTo(json("{'tags': ['a', 'b'], 'fixed': [1, true, null]}"));
    assertThat(
            spec.tasks().get("train").inputs().get("rounds").evaluate(Values.of(params, outputs)))
        .hasToString("30");
    assertThat(spec.tasks().get("evaluate-it").when().evaluate(Values.of(params, outputs)))
        .isEqualTo(json("true"));
  }

  static Stream<Arguments> bad() {
    return Stream.of(
        // the document
        at("", "EMPTY", 1, 1, "the document is empty"),
        at("# nothing\n", "EMPTY", 1, 1, "the document is empty"),
        at("- a\n", "WRONG_TYPE", 1, 1, "the document must be a map, but is a list"),
        at("name: [x\n", "YAML_SYNTAX", 2, 1, "this is not YAML"),
        at("name: x\n\tb: 1\n", "YAML_SYNTAX", 2, 1, "this is not YAML", "Indent with spaces."),
        at(
            "name: x\na: b: c\n",
            "YAML_SYNTAX",
            2,
            5,
            "mapping values are not allowed",
            "in quotes"),
        at(
            "name: x\na: { b: ${{ c }} }\n",
            "YAML_SYNTAX",
            2,
            10,
            "this is not YAML",
            "Put the expression in quotes"),
        at(
            "name: x\na:\n  b: 1\n c: 2\n",
            "YAML_SYNTAX",
            4,
            2,
            "this is not YAML",
            "Check the indentation"),
        at("name: a\u0007b\n", "YAML_SYNTAX", 1, 8, "U+0007"),
        at(
            "name: &x a\ndescription: *x\n",
            "ALIAS_NOT_ALLOWED",
            1,
            7,
            "the anchor '&x' is not allowed"),
        at(
            "name: a\ndescription: *x\n",
            "ALIAS_NOT_ALLOWED",
            2,
            14,
            "the alias '*x' is not allowed"),
        at("name: !!binary aGk=\n", "TAG_NOT_ALLOWED", 1, 7, "the tag"),
        at("name: a\n---\nname: b\n", "YAML_SYNTAX", 2, 1, "a second document"),
        at(
            "name: " + "[".repeat(51) + "]".repeat(51),
            "TOO_DEEP",
            1,
            56,
            "nested deeper than 50 levels"),
        at(
            "name: " + "x".repeat(16 << 20),
            "DOCUMENT_TOO_LARGE",
            1,
            1,
            "larger than 16,777,216 bytes"),
        at(
            "name: x\nname: y\n" + TASKS,
            "DUPLICATE_KEY",
            2,
            1,
            "the key 'name' is there already, in line 1"),
        at(
            "name: x\nparms: {}\n" + TASKS,
            "UNKNOWN_KEY",
            2,
            1,
            "a pipeline has no key 'parms'",
            "Did you mean 'params'?"),
        at(TASKS, "MISSING_KEY", 1, 1, "the pipeline has no name"),
        at("name: x\n", "MISSING_KEY", 1, 1, "the pipeline has no tasks"),
        at("name: x\ntasks: {}\n", "MISSING_KEY", 2, 1, "the pipeline has no tasks"),
        at(
            "name: Credit Risk\n" + TASKS,
            "NAME_INVALID",
            1,
            7,
            "'Credit Risk' cannot be the name of a pipeline"),
        at(
            "name: 5\n" + TASKS,
            "WRONG_TYPE",
            1,
            7,
            "'name' must be text, but is the number 5",
            "Put it in quotes."),
        at(
            "name: " + "x".repeat(64) + "\n" + TASKS,
            "NAME_INVALID",
            1,
            7,
            "cannot be the name of a pipeline"),
        // params
        param(
            "p: { type: strin }",
            "VALUE_INVALID",
            3,
            14,
            "there is no type 'strin'",
            "Did you mean 'string'?"),
        param("p: { default: 1 }", "MISSING_KEY", 3, 3, "'p' has no type"),
        param(
            "p: { type: int, default: 1.5 }",
            "TYPE_MISMATCH",
            3,
            28,
            "the param 'p' is an int, but its default is the number 1.5"),
        param(
            "p: { type: string, default: 2019 }",
            "TYPE_MISMATCH",
            3,
            31,
            "its default is the number 2019",
            "Put it in quotes."),
        param(
            "p: { type: int, defalt: 1 }",
            "UNKNOWN_KEY",
            3,
            19,
            "no key 'defalt'",
            "Did you mean 'default'?"),
        param(
            "p: { type: int, default: \"${{ 1 }}\" }",
            "EXPRESSION_NOT_ALLOWED",
            3,
            28,
            "a default cannot be an expression"),
        param("my-p: { type: int }", "NAME_INVALID", 3, 3, "'my-p' cannot be the name of a param"),
        param(
            "in: { type: int }",
            "NAME_INVALID",
            3,
            3,
            "'in' cannot be the name of a param",
            "choose another"),
        param("p: int", "WRONG_TYPE", 3, 6, "'p' must be a map, but is the text 'int'"),
        // tasks
        task(
            "a: { uses: pipewright/splt@v1 }",
            "UNKNOWN_USES",
            3,
            14,
            "there is no task 'pipewright/splt@v1'",
            "Did you mean 'pipewright/split@v1'?"),
        task("a: { needs: [] }", "TASK_KIND", 3, 3, "none of 'uses', 'command', 'pipeline'"),
        task(
            "a: { uses: pipewright/split@v1, command: [x] }",
            "TASK_KIND",
            3,
            3,
            "both 'uses' and 'command'"),
        task("a: { command: echo }", "WRONG_TYPE", 3, 17, "'command' must be a list"),
        task("a: { command: [] }", "VALUE_INVALID", 3, 17, "the command is empty"),
        task("a: { command: [x, [y]] }", "WRONG_TYPE", 3, 21, "holds a list instead of a word"),
        task(
            "a: { command: [echo, \"${{ params.x }}\"] }",
            "EXPRESSION_NOT_ALLOWED",
            3,
            24,
            "expressions are not evaluated in 'command'"),
        task(
            "a: { command: [x], with: { y: 1 } }",
            "UNKNOWN_KEY",
            3,
            22,
            "a task with a command has no key 'with'"),
        task(
            "a: { command: [x], wehn: true }",
            "UNKNOWN_KEY",
            3,
            22,
            "no key 'wehn'",
            "Did you mean 'when'?"),
        task("A: { command: [x] }", "NAME_INVALID", 3, 3, "'A' cannot be the name of a task"),
        task("a_b: { command: [x] }", "NAME_INVALID", 3, 3, "'a_b' cannot be the name of a task"),
        task(
            "a: { command: [x], timeout: 10 }",
            "VALUE_INVALID",
            3,
            31,
            "'timeout' is not a duration: the number 10",
            "10s"),
        task("a: { command: [x], timeout: 0s }", "VALUE_INVALID", 3, 31, "not a duration"),
        task(
            "a: { command: [x], retry: { limit: -1 } }",
            "VALUE_INVALID",
            3,
            38,
            "'limit' is the number -1"),
        task("a: { command: [x], retry: 3 }", "WRONG_TYPE", 3, 29, "'retry' must be a map"),
        task(
            "a: { command: [x], files: [../x.py] }",
            "VALUE_INVALID",
            3,
            30,
            "the path '../x.py' leaves the folder"),
        task("a: { command: [x], files: [/etc/passwd] }", "VALUE_INVALID", 3, 30, "'/etc/passwd'"),
        task(
            "a: { command: [x], outputs: { y: { type: int, path: a/../../b } } }",
            "VALUE_INVALID",
            3,
            55,
            "leaves the folder"),
        task(
            "a: { command: [x], outputs: { y: { path: b } } }",
            "MISSING_KEY",
            3,
            33,
            "'y' has no type"),
        task(
            "a: { command: [x], outputs: { y-z: { type: int } } }",
            "NAME_INVALID",
            3,
            33,
            "name of an output"),
        task(
            "a: { command: [x], env: { 5X: a } }",
            "NAME_INVALID",
            3,
            29,
            "'5X' cannot be the name of a variable"),
        task(
            "a: { command: [x], env: { PIPEWRIGHT_HOME: a } }",
            "NAME_INVALID",
            3,
            29,
            "cannot be the name of a variable",
            "leave PIPEWRIGHT_… to Pipewright"),
        task(
            "a: { command: [x], env: { X: \"${{ params.p }}\" } }",
            "EXPRESSION_NOT_ALLOWED",
            3,
            32,
            "not evaluated in 'env'"),
        task(
            "a: { command: [x], resources: { memory: lots } }",
            "VALUE_INVALID",
            3,
            43,
            "'memory' is the text 'lots'"),
        task(
            "a: { command: [x], resources: { cpu: 0 } }",
            "VALUE_INVALID",
            3,
            40,
            "'cpu' must be a number above 0"),
        task(
            "a: { command: [x], needs: [b] }",
            "UNKNOWN_TASK",
            3,
            30,
            "there is no task 'b'",
            "The tasks are 'a'."),
        task("a: { command: [x], needs: a }", "WRONG_TYPE", 3, 29, "'needs' must be a list"),
        task(
            "a: { command: [x], needs: [a] }",
            "SELF_REFERENCE",
            3,
            30,
            "the task 'a' needs itself"),
        // inputs
        task(
            "a: { uses: pipewright/split@v1, with: { target: y } }",
            "MISSING_INPUT",
            3,
            3,
            "the task 'a' lacks the input 'data'"),
        split(
            "targt: y",
            "UNKNOWN_INPUT",
            9,
            7,
            "pipewright/split@v1 has no input 'targt'",
            "Did you mean 'target'?"),
        split(
            "test: much",
            "TYPE_MISMATCH",
            9,
            13,
            "the input 'test' of pipewright/split@v1 is a double, but the text 'much' is given"),
        split("seed: 1.5", "TYPE_MISMATCH", 9, 13, "is an int, but the number 1.5 is given"),
        split("stratify: yes", "TYPE_MISMATCH", 9, 17, "is a bool, but the text 'yes' is given"),
        split("seed:", "WRONG_TYPE", 9, 12, "has no value"),
        split("seed: [1]", "TYPE_MISMATCH", 9, 13, "is an int, but a list is given"),
        split(
            "seed: \"${{ params.x }}\"",
            "TYPE_MISMATCH",
            9,
            14,
            "is an int, but params.x gives a double",
            "int(…)"),
        split(
            "seed: \"1${{ params.n }}\"",
            "TYPE_MISMATCH",
            9,
            13,
            "but a text with expressions in it is given"),
        split(
            "test: \"${{ params.data }}\"",
            "TYPE_MISMATCH",
            9,
            14,
            "is a double, but params.data gives a dataset"),
        task(
            "a: { uses: pipewright/split@v1, with: { data: x.csv, target: y } }",
            "TYPE_MISMATCH",
            3,
            49,
            "is a dataset, but the text 'x.csv' is given",
            "Take it from a param"),
        // expressions
        when(
            "params.y > 1",
            "UNKNOWN_PARAM",
            18,
            "there is no param 'y'",
            "The params are 'x', 'n', 'data', 'dir'."),
        when(
            "params.dirr == 'a'",
            "UNKNOWN_PARAM",
            18,
            "there is no param 'dirr'",
            "Did you mean 'dir'?"),
        when("1 < params.y", "UNKNOWN_PARAM", 22, "there is no param 'y'", null),
        when(
            "params.x",
            "TYPE_MISMATCH",
            14,
            "'when' must be a bool, but params.x gives a double",
            null),
        when(
            "params.x + 1.0",
            "TYPE_MISMATCH",
            14,
            "'when' must be a bool, but params.x + 1.0 gives a double",
            null),
        when("params.x == 'a'", "EXPRESSION_INVALID", 27, "no matching overload", "double(…)"),
        when("params.x >", "EXPRESSION_INVALID", 28, "the expression is not complete", null),
        when("", "EXPRESSION_INVALID", 17, "the expression is empty", null),
        when(
            "tasks.spit.outputs.train.size > 1",
            "UNKNOWN_TASK",
            18,
            "there is no task 'spit'",
            "Did you mean 'split'?"),
        when(
            "tasks.split.outputs.tain.size > 1",
            "UNKNOWN_OUTPUT",
            18,
            "the task 'split' has no output 'tain'",
            "Did you mean 'train'?"),
        when(
            "tasks.split.train.size > 1",
            "EXPRESSION_INVALID",
            18,
            "'tasks' can only be used to name an output",
            null),
        when(
            "size(tasks) > 1",
            "EXPRESSION_INVALID",
            23,
            "'tasks' can only be used to name an output",
            null),
        when("params == 1", "EXPRESSION_INVALID", 18, "'params' cannot be used as a whole", null),
        when("env.HOME == 'a'", "EXPRESSION_INVALID", 18, "undeclared reference to 'env'", null),
        when(
            "tasks.split.outputs.train.sise > 1",
            "EXPRESSION_INVALID",
            43,
            "undefined field 'sise'",
            null),
        task(
            "a: { command: [x], when: true }",
            "EXPRESSION_INVALID",
            3,
            28,
            "'when' is not an expression: 'true'"),
        task(
            "a: { command: [x], when: \"${{ true\" }",
            "EXPRESSION_INVALID",
            3,
            29,
            "the expression is not closed"),
        task(
            "a: { command: [x], when: \"${{ true }} \\t${{ true }}\" }",
            "EXPRESSION_INVALID",
            3,
            28,
            "one expression and nothing beside it"),
        task(
            "a: { command: [x], inputs: { d: \"${{ timestamp('2020-01-01T00:00:00Z') }}\" } }",
            "TYPE_MISMATCH",
            3,
            40,
            "which cannot be passed on"),
        // cycles
        task(
            "a: { command: [x], needs: [b] }\n  b: { command: [x], needs: [a] }",
            "CYCLE",
            3,
            3,
            "the tasks wait for each other: a → b → a"),
        task(
            "z: { command: [x] }\n  a: { command: [x], needs: [z, b] }\n  b: { command: [x], needs: [c] }\n  c: { command: [x], needs: [z, a] }",
            "CYCLE",
            4,
            3,
            "a → c → b → a"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bad")
  void refuses(String document, String code, int line, int column, String message, String remedy) {
    var errors = errors(document);
    assertThat(errors).as(errors.toString()).hasSize(1);
    var error = errors.getFirst();
    assertThat(error.code()).as(error.toString()).isEqualTo(code);
    assertThat(error.message()).contains(message);
    assertThat(error.line() + ":" + error.column())
        .as(error.toString())
        .isEqualTo(line + ":" + column);
    if (remedy != null) {
      assertThat(error.remedy()).contains(remedy);
    }
  }

  @Test
  void reports_all_errors_at_once_in_the_order_of_the_document() {
    var document =
        """
        name: Bad Name
        params:
          x: { type: int, default: a }
          broken: { type: nothing }
        tasks:
          a:
            uses: pipewright/none@v1
          b:
            command: [x]
            inputs: { i: "${{ tasks.a.outputs.y }}", j: "${{ params.broken }}", k: "${{ params.z }}" }
            timeout: soon
        """;
    assertThat(errors(document))
        .extracting(Problem.Violation::code, Problem.Violation::path, Problem.Violation::line)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("NAME_INVALID", "name", 1),
            org.assertj.core.groups.Tuple.tuple("TYPE_MISMATCH", "params.x.default", 3),
            org.assertj.core.groups.Tuple.tuple("VALUE_INVALID", "params.broken.type", 4),
            org.assertj.core.groups.Tuple.tuple("UNKNOWN_USES", "tasks.a.uses", 7),
            org.assertj.core.groups.Tuple.tuple("UNKNOWN_PARAM", "tasks.b.inputs.k", 10),
            org.assertj.core.groups.Tuple.tuple("VALUE_INVALID", "tasks.b.timeout", 11));
    assertThatThrownBy(() -> PipelineLanguage.require(document))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("PIPELINE_INVALID");
              assertThat(e.problem().errors()).hasSize(6);
            })
        .hasMessageContaining("6 errors; the first: 'Bad Name'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"comand: [x] | TASK_KIND,UNKNOWN_KEY", "uses: pipewright/none@v1 | UNKNOWN_USES"})
  void checks_the_rest_of_a_task_of_no_known_kind(String kind, String codes) {
    var document =
        "name: x\ntasks:\n  a: { "
            + kind
            + ", needs: [b], when: \"${{ params.z }}\", timeout: soon, with: { c: \"${{ params.z }}\" } }\n";
    assertThat(errors(document))
        .extracting(Problem.Violation::code)
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(
                    Stream.of(codes.split(",")),
                    Stream.of("UNKNOWN_TASK", "UNKNOWN_PARAM", "VALUE_INVALID", "UNKNOWN_PARAM"))
                .toList());
  }

  /// Wherever the buffers of whoever reads it end.
  @Test
  void a_character_of_two_parts_may_stand_anywhere() {
    for (int before = 0; before < 2_100; before++) {
      var document = "name: x\ntasks:\n  a: { command: [x] } # " + "-".repeat(before) + "😀\n";
      assertThat(errors(document)).as("after %d characters", before).isEmpty();
    }
  }

  @Test
  void reports_a_hundred_errors_and_counts_the_rest() {
    var tasks =
        IntStream.range(0, 250)
            .mapToObj(i -> "  t" + i + ": { command: [x], needs: [no] }\n")
            .collect(Collectors.joining());
    var errors = errors("name: x\ntasks:\n" + tasks);
    assertThat(errors).hasSize(101);
    assertThat(errors.getLast().message()).isEqualTo("There are 150 more errors");
  }

  @Test
  @Timeout(180)
  void a_long_chain_and_a_long_cycle_cost_no_more_than_their_length() {
    int n = Table.MOST_TASKS;
    var chain = new StringBuilder("name: x\ntasks:\n");
    for (int i = 0; i < n; i++) {
      chain
          .append("  t")
          .append(i)
          .append(": {command: [x], needs: [")
          .append(i == 0 ? "" : "t" + (i - 1))
          .append("]}\n");
    }
    assertThat(PipelineLanguage.require(chain.toString()).tasks()).hasSize(n);
    var cycle =
        chain
            .toString()
            .replace(
                "t0: {command: [x], needs: []}", "t0: {command: [x], needs: [t" + (n - 1) + "]}");
    assertThat(errors(cycle))
        .singleElement()
        .satisfies(error -> assertThat(error.message()).contains("more … →"));
    assertThat(errors(chain.append("  more: {command: [x]}\n").toString()))
        .singleElement()
        .satisfies(error -> {
          assertThat(error.code()).isEqualTo("TOO_MANY_TASKS");
          assertThat(error.message()).contains("100,001 tasks; at most 100,000");
        });
  }

  static Stream<String> deep() {
    return Stream.of(
        "(".repeat(3000) + "1" + ")".repeat(3000),
        "1" + "+1".repeat(3000) + " > 0",
        "params.j" + ".a".repeat(3000),
        "true ? true : ".repeat(700) + "true",
        "[1].exists(x,".repeat(300) + "true" + ")".repeat(300),
        "'" + "x".repeat(20_000) + "' == ''");
  }

  @ParameterizedTest
  @MethodSource("deep")
  void a_deep_or_long_expression_is_an_error_and_no_overflow(String expression) {
    var document =
        "name: x\nparams: { j: { type: json } }\ntasks:\n  a:\n    command: [x]\n    when: \"${{ "
            + expression
            + " }}\"\n";
    assertThat(errors(document))
        .singleElement()
        .satisfies(error -> assertThat(error.message()).contains("limit"));
  }

  @Test
  void every_example_is_right() {
    assertThat(Corpus.examples())
        .hasSizeGreaterThan(8)
        .allSatisfy(example -> {
          assertThat(PipelineLanguage.check(Corpus.read(example)))
              .isInstanceOf(Checked.Valid.class);
        });
  }

  private static final String TASKS = "tasks:\n  a: { command: [x] }\n";

  private static Arguments at(String document, String code, int line, int column, String message) {
    return at(document, code, line, column, message, null);
  }

  private static Arguments at(
      String document, String code, int line, int column, String message, String remedy) {
    return Arguments.of(document, code, line, column, message, remedy);
  }

  private static Arguments param(String text, String code, int line, int column, String message) {
    return param(text, code, line, column, message, null);
  }

  private static Arguments param(
      String text, String code, int line, int column, String message, String remedy) {
    return at("name: x\nparams:\n  " + text + "\n" + TASKS, code, line, column, message, remedy);
  }

  private static Arguments task(String text, String code, int line, int column, String message) {
    return task(text, code, line, column, message, null);
  }

  private static Arguments task(
      String text, String code, int line, int column, String message, String remedy) {
    return at("name: x\ntasks:\n  " + text + "\n", code, line, column, message, remedy);
  }

  private static final String PARAMS =
      """
      name: x
      params: { x: { type: double }, n: { type: int }, data: { type: dataset }, dir: { type: string } }
      tasks:
        split:
          uses: pipewright/split@v1
          with:
            data: "${{ params.data }}"
            target: y
      """;

  private static Arguments split(String text, String code, int line, int column, String message) {
    return split(text, code, line, column, message, null);
  }

  private static Arguments split(
      String text, String code, int line, int column, String message, String remedy) {
    return at(PARAMS + "      " + text + "\n", code, line, column, message, remedy);
  }

  private static Arguments when(
      String text, String code, int column, String message, String remedy) {
    return at(
        PARAMS + "  b:\n    command: [x]\n    when:   \"${{ " + text + " }}\"\n",
        code,
        11,
        column,
        message,
        remedy);
  }

  private static List<Problem.Violation> errors(String document) {
    return switch (PipelineLanguage.check(document)) {
      case Checked.Valid _ -> List.of();
      case Checked.Invalid(var errors) -> errors;
    };
  }

  private static JsonNode json(String text) throws IOException {
    var node = Json.MAPPER.readTree(text.replace('\'', '"'));
    return node.isFloat() ? DoubleNode.valueOf(node.doubleValue()) : node;
  }
}
