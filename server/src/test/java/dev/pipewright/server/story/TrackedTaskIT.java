package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.RunStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// What a task's command logs over MLflow's protocol is in the attempt's own run, and the attempt's
/// end counts, whatever the command said of it.
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrackedTaskIT {
  private final Sandbox sandbox = Sandbox.create();

  @BeforeAll
  void start() {
    sandbox.up();
  }

  @AfterAll
  void leaveNothing() {
    sandbox.close();
  }

  @Test
  void overHttp() {
    logsToItsOwnRun(
        Map.of(
            "program",
            TextNode.valueOf(Path.of(System.getProperty("java.home"), "bin", "java").toString())));
  }

  /// With the Python that `PIPEWRIGHT_TEST_PYTHON` names, or the path's.
  @Test
  void withTheMlflowPackage() {
    var python = Objects.requireNonNullElse(System.getenv("PIPEWRIGHT_TEST_PYTHON"), "python3");
    assumeTrue(
        sandbox
                .command(List.of("sh", "-c", "\"$0\" -c 'import mlflow'", python), Map.of())
                .exitCode()
            == 0,
        python
            + " has no package mlflow; name one that has with PIPEWRIGHT_TEST_PYTHON to run this");
    logsToItsOwnRun(
        Map.of("program", TextNode.valueOf(python), "script", TextNode.valueOf("log.py")));
  }

  private void logsToItsOwnRun(Map<String, JsonNode> params) {
    try (var pipewright = sandbox.client()) {
      var version = pipewright.pipelines().apply(Sandbox.fixture("tracked/pipeline.yaml"));
      var started = pipewright.runs().start(version.pipeline(), params);
      var ended = pipewright.runs().follow(started.id(), run -> {});
      var attempt = ended.tasks().getFirst().attempts().getFirst();
      var id = attempt.trackedRunId();
      assertThat(ended.state())
          .as(String.valueOf(pipewright.trackedRuns().lastLogs(id, 50)))
          .isEqualTo(RunState.SUCCEEDED);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> pipewright.trackedRuns().get(id).endTime() != null);
      var run = pipewright.trackedRuns().get(id);
      assertThat(run.status()).isEqualTo(RunStatus.FINISHED);
      assertThat(run.params()).containsEntry("rate", "0.1");
      assertThat(run.metrics())
          .filteredOn(metric -> metric.key().equals("loss"))
          .singleElement()
          .satisfies(loss -> {
            assertThat(loss.points()).isEqualTo(10);
            assertThat(loss.step()).isEqualTo(9);
            assertThat(loss.value()).isEqualTo(0.1);
          });
    }
  }
}
