package dev.pipewright.client.pipeline;

import static dev.pipewright.client.pipeline.Expr.expr;
import static dev.pipewright.client.pipeline.Expr.loopOutput;
import static dev.pipewright.client.pipeline.Expr.matrix;
import static dev.pipewright.client.pipeline.Expr.output;
import static dev.pipewright.client.pipeline.Expr.param;
import static dev.pipewright.client.pipeline.Expr.run;
import static dev.pipewright.client.pipeline.Param.bool;
import static dev.pipewright.client.pipeline.Param.dataset;
import static dev.pipewright.client.pipeline.Param.decimal;
import static dev.pipewright.client.pipeline.Param.integer;
import static dev.pipewright.client.pipeline.Param.json;
import static dev.pipewright.client.pipeline.Param.string;
import static dev.pipewright.client.pipeline.Task.approval;
import static dev.pipewright.client.pipeline.Task.call;
import static dev.pipewright.client.pipeline.Task.command;
import static dev.pipewright.client.pipeline.Task.uses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.task.ValueType;
import dev.pipewright.language.Env;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.language.Value;
import dev.pipewright.language.Values;
import dev.pipewright.language.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BuilderTest {
  private static final Path ROOT = Path.of(System.getProperty("pipewright.root", "."));
  private static final String CORPUS = "sdk/language/src/test/resources/corpus/";

  static Stream<Arguments> documents() {
    return Stream.of(
        Arguments.of(CORPUS + "every-key.yaml", everyKey()),
        Arguments.of(CORPUS + "smallest.yaml", smallest()),
        Arguments.of("examples/loan-default/pipeline.yaml", loanDefault()));
  }

  @ParameterizedTest
  @MethodSource("documents")
  void writes_what_a_person_would(String file, Pipeline built) throws IOException {
    var wanted = PipelineLanguage.require(Files.readString(ROOT.resolve(file)));
    var text = built.toYaml();
    var spec = PipelineLanguage.require(text);
    assertThat(spec).isEqualTo(wanted);
    assertThat(spec.toString()).as("the order too").isEqualTo(wanted.toString());
  }

  private static Pipeline everyKey() {
    return Pipeline.named("every-key")
        .description("Uses every key there is")
        .param("data", dataset().description("A CSV file"))
        .param("target", string().byDefault("churn"))
        .param("rates", json().byDefault(List.of(0.1, 0.01)))
        .param("least", decimal().byDefault(0.8))
        .param("deep", bool().byDefault(false))
        .output("score", output("tune", "score"))
        .output("models", output("train", "model"))
        .output("split", output("split", "train"))
        .priority(5)
        .timeout(Duration.ofHours(2))
        .concurrency(Policy.QUEUE, 2)
        .keepLast(50)
        .keepFor(Duration.ofDays(30))
        .cache(true)
        .task(
            "split",
            uses("pipewright/split@v1")
                .with("data", param("data"))
                .with("target", param("target"))
                .with("test", 0.25)
                .cache(false))
        .task(
            "train",
            command("python3", "train.py", "--fast")
                .files("train.py", "lib/net.py")
                .needs("split")
                .input("rate", matrix("rate"))
                .input(
                    "name",
                    "run %s of %s, part %s".formatted(run("number"), run("name"), matrix("index")))
                .input("shape", shape())
                .input("train", output("split", "train"))
                .output("model", ValueType.MODEL, "out/model")
                .optionalOutput("note", ValueType.STRING)
                .matrix("rate", param("rates"))
                .matrix("size", List.of(16, 32))
                .maxParallel(4)
                .minSuccess(0.5)
                .retry(
                    Retry.times(2)
                        .backoff(Duration.ofSeconds(30))
                        .factor(3)
                        .maxBackoff(Duration.ofMinutes(10))
                        .jitter(0.2)
                        .when(
                            expr(
                                "failure.code == 'OUT_OF_MEMORY' || (has(failure.exitCode) && failure.exitCode == 75)"))
                        .system(5))
                .timeout(Duration.ofMinutes(10))
                .pendingTimeout(Duration.ofHours(1))
                .cacheFor(Duration.ofDays(7))
                .priority(-3)
                .pool("gpu-license", 2)
                .env("LANG", "C")
                .env("N", "5")
                .secret("TOKEN", "HUB_TOKEN")
                .image("python:3.12")
                .cpu(0.5)
                .memory("4Gi")
                .gpu(1, "nvidia-h100")
                .nodes(2))
        .task(
            "tune",
            command("tune")
                .input("models", output("train", "model"))
                .input("last", expr("has(loop.outputs.score) ? loop.outputs.score : 0.0"))
                .input("round", expr("loop.iteration"))
                .output("score", ValueType.DOUBLE)
                .loopAtMost(expr("loop.outputs.score > params.least"), 20)
                .pool("licence"))
        .task(
            "search",
            command("search")
                .input("lr", expr("trial.params.lr"))
                .input("number", expr("trial.number"))
                .output("loss", ValueType.DOUBLE)
                .study(
                    Search.maximize("loss", 40)
                        .over("lr", Search.real(1e-5, 0.1).log())
                        .over("booster", Search.anyOf("gbtree", "dart"))
                        .over("drop", Search.whole(0, 9).step(3).when("booster", "dart"))
                        .parallel(4)
                        .sampler("tpe", Map.of("startup", 5))
                        .pruner("asha", Map.of("max", 81))
                        .metric("val_loss")
                        .seed(7)
                        .maxFailed(3)))
        .task(
            "ask",
            approval("Ship a score of %s?".formatted(output("tune", "score")))
                .ask("stage", string().byDefault("canary").description("Where to"))
                .ask("share", decimal().byDefault(0.1))
                .approvedAfter(Duration.ofDays(2))
                .when(expr("tasks.tune.outputs.score > params.least")))
        .task("skip", command("skip").elseOf("ask").when(param("deep")))
        .task("give-up", command("give-up").elseOf("skip"))
        .task("deploy", call("deploy", 3).with("stage", output("ask", "stage")).needs("ask"))
        .task(
            "join",
            command("join")
                .needs("deploy", "give-up")
                .trigger(Trigger.ANY_SUCCEEDED)
                .impure()
                .output("done", ValueType.BOOL))
        .finallyTask(
            "tell",
            command("tell")
                .input("status", run("status"))
                .input("failed", run("failed"))
                .input(
                    "score",
                    expr(
                        "has(tasks.tune.outputs.score) ? string(tasks.tune.outputs.score) : 'none'")))
        .finallyTask("after", command("after").needs("tell").trigger(Trigger.ALL_ENDED));
  }

  private static Map<String, Object> shape() {
    var shape = new java.util.LinkedHashMap<String, Object>();
    shape.put("layers", Arrays.asList(1, matrix("size")));
    shape.put("deep", true);
    return shape;
  }

  private static Pipeline smallest() {
    return Pipeline.named("smallest").task("only", command("true"));
  }

  private static Pipeline loanDefault() {
    return Pipeline.named("tabular")
        .description("Split a table, train boosted trees, evaluate, register and report")
        .param("data", dataset().description("A CSV file with a header line"))
        .param("target", string().byDefault("default").description("The column to predict"))
        .param(
            "model",
            string().byDefault("loan-default").description("The name to register the model under"))
        .param("test", decimal().byDefault(0.2).description("The share of the rows to judge by"))
        .param("rounds", integer().byDefault(300).description("The most trees of a class to grow"))
        .param("seed", integer().byDefault(42))
        .task(
            "split",
            uses("pipewright/split@v1")
                .with("data", param("data"))
                .with("target", param("target"))
                .with("test", param("test"))
                .with("seed", param("seed")))
        .task(
            "train",
            uses("pipewright/xgboost@v1")
                .with("train", output("split", "train"))
                .with("target", param("target"))
                .with("rounds", param("rounds"))
                .with("seed", param("seed")))
        .task(
            "evaluate",
            uses("pipewright/evaluate@v1")
                .with("model", output("train", "model"))
                .with("data", output("split", "test")))
        .task(
            "register",
            uses("pipewright/register@v1")
                .when(expr("tasks.evaluate.outputs.score > tasks.evaluate.outputs.baseline"))
                .with("model", output("train", "model"))
                .with("name", param("model")))
        .task(
            "report",
            command("python3", "report.py")
                .files("report.py")
                .input("evaluation", output("evaluate", "report"))
                .input("target", param("target"))
                .input("name", output("register", "name"))
                .input("version", output("register", "version"))
                .output("page", ValueType.ARTIFACT, "report.html"));
  }

  @Test
  void knows_the_files_that_are_sent_along() {
    assertThat(everyKey().files()).containsExactlyInAnyOrder("train.py", "lib/net.py");
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        refusal(
            "task 'a' is there already",
            () -> smallest().task("a", command("x")).task("a", command("x"))),
        refusal("task 'only' is there already", () -> smallest().finallyTask("only", command("x"))),
        refusal(
            "param 'p' is there already", () -> smallest().param("p", bool()).param("p", json())),
        refusal("input 'i' is there already", () -> command("x").input("i", 1).input("i", 2)),
        refusal("the input i is a java.lang.Object", () -> command("x").input("i", new Object())),
        refusal("the input i is NaN", () -> command("x").input("i", Double.NaN)),
        refusal(
            "the axis a is Infinity",
            () -> command("x").matrix("a", List.of(Double.POSITIVE_INFINITY))),
        refusal("no whole number of milliseconds", () -> command("x").timeout(Duration.ofNanos(1))),
        refusal("no whole number of milliseconds", () -> command("x").timeout(Duration.ZERO)),
        refusal("write it without ${{ }}", () -> expr("${{ params.x }}")),
        refusal("write it without ${{ }}", () -> loopOutput("${{")));
  }

  private static Arguments refusal(String message, Runnable what) {
    return Arguments.of(message, what);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void refuses_what_cannot_be_written(String message, Runnable what) {
    assertThatThrownBy(what::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  /// @param millis of the timeout
  /// @param shape which of the things that a task can have beside
  record Plan(
      String word,
      Object value,
      String variable,
      long millis,
      double cpu,
      int pool,
      int shape,
      double share) {

    int count() {
      return 1 + pool % 100;
    }

    /// What it has beside.
    void shape(Task.Command task) {
      switch (shape) {
        case 0 ->
            task.matrix("m", Arrays.asList(value, 1))
                .matrix("n", Expr.expr("[1, 2]"))
                .maxParallel(count())
                .minSuccess(share);
        case 1 -> task.loop(Expr.expr("loop.iteration > 3"), count());
        case 2 ->
            task.retry(
                Retry.times(count())
                    .jitter(share)
                    .maxBackoff(Duration.ofDays(366))
                    .backoff(Duration.ofMillis(millis)));
        default -> task.impure().priority(count());
      }
    }

    void check(TaskSpec task) {
      assertThat(task.matrix() != null).isEqualTo(shape == 0);
      assertThat(task.loop() != null).isEqualTo(shape == 1);
      switch (shape) {
        case 0 -> {
          assertThat(plain(task.matrix().axes().get("m")))
              .isEqualTo(written(Arrays.asList(value, 1)));
          assertThat(plain(task.matrix().axes().get("n"))).isEqualTo("[1,2]");
          assertThat(task.matrix().maxParallel()).isEqualTo(count());
          assertThat(task.matrix().minSuccess()).isEqualTo(share);
        }
        case 1 -> {
          assertThat(task.loop().until().source()).isEqualTo("loop.iteration > 3");
          assertThat(task.loop().limit()).isEqualTo(count());
        }
        case 2 -> {
          assertThat(task.retry().limit()).isEqualTo(count());
          assertThat(task.retry().jitter()).isEqualTo(share);
          assertThat(task.retry().backoff()).isEqualTo(Duration.ofMillis(millis));
        }
        default -> {
          assertThat(task.cache().on()).isFalse();
          assertThat(task.priority()).isEqualTo(count());
        }
      }
    }
  }

  /// Whatever the values, they come back as they were given.
  @Property(tries = 300)
  void what_is_built_is_what_is_read(
      @ForAll("plans") List<Plan> plans, @ForAll("texts") String description) {
    var built = Pipeline.named("random").description(description);
    for (int i = 0; i < plans.size(); i++) {
      var plan = plans.get(i);
      var task =
          command("run", plan.word)
              .input("value", plan.value)
              .input("inside", Arrays.asList(plan.value, null))
              .env("V", plan.variable)
              .timeout(Duration.ofMillis(plan.millis))
              .cpu(plan.cpu)
              .pool("p", plan.pool)
              .output("o", ValueType.JSON);
      plan.shape(task);
      built.task("t" + i, i == 0 ? task : task.needs("t" + (i - 1)));
    }
    var spec = PipelineLanguage.require(built.toYaml());
    assertThat(spec.description()).isEqualTo(description);
    for (int i = 0; i < plans.size(); i++) {
      var plan = plans.get(i);
      var task = spec.tasks().get("t" + i);
      assertThat(((Work.Command) task.work()).words()).containsExactly("run", plan.word);
      assertThat(plain(task.inputs().get("value"))).isEqualTo(written(plan.value));
      assertThat(plain(task.inputs().get("inside")))
          .isEqualTo(written(Arrays.asList(plan.value, null)));
      assertThat(task.env()).isEqualTo(Map.of("V", new Env.Text(plan.variable)));
      assertThat(task.timeout()).isEqualTo(Duration.ofMillis(plan.millis));
      plan.check(task);
      assertThat(task.resources().cpu()).isEqualTo(plan.cpu);
      assertThat(task.pools()).isEqualTo(Map.of("p", plan.pool));
      assertThat(task.needs()).isEqualTo(i == 0 ? List.of() : List.of("t" + (i - 1)));
    }
  }

  private static String plain(Value value) {
    return value.evaluate(Values.of(Map.of(), Map.of())).toString();
  }

  private static String written(Object value) {
    return dev.pipewright.contract.Json.MAPPER.valueToTree(value).toString();
  }

  @Provide
  Arbitrary<List<Plan>> plans() {
    return Combinators.combine(
            texts(),
            values(),
            texts(),
            Arbitraries.longs().between(1, 366L * 86_400_000),
            Arbitraries.doubles().between(0.01, 10_000),
            Arbitraries.integers().between(1, 1_000_000),
            Arbitraries.integers().between(0, 3),
            Arbitraries.doubles().between(0, 1))
        .as(Plan::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(5);
  }

  /// What YAML would take for something else is among them.
  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.oneOf(
        Arbitraries.of(
            "", " ", "yes", "null", "~", "0x1f", "1e3", ".inf", "- a", "a: b", "#", "'", "\"",
            "{{ x }}", "|", "!!int 5", "&a", "*a", "a\nb\n", "\ttab", "\u0000", "\u0085", "\u2028",
            "\uFEFF", "é", "😀", "true", "<<"),
        Arbitraries.strings()
            .all()
            .ofMaxLength(30)
            .filter(text -> !text.contains("${{") && text.chars().noneMatch(BuilderTest::lonely)));
  }

  private static boolean lonely(int unit) {
    return Character.isSurrogate((char) unit) || unit == 0xFFFE || unit == 0xFFFF;
  }

  private Arbitrary<Object> values() {
    Arbitrary<Object> scalars =
        Arbitraries.oneOf(
            texts().map(text -> (Object) text),
            Arbitraries.integers().map(number -> (Object) number),
            Arbitraries.longs().map(number -> (Object) number),
            Arbitraries.doubles().map(number -> (Object) number),
            Arbitraries.of(true, false).map(flag -> (Object) flag));
    return Arbitraries.oneOf(
        scalars,
        scalars.list().ofMaxSize(4).map(list -> (Object) new ArrayList<>(list)),
        Arbitraries.maps(texts(), scalars).ofMaxSize(4).map(map -> (Object) map));
  }
}
