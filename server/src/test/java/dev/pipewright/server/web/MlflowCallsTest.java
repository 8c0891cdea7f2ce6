package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.server.RealParts;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import io.quarkus.arc.All;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Calls of the MLflow protocol over HTTP, with the real database behind them.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class MlflowCallsTest {
  private static final String OLD = "/api/2.0/mlflow/";
  private static final String NEW = "/api/3.0/mlflow/";

  @Inject @All List<Routes.Family> families;

  private static ValidatableResponse post(String path, String body) {
    return given().contentType(ContentType.JSON).body(body).post(path).then();
  }

  // Repeats

  /// Calls with a body that only read, or ask somebody else.
  private static final Set<String> READS =
      Set.of(
          "POST /graphql",
          "POST /api/2.0/mlflow/artifacts/presigned-download-url",
          "POST /api/2.0/mlflow/artifacts/presigned-upload-url",
          "POST /api/2.0/mlflow/experiments/search",
          "POST /api/2.0/mlflow/experiments/search-datasets",
          "POST /api/2.0/mlflow/gateway-proxy",
          "POST /api/2.0/mlflow/logged-models/search",
          "POST /api/2.0/mlflow/registered-models/get-latest-versions",
          "POST /api/2.0/mlflow/runs/search",
          "POST /api/3.0/mlflow/datasets/search",
          "POST /api/3.0/mlflow/traces/batchGetInfos",
          "POST /api/3.0/mlflow/traces/calculate-filter-correlation",
          "POST /api/3.0/mlflow/traces/metrics",
          "POST /api/3.0/mlflow/traces/search",
          "POST /api/3.0/mlflow/ui-telemetry");

  /// A new call that writes is to be in the story of the repeats, and in the decision's table.
  @Test
  void everyWritingCallIsInTheStoryOfTheRepeats() throws IOException {
    var root = Path.of(System.getProperty("pipewright.root"));
    var told = new LinkedHashMap<String, Repeat>();
    for (var line :
        Files.readAllLines(root.resolve("server/src/test/resources/story/repeats.jsonl"))) {
      var call = Json.MAPPER.readTree(line);
      told.put(
          call.get("method").textValue() + " " + call.get("path").textValue(),
          Repeat.valueOf(call.get("repeat").textValue()));
    }
    var decision =
        Files.readString(root.resolve("docs/adr/0012-answers-of-repeated-calls.md"))
            .replaceAll("\\{[\\w.]+}", "{}");
    var missing = new TreeSet<String>();
    var routes = new Routes();
    families.forEach(family -> family.addTo(routes));
    for (var route : routes.all()) {
      var name = route.method() + " " + route.path();
      if (route.method().name().equals("GET")
          || route.path().startsWith("/ajax-api/")
          || READS.contains(name)) {
        continue;
      }
      var pattern =
          route.method()
              + " "
              + route.path().replaceAll("\\{path\\.\\.\\.}", ".+").replaceAll("\\{\\w+}", "[^/]+");
      if (told.entrySet().stream()
          .noneMatch(each -> each.getKey().matches(pattern) && each.getValue() == route.repeat())) {
        missing.add(name + " " + route.repeat() + " (repeats.jsonl)");
      }
      var shown =
          route.path().replaceFirst("/api/[23]\\.0/(mlflow/)?", "").replaceAll("\\{[\\w.]+}", "{}");
      if (!decision.contains("`" + shown + "`")) {
        missing.add(name + " " + route.repeat() + " (docs/adr/0012: `" + shown + "`)");
      }
    }
    assertThat(missing).isEmpty();
  }

  // Signed addresses

  private static JsonNode presigned(String kind, String body) throws IOException {
    return Json.MAPPER.readTree(
        post(OLD + "artifacts/presigned-" + kind + "-url", body)
            .statusCode(200)
            .extract()
            .asString());
  }

  private static String run() {
    return post(OLD + "runs/create", "{\"experiment_id\":\"0\"}")
        .statusCode(200)
        .extract()
        .path("run.info.run_id");
  }

  private static ValidatableResponse use(String method, String address) {
    var request = given().urlEncodingEnabled(false).contentType(ContentType.BINARY);
    return (method.equals("PUT")
            ? request.body("content".getBytes(StandardCharsets.UTF_8))
            : request)
        .request(method, address)
        .then();
  }

  @Test
  void signedAddressesAreForOneFileOneMethodAndSomeTime() throws IOException {
    var run = run();
    var file = "{\"run_id\":\"" + run + "\",\"path\":\"a b/c+d.txt\"";
    var upload = presigned("upload", file + "}").get("presigned_url").textValue();
    assertThat(upload).contains("?expires=").contains("&signature=");
    use("PUT", upload).statusCode(200);
    var found = presigned("download", file + ",\"expiration\":300}");
    assertThat(found.get("file_size").intValue()).isEqualTo(7);
    var download = found.get("presigned_url").textValue();
    use("GET", download).statusCode(200).body(equalTo("content"));

    // Another method, another file, another time, a part left out, one changed.
    refused("GET", upload);
    refused("PUT", download);
    refused("GET", download.replace("c%2Bd", "e"));
    refused("GET", download.replaceFirst("expires=\\d", "expires=9"));
    refused("GET", download.replaceFirst("&signature=.*", ""));
    refused("GET", download.replaceFirst("expires=\\d+&", ""));
    refused("GET", download.replaceFirst("signature=.", "signature=*"));
    refused("GET", download.replaceFirst("expires=\\d+", "expires=soon"));
  }

  private static void refused(String method, String address) {
    use(method, address)
        .statusCode(403)
        .body("error_code", equalTo("PERMISSION_DENIED"))
        .body("message", startsWith("The signature of the address is not for " + method));
  }

  @ParameterizedTest
  @CsvSource({"download, 0", "download, 604801", "upload, 0", "upload, 604801"})
  void noAddressIsForNoTimeOrForLonger(String kind, long expiration) {
    post(
            OLD + "artifacts/presigned-" + kind + "-url",
            "{\"run_id\":\"" + run() + "\",\"path\":\"x\",\"expiration\":" + expiration + "}")
        .statusCode(400)
        .body("message", containsString("between 1 and 604800"));
  }

  // Figures over traces

  private static String experiment(String name) {
    return post(OLD + "experiments/create", "{\"name\":\"" + name + "\"}")
        .statusCode(200)
        .extract()
        .path("experiment_id");
  }

  private static void trace(
      String experiment, String id, String name, String time, int millis, String metadata) {
    post(
            NEW + "traces",
            """
            {"trace":{"trace_info":{"trace_id":"%s","trace_location":{"type":"MLFLOW_EXPERIMENT",
            "mlflow_experiment":{"experiment_id":"%s"}},"request_time":"%s",
            "execution_duration":"%ss","state":"OK","tags":{"mlflow.traceName":"%s"},
            "trace_metadata":%s}}}
            """
                .formatted(id, experiment, time, millis / 1000.0, name, metadata))
        .statusCode(200);
  }

  private static String usage(int tokens) {
    return "{\"mlflow.trace.tokenUsage\":\"{\\\"total_tokens\\\": %d}\",\"mlflow.trace.session\":\"s%d\"}"
        .formatted(tokens, tokens % 2);
  }

  @Test
  void figuresOverTraces() throws IOException {
    var experiment = experiment("figures");
    for (int i = 0; i < 4; i++) {
      trace(
          experiment,
          "figures-" + i,
          i < 3 ? "chat" : "search",
          "2026-01-02T0" + (i + 1) / 2 + ":30:00Z",
          100 * (i + 1),
          i == 3 ? "{\"mlflow.trace.tokenUsage\":\"no JSON\"}" : usage(10 + i));
    }
    for (var value : List.of("true", "\"no\"", "4", "\"maybe\"")) {
      post(
              NEW + "traces/figures-0/assessments",
              "{\"assessment\":{\"assessment_name\":\"good\",\"source\":{\"source_type\":\"HUMAN\",\"source_id\":\"me\"},\"feedback\":{\"value\":%s}}}"
                  .formatted(value))
          .statusCode(200);
    }
    var ask = "{\"experiment_ids\":[\"" + experiment + "\"],";
    assertThat(
            points(
                ask
                    + "\"view_type\":\"TRACES\",\"metric_name\":\"trace_count\",\"aggregations\":[{\"aggregation_type\":\"COUNT\"}]}"))
        .isEqualTo("[{\"metric_name\":\"trace_count\",\"values\":{\"COUNT\":4.0}}]");
    assertThat(
            points(
                ask
                    + "\"view_type\":1,\"metric_name\":\"latency\",\"aggregations\":[{\"aggregation_type\":\"AVG\"},{\"aggregation_type\":4,\"percentile_value\":50}],\"dimensions\":[\"trace_name\"]}"))
        .isEqualTo(
            "[{\"metric_name\":\"latency\",\"dimensions\":{\"trace_name\":\"chat\"},\"values\":{\"AVG\":200.0,\"P50.0\":200.0}},"
                + "{\"metric_name\":\"latency\",\"dimensions\":{\"trace_name\":\"search\"},\"values\":{\"AVG\":400.0,\"P50.0\":400.0}}]");
    assertThat(
            points(
                ask
                    + "\"view_type\":\"TRACES\",\"metric_name\":\"total_tokens\",\"aggregations\":[{\"aggregation_type\":\"SUM\"},{\"aggregation_type\":\"MAX\"}]}"))
        .isEqualTo("[{\"metric_name\":\"total_tokens\",\"values\":{\"SUM\":33.0,\"MAX\":12.0}}]");
    assertThat(
            points(
                ask
                    + "\"view_type\":\"TRACES\",\"metric_name\":\"session_count\",\"aggregations\":[{\"aggregation_type\":\"COUNT\"}]}"))
        .isEqualTo("[{\"metric_name\":\"session_count\",\"values\":{\"COUNT\":2.0}}]");
    // By the hour, from the second hour on; the end belongs to the range.
    assertThat(
            points(
                ask
                    + "\"view_type\":\"TRACES\",\"metric_name\":\"trace_count\",\"aggregations\":[{\"aggregation_type\":\"COUNT\"}],\"time_interval_seconds\":3600,\"start_time_ms\":1767315600000,\"end_time_ms\":1767321000000}"))
        .isEqualTo(
            "[{\"metric_name\":\"trace_count\",\"dimensions\":{\"time_bucket\":\"2026-01-02T01:00:00+00:00\"},\"values\":{\"COUNT\":2.0}},"
                + "{\"metric_name\":\"trace_count\",\"dimensions\":{\"time_bucket\":\"2026-01-02T02:00:00+00:00\"},\"values\":{\"COUNT\":1.0}}]");
    assertThat(
            points(
                ask
                    + "\"view_type\":\"ASSESSMENTS\",\"metric_name\":\"assessment_value\",\"aggregations\":[{\"aggregation_type\":\"AVG\"}],\"dimensions\":[\"assessment_name\"],\"filters\":[\"assessment.type = 'feedback'\",\"trace.status = 'OK'\"]}"))
        .isEqualTo(
            "[{\"metric_name\":\"assessment_value\",\"dimensions\":{\"assessment_name\":\"good\"},\"values\":{\"AVG\":1.6666666666666667}}]");
    assertThat(
            points(
                ask
                    + "\"view_type\":\"TRACES\",\"metric_name\":\"trace_count\",\"aggregations\":[{\"aggregation_type\":\"COUNT\"}],\"filters\":[\"trace.metadata.`mlflow.trace.session` = 's1'\"]}"))
        .isEqualTo("[{\"metric_name\":\"trace_count\",\"values\":{\"COUNT\":1.0}}]");
  }

  @Test
  void figuresOverSpans() throws IOException {
    var experiment = experiment("span-figures");
    given()
        .contentType(ContentType.JSON)
        .header("x-mlflow-experiment-id", experiment)
        .body(
            """
            {"resourceSpans":[{"scopeSpans":[{"spans":[
            {"traceId":"00000000000000000000000000000011","spanId":"0000000000000001","name":"root","startTimeUnixNano":"1000000000","endTimeUnixNano":"1500000000"},
            {"traceId":"00000000000000000000000000000011","spanId":"0000000000000002","parentSpanId":"0000000000000001","name":"llm","startTimeUnixNano":"1100000000","endTimeUnixNano":"1300000000",
            "attributes":[{"key":"mlflow.llm.cost","value":{"kvlistValue":{"values":[{"key":"total_cost","value":{"doubleValue":0.25}}]}}},{"key":"mlflow.llm.model","value":{"stringValue":"m-1"}}]}
            ]}]}]}
            """)
        .post("/v1/traces")
        .then()
        .statusCode(200);
    var ask = "{\"experiment_ids\":[\"" + experiment + "\"],\"view_type\":\"SPANS\",";
    assertThat(
            points(
                ask
                    + "\"metric_name\":\"latency\",\"aggregations\":[{\"aggregation_type\":\"MAX\"}],\"dimensions\":[\"span_name\"],\"filters\":[\"span.name = 'llm'\"]}"))
        .isEqualTo(
            "[{\"metric_name\":\"latency\",\"dimensions\":{\"span_name\":\"llm\"},\"values\":{\"MAX\":200.0}}]");
    assertThat(
            points(
                ask
                    + "\"metric_name\":\"total_cost\",\"aggregations\":[{\"aggregation_type\":\"SUM\"}],\"dimensions\":[\"span_model_name\"],\"start_time_ms\":1100,\"end_time_ms\":1100}"))
        .isEqualTo(
            "[{\"metric_name\":\"total_cost\",\"dimensions\":{\"span_model_name\":\"m-1\"},\"values\":{\"SUM\":0.25}}]");
  }

  @Test
  void aTraceIsGivenWhenItsSpansAreThere() {
    var experiment = experiment("spans-come");
    var id = "tr-000000000000000000000000000000ab";
    trace(
        experiment,
        id,
        "late",
        "2026-01-02T00:00:00Z",
        1,
        "{\"mlflow.trace.sizeStats\":\"{\\\"num_spans\\\": 1}\"}");
    given()
        .get(NEW + "traces/get?allow_partial=true&trace_id=" + id)
        .then()
        .statusCode(200)
        .body("trace.trace_info.trace_id", equalTo(id));
    given()
        .get(NEW + "traces/get?trace_id=" + id)
        .then()
        .statusCode(404)
        .body("message", containsString("not fully exported yet"));
    var asked = CompletableFuture.supplyAsync(() -> given().get(NEW + "traces/get?trace_id=" + id));
    given()
        .contentType(ContentType.JSON)
        .header("x-mlflow-experiment-id", experiment)
        .body(
            """
            {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"000000000000000000000000000000ab",
            "spanId":"0000000000000001","name":"s","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}
            """)
        .post("/v1/traces")
        .then()
        .statusCode(200);
    asked.join().then().statusCode(200).body("trace.spans.name", equalTo(List.of("s")));
  }

  private static String points(String body) throws IOException {
    return Json.MAPPER
        .readTree(post(NEW + "traces/metrics", body).statusCode(200).extract().asString())
        .path("data_points")
        .toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "{'view_type':'TRACES'} | metric_name",
        "{'metric_name':'latency'} | view_type",
        "{'view_type':'TRACES','metric_name':'speed'} | metric_name must be one of ['trace_count'",
        "{'view_type':'TRACES','metric_name':'latency'} | aggregations",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'SUM'}]} | Found invalid aggregation_type(s): ['SUM']. Supported aggregation types: ['AVG', 'MAX', 'MIN', 'PERCENTILE']",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'PERCENTILE'}]} | Percentile value is required",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'PERCENTILE','percentile_value':101}]} | between 0 and 100",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'AVG'}],'dimensions':['span_name']} | Found invalid dimension(s): ['span_name']. Supported dimensions: ['trace_name']",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'AVG'}],'time_interval_seconds':60} | start_time_ms and end_time_ms are required",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'AVG'}],'filters':['nonsense']} | Invalid filter: 'nonsense'",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'AVG'}],'filters':['trace.status != \\\"OK\\\"']} | only '=' operator is supported",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'AVG'}],'filters':['trace.tag = \\\"x\\\"']} | requires a key",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'AVG'}],'filters':['trace.status = OK']} | Expected a quoted string",
        "{'view_type':'TRACES','metric_name':'latency','aggregations':[{'aggregation_type':'AVG'}],'filters':['span.name = \\\"x\\\"']} | only supported for SPANS",
      })
  void figuresThatCannotBe(String body, String message) {
    post(
            NEW + "traces/metrics",
            body.replace('\'', '"').replaceFirst("\\{", "{\"experiment_ids\":[\"0\"],"))
        .statusCode(400)
        .body("error_code", equalTo("INVALID_PARAMETER_VALUE"))
        .body("message", containsString(message));
  }
}
