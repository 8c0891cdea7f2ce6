package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import dev.pipewright.server.RealParts;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Deleting so that it can be restored, and for good, over HTTP.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class DeletionApiTest {
  private static final String MLFLOW = "/api/2.0/mlflow/";
  private static final String RUNS = "/api/v1/runs/";
  private static final String EXPERIMENTS = "/api/v1/experiments/";

  private static ValidatableResponse mlflow(String call, Map<String, ?> body) {
    return given().contentType(ContentType.JSON).body(body).post(MLFLOW + call).then();
  }

  private static String experiment() {
    return mlflow("experiments/create", Map.of("name", "deletion " + UUID.randomUUID()))
        .statusCode(200)
        .extract()
        .path("experiment_id");
  }

  private static String run(String experiment) {
    return mlflow("runs/create", Map.of("experiment_id", experiment, "start_time", 1))
        .statusCode(200)
        .extract()
        .path("run.info.run_id");
  }

  private static ValidatableResponse stage(String run) {
    return given().get(MLFLOW + "runs/get?run_id=" + run).then();
  }

  private static void assertStage(String run, String stage) {
    stage(run).statusCode(200).body("run.info.lifecycle_stage", equalTo(stage));
  }

  @Test
  void aRunIsDeletedRestoredAndDeletedForGood() {
    var run = run("0");
    given().delete(RUNS + run).then().statusCode(204);
    assertStage(run, "deleted");
    given().delete(RUNS + run).then().statusCode(204);
    given().post(RUNS + run + "/restore").then().statusCode(204);
    assertStage(run, "active");
    given().delete(RUNS + run + "?permanent=true").then().statusCode(204);
    stage(run).statusCode(404);
    given().get(RUNS + run).then().statusCode(404).body("code", equalTo("RUN_NOT_FOUND"));
  }

  @Test
  void anExperimentIsDeletedRestoredAndDeletedForGood() {
    var experiment = experiment();
    var run = run(experiment);
    given().delete(EXPERIMENTS + experiment).then().statusCode(204);
    assertStage(run, "deleted");
    given().post(EXPERIMENTS + experiment + "/restore").then().statusCode(204);
    assertStage(run, "active");
    given().delete(EXPERIMENTS + experiment + "?permanent=true").then().statusCode(204);
    stage(run).statusCode(404);
    given().get(MLFLOW + "experiments/get?experiment_id=" + experiment).then().statusCode(404);
    given()
        .delete(EXPERIMENTS + "0?permanent=true")
        .then()
        .statusCode(400)
        .body("code", equalTo("BAD_REQUEST"));
  }

  @Test
  void whatAVersionNeedsIsNamed() {
    var experiment = experiment();
    var run = run(experiment);
    var model = "needed-" + UUID.randomUUID();
    mlflow("registered-models/create", Map.of("name", model)).statusCode(200);
    mlflow(
            "model-versions/create",
            Map.of(
                "name",
                model,
                "source",
                "mlflow-artifacts:/" + experiment + "/" + run + "/artifacts/model"))
        .statusCode(200);
    for (var path : new String[] {RUNS + run, EXPERIMENTS + experiment}) {
      given()
          .delete(path + "?permanent=true")
          .then()
          .statusCode(409)
          .contentType("application/problem+json")
          .body("code", equalTo("RUN_IN_USE"))
          .body("detail", containsString(model + ", version 1"));
    }
    assertStage(run, "active");
  }

  @ParameterizedTest
  @CsvSource({
    "DELETE, /api/v1/runs/none,                       RUN_NOT_FOUND",
    "DELETE, /api/v1/runs/none?permanent=true,        RUN_NOT_FOUND",
    "POST,   /api/v1/runs/none/restore,               RUN_NOT_FOUND",
    "DELETE, /api/v1/experiments/999999,              EXPERIMENT_NOT_FOUND",
    "DELETE, /api/v1/experiments/none?permanent=true, EXPERIMENT_NOT_FOUND",
    "POST,   /api/v1/experiments/none/restore,        EXPERIMENT_NOT_FOUND",
  })
  void whatIsNotThereIsAProblem(String method, String path, String code) {
    given().request(method, path).then().statusCode(404).body("code", equalTo(code));
  }
}
