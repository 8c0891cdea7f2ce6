package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// Every writing call of the MLflow protocol comes twice, because the answer of the first was lost:
/// the client hung up, or the server was killed at its commit. The repeat is answered as if it were
/// the first, and what it asks for is there once.
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RepeatIT {
  // The server has two dozen connections to the database, some for itself.
  private static final int AT_ONCE = 8;
  private static final int LOCK = 4711;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private Sandbox sandbox;
  private HttpClient http;

  /// @param stored what is there in the end, one text; the answer holds it
  private record Case(String repeat, String method, String path, String body, String stored) {
    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  @BeforeAll
  void up() throws Exception {
    sandbox = Sandbox.create();
    http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    sandbox.up();
    try (var database = database();
        var statement = database.createStatement()) {
      // Commits of answers wait for a lock that the story holds as it likes.
      statement.execute(
          """
          create function tracker.story_waits() returns trigger language plpgsql as $$
          begin
            perform pg_advisory_xact_lock_shared(%d);
            return null;
          end $$;
          create constraint trigger story_waits after insert on tracker.answer
          deferrable initially deferred for each row execute function tracker.story_waits()
          """
              .formatted(LOCK));
    }
  }

  @AfterAll
  void down() {
    http.close();
    sandbox.close();
  }

  @Test
  void whenTheClientHangsUpTheRepeatWaitsForTheFirstAndHasItsAnswer() throws Exception {
    inBatches(once("hung-up"), this::hangUp);
  }

  @Test
  void whenTheServerIsKilledAtItsCommitTheRepeatHasTheFirstAnswer() throws Exception {
    inBatches(once("killed"), this::kill);
  }

  private interface Loss {
    /// Sends calls and loses their answers, then sends them again.
    ///
    /// @return the answers to the repeats
    List<HttpResponse<String>> of(List<Case> calls) throws Exception;
  }

  private void inBatches(List<Case> calls, Loss loss) throws Exception {
    for (int from = 0; from < calls.size(); from += AT_ONCE) {
      var batch = calls.subList(from, Math.min(calls.size(), from + AT_ONCE));
      var answers = loss.of(batch);
      for (int i = 0; i < batch.size(); i++) {
        var call = batch.get(i);
        assertThat(answers.get(i).statusCode()).as(call + answers.get(i).body()).isEqualTo(200);
        var stored = query(call.stored);
        assertThat(stored).as(call.toString()).hasSize(1);
        assertThat(answers.get(i).body()).as(call.toString()).contains(stored.getFirst());
      }
      assertThat(
              query(
                  """
                  select entity || ' ' || action || ' ' || data from tracker.webhook_delivery
                  where action = 'CREATED' group by webhook_id, entity, action, data having count(*) > 1
                  """))
          .as("told twice")
          .isEmpty();
    }
    assertThat(query("select entity from tracker.webhook_delivery where action = 'CREATED'"))
        .contains("EXPERIMENT", "RUN", "MODEL_VERSION");
  }

  private List<HttpResponse<String>> hangUp(List<Case> calls) throws Exception {
    var repeats = new ArrayList<CompletableFuture<HttpResponse<String>>>();
    try (var lock = lock()) {
      send(calls).forEach(RepeatIT::close);
      calls.forEach(call -> repeats.add(http.sendAsync(request(call), BodyHandlers.ofString())));
    }
    return repeats.stream().map(CompletableFuture::join).toList();
  }

  private List<HttpResponse<String>> kill(List<Case> calls) throws Exception {
    try (var lock = lock()) {
      var sockets = send(calls);
      Sandbox.kill(sandbox.serverPid());
      sockets.forEach(RepeatIT::close);
    }
    sandbox.up();
    return calls.stream()
        .map(call -> http.sendAsync(request(call), BodyHandlers.ofString()).join())
        .toList();
  }

  private Connection lock() throws Exception {
    var database = database();
    try (var statement = database.createStatement()) {
      statement.execute("select pg_advisory_lock(" + LOCK + ")");
    }
    return database;
  }

  /// Returns when all calls are done but for the end of their commits.
  private List<Socket> send(List<Case> calls) throws IOException {
    var sockets = new ArrayList<Socket>();
    for (var call : calls) {
      var socket = new Socket("127.0.0.1", sandbox.port());
      var body = call.body.getBytes(StandardCharsets.UTF_8);
      socket
          .getOutputStream()
          .write(
              "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(call.method, call.path, sandbox.port(), body.length, call.body)
                  .getBytes(StandardCharsets.UTF_8));
      sockets.add(socket);
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() ->
            assertThat(
                    query(
                        "select pid::text from pg_locks where locktype = 'advisory' and objid = "
                            + LOCK
                            + " and not granted"))
                .hasSize(calls.size()));
    return sockets;
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /// Two clients that want the same want it twice.
  @Test
  void equalCallsOfTwoClientsAreTwo() throws Exception {
    var call =
        new Case(
            "",
            "POST",
            "/api/2.0/mlflow/runs/create",
            "{\"experiment_id\":\"0\",\"start_time\":1,\"run_name\":\"twins\"}",
            "");
    var answers = new ArrayList<CompletableFuture<HttpResponse<String>>>();
    try (var lock = lock()) {
      answers.add(http.sendAsync(request(call), BodyHandlers.ofString()));
      answers.add(http.sendAsync(request(call), BodyHandlers.ofString()));
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(
                      query(
                          "select pid::text from pg_locks where locktype = 'advisory' and objid = "
                              + LOCK
                              + " and not granted"))
                  .hasSize(2));
    }
    answers.forEach(each -> assertThat(each.join().statusCode()).isEqualTo(200));
    // One that comes later, when the others were answered, is a third.
    assertThat(http.send(request(call), BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    assertThat(query("select id from tracker.run where name = 'twins'")).hasSize(3);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(
                    query(
                        "select 'left' from tracker.answer a join tracker.run r on convert_from(a.content, 'UTF8') like '%' || r.id || '%' where r.name = 'twins'"))
                .isEmpty());
  }

  /// The other calls do what was done already.
  @Test
  void repeatsOfOtherCallsChangeNothing() throws Exception {
    for (var call : calls("harmless", "IS_HARMLESS")) {
      var first = http.send(request(call), BodyHandlers.ofString());
      assertThat(first.statusCode()).as(call + first.body()).isEqualTo(200);
      boolean begins = call.path.contains("/mpu/create/");
      var before = begins ? Map.of() : rows();
      var repeat = http.send(request(call), BodyHandlers.ofString());
      assertThat(repeat.statusCode()).as(call + repeat.body()).isEqualTo(200);
      assertThat(begins ? Map.of() : rows()).as(call.toString()).isEqualTo(before);
    }
    var run = query("select id from tracker.run where name = 'n'").getFirst();
    var history =
        Json.MAPPER.readTree(
            sandbox.get(
                "/api/2.0/mlflow/metrics/get-history?metric_key=acc&max_results=9&run_id=" + run));
    assertThat(history.get("metrics")).hasSize(2);
  }

  /// How many rows each table has; points wait in one to be packed, deliveries are tried, and what
  /// happened in the catalog is on its way to the broker.
  private Map<String, String> rows() throws Exception {
    var rows = new TreeMap<String, String>();
    for (var table :
        query(
            """
            select tablename::text from pg_tables where schemaname = 'tracker'
              and tablename !~ '^(metric|answer|consumer|flyway|catalog_event|outbox)'
            """)) {
      rows.put(table, query("select count(*)::text from tracker." + table).getFirst());
    }
    return rows;
  }

  private Connection database() throws SQLException, IOException {
    var folder = sandbox.home().postgres();
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:"
            + Files.readString(folder.resolve("port")).strip()
            + "/pipewright",
        "pipewright",
        Files.readString(folder.resolve("password")).strip());
  }

  private List<String> query(String sql) throws SQLException, IOException {
    var found = new ArrayList<String>();
    try (var database = database();
        var statement = database.createStatement();
        var rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        found.add(rows.getString(1));
      }
    }
    return found;
  }

  private HttpRequest request(Case call) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandbox.port() + call.path))
        .header("Content-Type", "application/json")
        .header("x-mlflow-experiment-id", "0")
        .method(call.method, BodyPublishers.ofString(call.body))
        .timeout(PATIENCE)
        .build();
  }

  private JsonNode made(String method, String path, String body) throws Exception {
    var answer = http.send(request(new Case("", method, path, body, "")), BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(path + answer.body()).isEqualTo(200);
    return Json.MAPPER.readTree(answer.body());
  }

  private List<Case> once(String name) throws Exception {
    return calls(name, "MAKES_ANOTHER|IS_REFUSED");
  }

  /// The calls, with the things that they are about.
  ///
  /// @param name of what they make
  private List<Case> calls(String name, String repeats) throws Exception {
    var words = new LinkedHashMap<String, String>();
    words.put("NAME", name);
    things(name, words);
    var calls = new ArrayList<Case>();
    for (var line : Files.readAllLines(Sandbox.fixture("repeats.jsonl"))) {
      for (var word : words.entrySet()) {
        line = line.replace("<" + word.getKey() + ">", word.getValue());
      }
      var call = Json.MAPPER.readTree(line);
      if (call.get("repeat").textValue().matches(repeats)) {
        var body = call.get("body");
        calls.add(
            new Case(
                call.get("repeat").textValue(),
                call.get("method").textValue(),
                call.get("path").textValue(),
                body.isTextual() ? body.textValue() : body.toString(),
                call.path("stored").asText()));
      }
    }
    return calls;
  }

  private void things(String name, Map<String, String> words) throws Exception {
    var old = "/api/2.0/mlflow/";
    var tags = ",\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}";
    var hook =
        "{\"name\":\"h\",\"url\":\"https://127.0.0.1:9/x\",\"events\":[{\"entity\":\"EXPERIMENT\",\"action\":\"CREATED\"},{\"entity\":\"RUN\",\"action\":\"CREATED\"},{\"entity\":\"RUN\",\"action\":\"UPDATED\"},{\"entity\":\"EXPERIMENT\",\"action\":\"UPDATED\"},{\"entity\":\"MODEL_VERSION\",\"action\":\"CREATED\"},{\"entity\":\"MODEL_VERSION_TAG\",\"action\":\"SET\"},{\"entity\":\"MODEL_VERSION_ALIAS\",\"action\":\"CREATED\"}]}";
    words.put(
        "LISTENER", made("POST", old + "webhooks", hook).at("/webhook/webhook_id").textValue());
    words.put("HOOK", made("POST", old + "webhooks", hook).at("/webhook/webhook_id").textValue());
    var experiment =
        made("POST", old + "experiments/create", "{\"name\":\"" + name + "-e\"" + tags)
            .get("experiment_id")
            .textValue();
    words.put("EXPERIMENT", experiment);
    words.put(
        "RUN",
        made("POST", old + "runs/create", "{\"experiment_id\":\"0\"" + tags)
            .at("/run/info/run_id")
            .textValue());
    words.put(
        "MODEL",
        made("POST", old + "logged-models", "{\"experiment_id\":\"0\",\"name\":\"m\"" + tags)
            .at("/model/info/model_id")
            .textValue());
    words.put(
        "DATASET",
        made("POST", "/api/3.0/mlflow/datasets/create", "{\"name\":\"d\"}")
            .at("/dataset/dataset_id")
            .textValue());
    for (var model : List.of("one", "two", "old", "gone")) {
      made("POST", old + "registered-models/create", "{\"name\":\"" + name + "-" + model + "\"}");
    }
    for (var model : List.of("one", "two")) {
      made(
          "POST",
          old + "model-versions/create",
          "{\"name\":\"" + name + "-" + model + "\",\"source\":\"s3://b/first\"}");
    }
    made(
        "POST",
        "/api/3.0/mlflow/scorers/register",
        "{\"experiment_id\":\"0\",\"name\":\"" + name + "-gone\",\"serialized_scorer\":\"{}\"}");
    for (var trace : List.of("t", "u", "v", "a", "b", "c")) {
      made(
          "POST",
          "/api/3.0/mlflow/traces",
          """
          {"trace":{"trace_info":{"trace_id":"%s-%s","trace_location":{"type":"MLFLOW_EXPERIMENT",
          "mlflow_experiment":{"experiment_id":"%s"}},"request_time":"1970-01-01T00:00:0%d.000Z",
          "state":"OK","tags":{"k":"v"}}}}
          """
              .formatted(
                  name,
                  trace,
                  "abc".contains(trace) ? experiment : "0",
                  trace.equals("c") ? 9 : 1));
    }
    made(
        "POST",
        "/api/3.0/mlflow/traces/" + name + "-t/assessments",
        "{\"assessment\":{\"assessment_id\":\""
            + name
            + "-said\",\"assessment_name\":\"x\",\"source\":{\"source_type\":\"HUMAN\",\"source_id\":\"me\"},\"feedback\":{\"value\":true}}}");
    for (var upload : List.of("UPLOAD", "ABORTED")) {
      var file = upload.equals("UPLOAD") ? "big.bin" : "other.bin";
      words.put(
          upload,
          made(
                  "POST",
                  "/api/2.0/mlflow-artifacts/mpu/create/" + name,
                  "{\"path\":\"" + file + "\",\"num_parts\":1}")
              .get("upload_id")
              .textValue());
    }
  }
}
