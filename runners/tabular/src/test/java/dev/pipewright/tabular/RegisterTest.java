package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.ModelVersion;
import dev.pipewright.contract.api.RegisterModel;
import dev.pipewright.tabular.Target.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegisterTest {
  @TempDir Path folder;

  private final Deque<Answer> answers = new ArrayDeque<>();
  private final List<Asked> asked = new ArrayList<>();
  private final Clock clock = new Clock();
  private HttpServer tracker;

  private record Answer(int status, Object body) {}

  private record Asked(String method, String path, String key, RegisterModel body) {}

  /// Time passes only by waiting.
  private static final class Clock implements Register.Waiting {
    long nanos;
    Runnable onPause = () -> {};

    @Override
    public long nanoTime() {
      return nanos;
    }

    @Override
    public void pause(Duration duration) {
      nanos += duration.toNanos();
      onPause.run();
    }
  }

  @BeforeEach
  void start() throws IOException {
    tracker = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    tracker.createContext("/", this::answer);
    tracker.start();
  }

  @AfterEach
  void stop() {
    tracker.stop(0);
  }

  @Test
  void registers_once_with_a_key_of_the_run_and_the_task() throws Exception {
    answers.add(new Answer(201, version(4)));
    var task = run("credit risk/ä", "candidate");
    assertThat(task.outputs).containsEntry("version", 4).containsEntry("name", "credit-risk");
    assertThat(asked)
        .singleElement()
        .satisfies(request -> {
          assertThat(request.method()).isEqualTo("POST");
          assertThat(request.path()).isEqualTo("/api/v1/models/credit%20risk%2F%C3%A4/versions");
          assertThat(request.key()).isEqualTo("run-7/register");
          assertThat(request.body().flavor()).isEqualTo("xgboost");
          assertThat(request.body().alias()).isEqualTo("candidate");
          assertThat(request.body().model().modelId()).startsWith("m-");
          assertThat(request.body().pipeline().pipelineRunId()).isEqualTo("run-7");
          assertThat(request.body().pipeline().attempt()).isEqualTo(2);
        });
  }

  @Test
  void asks_again_while_the_tracker_is_ailing() throws Exception {
    answers.add(new Answer(503, Problem.of(ProblemCode.UNAVAILABLE, "starting")));
    answers.add(new Answer(500, "oops"));
    answers.add(new Answer(201, version(1)));
    assertThat(run("credit-risk", null).outputs).containsEntry("version", 1);
    assertThat(asked).extracting(Asked::key).containsOnly("run-7/register").hasSize(3);
    assertThat(clock.nanos).isEqualTo(Duration.ofMillis(750).toNanos());
  }

  @Test
  void asks_again_while_nobody_listens() throws Exception {
    int port = tracker.getAddress().getPort();
    tracker.stop(0);
    answers.add(new Answer(201, version(1)));
    var pauses = new int[1];
    clock.onPause =
        () -> {
          if (++pauses[0] == 3) {
            try {
              tracker =
                  HttpServer.create(
                      new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
              tracker.createContext("/", this::answer);
              tracker.start();
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        };
    assertThat(run("credit-risk", null).outputs).containsEntry("version", 1);
    assertThat(pauses[0]).isEqualTo(3);
  }

  @Test
  void gives_up_after_ten_minutes() {
    tracker.stop(0);
    assertThatThrownBy(() -> run("credit-risk", null))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().code()).isEqualTo("SERVER_UNREACHABLE"))
        .hasMessageContaining("for 10 minutes");
    assertThat(Duration.ofNanos(clock.nanos))
        .isBetween(Duration.ofMinutes(10), Duration.ofMinutes(11));
  }

  @Test
  void hands_on_what_the_tracker_refuses() {
    answers.add(new Answer(422, Problem.of(ProblemCode.BAD_REQUEST, "the name is too long")));
    assertThatThrownBy(() -> run("credit-risk", null))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().detail()).isEqualTo("the name is too long"));
    assertThat(asked).hasSize(1);
  }

  @Test
  void says_when_something_else_answers() {
    answers.add(new Answer(200, "<html>"));
    assertThatThrownBy(() -> run("credit-risk", null))
        .hasMessageContaining("something else than Pipewright's JSON");
    answers.add(new Answer(404, "<html>"));
    assertThatThrownBy(() -> run("credit-risk", null)).hasMessageContaining("answered 404");
  }

  @Test
  void stops_when_asked() throws Exception {
    tracker.stop(0);
    var task = context("credit-risk", null);
    task.patience = 4;
    assertThatThrownBy(() -> new Register(clock).run(task))
        .isInstanceOf(InterruptedException.class);
    assertThat(task.outputs).isEmpty();
  }

  private FakeContext run(String name, String alias) throws Exception {
    var task = context(name, alias);
    new Register(clock).run(task);
    return task;
  }

  private FakeContext context(String name, String alias) throws IOException {
    var model = Files.createDirectories(folder.resolve("model"));
    new ModelCard(
            1,
            "xgboost",
            "",
            new Target("y", Kind.REGRESSION, List.of()),
            List.of(),
            0,
            List.of(),
            Map.of(),
            1,
            1,
            "",
            0,
            Map.of())
        .write(model);
    var task = new FakeContext(folder.resolve("task")).with("model", model).with("name", name);
    if (alias != null) {
      task.with("alias", alias);
    }
    task.trackerUrl = "http://127.0.0.1:" + tracker.getAddress().getPort();
    return task;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      asked.add(
          new Asked(
              exchange.getRequestMethod(),
              exchange.getRequestURI().getRawPath(),
              exchange.getRequestHeaders().getFirst("Idempotency-Key"),
              Json.MAPPER.readValue(exchange.getRequestBody(), RegisterModel.class)));
      var answer = answers.remove();
      var body =
          answer.body() instanceof String text
              ? text.getBytes(StandardCharsets.UTF_8)
              : Json.MAPPER.writeValueAsBytes(answer.body());
      exchange.sendResponseHeaders(answer.status(), body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static ModelVersion version(int number) {
    return new ModelVersion(
        "credit-risk",
        number,
        List.of(),
        "m-" + "d".repeat(32),
        "xgboost",
        "sha256:0",
        1,
        List.of(),
        Map.of(),
        new ModelVersion.Lineage("c".repeat(32), null, null, null, null, List.of()),
        Instant.EPOCH);
  }
}
