package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.notNullValue;

import dev.pipewright.contract.Digests;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.server.RealParts;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The API over HTTP, with the real database and broker behind it.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class ApiTest {
  private static final Path DOCS =
      Path.of(System.getProperty("pipewright.root"), "docs", "reference");

  /// Compares with a file that is part of the docs; `-Dpipewright.update` writes it anew.
  private static void assertGolden(String name, String content) throws IOException {
    var file = DOCS.resolve(name);
    if (Boolean.getBoolean("pipewright.update")) {
      Files.writeString(file, content);
    }
    assertThat(content).isEqualTo(Files.readString(file));
  }

  @Test
  void theApiIsTheOneInTheDocs() throws IOException {
    assertGolden(
        "openapi.yaml", given().get("/q/openapi").then().statusCode(200).extract().asString());
  }

  @Test
  void theProblemCodesAreTheOnesInTheDocs() throws IOException {
    assertGolden(
        "problems.md",
        Arrays.stream(ProblemCode.values())
            .map(code ->
                "| `%s` | %d | %s | %s |"
                    .formatted(code, code.status(), code.title(), code.remedy()))
            .collect(
                Collectors.joining(
                    "\n",
                    """
                    # Problem codes

                    Every failure has one of these codes: in `application/problem+json`, in the terminal, and on the page of a
                    failed task. Codes are stable. This page is written by a test from `ProblemCode`.

                    | code | HTTP status | what it means | what to do |
                    |---|---|---|---|
                    """,
                    "\n")));
    given().get("/docs/problems").then().statusCode(200).body(containsString("PIPELINE_INVALID"));
  }

  @ParameterizedTest
  @CsvSource({
    "GET,    /api/v1/nothing,                          404, NOT_FOUND",
    "DELETE, /api/v1/pipelines,                        405, METHOD_NOT_ALLOWED",
    "GET,    /api/v1/pipelines/none,                   404, PIPELINE_NOT_FOUND",
    "GET,    /api/v1/pipelines/none/versions,          404, PIPELINE_NOT_FOUND",
    "GET,    /api/v1/pipelines/none/versions/1,        404, PIPELINE_NOT_FOUND",
    "POST,   /api/v1/pipelines/none/runs,              404, PIPELINE_NOT_FOUND",
    "GET,    /api/v1/pipeline-runs/none,               404, PIPELINE_RUN_NOT_FOUND",
    "GET,    /api/v1/pipeline-runs/none/history,       404, PIPELINE_RUN_NOT_FOUND",
    "GET,    /api/v1/pipeline-runs/none/events,        404, PIPELINE_RUN_NOT_FOUND",
    "GET,    /api/v1/pipeline-runs/none/tasks,         404, PIPELINE_RUN_NOT_FOUND",
    "GET,    /api/v1/pipeline-runs/none/tasks/a,       404, PIPELINE_RUN_NOT_FOUND",
    "GET,    /api/v1/pipeline-runs/none/overview,      404, PIPELINE_RUN_NOT_FOUND",
    "GET,    /api/v1/pipeline-runs/1/tasks?state=BAD,  400, BAD_REQUEST",
    "GET,    /api/v1/pipeline-runs/1/tasks?order=BAD,  400, BAD_REQUEST",
    "GET,    /api/v1/pipeline-runs/1/tasks?level=low,  400, BAD_REQUEST",
    "POST,   /api/v1/pipeline-runs/none/cancel,        404, PIPELINE_RUN_NOT_FOUND",
    "GET,    /api/v1/pipeline-runs?state=BAD,          400, BAD_REQUEST",
    "GET,    /api/v1/runs/none,                        404, RUN_NOT_FOUND",
    "GET,    /api/v1/runs/none/artifacts,              404, RUN_NOT_FOUND",
    "GET,    /api/v1/runs/none/artifacts/a/b,          404, RUN_NOT_FOUND",
    "GET,    /api/v1/runs/none/logs,                   404, RUN_NOT_FOUND",
    "GET,    /api/v1/runs/none/events,                 404, RUN_NOT_FOUND",
    "GET,    /api/v1/runs/none/metrics/loss,           404, METRIC_NOT_FOUND",
    "GET,    /api/v1/runs/none/metrics/loss?points=1,  400, BAD_REQUEST",
    "GET,    /api/v1/runs?limit=0,                     400, BAD_REQUEST",
    "GET,    /api/v1/runs?limit=many,                  400, BAD_REQUEST",
    "GET,    /api/v1/runs?after=nonsense,              400, BAD_REQUEST",
    "GET,    /api/v1/models/none,                      404, MODEL_NOT_FOUND",
    "GET,    /api/v1/models/none/versions,             404, MODEL_NOT_FOUND",
    "GET,    /api/v1/models/none/versions/1,           404, MODEL_NOT_FOUND",
    "GET,    /api/v1/blobs/sha256:abc,                 400, BAD_REQUEST",
  })
  void failuresAreProblems(String method, String path, int status, String code) {
    given()
        .contentType(ContentType.JSON)
        .request(method, path)
        .then()
        .statusCode(status)
        .contentType("application/problem+json")
        .body("code", equalTo(code))
        .body("status", equalTo(status))
        .body("detail", notNullValue())
        .body("type", equalTo("/docs/problems#" + code));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"source\":                         | 400 | BAD_REQUEST",
        "{\"source\": {}}                     | 400 | BAD_REQUEST",
        "{\"sauce\": \"name: x\"}             | 400 | BAD_REQUEST",
        "{}                                   | 400 | BAD_REQUEST",
        "[]                                   | 400 | BAD_REQUEST",
        "{\"source\": \"name: x\", \"files\": [{\"path\": \"a\"}]} | 422 | PIPELINE_INVALID",
        "{\"source\": \"name: x\", \"files\": [{\"digest\": \"a\"}]} | 400 | BAD_REQUEST",
        "{\"source\": \"\"}                   | 422 | PIPELINE_INVALID",
        "{\"source\": \"name: [\"}            | 422 | PIPELINE_INVALID",
        "{\"source\": \"name: x\\ntasks: {}\"} | 422 | PIPELINE_INVALID",
      })
  void badBodiesAreProblems(String body, int status, String code) {
    given()
        .contentType(ContentType.JSON)
        .body(body)
        .post("/api/v1/pipelines")
        .then()
        .statusCode(status)
        .contentType("application/problem+json")
        .body("code", equalTo(code));
  }

  @Test
  void anInvalidPipelineNamesEveryErrorWithItsPlaceAndIsNotStored() {
    var source =
        """
        name: broken
        tasks:
          a: { uses: pipewright/splitt@v1 }
          b: { command: ["true"], neds: [a] }
          c: { command: ["true"], needs: [d] }
          d: { command: ["true"], needs: [c] }
        """;
    given()
        .contentType(ContentType.JSON)
        .body(Map.of("source", source))
        .post("/api/v1/pipelines")
        .then()
        .statusCode(422)
        .body("code", equalTo("PIPELINE_INVALID"))
        .body("errors.line", hasItem(3))
        .body("errors.line", hasItem(4))
        .body("errors.message.join(' ')", containsString("splitt"))
        .body("errors.message.join(' ')", containsString("neds"));
    given().get("/api/v1/pipelines/broken").then().statusCode(404);
  }

  @Test
  void aBodyThatWouldFillTheMemoryIsRefusedBeforeItIsRead() {
    given()
        .contentType(ContentType.JSON)
        .body("{\"source\":\"" + "x".repeat(17 * 1024 * 1024) + "\"}")
        .post("/api/v1/pipelines")
        .then()
        .statusCode(413)
        .body("code", equalTo("PAYLOAD_TOO_LARGE"));
  }

  @Test
  void anAddressWithNulIsRefused() {
    given()
        .urlEncodingEnabled(false)
        .get("/api/v1/models/a%00b")
        .then()
        .statusCode(400)
        .body("code", equalTo("BAD_REQUEST"));
  }

  @Test
  void otherSitesAreRefused() {
    given().header("Host", "evil.example").get("/api/v1/server").then().statusCode(403);
    given()
        .header("Origin", "http://evil.example")
        .get("/api/v1/server")
        .then()
        .statusCode(403)
        .body("code", equalTo("FORBIDDEN_ORIGIN"));
    given().header("Origin", "null").get("/api/v1/server").then().statusCode(403);
    for (var host : new String[] {"127.0.0.2", "[::1]", "[0:0:0:0:0:0:0:1]"}) {
      given().header("Host", host).get("/api/v1/server").then().statusCode(200);
    }
    given().header("Host", "127.0.0.1.evil.example").get("/api/v1/server").then().statusCode(403);
    given().header("Host", "localhost").get("/api/v1/server").then().statusCode(200);
  }

  @Test
  void applyingTheSameDocumentAgainIsTheSameVersion() {
    var one = Map.of("source", "name: versions\ntasks:\n  a: { command: [\"true\"] }\n");
    var two = Map.of("source", "name: versions\ntasks:\n  b: { command: [\"true\"] }\n");
    apply(one).statusCode(201).body("version", equalTo(1));
    apply(one).statusCode(200).body("version", equalTo(1));
    apply(two).statusCode(201).body("version", equalTo(2));
    apply(one).statusCode(201).body("version", equalTo(3));
    given()
        .get("/api/v1/pipelines/versions/versions?limit=2")
        .then()
        .body("items.version", equalTo(List.of(3, 2)))
        .body("next", notNullValue());
  }

  @Test
  void callsStayWithTheVersionTheyFound() {
    var inner = "name: called\nparams: { n: { type: int } }\ntasks:\n  a: { command: [\"%s\"] }\n";
    var outer = "name: calling\ntasks:\n  a: { pipeline: called, with: { n: 1 } }\n";
    apply(Map.of("source", outer))
        .statusCode(422)
        .body("errors.code", equalTo(List.of("UNKNOWN_PIPELINE")));
    apply(Map.of("source", inner.formatted("true"))).statusCode(201);
    apply(Map.of("source", outer)).statusCode(201).body("tasks[0].kind", equalTo("called@1"));
    apply(Map.of("source", inner.formatted("false"))).statusCode(201);
    given()
        .get("/api/v1/pipelines/calling/versions/1")
        .then()
        .body("tasks[0].kind", equalTo("called@1"));
    apply(Map.of("source", outer))
        .statusCode(201)
        .body("version", equalTo(2))
        .body("tasks[0].kind", equalTo("called@2"));
    apply(Map.of("source", outer)).statusCode(200).body("version", equalTo(2));
    apply(Map.of("source", outer.replace("n: 1", "n: much")))
        .statusCode(422)
        .body("errors.code", equalTo(List.of("TYPE_MISMATCH")));
    apply(Map.of("source", outer.replace("called,", "caled,")))
        .statusCode(422)
        .body("errors[0].remedy", equalTo("Did you mean 'called'?"));
    apply(Map.of("source", outer.replace("called,", "called@9,")))
        .statusCode(422)
        .body("errors[0].message", containsString("no version 9"));
  }

  @Test
  void theSameKeyStartsTheSameRun() {
    apply(
            Map.of(
                "source",
                "name: keyed\nparams:\n  n: { type: int, default: 1 }\ntasks:\n  a: { command: [\"true\"] }\n"))
        .statusCode(201);
    var first =
        start("keyed", "key-1", "{\"params\":{\"n\":2}}").statusCode(201).extract().path("id");
    start("keyed", "key-1", "{\"params\":{\"n\":2}}").statusCode(200).body("id", equalTo(first));
    start("keyed", "key-1", "{\"params\":{\"n\":3}}")
        .statusCode(409)
        .body("code", equalTo("IDEMPOTENCY_KEY_REUSED"));
    start("keyed", "key-2", "{\"params\":{\"n\":\"x\",\"m\":1}}")
        .statusCode(422)
        .body("code", equalTo("PARAMS_INVALID"))
        .body("errors.size()", equalTo(2));
    given().post("/api/v1/pipeline-runs/" + first + "/cancel").then().statusCode(200);
  }

  @Test
  void aBlobIsStoredOnceAndReadInParts() {
    var content = "0123456789";
    var path = "/api/v1/blobs/" + Digests.of(content);
    given().head(path).then().statusCode(404);
    put(path, content).statusCode(201);
    put(path, content).statusCode(200);
    given().head(path).then().statusCode(200);
    var etag =
        given().get(path).then().statusCode(200).body(equalTo(content)).extract().header("ETag");
    given().header("If-None-Match", etag).get(path).then().statusCode(304);
    given().header("Range", "bytes=2-4").get(path).then().statusCode(206).body(equalTo("234"));
    given().header("Range", "bytes=-3").get(path).then().statusCode(206).body(equalTo("789"));
    given().header("Range", "bytes=8-").get(path).then().statusCode(206).body(equalTo("89"));
    given().header("Range", "bytes=10-").get(path).then().statusCode(416);
    put("/api/v1/blobs/" + Digests.of("other"), content)
        .statusCode(422)
        .body("code", equalTo("BLOB_DIGEST_MISMATCH"));
  }

  @Test
  void registeringNeedsARealModelAndIsIdempotent() {
    var content = "model bytes";
    var digest = Digests.of(content);
    var body =
        """
        {"flavor": "xgboost", "alias": "candidate", "model": {"kind": "model", "name": "model",
         "digest": "%1$s", "size": 11, "files": [{"path": "model.ubj", "digest": "%1$s", "size": 11}],
         "runId": "0123456789abcdef0123456789abcdef", "modelId": "m-0123456789abcdef0123456789abcdef"}}
        """
            .formatted(digest);
    register("registered", "r1", body)
        .statusCode(400)
        .body("errors.message.join(' ')", containsString("not uploaded"));
    given().get("/api/v1/models/registered").then().statusCode(404);
    put("/api/v1/blobs/" + digest, content).statusCode(201);
    register("registered", "r1", body).statusCode(201).body("version", equalTo(1));
    register("registered", "r1", body).statusCode(200).body("version", equalTo(1));
    register("registered", "r2", body).statusCode(201).body("version", equalTo(2));
    register("another", "r2", body).statusCode(409);
    given()
        .get("/api/v1/models/registered")
        .then()
        .body("versions", equalTo(2))
        .body("aliases.candidate", equalTo(2));
    given().get("/api/v1/models/another").then().statusCode(404);
  }

  @Test
  void listsStartEmptyAndServerSaysWhatItIs() {
    given().get("/api/v1/runs?experiment=none").then().body("items", empty());
    given().get("/api/v1/server").then().body("roles", hasItem("tracker"));
    given().get("/q/health/live").then().statusCode(200);
    given().get("/q/health/ready").then().statusCode(200);
    given().get("/q/metrics").then().statusCode(200).body(containsString("pipewright_ingest_lag"));
  }

  @Test
  void everyPageIsTheOnePage() {
    for (var path : new String[] {"/", "/pipeline-runs/x", "/models/a.b", "/runs/1"}) {
      given()
          .accept("text/html")
          .get(path)
          .then()
          .statusCode(200)
          .contentType(containsString("text/html"))
          .header("Cache-Control", "no-cache")
          .body(containsString("<div id=\"root\""));
    }
    given().accept("text/html").get("/assets/none.js").then().statusCode(404);
  }

  private static ValidatableResponse apply(Map<String, ?> body) {
    return given().contentType(ContentType.JSON).body(body).post("/api/v1/pipelines").then();
  }

  private static ValidatableResponse start(String pipeline, String key, String body) {
    return given()
        .contentType(ContentType.JSON)
        .header("Idempotency-Key", key)
        .body(body)
        .post("/api/v1/pipelines/" + pipeline + "/runs")
        .then();
  }

  private static ValidatableResponse register(String name, String key, String body) {
    return given()
        .contentType(ContentType.JSON)
        .header("Idempotency-Key", key)
        .body(body)
        .post("/api/v1/models/" + name + "/versions")
        .then();
  }

  private static ValidatableResponse put(String path, String content) {
    return given()
        .contentType("application/octet-stream")
        .body(content.getBytes(StandardCharsets.UTF_8))
        .put(path)
        .then();
  }
}
