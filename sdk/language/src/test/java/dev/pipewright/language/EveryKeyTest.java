package dev.pipewright.language;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.task.TaskLaunch.Output;
import dev.pipewright.contract.task.ValueType;
import dev.pipewright.tune.Asha;
import dev.pipewright.tune.Objective;
import dev.pipewright.tune.Parameter;
import dev.pipewright.tune.SearchSpace;
import dev.pipewright.tune.Tpe;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EveryKeyTest {
  private final PipelineSpec spec = PipelineLanguage.require(Corpus.read("every-key.yaml"), CALLS);

  /// Knows one pipeline, in its version 3.
  static final PipelineLookup CALLS =
      (name, version) ->
          name.equals("deploy") && (version == null || version == 3)
              ? Optional.of(
                  new PipelineLookup.Signature(
                      "deploy",
                      3,
                      Map.of("stage", new ParamSpec(ValueType.STRING, null, null)),
                      Map.of("url", ValueType.STRING),
                      0))
              : Optional.empty();

  @Test
  void reads_the_pipeline() {
    assertThat(spec.priority()).isEqualTo(5);
    assertThat(spec.timeout()).isEqualTo(Duration.ofHours(2));
    assertThat(spec.concurrency()).isEqualTo(new Concurrency(Concurrency.Policy.QUEUE, 2));
    assertThat(spec.retention()).isEqualTo(new Retention(50, Duration.ofDays(30)));
    assertThat(spec.outputs())
        .extractingByKey("score")
        .extracting("type")
        .isEqualTo(ValueType.DOUBLE);
    assertThat(spec.outputs())
        .extractingByKey("models")
        .extracting("type")
        .isEqualTo(ValueType.JSON);
    assertThat(spec.outputs())
        .extractingByKey("split")
        .extracting("type")
        .isEqualTo(ValueType.DATASET);
    assertThat(spec.tasks().keySet())
        .containsExactly(
            "split", "train", "tune", "search", "ask", "skip", "give-up", "deploy", "join", "tell",
            "after");
  }

  @Test
  void reads_a_matrix_and_how_it_runs() throws IOException {
    var train = task("train");
    assertThat(train.matrix().axes().keySet()).containsExactly("rate", "size");
    assertThat(train.matrix().maxParallel()).isEqualTo(4);
    assertThat(train.matrix().minSuccess()).isEqualTo(0.5);
    assertThat(train.isGroup()).isTrue();
    assertThat(train.retry().limit()).isEqualTo(2);
    assertThat(train.retry().backoff()).isEqualTo(Duration.ofSeconds(30));
    assertThat(train.retry().factor()).isEqualTo(3);
    assertThat(train.retry().maxBackoff()).isEqualTo(Duration.ofMinutes(10));
    assertThat(train.retry().jitter()).isEqualTo(0.2);
    assertThat(train.retry().system()).isEqualTo(5);
    assertThat(train.timeout()).isEqualTo(Duration.ofMinutes(10));
    assertThat(train.pendingTimeout()).isEqualTo(Duration.ofHours(1));
    assertThat(train.cache()).isEqualTo(new Cache(true, Duration.ofDays(7)));
    assertThat(train.priority()).isEqualTo(-3);
    assertThat(train.pools()).isEqualTo(Map.of("gpu-license", 2));
    assertThat(train.env())
        .isEqualTo(
            Map.of(
                "LANG", new Env.Text("C"),
                "N", new Env.Text("5"),
                "TOKEN", new Env.Secret("HUB_TOKEN")));
    assertThat(train.resources()).isEqualTo(new Resources(0.5, "4Gi", 1, "nvidia-h100", 2));
    assertThat(train.outputs())
        .isEqualTo(
            Map.of(
                "model", new Output(ValueType.MODEL, "out/model", true),
                "note", new Output(ValueType.STRING, null, false)));

    var values =
        VALUES
            .withMatrix(Map.of("rate", json("0.1"), "size", json("16"), "index", json("3")))
            .withRun(Map.of("number", json("7"), "name", json("'every-key'")));
    assertThat(train.inputs().get("rate").evaluate(values)).isEqualTo(json("0.1"));
    assertThat(train.inputs().get("name").evaluate(values))
        .isEqualTo(json("'run 7 of every-key, part 3'"));
    assertThat(train.inputs().get("shape").evaluate(values).toString())
        .isEqualTo("{\"layers\":[1,16],\"deep\":true}");
    assertThat(train.retry().when().evaluate(values.withFailure(failure(75, "EXIT"))))
        .isEqualTo(json("true"));
    assertThat(train.retry().when().evaluate(values.withFailure(failure(1, "EXIT"))))
        .isEqualTo(json("false"));
    assertThat(
            train
                .retry()
                .when()
                .evaluate(values.withFailure(Map.of("code", json("'OUT_OF_MEMORY'")))))
        .isEqualTo(json("true"));
  }

  @Test
  void reads_a_loop() throws IOException {
    var tune = task("tune");
    assertThat(tune.loop().limit()).isEqualTo(20);
    assertThat(tune.loop().succeedAtLimit()).isTrue();
    assertThat(tune.pools()).isEqualTo(Map.of("licence", 1));
    assertThat(tune.cache()).isEqualTo(Cache.ON);
    var first = VALUES.withLoop(Map.of("iteration", json("1")));
    var second = VALUES.withLoop(Map.of("iteration", json("2"), "outputs", json("{'score': 1}")));
    assertThat(tune.inputs().get("last").evaluate(first)).isEqualTo(json("0.0"));
    assertThat(tune.inputs().get("last").evaluate(second)).isEqualTo(json("1.0"));
    assertThat(tune.inputs().get("round").evaluate(second)).isEqualTo(json("2"));
    assertThat(tune.loop().until().evaluate(second)).isEqualTo(json("true"));
  }

  @Test
  void reads_a_study() throws IOException {
    var search = task("search");
    var study = search.study();
    assertThat(search.isGroup()).isTrue();
    assertThat(study.parallel()).isEqualTo(4);
    assertThat(study.maxFailed()).isEqualTo(3);
    assertThat(study.objective()).isEqualTo("loss");
    assertThat(study.spec().objectives()).containsExactly(Objective.maximize("loss"));
    assertThat(study.spec().sampler()).isEqualTo(new Tpe(5, 24));
    assertThat(study.spec().pruner()).isEqualTo(new Asha(1, 81L, 3));
    assertThat(study.metric()).isEqualTo("val_loss");
    assertThat(study.spec().seed()).isEqualTo(7);
    assertThat(study.spec().maxTrials()).isEqualTo(40);
    assertThat(study.spec().space())
        .isEqualTo(
            SearchSpace.of(
                Parameter.real("lr", 1e-5, 0.1).inLog(),
                Parameter.choice("booster", "gbtree", "dart"),
                Parameter.whole("drop", 0, 9).by(3).onlyWhen("booster", "dart")));
    var values = VALUES.withTrial(Map.of("number", json("5"), "params", json("{'lr': 0.01}")));
    assertThat(search.inputs().get("lr").evaluate(values)).isEqualTo(json("0.01"));
    assertThat(search.inputs().get("number").evaluate(values)).isEqualTo(json("5"));
  }

  @Test
  void reads_approvals_branches_and_calls() throws IOException {
    var ask = task("ask");
    var approval = (Work.Approval) ask.work();
    assertThat(approval.message().evaluate(VALUES)).isEqualTo(json("'Ship a score of 0.9?'"));
    assertThat(approval.inputs().get("stage"))
        .isEqualTo(new Work.Approval.Input(ValueType.STRING, json("'canary'"), "Where to"));
    assertThat(approval.deadline()).isEqualTo(Duration.ofDays(2));
    assertThat(approval.approveOnDeadline()).isTrue();
    assertThat(ask.outputs().keySet())
        .containsExactly("approved", "by", "comment", "stage", "share");
    assertThat(ask.cache()).isEqualTo(Cache.OFF);

    assertThat(task("skip").elseOf()).isEqualTo("ask");
    assertThat(task("skip").needs()).containsExactly("ask");
    assertThat(task("give-up").elseOf()).isEqualTo("skip");
    assertThat(task("deploy").work()).isEqualTo(new Work.Call("deploy", 3));
    assertThat(task("deploy").outputs()).containsOnlyKeys("url");
    assertThat(task("deploy").cache()).isEqualTo(Cache.OFF);
    assertThat(task("join").trigger()).isEqualTo(Trigger.ANY_SUCCEEDED);
    assertThat(task("join").needs()).containsExactly("give-up", "deploy");
    assertThat(task("join").cache()).as("impure").isEqualTo(Cache.OFF);
    assertThat(task("split").cache()).as("switched off").isEqualTo(Cache.OFF);
  }

  @Test
  void reads_what_comes_last() throws IOException {
    var tell = task("tell");
    assertThat(tell.isFinally()).isTrue();
    assertThat(tell.needs()).as("what it uses has ended anyway").isEmpty();
    assertThat(task("after").needs()).containsExactly("tell");
    assertThat(task("after").trigger()).isEqualTo(Trigger.ALL_ENDED);
    var values =
        VALUES.withRun(Map.of("status", json("'FAILED'"), "failed", json("['tune', 'ask']")));
    assertThat(tell.inputs().get("status").evaluate(values)).isEqualTo(json("'FAILED'"));
    assertThat(tell.inputs().get("failed").evaluate(values)).isEqualTo(json("['tune', 'ask']"));
    assertThat(tell.inputs().get("score").evaluate(values)).isEqualTo(json("'0.9'"));
    assertThat(tell.inputs().get("score").evaluate(Values.of(Map.of(), Map.of())))
        .isEqualTo(json("'none'"));
  }

  @Test
  void a_call_without_a_version_gets_the_one_that_is_found() {
    var text = Corpus.read("every-key.yaml").replace("deploy@3", "deploy");
    assertThat(PipelineLanguage.require(text, CALLS).tasks().get("deploy").work())
        .isEqualTo(new Work.Call("deploy", 3));
    assertThat(PipelineLanguage.require(text).tasks().get("deploy").work())
        .isEqualTo(new Work.Call("deploy", null));
  }

  @Test
  void a_pipeline_can_switch_the_cache_off() {
    var text = Corpus.read("every-key.yaml").replace("cache: true", "cache: false");
    var spec = PipelineLanguage.require(text, CALLS);
    assertThat(spec.tasks().get("tune").cache()).isEqualTo(Cache.OFF);
    assertThat(spec.tasks().get("train").cache().on()).as("says so itself").isTrue();
  }

  private static final Values VALUES =
      Values.of(Map.of("least", parse("0.8")), Map.of("tune", Map.of("score", parse("0.9"))));

  private TaskSpec task(String name) {
    return spec.tasks().get(name);
  }

  private static Map<String, JsonNode> failure(int exitCode, String code) {
    return Map.of("exitCode", parse(String.valueOf(exitCode)), "code", parse("'" + code + "'"));
  }

  private static JsonNode json(String text) throws IOException {
    return parse(text);
  }

  private static JsonNode parse(String text) {
    try {
      return Json.MAPPER.readTree(text.replace('\'', '"'));
    } catch (IOException e) {
      throw new IllegalArgumentException(text, e);
    }
  }
}
