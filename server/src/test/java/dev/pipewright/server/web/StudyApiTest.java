package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import dev.pipewright.server.RealParts;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import io.restassured.response.ValidatableResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Studies over HTTP.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class StudyApiTest {
  private static final String STUDIES = "/api/v1/studies/";
  private static final String SPEC =
      """
      {"space": {"lr": {"type": "double", "low": 1e-5, "high": 0.1, "log": true},
                 "layers": {"type": "int", "low": 1, "high": 4},
                 "booster": {"values": ["gbtree", "dart"]},
                 "rateDrop": {"type": "double", "low": 0, "high": 0.5, "when": {"booster": ["dart"]}}},
       "objectives": [{"name": "auc", "direction": "maximize"}], "seed": 1%s}
      """;

  private static ValidatableResponse make(String name, String body) {
    return given().contentType(ContentType.JSON).body(body).put(STUDIES + name).then();
  }

  private static ValidatableResponse post(String path, String body) {
    return given().contentType(ContentType.JSON).body(body).post(STUDIES + path).then();
  }

  @Test
  void aWorkerAsksReportsAndTells() {
    make("worker", SPEC.formatted(", \"maxTrials\": 12")).statusCode(201);
    make("worker", SPEC.formatted(", \"maxTrials\": 12"))
        .statusCode(200)
        .body("state", equalTo("RUNNING"));
    make("worker", SPEC.formatted("")).statusCode(409).body("code", equalTo("STUDY_EXISTS"));
    post("worker/enqueue", "{\"params\": {\"lr\": 0.01, \"booster\": \"dart\"}}").statusCode(201);
    for (int i = 0; i < 12; i++) {
      JsonPath asked =
          post("worker/ask", "{\"worker\": \"w\"}").statusCode(200).extract().jsonPath();
      assertThat(asked.getInt("trial.number")).isEqualTo(i);
      assertThat(asked.getMap("trial.params")).containsKeys("lr", "layers", "booster");
      if (i == 0) {
        assertThat(asked.getDouble("trial.params.lr")).isEqualTo(0.01);
        assertThat(asked.getMap("trial.params")).containsKey("rateDrop");
      }
      post("worker/trials/%d/report".formatted(i), "{\"step\": 1, \"value\": 0.5, \"attempt\": 1}")
          .statusCode(200)
          .body("verdict", equalTo("GO_ON"));
      post("worker/trials/%d/tell".formatted(i), "{\"values\": [%s]}".formatted(0.5 + i / 100.0))
          .statusCode(200)
          .body("state", equalTo("COMPLETE"));
    }
    post("worker/ask", "{}").statusCode(200).body("trial", nullValue(), "ended", equalTo(true));
    given()
        .get(STUDIES + "worker")
        .then()
        .body("state", equalTo("ENDED"))
        .body("trials.COMPLETE", equalTo(12))
        .body("best", equalTo(11))
        .body("endedAt", notNullValue());
    given()
        .get(STUDIES + "worker/result")
        .then()
        .statusCode(200)
        .body("best.number", equalTo(11))
        .body("front.number", contains(11))
        .body("importance.keySet()", containsInAnyOrder("lr", "layers", "booster", "rateDrop"));
    var page = given().get(STUDIES + "worker/trials?limit=5").then().statusCode(200);
    page.body("items.number", contains(11, 10, 9, 8, 7));
    String next = page.extract().path("next");
    given().get(STUDIES + "worker/trials?limit=50&after=" + next).then().body("items", hasSize(7));
    given()
        .get(STUDIES + "worker/trials/3")
        .then()
        .body("reports.step", contains(1), "worker", equalTo("w"));
    given().get(STUDIES).then().body("items.name", hasItem("worker"));
  }

  /// A worker may log anything else to its trial's run by MLflow's protocol, from the moment that
  /// it knows of it.
  @Test
  void aTrialIsARunBelowItsStudys() {
    String study =
        make("tracked", SPEC.formatted("")).statusCode(201).extract().jsonPath().getString("runId");
    String run =
        post("tracked/ask", "{\"worker\": \"w\"}")
            .statusCode(200)
            .extract()
            .jsonPath()
            .getString("trial.runId");
    given()
        .contentType(ContentType.JSON)
        .body(
            "{\"run_id\": \"%s\", \"key\": \"seconds\", \"value\": 1.5, \"timestamp\": 1}"
                .formatted(run))
        .post("/api/2.0/mlflow/runs/log-metric")
        .then()
        .statusCode(200);
    post("tracked/trials/0/report", "{\"step\": 3, \"value\": 0.5}").statusCode(200);
    post("tracked/trials/0/tell", "{\"values\": [0.75]}")
        .statusCode(200)
        .body("runId", equalTo(run));
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> given().get("/api/v1/runs/" + run).jsonPath().getString("status"),
            "FINISHED"::equals);
    given()
        .get("/api/v1/runs/" + run)
        .then()
        .body("experiment", equalTo("tracked"))
        .body("name", equalTo("trial 0"))
        .body("parentRunId", equalTo(study))
        .body("params.keySet()", hasItem("lr"))
        .body("metrics.key", containsInAnyOrder("auc", "seconds"))
        .body("metrics.find { it.key == 'auc' }.value", equalTo(0.75f))
        .body("tags.'mlflow.parentRunId'", equalTo(study));
    given().get("/api/v1/runs/" + study).then().body("status", equalTo("RUNNING"));
  }

  @Test
  void aRepeatedRequestGetsTheSameTrial() {
    make("repeated", SPEC.formatted("")).statusCode(201);
    for (int i = 0; i < 2; i++) {
      given()
          .header("Idempotency-Key", "k")
          .contentType(ContentType.JSON)
          .body("{}")
          .post(STUDIES + "repeated/ask")
          .then()
          .statusCode(200)
          .body("trial.number", equalTo(0), "trial.attempt", equalTo(1));
    }
  }

  @Test
  void curvesOfAllTrialsAreThinnedWhereTheyAreLong() {
    make("curves", SPEC.formatted("")).statusCode(201);
    for (int trial = 0; trial < 3; trial++) {
      post("curves/ask", "{}").statusCode(200);
    }
    for (int step = 1; step <= 250; step++) {
      post("curves/trials/0/report", "{\"step\": %d, \"value\": %d}".formatted(step, -step));
    }
    post("curves/trials/2/report", "{\"step\": 3, \"value\": \"NaN\"}").statusCode(200);
    given()
        .get(STUDIES + "curves/curves")
        .then()
        .statusCode(200)
        .body("curves.number", contains(0, 2))
        .body("curves[0].steps", hasSize(lessThanOrEqualTo(100)))
        .body("curves[0].steps[0]", equalTo(1), "curves[0].steps[-1]", equalTo(250))
        .body("curves[0].values[-1]", equalTo(-250f))
        .body("curves[1].steps", contains(3), "curves[1].values", contains("NaN"));
    given().get(STUDIES + "curves").then().body("trials.RUNNING", equalTo(3));
    given().get(STUDIES + "none/curves").then().statusCode(404);
  }

  @Test
  void stopsAndDeletes() {
    make("stopped", SPEC.formatted("")).statusCode(201);
    post("stopped/ask", "{}").statusCode(200);
    post("stopped/stop", "{}").statusCode(200).body("state", equalTo("STOPPED"));
    post("stopped/trials/0/report", "{\"step\": 1, \"value\": 1}").body("verdict", equalTo("STOP"));
    post("stopped/trials/0/tell", "{\"message\": \"told to stop\"}")
        .statusCode(200)
        .body("state", equalTo("FAILED"), "message", equalTo("told to stop"));
    given().delete(STUDIES + "stopped").then().statusCode(204);
    given()
        .get(STUDIES + "stopped")
        .then()
        .statusCode(404)
        .body("code", equalTo("STUDY_NOT_FOUND"));
  }

  @Test
  void allErrorsAreSaidAtOnce() {
    make(
            "Wrong",
            """
            {"space": {"lr": {"type": "double", "low": 1, "high": 0}}, "objectives": [], "lease": "soon",
             "sampler": "best", "pruner": {"type": "asha", "rungs": 3}, "trials": 3}
            """)
        .statusCode(422)
        .body("code", equalTo("STUDY_INVALID"))
        .body(
            "errors.path",
            containsInAnyOrder(
                "name", "lease", "trials", "space.lr", "sampler.type", "pruner.rungs"));
  }

  @Test
  void whatCannotBeReadIsRefusedAndBreaksNoList() {
    make(
            "unreadable",
            """
            {"space": {"lr": {"type": "double", "low": 0, "high": 1}},
             "objectives": {"auc": {"name": "auc"}}, "seed": "abc", "maxTrials": 10000000000, "from": [1]}
            """)
        .statusCode(422)
        .body("code", equalTo("STUDY_INVALID"))
        .body("errors.path", containsInAnyOrder("objectives", "seed", "maxTrials", "from"));
    given().get(STUDIES).then().statusCode(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "PUT  | refused                  |                          | 400 | must be a JSON object",
        "POST | refused/ask              | {}                       | 404 | no study 'refused'",
        "POST | wrong/enqueue            | {}                       | 400 | 'params' is missing",
        "POST | wrong/enqueue            | {\"params\": {\"lr\": 7}} | 422 | 'lr' cannot be 7",
        "POST | wrong/trials/9/tell      | {\"values\": [1]}        | 404 | no trial 9",
        "POST | wrong/trials/0/report    | {\"step\": 1}            | 400 | 'step' and 'value'",
        "POST | wrong/trials/0/tell      | {\"values\": [1, 2]}     | 422 | 2 values",
        "POST | wrong/trials/0/tell      | {\"values\": [null]}     | 400 | A value is null",
        "POST | wrong/ask                | {\"worker\": \"\\u0000\"} | 400 | a NUL character",
        "GET  | wrong/trials?after=x     |                          | 400 | is not a page's 'next'",
      })
  void refusalsNameTheThing(String method, String path, String body, int status, String detail) {
    make("wrong", SPEC.formatted(""));
    post("wrong/ask", "{}");
    given()
        .contentType(ContentType.JSON)
        .body(body == null ? "" : body)
        .request(method, STUDIES + path)
        .then()
        .statusCode(status)
        .body("detail", containsString(detail));
  }
}
