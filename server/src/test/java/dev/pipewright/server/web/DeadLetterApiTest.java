package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.not;

import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunStarted;
import dev.pipewright.platform.Db;
import dev.pipewright.server.RealParts;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Run events that could not be stored, over HTTP.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class DeadLetterApiTest {
  private static final String API = "/api/v1/dead-letters";

  @Inject Db db;

  @AfterEach
  void leaveNone() {
    db.useTransaction(tx -> tx.execute("delete from tracker.dead_letter"));
  }

  /// One whose cause was removed: the database took nothing that day, and does now.
  private long keep(String run, byte[] event) {
    return db.inTransaction(tx ->
        tx.createQuery(
                """
                insert into tracker.dead_letter (topic, partition, record_offset, key, payload, reason)
                values (:topic, 0, 17, :run, :event, 'the disk was full') returning id
                """)
            .bind("topic", Topics.RUN_EVENTS)
            .bind("run", run)
            .bind("event", event)
            .mapTo(Long.class)
            .one());
  }

  private static String newRun() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  private static byte[] started(String run) {
    return RunEvent.newBuilder()
        .setRunId(run)
        .setSource("test")
        .setSeq(1)
        .setAt(Timestamp.newBuilder().setSeconds(1_800_000_000))
        .setRunStarted(RunStarted.newBuilder().setExperiment("dead letters").setName("late"))
        .build()
        .toByteArray();
  }

  @Test
  void whatCannotBeReadIsKeptAndHoldsUpNothing() throws Exception {
    var bad = newRun();
    var good = newRun();
    try (var producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                ConfigProvider.getConfig().getValue("pipewright.kafka.bootstrap", String.class)),
            new StringSerializer(),
            new ByteArraySerializer())) {
      // Both under one key: in this order.
      producer.send(new ProducerRecord<>(Topics.RUN_EVENTS, bad, new byte[] {1, 2, 3})).get();
      producer.send(new ProducerRecord<>(Topics.RUN_EVENTS, bad, started(good))).get();
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> given().get("/api/v1/runs/" + good).then().statusCode(200));

    int id =
        given()
            .get(API)
            .then()
            .statusCode(200)
            .body("items.key", hasItem(bad))
            .body("items[0].topic", equalTo(Topics.RUN_EVENTS))
            .body("items[0].bytes", equalTo(3))
            .extract()
            .path("items[0].id");
    given()
        .post(API + "/" + id + "/replay")
        .then()
        .statusCode(422)
        .contentType("application/problem+json")
        .body("code", equalTo("DEAD_LETTER_REFUSED"))
        .body("detail", containsString("dead letter " + id));
    given().delete(API + "/" + id).then().statusCode(204);
    given().get(API).then().body("items.id", not(hasItem(id)));
    given()
        .delete(API + "/" + id)
        .then()
        .statusCode(404)
        .body("code", equalTo("DEAD_LETTER_NOT_FOUND"));
  }

  @Test
  void oneIsReplayed() {
    var run = newRun();
    long id = keep(run, started(run));
    given().post(API + "/" + id + "/replay").then().statusCode(204);
    given().get("/api/v1/runs/" + run).then().statusCode(200).body("name", equalTo("late"));
    given()
        .post(API + "/" + id + "/replay")
        .then()
        .statusCode(404)
        .body("code", equalTo("DEAD_LETTER_NOT_FOUND"));
  }

  @Test
  void allAreReplayedAndThoseThatAreRefusedStay() {
    var runs = List.of(newRun(), newRun());
    keep(runs.get(0), started(runs.get(0)));
    long bad = keep("bad", new byte[] {1, 2, 3});
    keep(runs.get(1), started(runs.get(1)));
    given()
        .post(API + "/replay")
        .then()
        .statusCode(200)
        .body("stored", equalTo(2))
        .body("refused", equalTo(1));
    for (var run : runs) {
      given().get("/api/v1/runs/" + run).then().statusCode(200);
    }
    given()
        .get(API)
        .then()
        .body("items.id", equalTo(List.of((int) bad)))
        .body("items[0].reason", not(equalTo("the disk was full")));
  }

  @Test
  void pagesAreNewestFirst() {
    var ids = List.of(keep("a", new byte[0]), keep("b", new byte[0]), keep("c", new byte[0]));
    var first = given().get(API + "?limit=2").then().statusCode(200).extract().jsonPath();
    assertThat(first.getList("items.id", Long.class)).containsExactly(ids.get(2), ids.get(1));
    given()
        .get(API + "?limit=2&after=" + first.getString("next"))
        .then()
        .body("items.id", equalTo(List.of(ids.getFirst().intValue())))
        .body("next", equalTo(null));
  }
}
