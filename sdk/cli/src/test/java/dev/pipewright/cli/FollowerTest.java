package dev.pipewright.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.LogPage;
import dev.pipewright.contract.api.ModelVersion;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RegisteredModel;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.RunStatus;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.TrackedRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a run looks like in a file or pipe, from its first state to the report.
class FollowerTest {
  private static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");

  private final Map<String, String> answers = new HashMap<>();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final Terminal terminal =
      new Terminal(new PrintStream(printed, true, StandardCharsets.UTF_8), false, false, false, 80);
  private HttpServer server;
  private Pipewright pipewright;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    pipewright = Pipewright.connect(URI.create(url()));
  }

  @AfterEach
  void stop() {
    pipewright.close();
    server.stop(0);
  }

  @Test
  void aRunThatSucceeds() throws IOException {
    var running = run(2, RunState.RUNNING, task("evaluate", TaskState.RUNNING, null, null));
    var done =
        run(3, RunState.SUCCEEDED, task("evaluate", TaskState.SUCCEEDED, null, T0.plusSeconds(2)));
    answers.put("/api/v1/pipeline-runs/r1/events", event(running) + event(done) + END);
    answers.put("/api/v1/runs?pipelineRun=r1", json(new Page<>(List.of(tracked()), null)));
    answers.put("/api/v1/runs/t-evaluate", json(tracked()));
    answers.put("/api/v1/models", json(new Page<>(List.of(model()), null)));

    var ended = new Follower(pipewright, terminal, () -> true).follow(running);
    new RunReport(pipewright, terminal, "http://server").print(ended);

    assertThat(Exit.of(ended)).isZero();
    assertThat(lines())
        .contains(
            "  + evaluate  succeeded            2.0 s  accuracy 0.9000, auc 0.8123",
            "credit version 1 succeeded after 3.0 s",
            "    accuracy  0.9000",
            "    auc       0.8123",
            "  model  credit version 4 (candidate)",
            "         http://server/models/credit",
            "  run    http://server/pipeline-runs/r1")
        .noneMatch(line -> line.contains("system/"));
  }

  @Test
  void aRunThatFails() throws IOException {
    var failed =
        run(
            2,
            RunState.FAILED,
            task("train", TaskState.FAILED, "COMMAND_FAILED", T0.plusSeconds(1)));
    answers.put("/api/v1/pipeline-runs/r1/events", event(failed) + END);
    answers.put("/api/v1/runs?pipelineRun=r1", json(new Page<>(List.of(), null)));
    var log =
        IntStream.rangeClosed(1, 25)
            .mapToObj(n -> new LogPage.Line(n, T0, "stdout", "log line " + n))
            .toList();
    answers.put("/api/v1/runs/t-train/logs?after=0", json(new LogPage(log, 25)));
    answers.put("/api/v1/runs/t-train/logs?after=25", json(new LogPage(List.of(), 25)));

    var ended = new Follower(pipewright, terminal, () -> true).follow(failed);
    new RunReport(pipewright, terminal, "http://server").print(ended);

    assertThat(Exit.of(ended)).isEqualTo(Exit.FAILED);
    assertThat(lines())
        .contains(
            "  x train  failed               1.0 s",
            "  train failed in attempt 1: COMMAND_FAILED: it broke",
            "    log line 6",
            "    log line 25")
        .doesNotContain("    log line 5");
  }

  /// Its answer holds the task that stands for its instances, and how many of these are how far.
  @Test
  void aRunThatIsTooLargeForALineATask() throws IOException {
    var running =
        large(2, RunState.RUNNING, Map.of(TaskState.SUCCEEDED, 9_000, TaskState.RUNNING, 1_000));
    var failed = large(3, RunState.FAILED, Map.of(TaskState.SUCCEEDED, 9_993, TaskState.FAILED, 7));
    answers.put("/api/v1/pipeline-runs/r1/events", event(running) + event(failed) + END);
    answers.put(
        "/api/v1/pipeline-runs/r1/tasks",
        json(
            new Page<>(
                List.of(task("work[3]", TaskState.FAILED, "COMMAND_FAILED", T0.plusSeconds(1))),
                "next")));

    var ended = new Follower(pipewright, terminal, () -> true).follow(running);
    new RunReport(pipewright, terminal, "http://server").print(ended);

    assertThat(lines())
        .contains(
            "  10,000 tasks, 9,993 succeeded, 7 failed",
            "  work[3] failed in attempt 1: COMMAND_FAILED: it broke",
            "  and 6 more")
        .hasSizeLessThan(20);
    assertThat(new RunView(terminal).lines(ended, Map.of(), T0))
        .contains(
            "  all: 10,000 tasks, 9,993 succeeded, 7 failed",
            "  work: 10,000 tasks, 9,993 succeeded, 7 failed");
  }

  private static PipelineRun large(long revision, RunState state, Map<TaskState, Integer> counts) {
    var small = run(revision, state, task("work", TaskState.RUNNING, null, null));
    return new PipelineRun(
        small.id(),
        small.number(),
        small.pipeline(),
        small.version(),
        small.state(),
        false,
        null,
        Map.of(),
        Map.of(),
        0,
        small.origin(),
        null,
        small.trackedRunId(),
        revision,
        T0,
        T0,
        small.endedAt(),
        10_001,
        counts,
        List.of(new PipelineRun.Group("work", counts)),
        small.tasks());
  }

  @Test
  void aServerThatIsGone() throws IOException {
    var running = run(1, RunState.RUNNING, task("train", TaskState.RUNNING, null, null));
    answers.put("/api/v1/pipeline-runs/r1/events", event(running));
    assertThatThrownBy(() -> new Follower(pipewright, terminal, () -> false).follow(running))
        .hasMessageStartingWith("SERVER_FAILED: The server ended while the run was under way.");
  }

  private static final String END = "event: end\ndata: {}\n\n";

  private static PipelineRun run(long revision, RunState state, PipelineRun.Task task) {
    return new PipelineRun(
        "r1",
        7,
        "credit",
        1,
        state,
        false,
        null,
        Map.of(),
        Map.of(),
        0,
        Json.MAPPER.createObjectNode(),
        null,
        "t1",
        revision,
        T0,
        T0,
        state.isTerminal() ? T0.plusSeconds(3) : null,
        1,
        Map.of(task.state(), 1),
        List.of(),
        List.of(task));
  }

  private static PipelineRun.Task task(
      String name, TaskState state, @Nullable String code, @Nullable Instant endedAt) {
    var attemptState =
        switch (state) {
          case SUCCEEDED -> AttemptState.SUCCEEDED;
          case FAILED -> AttemptState.FAILED;
          case PENDING,
              WAITING,
              READY,
              RUNNING,
              RETRYING,
              SKIPPED,
              UPSTREAM_FAILED,
              CANCELLED,
              PRUNED ->
              AttemptState.RUNNING;
        };
    var attempt =
        new PipelineRun.Attempt(
            "a1",
            1,
            attemptState,
            "t-" + name,
            code == null ? null : FailureKind.USER,
            null,
            code,
            code == null ? null : "it broke",
            T0,
            T0,
            endedAt);
    return new PipelineRun.Task(
        name,
        null,
        null,
        "pipewright/" + name + "@v1",
        List.of(),
        state,
        null,
        Map.of(),
        null,
        T0,
        endedAt,
        List.of(attempt),
        null);
  }

  private static TrackedRun tracked() {
    return new TrackedRun(
        "t-evaluate",
        "evaluate",
        "1",
        "credit",
        RunStatus.FINISHED,
        null,
        "t1",
        null,
        T0,
        null,
        Map.of(),
        Map.of(),
        List.of(metric("auc", 0.81234), metric("system/cpu", 1.0), metric("accuracy", 0.9)),
        List.of(),
        List.of());
  }

  private static TrackedRun.LatestMetric metric(String key, double value) {
    return new TrackedRun.LatestMetric(key, value, 0, T0, value, value, 1);
  }

  private static RegisteredModel model() {
    var version =
        new ModelVersion(
            "credit",
            4,
            List.of("candidate"),
            "m-1",
            "xgboost",
            "sha256:0",
            1,
            List.of(),
            Map.of(),
            new ModelVersion.Lineage("t", null, "credit", 1, "r1", List.of()),
            T0);
    return new RegisteredModel("credit", null, 4, version, Map.of("candidate", 4), T0, T0);
  }

  private String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private List<String> lines() {
    return printed.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private static String event(PipelineRun run) throws IOException {
    return "event: run\ndata: %s\n\n".formatted(json(run));
  }

  private static String json(Object value) throws IOException {
    return Json.MAPPER.writeValueAsString(value);
  }

  private void answer(HttpExchange exchange) {
    try (exchange) {
      var uri = exchange.getRequestURI();
      var body = answers.getOrDefault(uri.toString(), answers.get(uri.getPath()));
      var bytes = (body == null ? "" : body).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(body == null ? 404 : 200, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
