package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;

import dev.pipewright.server.RealParts;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Triggers over HTTP: messages from outside, and events of the server's own.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class TriggerApiTest {
  private static final String TRIGGERS = "/api/v1/triggers/";
  private static final String SECRET = "a secret that nobody knows";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @BeforeEach
  void aPipeline() {
    pipeline("triggered");
  }

  private static void pipeline(String name) {
    given()
        .contentType(ContentType.JSON)
        .body(
            Map.of(
                "source",
                """
                name: %s
                params:
                  what: { type: string, default: none }
                  n: { type: int, default: 1 }
                tasks:
                  a: { command: ["true"] }
                """
                    .formatted(name)))
        .post("/api/v1/pipelines")
        .then()
        .statusCode(lessThan(300));
  }

  private static ValidatableResponse apply(String name, String spec) {
    return given().contentType(ContentType.JSON).body(spec).put(TRIGGERS + name).then();
  }

  private static String hook(String name, String kind, String more) {
    apply(
            name,
            """
            {"pipeline": "triggered", "hook": {"kind": "%s", "secret": "%s"}%s}
            """
                .formatted(kind, SECRET, more))
        .statusCode(lessThan(300));
    return TRIGGERS + name + "/hook";
  }

  private static String hmac(String text) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ValidatableResponse github(String hook, String event, String body) {
    return given()
        .contentType(ContentType.JSON)
        // As it comes through a proxy.
        .header("Host", "hooks.example.org")
        .header("X-GitHub-Event", event)
        .header("X-Hub-Signature-256", "sha256=" + hmac(body))
        .body(body)
        .post(hook)
        .then();
  }

  private static ValidatableResponse generic(String hook, long time, String body) {
    return given()
        .contentType("text/plain")
        .header("X-Pipewright-Signature", "t=" + time + ",v1=" + hmac(time + "." + body))
        .body(body)
        .post(hook)
        .then();
  }

  @Test
  void aPushStartsOneRunHoweverOftenItComes() {
    var hook =
        hook(
            "push",
            "github",
            """
            , "when": "${{ headers['x-github-event'] == 'push' && body.ref == 'refs/heads/main' }}",
            "params": {"what": "commit ${{ body.after }}", "n": "${{ size(body.commits) }}"}
            """);
    var body = "{\"ref\": \"refs/heads/main\", \"after\": \"abc\", \"commits\": [1, 2, 3]}";
    String run =
        github(hook, "push", body)
            .statusCode(202)
            .body("state", equalTo("STARTED"))
            .header("Location", containsString("/api/v1/pipeline-runs/"))
            .extract()
            .path("runId");
    given()
        .get("/api/v1/pipeline-runs/" + run)
        .then()
        .body("params.what", equalTo("commit abc"))
        .body("params.n", equalTo(3));
    github(hook, "push", body).statusCode(202).body("runId", equalTo(run));

    github(hook, "push", body.replace("main", "other"))
        .statusCode(202)
        .body("state", equalTo("SKIPPED"))
        .body("reason", containsString("when"));
    github(hook, "ping", "{\"zen\": \"x\"}").statusCode(202).body("state", equalTo("SKIPPED"));
    given()
        .get(TRIGGERS + "push/history")
        .then()
        .body("items.state", equalTo(java.util.List.of("SKIPPED", "STARTED")));
    given()
        .get(TRIGGERS + "push")
        .then()
        .body("hookPath", equalTo(hook))
        .body("spec.hook.kind", equalTo("github"))
        .body("spec.hook", not(org.hamcrest.Matchers.hasKey("secret")));
  }

  @Test
  void aMappingThatFailsIsAnsweredAndKeptAndMayBeCorrected() {
    var hook = hook("mapped", "github", ", \"params\": {\"what\": \"${{ body.gone.away }}\"}");
    github(hook, "push", "{\"a\": 1}")
        .statusCode(422)
        .body("code", equalTo("TRIGGER_MAPPING_FAILED"))
        .body("errors[0].path", equalTo("params.what"))
        .body("errors[0].message", containsString("gone"));
    given()
        .get(TRIGGERS + "mapped/history")
        .then()
        .body("items", hasSize(1))
        .body("items[0].state", equalTo("REFUSED"))
        .body("items[0].errors[0].path", equalTo("params.what"));
    github(hook, "push", "not json")
        .statusCode(422)
        .body("errors[0].code", equalTo("INVALID_JSON"));

    // The same message again, once the trigger is right.
    hook("mapped", "github", ", \"params\": {\"n\": \"${{ body.a }}\"}");
    github(hook, "push", "{\"a\": 1}").statusCode(202).body("state", equalTo("STARTED"));
    // Of the wrong type: the pipeline's params say so.
    github(hook, "push", "{\"a\": \"x\"}")
        .statusCode(422)
        .body("code", equalTo("PARAMS_INVALID"))
        .body("errors[0].path", equalTo("params.n"));
  }

  @Test
  void onlySignedMessagesOfTheTimeAreTaken() {
    var hook = hook("signed", "generic", "");
    long now = Instant.now().getEpochSecond();
    generic(hook, now, "{}").statusCode(202).body("state", equalTo("STARTED"));
    generic(hook, now - 3600, "{\"old\": 1}")
        .statusCode(401)
        .body("code", equalTo("HOOK_SIGNATURE_INVALID"))
        .body("detail", containsString("seconds"));
    given().body("{}").post(hook).then().statusCode(401).body("detail", containsString("header"));
    github(hook, "push", "{}").statusCode(401);
    given().get(TRIGGERS + "signed/history").then().body("items", hasSize(1));
    given().post(TRIGGERS + "signed/pause").then().statusCode(200);
    generic(hook, now, "{\"paused\": 1}").statusCode(202).body("state", equalTo("SKIPPED"));
    given().post(TRIGGERS + "signed/resume").then().statusCode(200);

    // A change without a secret keeps it.
    apply("signed", "{\"pipeline\": \"triggered\", \"hook\": {\"kind\": \"generic\"}}")
        .statusCode(200);
    generic(hook, now, "{\"kept\": 1}").statusCode(202).body("state", equalTo("STARTED"));
    given().delete(TRIGGERS + "signed").then().statusCode(204);
    generic(hook, now, "{}").statusCode(404).body("code", equalTo("TRIGGER_NOT_FOUND"));
  }

  @Test
  void gitlabsTokenIsTaken() {
    var hook = hook("lab", "gitlab", "");
    var message =
        given()
            .contentType(ContentType.JSON)
            .header("X-Gitlab-Token", SECRET)
            .header("Idempotency-Key", "one")
            .body("{\"object_kind\": \"push\"}");
    String run = message.post(hook).then().statusCode(202).extract().path("runId");
    message.post(hook).then().body("runId", equalTo(run));
    given().header("X-Gitlab-Token", SECRET + "!").body("{}").post(hook).then().statusCode(401);
  }

  @Test
  void aMessageThatWouldFillTheMemoryIsRefused() {
    var hook = hook("large", "github", "");
    var body = "{\"x\": \"" + "x".repeat(6 * 1024 * 1024) + "\"}";
    github(hook, "push", body).statusCode(413).body("code", equalTo("PAYLOAD_TOO_LARGE"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"pipeline\": \"triggered\"}                                             | hook        | EXACTLY_ONE",
        "{\"pipeline\": \"triggered\", \"hook\": {\"kind\": \"github\"}}            | hook.secret | MISSING_KEY",
        "{\"pipeline\": \"triggered\", \"hook\": {\"kind\": \"github\", \"secret\": \"short\"}} | hook.secret | OUT_OF_RANGE",
        "{\"pipeline\": \"triggered\", \"on\": {\"event\": \"run-ended\"}}          | on.name     | TRIGGER_LOOP",
        "{\"pipeline\": \"triggered\", \"on\": {\"event\": \"run-ended\", \"name\": \"triggered\"}} | on.name | TRIGGER_LOOP",
        "{\"pipeline\": \"triggered\", \"on\": {\"event\": \"model-alais\"}}        | on.event    | UNKNOWN_WORD",
        "{\"pipeline\": \"triggered\", \"on\": {\"event\": \"model-version\", \"alias\": \"x\"}} | on.alias | NOT_APPLICABLE",
        "{\"pipeline\": \"triggered\", \"on\": {\"event\": \"model-version\"}, \"when\": \"${{ body.x }}\"} | when | EXPRESSION_INVALID",
        "{\"pipeline\": \"triggered\", \"on\": {\"event\": \"model-version\"}, \"params\": {\"x\": 1}} | params.x | UNKNOWN_PARAM",
        "{\"pipeline\": \"triggered\", \"on\": {\"event\": \"model-version\", \"nam\": \"x\"}} | on.nam | UNKNOWN_KEY",
      })
  void eachMistakeHasItsPlace(String spec, String path, String code) {
    apply("mistaken", spec)
        .statusCode(422)
        .body("code", equalTo("TRIGGER_INVALID"))
        .body("errors", hasSize(1))
        .body("errors[0].path", equalTo(path))
        .body("errors[0].code", equalTo(code));
    given().get(TRIGGERS + "mistaken").then().statusCode(404);
  }

  private static ValidatableResponse mlflow(String call, Map<String, ?> body) {
    return given().contentType(ContentType.JSON).body(body).post("/api/2.0/mlflow/" + call).then();
  }

  private static void awaitStarted(String trigger, int times) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            given()
                .get(TRIGGERS + trigger + "/history")
                .then()
                .body("items.findAll { it.state == 'STARTED' }", hasSize(times)));
  }

  @Test
  void aVersionAndAnAliasThatMovesStartRuns() {
    apply(
            "on-version",
            """
            {"pipeline": "triggered", "on": {"event": "model-version", "name": "watched"},
             "params": {"what": "${{ event.name }}", "n": "${{ event.version }}"}}
            """)
        .statusCode(201);
    apply(
            "on-champion",
            """
            {"pipeline": "triggered", "on": {"event": "model-alias", "name": "watched", "alias": "champion"},
             "params": {"what": "${{ event.alias }}", "n": "${{ event.version }}"}}
            """)
        .statusCode(201);
    for (var model : new String[] {"watched", "unwatched"}) {
      mlflow("registered-models/create", Map.of("name", model)).statusCode(200);
      for (int version = 1; version <= 2; version++) {
        mlflow(
                "model-versions/create",
                Map.of("name", model, "source", "s3://somewhere/" + version))
            .statusCode(200);
      }
    }
    for (var alias : new String[] {"champion", "other"}) {
      for (int version : new int[] {1, 1, 2}) {
        mlflow(
                "registered-models/alias",
                Map.of("name", "watched", "alias", alias, "version", String.valueOf(version)))
            .statusCode(200);
      }
    }
    awaitStarted("on-version", 2);
    awaitStarted("on-champion", 2);
    String newest = given().get(TRIGGERS + "on-champion").then().extract().path("last.runId");
    given()
        .get("/api/v1/pipeline-runs/" + newest)
        .then()
        .body("params.what", equalTo("champion"))
        .body("params.n", equalTo(2));
    given().get(TRIGGERS + "on-version/history").then().body("items", hasSize(2));
  }

  @Test
  void aDatasetsVersionStartsOneRunWhoeverLogsIt() {
    apply(
            "on-data",
            """
            {"pipeline": "triggered", "on": {"event": "dataset-version", "name": "loans"},
             "params": {"what": "${{ event.digest }}"}}
            """)
        .statusCode(201);
    for (var digest : new String[] {"d1", "d1", "d2"}) {
      for (var experiment : new String[] {"loans one", "loans two"}) {
        var created = mlflow("experiments/create", Map.of("name", experiment)).extract();
        String id =
            created.statusCode() == 200
                ? created.path("experiment_id")
                : given()
                    .get("/api/2.0/mlflow/experiments/get-by-name?experiment_name=" + experiment)
                    .path("experiment.experiment_id");
        String run =
            mlflow("runs/create", Map.of("experiment_id", id)).extract().path("run.info.run_id");
        mlflow(
                "runs/log-inputs",
                Map.of(
                    "run_id",
                    run,
                    "datasets",
                    java.util.List.of(
                        Map.of(
                            "dataset",
                            Map.of(
                                "name",
                                "loans",
                                "digest",
                                digest,
                                "source_type",
                                "local",
                                "source",
                                "x")))))
            .statusCode(200);
      }
    }
    awaitStarted("on-data", 2);
    given().get(TRIGGERS + "on-data/history").then().body("items", hasSize(2));
  }

  @Test
  void theEndOfARunStartsAnother() {
    pipeline("first");
    apply(
            "after-first",
            """
            {"pipeline": "triggered", "on": {"event": "run-ended", "name": "first", "state": "CANCELLED"},
             "params": {"what": "${{ event.runId }}", "n": "${{ event.params.n + 1 }}"}}
            """)
        .statusCode(201);
    String run =
        given()
            .contentType(ContentType.JSON)
            .body("{\"params\": {\"n\": 41}}")
            .post("/api/v1/pipelines/first/runs")
            .then()
            .statusCode(201)
            .extract()
            .path("id");
    given().post("/api/v1/pipeline-runs/" + run + "/cancel").then().statusCode(200);
    awaitStarted("after-first", 1);
    String next = given().get(TRIGGERS + "after-first").then().extract().path("last.runId");
    given()
        .get("/api/v1/pipeline-runs/" + next)
        .then()
        .body("params.what", equalTo(run))
        .body("params.n", equalTo(42));
  }

  @Test
  void whatATriggerStartedDoesNotSetItOffAgain() {
    pipeline("ping");
    pipeline("pong");
    apply(
            "to-pong",
            "{\"pipeline\": \"pong\", \"on\": {\"event\": \"run-ended\", \"name\": \"ping\"}}")
        .statusCode(201);
    apply(
            "to-ping",
            "{\"pipeline\": \"ping\", \"on\": {\"event\": \"run-ended\", \"name\": \"pong\"}}")
        .statusCode(201);
    String run =
        given()
            .contentType(ContentType.JSON)
            .post("/api/v1/pipelines/ping/runs")
            .then()
            .extract()
            .path("id");
    // Each is ended as soon as it is there.
    for (var trigger : new String[] {"to-pong", "to-ping"}) {
      given().post("/api/v1/pipeline-runs/" + run + "/cancel").then().statusCode(200);
      awaitStarted(trigger, 1);
      run = given().get(TRIGGERS + trigger).then().extract().path("last.runId");
    }
    given().post("/api/v1/pipeline-runs/" + run + "/cancel").then().statusCode(200);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            given()
                .get(TRIGGERS + "to-pong/history")
                .then()
                .body("items.state", hasItems("STARTED", "REFUSED"))
                .body("items[0].code", equalTo("TRIGGER_LOOP"))
                .body("items[0].reason", containsString("to-pong, to-ping"))
                .body("items[0].at", notNullValue()));
    given().get("/api/v1/pipeline-runs?pipeline=pong&state=QUEUED").then().body("items", empty());
  }
}
