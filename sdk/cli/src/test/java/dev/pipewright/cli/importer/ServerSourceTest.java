package dev.pipewright.cli.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pipewright.cli.importer.MlflowSource.Owner;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server is asked as MLflow's own clients ask it.
class ServerSourceTest {
  private record Answer(int status, String body) {}

  @TempDir private Path folder = Path.of("");

  /// What is answered to a call, one after the other; the last one again and again.
  private final Map<String, Deque<Answer>> answers = new HashMap<>();

  private final List<String> calls = new ArrayList<>();
  private HttpServer http;
  private ServerSource source;

  @BeforeEach
  void start() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/", this::answer);
    http.start();
    source = new ServerSource(new MlflowServer(uri(), Duration.ofMillis(1)));
  }

  @AfterEach
  void stop() {
    source.close();
    http.stop(0);
  }

  @Test
  void readsPageAfterPage() throws Refused {
    on("runs/search", 200, "{'runs':[{'info':{'run_id':'a'}}],'next_page_token':'n'}");
    on("runs/search", 200, "{'runs':[{'info':{'run_id':'b'}}]}");
    var runs = source.runs(experiment(), (_, _) -> {});
    assertThat(runs).extracting(run -> run.at("/info/run_id").asText()).containsExactly("a", "b");
    assertThat(calls).hasSize(2);
    assertThat(calls.getFirst()).contains("\"run_view_type\":\"ALL\"").doesNotContain("page_token");
    assertThat(calls.getLast()).contains("\"page_token\":\"n\"");
  }

  @Test
  void readsThePointsAsTheyCome() throws Refused {
    on("metrics/get-history", 200, "{'metrics':[{'step':1}],'next_page_token':'n'}");
    on("metrics/get-history", 200, "{'metrics':[{'step':2}]}");
    var steps = new ArrayList<Integer>();
    source.points(run(), "a b", point -> steps.add(point.path("step").asInt()));
    assertThat(steps).containsExactly(1, 2);
    assertThat(calls.getLast()).contains("metric_key=a+b").contains("page_token=n");
  }

  @Test
  void findsFilesBelowFolders() throws Refused {
    on("artifacts/list", 200, "{'files':[{'path':'d','is_dir':true},{'path':'a','file_size':1}]}");
    on("artifacts/list", 200, "{'files':[{'path':'d/b','file_size':2}]}");
    assertThat(source.files(new Owner(false, "r", ""))).containsExactly("a", "d/b");
    assertThat(calls.getLast()).contains("path=d");
  }

  @Test
  void triesAgainWhatFailsForAPassingReason() throws Refused, IOException {
    on("get-artifact", 503, "");
    on("get-artifact", 200, "content");
    var file = source.file(new Owner(false, "r", ""), "a", folder.resolve("file"));
    assertThat(Files.readString(file)).isEqualTo("content");
    assertThat(calls).hasSize(2);
  }

  @Test
  void takesAServerWithoutLoggedModelsForAnOldOne() throws Refused {
    on("logged-models/search", 404, "<html>");
    assertThat(source.loggedModels(experiment(), (_, _) -> {})).isEmpty();
  }

  @Test
  void saysThatARunHasVanished() {
    on("metrics/get-history", 404, "{'message':'Run with id=r not found'}");
    assertThatThrownBy(() -> source.points(run(), "m", _ -> {}))
        .isInstanceOf(Refused.class)
        .hasMessage("Run with id=r not found");
  }

  @Test
  void refusesPages() {
    on("experiments/search", 200, "<html>Welcome</html>");
    assertThatThrownBy(() -> source.experiments())
        .isInstanceOf(Refused.class)
        .hasMessage(uri() + " answered with what is not JSON; is it an MLflow server?");
  }

  @Test
  void stopsWhenTheServerStaysAway() {
    http.stop(0);
    assertThatThrownBy(() -> source.experiments())
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.SERVER_UNREACHABLE.name()))
        .hasMessageContaining(uri().toString());
  }

  private void on(String call, int status, String body) {
    answers
        .computeIfAbsent(call, _ -> new ArrayDeque<>())
        .add(new Answer(status, body.replace('\'', '"')));
  }

  private URI uri() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
  }

  private static JsonNode experiment() {
    return Json.MAPPER.createObjectNode().put("experiment_id", "1");
  }

  private static JsonNode run() {
    var run = Json.MAPPER.createObjectNode();
    run.putObject("info").put("run_id", "r");
    return run;
  }

  private void answer(HttpExchange exchange) throws IOException {
    var path = exchange.getRequestURI().getRawPath().replaceFirst("^(/api/2.0/mlflow)?/", "");
    calls.add(
        exchange.getRequestURI()
            + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    var queue = answers.getOrDefault(path, new ArrayDeque<>());
    var answer =
        queue.isEmpty()
            ? new Answer(404, "{}")
            : queue.size() == 1 ? queue.getFirst() : queue.removeFirst();
    var body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
