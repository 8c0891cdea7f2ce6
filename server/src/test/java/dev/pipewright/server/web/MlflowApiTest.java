package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.startsWith;

import com.google.protobuf.ByteString;
import dev.pipewright.server.RealParts;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What MLflow's clients count on, call by call.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class MlflowApiTest {
  private static final String V2 = "/api/2.0/mlflow/";
  private static final String V3 = "/api/3.0/mlflow/";

  private static ValidatableResponse send(String method, String path, Object body) {
    return given().contentType(ContentType.JSON).body(body).request(method, path).then();
  }

  private static ValidatableResponse post(String path, Object body) {
    return send("POST", path, body);
  }

  private static String unique(String name) {
    return name + "-" + UUID.randomUUID();
  }

  private static String experiment() {
    return post(V2 + "experiments/create", Map.of("name", unique("e")))
        .statusCode(200)
        .extract()
        .path("experiment_id");
  }

  private static String registeredModel() {
    var name = unique("model");
    post(V2 + "registered-models/create", Map.of("name", name)).statusCode(200);
    return name;
  }

  // Registry -------------------------------------------------------------------------------------

  @Test
  void aVersionWithoutDescriptionHasAnEmptyOne() {
    var name = registeredModel();
    post(V2 + "model-versions/create", Map.of("name", name, "source", "s3://bucket/model"))
        .statusCode(200)
        .body("model_version.description", equalTo(""));
    given()
        .get(V2 + "model-versions/get?version=1&name=" + name)
        .then()
        .body("model_version.description", equalTo(""));
  }

  @Test
  void aModelNamesItsVersionsInThePythonSpacing() {
    var name = registeredModel();
    String model =
        post(V2 + "logged-models", Map.of("experiment_id", experiment(), "name", "m"))
            .statusCode(200)
            .extract()
            .path("model.info.model_id");
    for (int i = 0; i < 2; i++) {
      post(
              V2 + "model-versions/create",
              Map.of("name", name, "source", "models:/" + model, "model_id", model))
          .statusCode(200);
    }
    given()
        .get(V2 + "logged-models/" + model)
        .then()
        .body(
            "model.info.tags.find { it.key == 'mlflow.modelVersions' }.value",
            equalTo(
                "[{\"name\": \"%1$s\", \"version\": 1}, {\"name\": \"%1$s\", \"version\": 2}]"
                    .formatted(name)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mlflow-artifacts:/models/../../secret",
        "mlflow-artifacts:/models/%2e%2e/%2e%2e/secret",
        "mlflow-artifacts:/models/%252e%252e/secret",
        "mlflow-artifacts:/models/./secret",
        "mlflow-artifacts:/models/a%00",
        // Decoded, what follows is part of the path for those who decode first.
        "dbfs:/run/artifacts/a%3f/../../../secret",
        "dbfs:/run/artifacts/a%23/../../../secret",
        "dbfs:/run/artifacts/a?/../../../secret",
      })
  void aSourceThatClimbsIsRefused(String source) {
    post(V2 + "model-versions/create", Map.of("name", registeredModel(), "source", source))
        .statusCode(400)
        .body("error_code", equalTo("INVALID_PARAMETER_VALUE"))
        .body("message", startsWith("Invalid model version source: '" + source + "'"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mlflow-artifacts:/models/foo///bar/",
        "mlflow-artifacts://host:9000/models/artifact/..../",
        "s3://bucket/a..b/.hidden/model?versionId=1",
      })
  void aSourceWithDotsInItsNamesIsTaken(String source) {
    post(V2 + "model-versions/create", Map.of("name", registeredModel(), "source", source))
        .statusCode(200)
        .body("model_version.source", equalTo(source));
  }

  // Evaluation datasets --------------------------------------------------------------------------

  @Test
  void anEvaluationDatasetLives() {
    var first = experiment();
    var second = experiment();
    String id =
        post(
                V3 + "datasets/create",
                Map.of(
                    "name",
                    "questions",
                    "experiment_ids",
                    List.of(first),
                    "tags",
                    "{\"team\": \"a\", \"mlflow.user\": \"ann\", \"none\": null}"))
            .statusCode(200)
            .body("dataset.experiment_ids", equalTo(List.of(first)))
            .body("dataset.created_by", equalTo("ann"))
            .extract()
            .path("dataset.dataset_id");
    var dataset = V3 + "datasets/" + id;

    var records =
        """
        [{"inputs": {"q": "one", "n": 1}, "expectations": {"a": 1}},
         {"inputs": {"n": 1, "q": "one"}, "expectations": {"b": 2}},
         {"inputs": {"q": "two"}, "tags": {"hard": "yes"}}]
        """;
    post(dataset + "/records", Map.of("records", records))
        .statusCode(200)
        .body("inserted_count", equalTo(2))
        .body("updated_count", equalTo(1));
    // JSON within JSON, as the protocol has it.
    given()
        .get(dataset + "/records")
        .then()
        .statusCode(200)
        .body("records", containsString("\"expectations\""))
        .body("records", containsString("\"a\""))
        .body("records", containsString("\"b\""));
    given()
        .get(dataset)
        .then()
        .body("dataset.profile", containsString("2"))
        .body("dataset.tags", equalTo("{\"team\": \"a\", \"mlflow.user\": \"ann\"}"));

    send("PATCH", dataset + "/tags", Map.of("tags", "{\"team\": \"b\"}")).statusCode(200);
    given().delete(dataset + "/tags/mlflow.user").then().statusCode(200);
    given().get(dataset).then().body("dataset.tags", equalTo("{\"team\": \"b\"}"));

    post(dataset + "/add-experiments", Map.of("experiment_ids", List.of(second, first)))
        .statusCode(200)
        .body("dataset.experiment_ids", equalTo(List.of(first, second)));
    post(
            V3 + "datasets/search",
            Map.of("experiment_ids", List.of(second), "filter_string", "name = 'questions'"))
        .statusCode(200)
        .body("datasets.dataset_id", equalTo(List.of(id)));
    post(dataset + "/remove-experiments", Map.of("experiment_ids", List.of(first)))
        .body("dataset.experiment_ids", equalTo(List.of(second)));
    given()
        .get(dataset + "/experiment-ids")
        .then()
        .body("experiment_ids", equalTo(List.of(second)));

    given().delete(dataset).then().statusCode(200);
    given().delete(dataset).then().statusCode(200);
    given()
        .get(dataset)
        .then()
        .statusCode(404)
        .body("error_code", equalTo("RESOURCE_DOES_NOT_EXIST"))
        .body("message", containsString(id));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "records | `[`                       | must be valid JSON",
        "records | `{}`                      | must be a JSON array",
        "records | `[1]`                     | must be a JSON object",
        "records | `[{\"inputs\": \"q\"}]`   | must be a JSON object",
        "tags    | `[]`                      | must be a JSON object",
      })
  void whatIsNoRecordIsRefused(String parameter, String value, String said) {
    String id =
        post(V3 + "datasets/create", Map.of("name", "d")).extract().path("dataset.dataset_id");
    send(
            parameter.equals("tags") ? "PATCH" : "POST",
            V3 + "datasets/" + id + "/" + parameter,
            Map.of(parameter, value))
        .statusCode(400)
        .body("error_code", equalTo("INVALID_PARAMETER_VALUE"))
        .body("message", containsString(said));
    given().get(V3 + "datasets/" + id + "/records").then().body("records", equalTo("[]"));
  }

  // Scorers --------------------------------------------------------------------------------------

  @Test
  void aScorerLives() {
    var experiment = experiment();
    var safe =
        Map.of("experiment_id", experiment, "name", "safe", "serialized_scorer", "{\"a\": 1}");
    post(V3 + "scorers/register", safe).statusCode(200).body("version", equalTo(1));
    post(V3 + "scorers/register", safe).statusCode(200).body("version", equalTo(2));
    post(
            V3 + "scorers/register",
            Map.of("experiment_id", experiment, "name", "safe", "serialized_scorer", "{"))
        .statusCode(400)
        .body("message", containsString("must be valid JSON"));
    var of = "?experiment_id=" + experiment;
    given()
        .get(V3 + "scorers/list" + of)
        .then()
        .body("scorers", hasSize(1))
        .body("scorers[0].scorer_version", equalTo(2));
    given()
        .get(V3 + "scorers/versions" + of + "&name=safe")
        .then()
        .body("scorers.scorer_version", equalTo(List.of(1, 2)));
    given()
        .get(V3 + "scorers/get" + of + "&name=safe&version=1")
        .then()
        .body("scorer.serialized_scorer", equalTo("{\"a\": 1}"));
    send(
            "DELETE",
            V3 + "scorers/delete",
            Map.of("experiment_id", experiment, "name", "safe", "version", 2))
        .statusCode(200);
    given()
        .get(V3 + "scorers/get" + of + "&name=safe")
        .then()
        .body("scorer.scorer_version", equalTo(1));
    given()
        .get(V3 + "scorers/get" + of + "&name=safe&version=2")
        .then()
        .statusCode(404)
        .body("message", containsString("version 2 not found"));
    send("DELETE", V3 + "scorers/delete", Map.of("experiment_id", experiment, "name", "safe"))
        .statusCode(200);
    given().get(V3 + "scorers/list" + of).then().statusCode(200).body("$", equalTo(Map.of()));
  }

  // Spans ----------------------------------------------------------------------------------------

  private static ValidatableResponse export(String encoding, byte[] body) {
    return given()
        .header("x-mlflow-experiment-id", "0")
        .header("Content-Encoding", encoding)
        .contentType("application/x-protobuf")
        .body(body)
        .post("/v1/traces")
        .then();
  }

  private static byte[] packed(String encoding, byte[] part, int times) throws IOException {
    var packed = new ByteArrayOutputStream();
    try (OutputStream out =
        encoding.equals("gzip") ? new GZIPOutputStream(packed) : new DeflaterOutputStream(packed)) {
      for (int i = 0; i < times; i++) {
        out.write(part);
      }
    }
    return packed.toByteArray();
  }

  private static byte[] oneSpan() {
    var id = ByteString.copyFrom(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    var span = Span.newBuilder().setTraceId(id.concat(id)).setSpanId(id).setName("s");
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder().addScopeSpans(ScopeSpans.newBuilder().addSpans(span)))
        .build()
        .toByteArray();
  }

  /// A few kilobytes that would become a gigabyte are refused before they do, and the server goes
  /// on: more of them at once than requests are let in.
  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate"})
  void aBombIsNotUnpacked(String encoding) throws IOException {
    var bomb = packed(encoding, new byte[1 << 20], 1024);
    export(encoding, bomb).statusCode(413).body("detail", containsString("more than 64 MiB"));
    var all = List.of(1, 2, 3, 4, 5, 6);
    all.parallelStream().forEach(i -> export(encoding, bomb).statusCode(413));
    export(encoding, packed(encoding, oneSpan(), 1)).statusCode(200);
  }

  @Test
  void whatIsNotPackedAsItSaysIsRefused() throws IOException {
    var packed = packed("gzip", new byte[] {1, 2, 3}, 10);
    export("gzip", new byte[] {1, 2, 3})
        .statusCode(400)
        .body("detail", startsWith("Failed to decompress gzip payload"));
    export("gzip", Arrays.copyOf(packed, packed.length - 6))
        .statusCode(400)
        .body("detail", startsWith("Failed to decompress gzip payload"));
    export("br", packed)
        .statusCode(400)
        .body("message", containsString("Unsupported Content-Encoding: br"));
  }
}
