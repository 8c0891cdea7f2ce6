package dev.pipewright.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.task.DataRef;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PipewrightTest {
  private static final Retry QUICK = new Retry(3, Duration.ofMillis(2), Duration.ofMillis(200));
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final String SERVER =
      "{\"version\":\"1\",\"roles\":[\"tracker\"],\"home\":\"/h\",\"pid\":7}";

  private ScriptedServer server;
  private Pipewright pipewright;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    pipewright = Pipewright.connect(server.uri(), QUICK, ANSWER);
  }

  @AfterEach
  void stop() {
    pipewright.close();
    server.close();
  }

  @Test
  void readsAnswers() {
    server.json(200, SERVER);
    assertThat(pipewright.server().pid()).isEqualTo(7);
    assertThat(server.lines()).containsExactly("GET /api/v1/server");
  }

  @Test
  void encodesWhatStandsInAnAddress() {
    server.json(404, "");
    assertThatThrownBy(() -> pipewright.models().get("a b/ü?"))
        .hasMessageStartingWith("NOT_FOUND: ");
    assertThat(server.lines()).containsExactly("GET /api/v1/models/a%20b%2F%C3%BC%3F");
  }

  @Test
  void throwsTheServersProblem() {
    server.problem(
        422,
        """
        {"type":"/docs/problems#PARAMS_INVALID","code":"PARAMS_INVALID","title":"t","status":422,
         "detail":"target is missing","remedy":"Give it.",
         "errors":[{"code":"MISSING","message":"no target","path":"target"}]}
        """);
    var problem =
        catchThrowableOfType(ProblemException.class, () -> pipewright.runs().start("p", Map.of()))
            .problem();
    assertThat(problem.code()).isEqualTo("PARAMS_INVALID");
    assertThat(problem.remedy()).isEqualTo("Give it.");
    assertThat(problem.errors()).extracting("path").containsExactly("target");
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 502, 503, 504})
  void repeatsWhatIsWorthRepeating(int status) {
    server.json(status, "").json(status, "").json(200, SERVER);
    assertThat(pipewright.server().pid()).isEqualTo(7);
    assertThat(server.requests).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({"400, BAD_REQUEST", "404, NOT_FOUND", "500, INTERNAL"})
  void doesNotRepeatTheRest(int status, String code) {
    server.json(status, "nope");
    assertThatThrownBy(() -> pipewright.server()).hasMessageStartingWith(code + ": ");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void givesUpInTheEnd() {
    server.json(503, "").json(503, "").json(503, "");
    assertThatThrownBy(() -> pipewright.server()).hasMessageStartingWith("UNAVAILABLE: ");
    assertThat(server.requests).hasSize(3);
  }

  @Test
  void startsARunUnderOneKeyHoweverOftenItAsks() throws IOException {
    server.json(503, "").json(201, json(run(1, RunState.QUEUED)));
    var run = pipewright.runs().start("credit", Map.of("n", Json.MAPPER.readTree("1")));
    assertThat(run.id()).isEqualTo("r1");
    assertThat(server.requests).hasSize(2);
    assertThat(server.requests.getFirst().body()).isEqualTo("{\"params\":{\"n\":1}}");
    assertThat(server.requests.get(0).idempotencyKey())
        .isNotBlank()
        .isEqualTo(server.requests.get(1).idempotencyKey());
  }

  @Test
  void saysWhereNobodyAnswers() throws IOException {
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    try (var nobody = Pipewright.connect(URI.create("http://127.0.0.1:" + port), QUICK, ANSWER)) {
      assertThatThrownBy(nobody::server)
          .isInstanceOf(ProblemException.class)
          .hasMessageStartingWith(
              "SERVER_UNREACHABLE: No server answers at http://127.0.0.1:" + port);
    }
  }

  @Test
  void followsARunToItsEnd() throws IOException {
    server.events(
        "retry: 1000\n\n"
            + event(run(1, RunState.QUEUED))
            + ": still here\n\n"
            + event(run(2, RunState.RUNNING))
            + event(run(3, RunState.SUCCEEDED))
            + "event: end\ndata: {}\n\n");
    var seen = new ArrayList<RunState>();
    var last = pipewright.runs().follow("r1", run -> seen.add(run.state()));
    assertThat(seen).containsExactly(RunState.QUEUED, RunState.RUNNING, RunState.SUCCEEDED);
    assertThat(last.revision()).isEqualTo(3);
  }

  @Test
  void followsNoLongerThanAskedFor() throws IOException {
    server.eventsHeldOpen(event(run(1, RunState.RUNNING)));
    var seen = new ArrayList<RunState>();
    assertThatThrownBy(() ->
            pipewright.runs().follow("r1", Duration.ofMillis(300), run -> seen.add(run.state())))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("RUN_NOT_ENDED: Run r1 has not ended")
        .hasMessageContaining("RUNNING");
    assertThat(seen).containsExactly(RunState.RUNNING);
  }

  @Test
  void waitsNoLongerForAnAnswerThanItMay() {
    server.eventsHeldOpen("");
    var options = ClientOptions.DEFAULT.withTimeout(Duration.ofMillis(200)).withAttempts(1);
    try (var hasty = Pipewright.connect(server.uri(), options)) {
      assertThatThrownBy(hasty::server).hasMessageStartingWith("SERVER_UNREACHABLE: ");
    }
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void followsOnAfterTheServerWasAway() throws IOException {
    server
        .eventsCutOff(event(run(1, RunState.QUEUED)) + event(run(2, RunState.RUNNING)))
        .json(503, "")
        .events(
            event(run(2, RunState.RUNNING))
                + event(run(5, RunState.FAILED))
                + "event: end\ndata: {}\n\n");
    var seen = new ArrayList<Long>();
    var last = pipewright.runs().follow("r1", run -> seen.add(run.revision()));
    assertThat(seen).containsExactly(1L, 2L, 5L);
    assertThat(last.state()).isEqualTo(RunState.FAILED);
    assertThat(server.requests.stream().map(ScriptedServer.Request::lastEventId))
        .containsExactly(null, "2", "2");
  }

  @Test
  void stopsFollowingAServerThatStaysAway() throws IOException {
    server.eventsCutOff(event(run(1, RunState.QUEUED)));
    assertThatThrownBy(() -> pipewright.runs().follow("r1", run -> server.close()))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("SERVER_UNREACHABLE: ");
  }

  @Test
  void uploadsOnlyWhatTheServerLacks(@TempDir Path dir) throws IOException {
    var file = Files.writeString(dir.resolve("data.csv"), "abc");
    var address =
        "/api/v1/blobs/sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    server.json(404, "").json(201, "");
    var ref = pipewright.blobs().upload(file, DataRef.Kind.DATASET);
    assertThat(ref.name()).isEqualTo("data.csv");
    assertThat(ref.size()).isEqualTo(3);
    assertThat(server.lines()).containsExactly("HEAD " + address, "PUT " + address);
    assertThat(server.requests.getLast().body()).isEqualTo("abc");

    server.json(200, "");
    assertThat(pipewright.blobs().upload(file, DataRef.Kind.DATASET)).isEqualTo(ref);
    assertThat(server.lines()).hasSize(3).last().isEqualTo("HEAD " + address);
  }

  @Test
  void uploadsAFolderAsOne(@TempDir Path dir) throws IOException {
    var model = Files.createDirectories(dir.resolve("model/sub")).getParent();
    Files.writeString(model.resolve("sub/weights"), "abc");
    Files.writeString(model.resolve("MLmodel"), "flavors: {}");
    server.json(200, "").json(200, "");
    var ref = pipewright.blobs().upload(model, DataRef.Kind.MODEL);
    assertThat(ref.name()).isEqualTo("model");
    assertThat(ref.size()).isEqualTo(14);
    assertThat(ref.files()).extracting("path").containsExactly("MLmodel", "sub/weights");
    assertThat(ref.digest()).isEqualTo(DataRef.digestOf(ref.files()));
  }

  @Test
  void downloadsWhatWasUploadedAndNothingElse(@TempDir Path dir) throws IOException {
    var file = Files.writeString(dir.resolve("data.csv"), "abc");
    server.json(200, "");
    var ref = pipewright.blobs().upload(file, DataRef.Kind.DATASET);

    server.json(200, "abc");
    var copy = dir.resolve("new/copy.csv");
    pipewright.blobs().download(ref, copy);
    assertThat(copy).hasContent("abc");

    server.json(200, "abd");
    assertThatThrownBy(() -> pipewright.blobs().download(ref, copy))
        .hasMessageStartingWith("BLOB_DIGEST_MISMATCH: ");
    assertThat(copy).as("what was there stays").hasContent("abc");
    assertThat(copy.getParent()).isDirectoryNotContaining("glob:**.download*");
  }

  @Test
  void downloadsNothingOutsideOfTheFolder(@TempDir Path dir) {
    var inside = new DataRef.FileRef("a", "sha256:" + "0".repeat(64), 1);
    var outside = new DataRef.FileRef("../b", "sha256:" + "0".repeat(64), 1);
    var ref =
        new DataRef(DataRef.Kind.MODEL, "m", "sha256:", 2, List.of(outside, inside), null, null);
    assertThatThrownBy(() -> pipewright.blobs().download(ref, dir.resolve("m")))
        .hasMessageStartingWith("INPUT_INVALID: '../b'");
    assertThat(server.requests).isEmpty();
  }

  @Test
  void makesParamsOfJavaValues(@TempDir Path dir) throws IOException {
    var table = Files.writeString(dir.resolve("data.csv"), "abc");
    server.json(200, "").json(201, json(run(1, RunState.QUEUED)));
    var params = new LinkedHashMap<String, Object>();
    params.put("rows", 1000);
    params.put("rate", 0.5);
    params.put("name", "a");
    params.put("on", true);
    params.put("list", List.of(1, 2));
    params.put("table", table);
    pipewright.runs().start("credit", params);
    var sent = Json.MAPPER.readTree(server.requests.getLast().body()).get("params");
    assertThat(sent.get("table").get("kind").asText()).isEqualTo("dataset");
    assertThat(((ObjectNode) sent).without("table").toString())
        .isEqualTo("{\"rows\":1000,\"rate\":0.5,\"name\":\"a\",\"on\":true,\"list\":[1,2]}");
  }

  @Test
  void appliesAPipelineWithTheFilesItsTasksList(@TempDir Path dir) throws IOException {
    Files.writeString(dir.resolve("report.py"), "print()");
    var document =
        Files.writeString(dir.resolve("p.yaml"), "name: p\ntasks:\n  r:\n    files: [report.py]\n");
    server
        .json(200, "")
        .json(
            201,
            """
            {"pipeline":"p","version":1,"digest":"d","source":"s","params":{},"tasks":[],"files":[],
             "createdAt":"2026-01-01T00:00:00Z"}
            """);
    assertThat(pipewright.pipelines().apply(document).version()).isEqualTo(1);
    assertThat(server.requests.getLast().body())
        .contains("\"path\":\"report.py\"")
        .contains("\"size\":7")
        .contains("name: p");
  }

  @ParameterizedTest
  @CsvSource({"gone.py, 'there is no '", "../outside.py, is outside of its folder"})
  void doesNotApplyAPipelineWithoutItsFiles(String listed, String message, @TempDir Path dir)
      throws IOException {
    var document =
        Files.writeString(
            dir.resolve("p.yaml"), "name: p\ntasks: {r: {files: [" + listed + "]}}\n");
    assertThatThrownBy(() -> pipewright.pipelines().apply(document))
        .hasMessageStartingWith("INPUT_MISSING: ")
        .hasMessageContaining(listed)
        .hasMessageContaining(message);
    assertThat(server.requests).isEmpty();
  }

  @Test
  void readsTheEndOfALongLog() {
    server
        .json(200, logPage(2, "a", "b"))
        .json(200, logPage(4, "c", "d"))
        .json(200, "{\"lines\":[],\"next\":4}");
    assertThat(pipewright.trackedRuns().lastLogs("x", 3))
        .extracting("text")
        .containsExactly("b", "c", "d");
    assertThat(server.lines())
        .containsExactly(
            "GET /api/v1/runs/x/logs?after=0",
            "GET /api/v1/runs/x/logs?after=2",
            "GET /api/v1/runs/x/logs?after=4");
  }

  private static String logPage(long next, String first, String second) {
    return """
    {"lines":[
      {"number":1,"at":"2026-01-01T00:00:00Z","stream":"stdout","text":"%s"},
      {"number":2,"at":"2026-01-01T00:00:00Z","stream":"stdout","text":"%s"}],
     "next":%d}
    """
        .formatted(first, second, next);
  }

  private static PipelineRun run(long revision, RunState state) {
    var created = Instant.parse("2026-01-01T00:00:00Z");
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
        created,
        null,
        null,
        0,
        Map.of(),
        List.of(),
        List.of());
  }

  private static String event(PipelineRun run) throws IOException {
    return "id: %d\nevent: run\ndata: %s\n\n".formatted(run.revision(), json(run));
  }

  private static String json(PipelineRun run) throws IOException {
    return Json.MAPPER.writeValueAsString(run);
  }
}
