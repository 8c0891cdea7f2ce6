package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.RunStatus;
import dev.pipewright.contract.api.TrackedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A newcomer's first hour, in its order, on one home folder.
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DemoIT {
  private final Sandbox sandbox = Sandbox.create();

  @BeforeAll
  void startsWithNothing() {
    assertThat(sandbox.home().root()).doesNotExist();
  }

  @AfterAll
  void leavesNothing() {
    sandbox.close();
  }

  @Test
  @Order(1)
  void trainsAModelAndShowsIt() {
    var said = sandbox.pipewright("demo", "--exit");

    assertThat(said.exitCode()).as(said.text()).isZero();
    assertThat(said.text())
        .contains("not real")
        .containsPattern("  auc +0\\.[789]")
        .contains("model  loan-default version 1")
        .contains("http://127.0.0.1:%d/models/loan-default".formatted(sandbox.port()))
        .contains("http://127.0.0.1:%d/pipeline-runs/".formatted(sandbox.port()));
    assertThat(sandbox.processes()).as("left running by --exit").isEmpty();
  }

  @Test
  @Order(2)
  void findsEverythingAgainAfterARestart() {
    sandbox.up();

    try (var pipewright = sandbox.client()) {
      var runs = pipewright.runs().list("tabular", null).items();
      assertThat(runs).hasSize(1);
      var run = pipewright.runs().get(runs.getFirst().id());
      assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.tasks())
          .extracting(task -> task.name())
          .containsExactly("split", "train", "evaluate", "register", "report");

      var train = tracked(pipewright, run.id(), "train");
      assertThat(train.status()).isEqualTo(RunStatus.FINISHED);
      assertThat(train.params()).containsEntry("seed", "42");
      assertThat(train.metrics())
          .filteredOn(metric -> metric.key().equals("validation-logloss"))
          .singleElement()
          .satisfies(metric -> {
            assertThat(metric.points()).isEqualTo(metric.step() + 1).isGreaterThan(30);
            assertThat(metric.min()).isLessThan(metric.max());
          });
      assertThat(pipewright.trackedRuns().lastLogs(train.id(), 1_000)).isNotEmpty();
      assertThat(train.models()).hasSize(1);

      var evaluate = tracked(pipewright, run.id(), "evaluate");
      var artifacts = sandbox.get("/api/v1/runs/" + evaluate.id() + "/artifacts");
      assertThat(artifacts).contains("roc", "confusion");

      var model = pipewright.models().version("loan-default", 1);
      assertThat(model.metrics()).containsKeys("auc", "accuracy", "logLoss", "macroF1");
      assertThat(model.lineage().pipelineRunId()).isEqualTo(run.id());
      assertThat(model.lineage().runId()).isEqualTo(train.id());
    }
  }

  /// Each with the worst result that is still a sensible model of it.
  @ParameterizedTest
  @Order(3)
  @CsvSource({
    "german_credit.csv, credit_risk, german-credit, auc, 0.72, 1",
    "iris.csv, species, iris, accuracy, 0.9, 1",
    "abalone.csv, rings, abalone, rmse, 0, 2.4",
  })
  void learnsFromRealTables(
      String table, String target, String name, String metric, double least, double most)
      throws IOException, NoSuchAlgorithmException {
    var data = Sandbox.ROOT.resolveSibling("shared").resolve("data").resolve(table);
    assumeTrue(Files.isRegularFile(data), () -> "needs the table " + data + ", which is not there");
    sandbox.up();

    var said = sandbox.pipewright("demo", "--data", data.toString(), "--target", target, "--exit");

    assertThat(said.exitCode()).as(said.text()).isZero();
    assertThat(said.text()).contains("model  " + name + " version 1");
    try (var pipewright = sandbox.client()) {
      var model = pipewright.models().version(name, 1);
      assertThat(model.metrics().get(metric)).as(metric).isBetween(least, most);
      var lineage = model.lineage();
      assertThat(lineage.pipeline()).isEqualTo("tabular");
      assertThat(lineage.pipelineVersion()).isEqualTo(1);
      var run = pipewright.runs().get(lineage.pipelineRunId());
      assertThat(run.state()).isEqualTo(RunState.SUCCEEDED);
      assertThat(run.params().get("target").textValue()).isEqualTo(target);
      assertThat(tracked(pipewright, run.id(), "train").id()).isEqualTo(lineage.runId());
      var digest =
          "sha256:"
              + HexFormat.of()
                  .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(data)));
      assertThat(lineage.datasets())
          .anyMatch(named(table).and(input -> input.digest().equals(digest)));
    }
  }

  @Test
  @Order(4)
  void stops() {
    sandbox.up();

    var said = sandbox.pipewright("down");

    assertThat(said.exitCode()).as(said.text()).isZero();
    assertThat(sandbox.processes()).isEmpty();
    assertThat(sandbox.pipewright("status").exitCode()).isEqualTo(1);
  }

  private static Predicate<TrackedRun.DatasetInput> named(String name) {
    return input -> input.name().equals(name);
  }

  private static TrackedRun tracked(Pipewright pipewright, String pipelineRun, String task) {
    return pipewright.trackedRuns().ofPipelineRun(pipelineRun).stream()
        .filter(run -> run.name().equals(task))
        .findFirst()
        .orElseThrow(() -> new AssertionError("task " + task + " has no tracked run"));
  }
}
