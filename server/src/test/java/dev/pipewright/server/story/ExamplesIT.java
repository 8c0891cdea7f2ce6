package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.DoubleNode;
import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AnswerTask;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.task.DataRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The pipelines in `examples/`, each run as a user would, and what one can do with their runs.
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExamplesIT {
  private static final Path EXAMPLES =
      Path.of(System.getProperty("pipewright.root")).resolve("examples");

  private final Sandbox sandbox = Sandbox.create();

  @BeforeAll
  void start() {
    sandbox.up();
  }

  @AfterAll
  void leaveNothing() {
    sandbox.close();
  }

  private static PipelineRun start(Pipewright pipewright, String file, Map<String, ?> params) {
    var version = pipewright.pipelines().apply(EXAMPLES.resolve(file));
    return pipewright.runs().start(version.pipeline(), params);
  }

  private static PipelineRun run(Pipewright pipewright, String file, Map<String, ?> params) {
    return pipewright.runs().follow(start(pipewright, file, params).id(), run -> {});
  }

  /// What became of a run, and of each attempt that did not succeed.
  private static String why(PipelineRun run) {
    var why = new StringBuilder(String.valueOf(run.message()));
    for (var task : run.tasks()) {
      for (var attempt : task.attempts()) {
        if (attempt.state() != AttemptState.SUCCEEDED) {
          why.append("\n").append(task.name()).append(": ").append(attempt);
        }
      }
    }
    return why.toString();
  }

  private static PipelineRun.Task task(PipelineRun run, String name) {
    return run.tasks().stream().filter(task -> task.name().equals(name)).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"0.9, published, publish", "0.7, to be reviewed, review", "0.1, discarded, discard"})
  void branches(double score, String what, String taken) {
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, "branches/pipeline.yaml", Map.of("score", score));
      assertThat(run.state()).as(run.message()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.outputs().get("what").asText().strip()).isEqualTo(what);
      for (var branch : List.of("publish", "review", "discard")) {
        assertThat(task(run, branch).state())
            .isEqualTo(branch.equals(taken) ? TaskState.SUCCEEDED : TaskState.SKIPPED);
      }
    }
  }

  @Test
  void fanOutAndWhatIsKnownIsNotDoneAgain() {
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, "fan-out/pipeline.yaml", Map.of());
      assertThat(run.state()).as(run.message()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.outputs().get("sum").asInt()).isEqualTo(10 + 100 + 20 + 30 + 300);
      assertThat(task(run, "multiply[3]").state()).isEqualTo(TaskState.FAILED);
      assertThat(task(run, "multiply[3]").item().toString())
          .isEqualTo("{\"number\":2,\"factor\":100}");
      assertThat(pipewright.runs().explain(run.id(), "multiply[3]").reasons())
          .first()
          .asString()
          .contains("COMMAND_FAILED");

      var again =
          pipewright.runs().follow(pipewright.runs().rerun(run.id(), Map.of()).id(), it -> {});
      assertThat(again.outputs().get("sum").asInt()).isEqualTo(460);
      assertThat(task(again, "list").attempts()).isEmpty();
      assertThat(task(again, "list").reason()).startsWith("cached: ");
      assertThat(task(again, "multiply[0]").attempts()).isEmpty();
      assertThat(task(again, "multiply[3]").attempts()).hasSize(1);

      var from =
          pipewright
              .runs()
              .follow(pipewright.runs().rerunFrom(run.id(), List.of("sum")).id(), it -> {});
      assertThat(from.state()).isEqualTo(RunState.SUCCEEDED);
      assertThat(task(from, "multiply").reason()).isEqualTo("taken from run #" + run.number());
    }
  }

  /// Trials of a script are judged by what it logs, and the best ones go on.
  @Test
  void tuning() {
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, "tuning/pipeline.yaml", Map.of());
      assertThat(run.state()).as(why(run)).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.output("loss", Double.class)).isBetween(0.2, 0.6);
      assertThat(run.outputs().get("params").path("rate").asDouble()).isBetween(1e-4, 1.0);
      var trials = run.tasks().stream().filter(task -> "tune".equals(task.group())).toList();
      assertThat(trials).hasSize(12);
      assertThat(trials)
          .filteredOn(task -> task.state() == TaskState.PRUNED)
          .as("some are stopped early: %s", task(run, "tune").reason())
          .isNotEmpty()
          .allSatisfy(task ->
              assertThat(task.reason())
                  .matches("stopped early at step \\d+, where validation_loss = .+"));
    }
  }

  /// A model that is better gets into the catalog; data that is not as expected stops everything.
  @Test
  void gate(@TempDir Path folder) throws IOException {
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, "gate/pipeline.yaml", Map.of());
      assertThat(run.state()).as(run.message()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.output("better", Boolean.class)).isTrue();
      assertThat(run.output("auc", Double.class)).isBetween(0.7, 0.9);
      assertThat(run.output("cost", Double.class)).isPositive();
      assertThat(task(run, "check").output("valid", Boolean.class)).isTrue();
      assertThat(task(run, "register").output("name", String.class)).isEqualTo("late-payment");
      var page = folder.resolve("page.html");
      pipewright.blobs().download(task(run, "evaluate").output("page", DataRef.class), page);
      assertThat(page).content().contains("The threshold by cost", "Fairness between groups");

      var few = run(pipewright, "gate/pipeline.yaml", Map.of("rows", 120));
      assertThat(few.state()).isEqualTo(RunState.FAILED);
      var check = task(few, "check");
      assertThat(check.state()).isEqualTo(TaskState.FAILED);
      assertThat(pipewright.runs().explain(few.id(), "check").reasons())
          .anySatisfy(reason ->
              assertThat(reason).contains("TABLE_INVALID", "60 rows, expected at least 100"));
      assertThat(task(few, "register").attempts()).isEmpty();
      var id = check.attempts().getLast().trackedRunId();
      // Tracked runs follow over Kafka.
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() ->
              assertThat(sandbox.get("/api/v1/runs/" + id + "/artifacts/validation.html"))
                  .as("kept although the task failed")
                  .contains("60 rows, expected at least 100"));
    }
  }

  /// Twice, as data is loaded every day; and what tasks get is the warehouse, not our own database.
  @Test
  void etl() {
    try (var pipewright = sandbox.client()) {
      for (int day = 0; day < 2; day++) {
        var run = run(pipewright, "etl/pipeline.yaml", Map.of("customers", 400, "seed", day));
        assertThat(run.state()).as(why(run)).isEqualTo(RunState.SUCCEEDED);
        assertThat(run.output("auc", Double.class)).isBetween(0.7, 0.99);
        assertThat(run.output("customers", Integer.class)).isEqualTo(400);
      }
      var own = "select passwd from pg_shadow";
      var stolen =
          pipewright
              .pipelines()
              .apply(
                  """
                  name: thief
                  tasks:
                    look:
                      uses: pipewright/query@v1
                      with: { query: "%s" }
                      env: { DATABASE_URL: { secret: WAREHOUSE_URL } }
                  """
                      .formatted(own),
                  List.of());
      var run =
          pipewright
              .runs()
              .follow(pipewright.runs().start(stolen.pipeline(), Map.of()).id(), it -> {});
      assertThat(why(run)).contains("DATABASE_REFUSED", "permission denied");
    }
  }

  @Test
  void refine() {
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, "refine/pipeline.yaml", Map.of());
      assertThat(run.state()).as(run.message()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.outputs().get("root").asDouble()).isBetween(1.4142, 1.4143);
      assertThat(task(run, "step[1]").state()).isEqualTo(TaskState.SUCCEEDED);
      assertThat(task(run, "step").reason()).matches("done after \\d iterations");
    }
  }

  @Test
  void calls() {
    try (var pipewright = sandbox.client()) {
      pipewright.pipelines().apply(EXAMPLES.resolve("calls/scale.yaml"));
      var run = run(pipewright, "calls/pipeline.yaml", Map.of());
      assertThat(run.state()).as(run.message()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.outputs().get("product").asInt()).isEqualTo(60);
      var called = pipewright.runs().list("scale", null).items();
      assertThat(called).hasSize(2);
      assertThat(pipewright.runs().get(called.getFirst().id()).parentRunId()).isEqualTo(run.id());
    }
  }

  @Test
  void approval() {
    try (var pipewright = sandbox.client()) {
      var run = start(pipewright, "approval/pipeline.yaml", Map.of());
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> task(pipewright.runs().get(run.id()), "ask").state() == TaskState.WAITING);
      assertThat(pipewright.runs().explain(run.id(), "ask").reasons())
          .first()
          .asString()
          .contains("Send run " + run.number() + " to production?");
      pipewright
          .runs()
          .answer(
              run.id(),
              "ask",
              new AnswerTask(true, Map.of("share", DoubleNode.valueOf(0.5)), "ada", null));
      var ended = pipewright.runs().follow(run.id(), it -> {});
      assertThat(ended.outputs().get("sent").asText().strip()).isEqualTo("0.5 by ada");
    }
  }

  @Test
  void sturdyAndRetried() {
    try (var pipewright = sandbox.client()) {
      var good = run(pipewright, "sturdy/pipeline.yaml", Map.of());
      assertThat(good.state()).as(good.message()).isEqualTo(RunState.SUCCEEDED);
      assertThat(task(good, "shaky").attempts())
          .extracting(PipelineRun.Attempt::state)
          .containsExactly(AttemptState.FAILED, AttemptState.SUCCEEDED);

      var bad = run(pipewright, "sturdy/pipeline.yaml", Map.of("broken", true));
      assertThat(bad.state()).isEqualTo(RunState.FAILED);
      assertThat(task(bad, "broken").attempts()).hasSize(1);
      assertThat(task(bad, "broken").reason()).contains("not retried");
      assertThat(task(bad, "tidy").outputs().get("how").asText().strip()).isEqualTo("FAILED");

      pipewright.runs().retry(bad.id());
      var again = pipewright.runs().follow(bad.id(), it -> {});
      assertThat(again.state()).isEqualTo(RunState.FAILED);
      assertThat(task(again, "shaky").attempts()).as("what succeeded stays").hasSize(2);
      assertThat(task(again, "broken").attempts()).hasSize(2);
      assertThat(task(again, "tidy").attempts()).hasSize(2);
    }
  }

  @Test
  void cache() {
    try (var pipewright = sandbox.client()) {
      var first = run(pipewright, "cache/pipeline.yaml", Map.of("rows", 20));
      assertThat(first.output("lines", Integer.class)).isEqualTo(21);
      var again = run(pipewright, "cache/pipeline.yaml", Map.of("rows", 20));
      assertThat(again.output("lines", Integer.class)).isEqualTo(21);
      assertThat(task(again, "features").reason()).startsWith("cached: ");
      assertThat(task(again, "count").reason()).startsWith("cached: ");
      assertThat(task(again, "announce").attempts()).as("is impure").hasSize(1);
      var other = run(pipewright, "cache/pipeline.yaml", Map.of("rows", 21));
      assertThat(task(other, "features").attempts()).hasSize(1);
    }
  }

  /// What the ensemble reached on rows that it had not seen.
  @ParameterizedTest
  @CsvSource({"churn, auc, 0.7", "demand, r2, 0.6"})
  void automl(String name, String output, double least) {
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, name + "/pipeline.yaml", Map.of("budget", "20s"));
      assertThat(run.state()).as(why(run)).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.output(output, Double.class)).isGreaterThan(least);
    }
  }

  /// What was planted is found, in data that does not say so.
  @ParameterizedTest
  @CsvSource({"anomalies, found, 0.9, 1", "segments, k, 4, 4", "segments, silhouette, 0.5, 1"})
  void unlabelled(String name, String output, double least, double most) {
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, name + "/pipeline.yaml", Map.of());
      assertThat(run.state()).as(why(run)).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.output(output, Double.class)).isBetween(least, most);
      assertThat(task(run, "register").state()).isEqualTo(TaskState.SUCCEEDED);
    }
  }

  /// What the network got, and what it would have got by guessing or counting.
  @ParameterizedTest
  @CsvSource({
    "digits, accuracy, 0.85, 1",
    "reviews, accuracy, 0.9, 1",
    "recommender, recall, 0.25, 1",
    "language-model, perplexity, 1, 3",
  })
  void networks(String name, String output, double least, double most) {
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, name + "/pipeline.yaml", Map.of());
      assertThat(run.state()).as(why(run)).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.output(output, Double.class)).isBetween(least, most);
      assertThat(run.output("version", Integer.class)).isEqualTo(1);
    }
  }

  /// By hand, by the clock, and for somebody who pushed; with a secret that stays one.
  @Test
  void nightly(@TempDir Path folder) throws IOException {
    var secrets = Files.createDirectories(sandbox.home().root().resolve("secrets"));
    Files.writeString(secrets.resolve("WAREHOUSE_TOKEN"), "open-sesame\n");
    var key = Files.writeString(folder.resolve("key"), "a key of sixteen characters or more");
    try (var pipewright = sandbox.client()) {
      var run = run(pipewright, "nightly/pipeline.yaml", Map.of("day", "2026-02-03"));
      assertThat(run.state()).as(run.message()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.priority()).isEqualTo(10);
      assertThat(run.output("page", String.class).strip()).isEqualTo("2026-02-03,100 (by hand)");
      var copy = folder.resolve("sales.csv");
      pipewright.blobs().download(task(run, "load").output("sales", DataRef.class), copy);
      assertThat(copy).content().isEqualToNormalizingNewlines("day,sales\n2026-02-03,100\n");
      var log = sandbox.pipewright("runs", "logs", Long.toString(run.number()), "load").text();
      assertThat(log).contains("loading with the token ***").doesNotContain("open-sesame");

      var elsewhere =
          Map.of(
              "PIPEWRIGHT_HOME",
              folder.resolve("none").toString(),
              "PIPEWRIGHT_URL",
              "http://127.0.0.1:" + sandbox.port());
      var byName =
          sandbox.pipewright(elsewhere, "run", "nightly@1", "-p", "day=2026-02-04", "--wait");
      assertThat(byName.exitCode()).as(byName.text()).isZero();
      assertThat(byName.text()).contains("nightly version 1");

      var schedule = EXAMPLES.resolve("nightly/schedule.yaml").toString();
      assertThat(sandbox.pipewright("schedules", "apply", schedule).exitCode()).isZero();
      assertThat(pipewright.schedules().next("nightly", 5)).hasSize(5);
      var push = EXAMPLES.resolve("nightly/push.yaml").toString();
      var applied = sandbox.pipewright("triggers", "apply", push, "--secret-file", key.toString());
      assertThat(applied.exitCode()).as(applied.text()).isZero();
      assertThat(pipewright.triggers().get("push").spec().pipeline()).isEqualTo("nightly");
    }
  }

  /// What waits says for whom, and what nobody can have is refused before anything runs.
  @Test
  void pools() {
    try (var pipewright = sandbox.client()) {
      assertThatThrownBy(
              () -> pipewright.pipelines().apply(EXAMPLES.resolve("pools/pipeline.yaml")))
          .isInstanceOfSatisfying(
              ProblemException.class,
              refused ->
                  assertThat(refused.problem().errors())
                      .extracting(Problem.Violation::code, Problem.Violation::line)
                      .containsExactly(tuple("UNKNOWN_POOL", 8), tuple("UNKNOWN_POOL", 14)));
      pipewright.pools().set("licence", 2, null);
      var run = run(pipewright, "pools/pipeline.yaml", Map.of());
      assertThat(run.state()).as(run.message()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.outputs().get("all").toString()).isEqualTo("[1,2,3,4]");
      assertThat(mostAtOnce(run)).isLessThanOrEqualTo(2);
      assertThatThrownBy(() -> pipewright.pools().delete("licence", false))
          .hasMessageContaining("POOL_IN_USE");

      pipewright.pools().set("licence", 1, null);
      var stuck = pipewright.runs().start("pools", Map.of());
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> task(pipewright.runs().get(stuck.id()), "merge").state() == TaskState.READY);
      assertThat(pipewright.runs().explain(stuck.id(), "merge").reasons())
          .first()
          .asString()
          .contains("It can never start: it takes 2 of pool 'licence', which has 1.");
      assertThat(pipewright.pools().get("licence").waiting()).isEqualTo(1);
      pipewright.pools().set("licence", 2, null);
      assertThat(pipewright.runs().follow(stuck.id(), it -> {}).state())
          .isEqualTo(RunState.SUCCEEDED);
    }
  }

  /// Of the instances of `train`.
  private static long mostAtOnce(PipelineRun run) {
    var attempts =
        run.tasks().stream()
            .filter(task -> "train".equals(task.group()))
            .flatMap(task -> task.attempts().stream())
            .toList();
    return attempts.stream()
        .mapToLong(each ->
            attempts.stream()
                .filter(other ->
                    !other.startedAt().isAfter(each.startedAt())
                        && other.endedAt().isAfter(each.startedAt()))
                .count())
        .max()
        .orElseThrow();
  }
}
