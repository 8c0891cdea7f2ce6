package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;

import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.contract.tracking.v1.RunStatus;
import dev.pipewright.server.RealParts;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Webhooks from the call that makes one to what its receiver gets, over HTTP and Kafka.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class WebhookApiTest {
  private static final String SECRET = "correct horse battery staple";
  private static final String API = "/api/2.0/mlflow/";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final List<String> made = new ArrayList<>();
  private Receiver receiver;

  @BeforeEach
  void listen() throws IOException {
    receiver = new Receiver();
  }

  @AfterEach
  void forget() {
    made.forEach(id -> given().delete(API + "webhooks/" + id).then().statusCode(200));
    receiver.close();
  }

  private static ValidatableResponse post(String call, Object body) {
    return given().contentType(ContentType.JSON).body(body).post(API + call).then();
  }

  private String webhook(String... events) {
    var listed =
        List.of(events).stream()
            .map(event -> event.split(" ", 2))
            .map(event -> Map.of("entity", event[0], "action", event[1]))
            .toList();
    String id =
        post(
                "webhooks",
                Map.of("name", "ci", "url", receiver.url(), "events", listed, "secret", SECRET))
            .statusCode(200)
            .body(not(containsString(SECRET)))
            .extract()
            .path("webhook.webhook_id");
    made.add(id);
    return id;
  }

  private static ValidatableResponse deliveries(String webhook) {
    return given().get("/api/v1/webhooks/" + webhook + "/deliveries").then();
  }

  private static String state(String webhook) {
    return deliveries(webhook).extract().path("items[0].state");
  }

  /// As a receiver checks it that knows nothing of this server but the protocol.
  private static void assertSigned(Receiver.Told told) throws Exception {
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET.getBytes(UTF_8), "HmacSHA256"));
    var text = told.id() + "." + told.timestamp() + "." + told.body();
    assertThat(told.signature())
        .isEqualTo("v1," + Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(UTF_8))));
    assertThat(Instant.ofEpochSecond(Long.parseLong(told.timestamp())))
        .isBetween(Instant.now().minusSeconds(120), Instant.now().plusSeconds(5));
  }

  private static String experiment(String name) {
    return post("experiments/create", Map.of("name", name + " " + UUID.randomUUID()))
        .statusCode(200)
        .extract()
        .path("experiment_id");
  }

  private static String run(String experiment) {
    return post("runs/create", Map.of("experiment_id", experiment, "start_time", 1))
        .statusCode(200)
        .extract()
        .path("run.info.run_id");
  }

  @Test
  void aTestIsSignedAndSaysHowItWent() throws Exception {
    var id = webhook("MODEL_VERSION CREATED");
    post("webhooks/" + id + "/test", Map.of())
        .statusCode(200)
        .body("result.success", equalTo(true))
        .body("result.response_status", equalTo(200))
        .body("result.response_body", equalTo("heard"));
    assertThat(receiver.told()).hasSize(1);
    assertSigned(receiver.told().getFirst());
    assertThat(receiver.told().getFirst().event()).isEqualTo("model_version created");

    receiver.answers.add(500);
    post(
            "webhooks/" + id + "/test",
            Map.of("event", Map.of("entity", "MODEL_VERSION_TAG", "action", "SET")))
        .body("result.success", equalTo(false))
        .body("result.response_status", equalTo(500));
    assertThat(receiver.told().getLast().event()).isEqualTo("model_version_tag set");
    // A test is sent once and is no delivery.
    deliveries(id).statusCode(200).body("items", hasSize(0));
    receiver.close();
    post("webhooks/" + id + "/test", Map.of())
        .statusCode(200)
        .body("result.success", equalTo(false))
        .body("result.error_message", containsString("Failed to test webhook"));
  }

  @Test
  void theSecretIsInNoAnswer() {
    var id = webhook("RUN CREATED");
    var run = run(experiment("secret"));
    await().atMost(PATIENCE).until(() -> "DELIVERED".equals(state(id)));
    given()
        .contentType(ContentType.JSON)
        .body(Map.of("secret", SECRET + " 2"))
        .patch(API + "webhooks/" + id)
        .then()
        .statusCode(200)
        .body(not(containsString("horse")))
        .body("webhook.secret", equalTo(null));
    for (var path :
        new String[] {
          API + "webhooks/" + id, API + "webhooks", "/api/v1/webhooks/" + id + "/deliveries"
        }) {
      given().get(path).then().statusCode(200).body(not(containsString("horse")));
    }
    deliveries(id).body("items[0].data.run_id", equalTo(run));
    assertThat(receiver.told().toString()).doesNotContain("horse");
  }

  @Test
  void aReceiverInTroubleIsToldAgainAndTheLogSaysSo() throws Exception {
    var id = webhook("RUN CREATED");
    receiver.answers.add(503);
    var run = run(experiment("trouble"));
    await().atMost(PATIENCE).until(() -> "DELIVERED".equals(state(id)));

    var told = receiver.toldOf("run_id", run);
    assertThat(told).hasSize(2).extracting(Receiver.Told::id).containsOnly(told.getFirst().id());
    for (var each : told) {
      assertSigned(each);
    }
    String delivery =
        deliveries(id)
            .body("items", hasSize(1))
            .body("items[0].id", equalTo(told.getFirst().id()))
            .body("items[0].attempts", equalTo(2))
            .body("items[0].responseStatus", equalTo(200))
            .body("items[0].entity", equalTo("RUN"))
            .body("items[0].action", equalTo("CREATED"))
            .body("items[0].finishedAt", notNullValue())
            .extract()
            .path("items[0].id");

    given().post("/api/v1/webhooks/deliveries/" + delivery + "/replay").then().statusCode(204);
    await().atMost(PATIENCE).until(() -> receiver.toldOf("run_id", run).size() == 3);
    await().atMost(PATIENCE).until(() -> "DELIVERED".equals(state(id)));
    assertThat(receiver.toldOf("run_id", run).getLast().id()).isEqualTo(delivery);
    deliveries(id).body("items", hasSize(1));
  }

  @Test
  void aRefusalEndsADelivery() {
    var id = webhook("EXPERIMENT CREATED");
    receiver.answers.add(400);
    var experiment = experiment("refused");
    await().atMost(PATIENCE).until(() -> "FAILED".equals(state(id)));
    assertThat(receiver.toldOf("experiment_id", experiment)).hasSize(1);
    deliveries(id)
        .body("items[0].attempts", equalTo(1))
        .body("items[0].error", equalTo("The receiver answered 400."))
        .body("items[0].responseBody", equalTo("heard"));
  }

  @Test
  void whatIsNotThereIsAProblem() {
    for (var id : new String[] {"none", UUID.randomUUID().toString()}) {
      deliveries(id).statusCode(404).body("code", equalTo("WEBHOOK_NOT_FOUND"));
      given()
          .post("/api/v1/webhooks/deliveries/" + id + "/replay")
          .then()
          .statusCode(404)
          .body("code", equalTo("DELIVERY_NOT_FOUND"));
      given()
          .get(API + "webhooks/" + id)
          .then()
          .statusCode(404)
          .body("error_code", equalTo("RESOURCE_DOES_NOT_EXIST"));
    }
  }

  @Test
  void runsAndExperimentsOverRest() {
    webhook(
        "EXPERIMENT CREATED",
        "EXPERIMENT UPDATED",
        "EXPERIMENT DELETED",
        "RUN CREATED",
        "RUN UPDATED",
        "RUN DELETED");
    var experiment = experiment("rest");
    var run = run(experiment);
    post("runs/update", Map.of("run_id", run, "status", "FINISHED", "end_time", 2)).statusCode(200);
    post("runs/delete", Map.of("run_id", run)).statusCode(200);
    post("experiments/update", Map.of("experiment_id", experiment, "new_name", "x" + experiment))
        .statusCode(200);
    post("experiments/delete", Map.of("experiment_id", experiment)).statusCode(200);

    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(receiver.toldOf("run_id", run))
              .extracting(Receiver.Told::event)
              .containsExactlyInAnyOrder("run created", "run updated", "run deleted");
          assertThat(
                  receiver.toldOf("experiment_id", experiment).stream()
                      .map(Receiver.Told::event)
                      .filter(event -> event.startsWith("experiment")))
              .containsExactlyInAnyOrder(
                  "experiment created", "experiment updated", "experiment deleted");
        });
    var updated =
        receiver.toldOf("run_id", run).stream()
            .filter(each -> each.event().equals("run updated"))
            .findFirst()
            .orElseThrow();
    assertThat(updated.json().at("/data/status").textValue()).isEqualTo("FINISHED");
    assertThat(updated.json().at("/data/end_time").longValue()).isEqualTo(2);
  }

  @Test
  void runsOverKafka() throws Exception {
    webhook("RUN CREATED", "RUN UPDATED");
    var run = UUID.randomUUID().toString().replace("-", "");
    try (var producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                ConfigProvider.getConfig().getValue("pipewright.kafka.bootstrap", String.class)),
            new StringSerializer(),
            new ByteArraySerializer())) {
      var started = RunStarted.newBuilder().setExperiment("kafka hooks").setName("k");
      var finished = RunFinished.newBuilder().setStatus(RunStatus.RUN_STATUS_FINISHED);
      for (var event :
          List.of(event(run, 1).setRunStarted(started), event(run, 2).setRunFinished(finished))) {
        producer
            .send(new ProducerRecord<>(Topics.RUN_EVENTS, run, event.build().toByteArray()))
            .get();
      }
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(receiver.toldOf("run_id", run))
                .extracting(Receiver.Told::event)
                .containsExactlyInAnyOrder("run created", "run updated"));
    for (var told : receiver.toldOf("run_id", run)) {
      assertSigned(told);
      assertThat(told.json().at("/data/run_name").textValue()).isEqualTo("k");
    }
  }

  private static RunEvent.Builder event(String run, long seq) {
    return RunEvent.newBuilder()
        .setRunId(run)
        .setSource("test")
        .setSeq(seq)
        .setAt(Timestamp.newBuilder().setSeconds(1_800_000_000));
  }
}
