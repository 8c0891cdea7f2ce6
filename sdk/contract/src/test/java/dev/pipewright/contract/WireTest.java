package dev.pipewright.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.FireState;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.RunStatus;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.TrackedRun;
import dev.pipewright.contract.catalog.v1.CatalogEvent;
import dev.pipewright.contract.catalog.v1.DatasetVersionSeen;
import dev.pipewright.contract.catalog.v1.ModelAliasSet;
import dev.pipewright.contract.catalog.v1.ModelVersionCreated;
import dev.pipewright.contract.metrics.v1.WatchedMetrics;
import dev.pipewright.contract.metrics.v1.WatchedPoints;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.task.ValueType;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tasks.v1.TaskStarted;
import dev.pipewright.contract.tracking.v1.ArtifactLogged;
import dev.pipewright.contract.tracking.v1.DatasetUsed;
import dev.pipewright.contract.tracking.v1.LogLine;
import dev.pipewright.contract.tracking.v1.LogLines;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.ModelFile;
import dev.pipewright.contract.tracking.v1.ModelLogged;
import dev.pipewright.contract.tracking.v1.ParamsLogged;
import dev.pipewright.contract.tracking.v1.PipelineSource;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.contract.tracking.v1.TagsSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What is on the wire and in the spool stays readable: every message and body has a file with its
/// bytes as they were. `-Dpipewright.update` writes them anew, which breaks those who wrote the old
/// ones.
class WireTest {
  private static final Path GOLDEN =
      Path.of(System.getProperty("pipewright.root"), "sdk/contract/src/test/resources/golden");
  private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678Z");

  static Stream<Arguments> messages() {
    return Stream.of(
        event(
            "run-started",
            RunEvent.newBuilder()
                .setRunStarted(
                    RunStarted.newBuilder()
                        .setExperiment("credit")
                        .setName("train")
                        .setParentRunId("f".repeat(32))
                        .setPipeline(
                            PipelineSource.newBuilder()
                                .setPipeline("credit")
                                .setVersion(3)
                                .setPipelineRunId("run")
                                .setTask("train")
                                .setAttempt(2))
                        .setWatchedMetric("auc"))),
        event(
            "run-finished",
            RunEvent.newBuilder()
                .setRunFinished(
                    RunFinished.newBuilder()
                        .setStatus(dev.pipewright.contract.tracking.v1.RunStatus.RUN_STATUS_FAILED)
                        .setMessage("TASK_LOST: gone"))),
        event(
            "params-logged",
            RunEvent.newBuilder()
                .setParamsLogged(ParamsLogged.newBuilder().putParams("depth", "6"))),
        event(
            "metrics-logged",
            RunEvent.newBuilder()
                .setMetricsLogged(
                    MetricsLogged.newBuilder()
                        .addSeries(
                            MetricSeries.newBuilder()
                                .setKey("loss")
                                .addAllSteps(List.of(0L, 1L, -1L))
                                .addAllTimestamps(List.of(1L, 2L, 3L))
                                .addAllValues(List.of(0.5, Double.NaN, Double.NEGATIVE_INFINITY))
                                .setModelId("m-1")))),
        event("tags-set", RunEvent.newBuilder().setTagsSet(TagsSet.newBuilder().putTags("k", "v"))),
        event(
            "dataset-used",
            RunEvent.newBuilder()
                .setDatasetUsed(
                    DatasetUsed.newBuilder()
                        .setName("train.csv")
                        .setDigest(DIGEST)
                        .setSize(10)
                        .setRole("train")
                        .setRows(2))),
        event(
            "artifact-logged",
            RunEvent.newBuilder()
                .setArtifactLogged(
                    ArtifactLogged.newBuilder()
                        .setPath("a/b.txt")
                        .setDigest(DIGEST)
                        .setSize(2)
                        .setMediaType("text/plain")
                        .setInline(ByteString.copyFromUtf8("hi")))),
        event(
            "model-logged",
            RunEvent.newBuilder()
                .setModelLogged(
                    ModelLogged.newBuilder()
                        .setModelId("m-1")
                        .setName("model")
                        .setFlavor("xgboost")
                        .setDigest(DIGEST)
                        .addFiles(
                            ModelFile.newBuilder()
                                .setPath("model.ubj")
                                .setDigest(DIGEST)
                                .setSize(3))
                        .putParams("eta", "0.1"))),
        event(
            "log-lines",
            RunEvent.newBuilder()
                .setLogLines(
                    LogLines.newBuilder()
                        .addLines(
                            LogLine.newBuilder()
                                .setNumber(1)
                                .setTimestamp(5)
                                .setStderr(true)
                                .setText("höher")))),
        catalog(
            "model-version-created",
            CatalogEvent.newBuilder()
                .setModelVersionCreated(ModelVersionCreated.newBuilder().setVersion(3))),
        catalog(
            "model-alias-set",
            CatalogEvent.newBuilder()
                .setModelAliasSet(ModelAliasSet.newBuilder().setAlias("champion").setVersion(3))),
        catalog(
            "dataset-version-seen",
            CatalogEvent.newBuilder()
                .setDatasetVersionSeen(
                    DatasetVersionSeen.newBuilder().setDigest(DIGEST).setExperiment("credit"))),
        Arguments.of(
            "watched-metrics",
            WatchedMetrics.newBuilder()
                .setPipelineRunId("run")
                .addPoints(
                    WatchedPoints.newBuilder()
                        .setTask("tune[3]")
                        .setRunId("0".repeat(32))
                        .addAllSteps(List.of(1L, 9L))
                        .addAllValues(List.of(0.5, Double.NaN)))
                .build()),
        report(
            "task-started",
            TaskReport.newBuilder().setStarted(TaskStarted.newBuilder().setHost("h").setPid(7))),
        report(
            "task-finished",
            TaskReport.newBuilder()
                .setFinished(
                    TaskFinished.newBuilder()
                        .setOutcome(Outcome.OUTCOME_USER_FAILURE)
                        .setExitCode(3)
                        .setCode("COMMAND_FAILED")
                        .setMessage("it broke")
                        .putOutputs("auc", "0.8"))));
  }

  private static Arguments event(String name, RunEvent.Builder event) {
    return Arguments.of(
        name,
        event.setRunId("0".repeat(32)).setSource("attempt").setSeq(9).setAt(timestamp()).build());
  }

  private static Arguments catalog(String name, CatalogEvent.Builder event) {
    return Arguments.of(
        name,
        event
            .setId("event")
            .setAt(timestamp())
            .setName("credit-risk")
            .setRunId("0".repeat(32))
            .setPipelineRunId("run")
            .build());
  }

  private static Arguments report(String name, TaskReport.Builder report) {
    return Arguments.of(
        name,
        report
            .setPipelineRunId("run")
            .setTask("train")
            .setAttemptId("attempt")
            .setSeq(1)
            .setAt(timestamp())
            .build());
  }

  private static Timestamp timestamp() {
    return Timestamp.newBuilder().setSeconds(AT.getEpochSecond()).setNanos(AT.getNano()).build();
  }

  static Stream<Arguments> bodies() {
    var file = new DataRef.FileRef("train.csv", DIGEST, 10);
    var data =
        new DataRef(DataRef.Kind.DATASET, "train.csv", DIGEST, 10, List.of(file), "r1", null);
    return Stream.of(
        Arguments.of("data-ref", data),
        Arguments.of(
            "fire",
            new Fire(
                7,
                AT,
                AT.plusSeconds(60),
                2,
                FireState.REFUSED,
                "RUN_FORBIDDEN",
                "One is under way.",
                List.of(
                    new Problem.Violation("MISSING_PARAM", "'n'", "params.n", null, null, null)),
                "run",
                RunState.RUNNING,
                AT)),
        Arguments.of(
            "task-launch",
            new TaskLaunch(
                "attempt",
                1,
                "credit",
                3,
                "run",
                "train",
                "tracked",
                "parent",
                "credit",
                "pipewright/xgboost@v1",
                List.of(),
                Map.of("rounds", IntNode.valueOf(3)),
                Map.of("model", new TaskLaunch.Output(ValueType.MODEL, null, true)),
                List.of(file),
                Map.of("A", "b"),
                "checkpoints",
                1_000L,
                false,
                "http://127.0.0.1:8080",
                "127.0.0.1:9092",
                Map.of("TOKEN", "HUB_TOKEN"),
                true,
                10_000L,
                new TaskLaunch.Limits(2.0, 1_073_741_824L, List.of(0)),
                "auc")),
        Arguments.of(
            "problem",
            Problem.of(
                ProblemCode.PIPELINE_INVALID,
                "It has an error.",
                List.of(
                    new Problem.Violation(
                        "UNKNOWN_KEY", "'neds'", "tasks.a.neds", 3, 5, "needs")))),
        Arguments.of(
            "pipeline-run",
            new PipelineRun(
                "run",
                7,
                "credit",
                3,
                RunState.RUNNING,
                false,
                null,
                Map.of("target", TextNode.valueOf("risk")),
                Map.of(),
                5,
                Json.MAPPER.createObjectNode().put("by", "request"),
                null,
                "tracked",
                12,
                AT,
                AT,
                null,
                1,
                Map.of(TaskState.RETRYING, 1),
                List.of(),
                List.of(
                    new PipelineRun.Task(
                        "train",
                        null,
                        null,
                        "pipewright/xgboost@v1",
                        List.of("split"),
                        TaskState.RETRYING,
                        "attempt 1 was lost",
                        Map.of(),
                        AT,
                        AT,
                        null,
                        List.of(
                            new PipelineRun.Attempt(
                                "a1",
                                1,
                                AttemptState.FAILED,
                                "t1",
                                FailureKind.SYSTEM,
                                137,
                                "TASK_LOST",
                                "gone",
                                AT,
                                AT,
                                AT)),
                        new PipelineRun.Trial("RUNNING", 1, 3L, 0.5))))),
        Arguments.of(
            "tracked-run",
            new TrackedRun(
                "0".repeat(32),
                "train",
                "1",
                "credit",
                RunStatus.RUNNING,
                null,
                null,
                new TrackedRun.PipelineSource("credit", 3, "run", "train", 1),
                AT,
                null,
                Map.of("depth", "6"),
                Map.of(),
                List.of(new TrackedRun.LatestMetric("loss", Double.NaN, 3, AT, 0.1, 0.9, 4)),
                List.of(new TrackedRun.DatasetInput("train.csv", DIGEST, 10, "train", null)),
                List.of())));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("messages")
  void messagesKeepTheirBytes(String name, Message message) throws IOException {
    var bytes = message.toByteArray();
    assertGolden(
        name + ".hex", HexFormat.of().formatHex(bytes).replaceAll("(.{100})", "$1\n") + "\n");
    assertThat(message.getParserForType().parseFrom(bytes)).isEqualTo(message);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bodies")
  void bodiesKeepTheirShape(String name, Object body) throws IOException {
    var json = Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(body) + "\n";
    assertGolden(name + ".json", json);
    assertThat(Json.MAPPER.<Object>readValue(json, Json.MAPPER.constructType(body.getClass())))
        .isEqualTo(body);
  }

  private static void assertGolden(String name, String content) throws IOException {
    var file = GOLDEN.resolve(name);
    if (Boolean.getBoolean("pipewright.update")) {
      Files.writeString(file, content);
    }
    assertThat(content).isEqualTo(Files.readString(file));
  }
}
