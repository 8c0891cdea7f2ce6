package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import dev.pipewright.orchestrator.fire.FireStore;
import dev.pipewright.orchestrator.fire.FireStore.NewFire;
import dev.pipewright.orchestrator.fire.FireStore.Owner;
import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.orchestrator.fire.Wanted;
import dev.pipewright.platform.Db;
import dev.pipewright.server.RealParts;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Schedules and backfills over HTTP.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class ScheduleApiTest {
  private static final String SCHEDULES = "/api/v1/schedules/";
  private static final String BACKFILLS = "/api/v1/backfills";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Inject Db db;
  @Inject FireStore fires;
  @Inject Fires starts;

  @BeforeEach
  void aPipeline() {
    pipeline("scheduled", "");
  }

  private static void pipeline(String name, String more) {
    var source =
        """
        name: %s
        %s
        params:
          day: { type: string, default: none }
          n: { type: int, default: 1 }
        tasks:
          a: { command: ["true"] }
        """
            .formatted(name, more);
    given()
        .contentType(ContentType.JSON)
        .body(Map.of("source", source))
        .post("/api/v1/pipelines")
        .then()
        .statusCode(org.hamcrest.Matchers.lessThan(300));
  }

  private static ValidatableResponse apply(String name, String spec) {
    return given().contentType(ContentType.JSON).body(spec).put(SCHEDULES + name).then();
  }

  private static ValidatableResponse backfill(String spec) {
    return given().contentType(ContentType.JSON).body(spec).post(BACKFILLS).then();
  }

  @Test
  void aScheduleIsMadeChangedPausedResumedAndDeleted() {
    var spec =
        "{\"pipeline\": \"scheduled\", \"cron\": \"30 2 * * *\", \"timeZone\": \"Europe/Berlin\"}";
    apply("life", spec)
        .statusCode(201)
        .body("name", equalTo("life"))
        .body("spec.cron", equalTo("30 2 * * *"))
        .body("paused", is(false))
        .body("next", hasSize(5))
        .body("last", nullValue());
    apply("life", spec).statusCode(200);
    given().get("/api/v1/schedules").then().body("items.name", hasItem("life"));
    given().get(SCHEDULES + "life/next?limit=10").then().body("times", hasSize(10));
    given().get(SCHEDULES + "life/next?limit=0").then().statusCode(400);
    given().get(SCHEDULES + "life/history").then().body("items", empty());

    given().post(SCHEDULES + "life/pause").then().body("paused", is(true)).body("next", empty());
    // A change does not resume it by the way.
    apply("life", spec).body("paused", is(true));
    given().get(SCHEDULES + "life/next").then().body("times", hasSize(5));
    given()
        .post(SCHEDULES + "life/resume")
        .then()
        .body("paused", is(false))
        .body("next", hasSize(5));

    apply("life", spec.replace("}", ", \"end\": \"2020-01-01T00:00:00Z\"}")).body("next", empty());
    given().delete(SCHEDULES + "life").then().statusCode(204);
    given().delete(SCHEDULES + "life").then().statusCode(404);
  }

  @Test
  void itsRunsAreForItsTimes() {
    apply(
            "quick",
            """
            {"pipeline": "scheduled", "every": "1s",
             "params": {"day": "${{ schedule.date }}", "n": 7}}
            """)
        .statusCode(201);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            given()
                .get(SCHEDULES + "quick")
                .then()
                .body("last.state", equalTo("STARTED"))
                .body("last.runId", notNullValue()));
    given().post(SCHEDULES + "quick/pause").then().statusCode(200);
    var last = given().get(SCHEDULES + "quick").then().extract();
    given()
        .get("/api/v1/pipeline-runs/" + last.path("last.runId"))
        .then()
        .body("pipeline", equalTo("scheduled"))
        .body("params.n", equalTo(7))
        .body("params.day", equalTo(last.<String>path("last.time").substring(0, 10)));
    given().delete(SCHEDULES + "quick").then().statusCode(204);
    given().get("/api/v1/pipeline-runs/" + last.path("last.runId")).then().statusCode(200);
  }

  /// The pipeline lets a new run take the place of the one under way: asking for the same run again
  /// must neither start another nor end it.
  @Test
  void aStartWhoseOutcomeWasLostIsTheSameStart() {
    pipeline("replaced", "concurrency: { policy: replace }");
    apply("lost", "{\"pipeline\": \"replaced\", \"every\": \"1h\"}").statusCode(201);
    var key = "lost:" + UUID.randomUUID();
    var time = Instant.parse("2026-01-01T00:00:00Z");
    var wanted = new Wanted("replaced", null, Map.of(), 0, Map.of());
    long number =
        db.inTransaction(tx -> {
          long schedule =
              tx.createQuery("select number from orchestrator.schedule where name = 'lost'")
                  .mapTo(Long.class)
                  .one();
          // Held by this test, and not by the loop.
          return fires
              .add(
                  tx,
                  NewFire.planned(Owner.SCHEDULE, schedule, key, time, wanted, null, null),
                  time)
              .orElseThrow();
        });
    var due = new FireStore.Due(number, key, time, wanted.json(), null, 1L, null);
    var run = starts.start(due).run();
    db.useTransaction(tx ->
        tx.execute(
            "update orchestrator.fire set state = 'PLANNED', run_id = null where number = ?",
            number));
    assertThat(starts.start(due).run()).isEqualTo(run).isNotNull();
    given()
        .get("/api/v1/pipeline-runs?pipeline=replaced")
        .then()
        .body("items", hasSize(1))
        .body("items[0].state", not(equalTo("CANCELLED")));
    given()
        .get(SCHEDULES + "lost/history")
        .then()
        .body("items.runId", equalTo(List.of(run.toString())));
  }

  @Test
  void aRefusalIsInTheHistory() {
    pipeline("alone", "concurrency: { policy: forbid }");
    apply("crowd", "{\"pipeline\": \"alone\", \"every\": \"1s\", \"catchUp\": \"all\"}")
        .statusCode(201);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            given()
                .get(SCHEDULES + "crowd/history")
                .then()
                .body("items.state", hasItems("STARTED", "REFUSED"))
                .body("items.code", hasItem("RUN_FORBIDDEN"))
                .body("items.reason", hasItem(containsString("allows 1 at once"))));
    given().delete(SCHEDULES + "crowd").then().statusCode(204);
  }

  @Test
  void allThatIsWrongIsSaidAtOnceAndNothingIsKept() {
    apply(
            "Wrong_Name",
            """
            {"pipeline": "no-such", "cron": "61 * * * *", "timeZone": "Mars/Base", "catchup": "all",
             "jitter": "2d", "startDeadline": "soon", "priority": 5000, "catchUp": "some",
             "start": "yesterday", "params": {"day": "${{ schedul.date }}"}}
            """)
        .statusCode(422)
        .body("code", equalTo("SCHEDULE_INVALID"))
        .body(
            "errors.path",
            hasItems(
                "name",
                "pipeline",
                "cron",
                "timeZone",
                "catchup",
                "jitter",
                "startDeadline",
                "priority",
                "catchUp",
                "start",
                "params.day"))
        .body("errors.remedy", hasItem("Did you mean 'catchUp'?"));
    given().get(SCHEDULES + "Wrong_Name").then().statusCode(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "null",
        "7",
        "{",
        "{\"pipeline\": \"a\\u0000b\", \"every\": \"1h\"}",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"params\": {\"day\": \"\\u0000\"}}"
      })
  void aBodyThatIsNoScheduleIsRefused(String body) {
    apply("nothing", body).statusCode(400).body("code", equalTo("BAD_REQUEST"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"pipeline\": \"scheduled\"}                                               | cron     | EXACTLY_ONE",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"cron\": \"0 0 * * *\"}   | every    | EXACTLY_ONE",
        "{\"pipeline\": \"scheduled\", \"every\": \"10ms\"}                          | every    | OUT_OF_RANGE",
        "{\"pipeline\": \"scheduled\", \"cron\": \"0 0 31 2 *\"}                     | cron     | INVALID_CRON",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"version\": 99}           | version  | PIPELINE_NOT_FOUND",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"params\": {\"n\": \"x\"}} | params.n | TYPE_MISMATCH",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"params\": {\"n\": \"${{ schedule.date }}\"}} | params.n | TYPE_MISMATCH",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"params\": {\"x\": 1}}    | params.x | UNKNOWN_PARAM",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"params\": {\"day\": \"${{ schedule.dat }}\"}} | params.day | EXPRESSION_FAILED",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"catchUpLimit\": 5}       | catchUpLimit | NOT_APPLICABLE",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"startDeadline\": \"999999999d\"} | startDeadline | OUT_OF_RANGE",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"start\": \"+999999-01-01T00:00:00Z\"} | start | INVALID_TIME",
        "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"start\": \"2026-01-02T00:00:00Z\", \"end\": \"2026-01-01T00:00:00Z\"} | end | INVALID_RANGE",
      })
  void eachMistakeHasItsPlace(String spec, String path, String code) {
    apply("mistaken", spec)
        .statusCode(422)
        .body("errors", hasSize(1))
        .body("errors[0].path", equalTo(path))
        .body("errors[0].code", equalTo(code));
  }

  @ParameterizedTest
  @CsvSource({
    "GET,    /api/v1/schedules/none,          SCHEDULE_NOT_FOUND",
    "GET,    /api/v1/schedules/none/next,     SCHEDULE_NOT_FOUND",
    "GET,    /api/v1/schedules/none/history,  SCHEDULE_NOT_FOUND",
    "POST,   /api/v1/schedules/none/pause,    SCHEDULE_NOT_FOUND",
    "DELETE, /api/v1/schedules/none,          SCHEDULE_NOT_FOUND",
    "GET,    /api/v1/backfills/none,          BACKFILL_NOT_FOUND",
    "POST,   /api/v1/backfills/01a1ff25-f333-7088-8720-a0d6fa09ef8f/cancel, BACKFILL_NOT_FOUND",
  })
  void whatIsNotThereIsNotFound(String method, String path, String code) {
    given().request(method, path).then().statusCode(404).body("code", equalTo(code));
  }

  @Test
  void aBackfillRunsTheTimesOfARangeAFewAtOnceAndCanBeCancelled() {
    apply("past", "{\"pipeline\": \"scheduled\", \"cron\": \"0 2 * * *\"}").statusCode(201);
    String id =
        backfill(
                """
                {"schedule": "past", "from": "2026-01-01", "to": "2026-01-10", "parallel": 3,
                 "newestFirst": true, "params": {"day": "${{ schedule.date }}"}}
                """)
            .statusCode(201)
            .body("total", equalTo(10))
            .body("pipeline", equalTo("scheduled"))
            .extract()
            .path("id");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            given()
                .get(BACKFILLS + "/" + id + "/history")
                .then()
                .body("items.findAll { it.state == 'STARTED' }", not(empty())));
    given().post(BACKFILLS + "/" + id + "/cancel").then().body("state", equalTo("CANCELLED"));
    given()
        .post(BACKFILLS + "/" + id + "/cancel")
        .then()
        .statusCode(200)
        .body("total", equalTo(10))
        .body("skipped", org.hamcrest.Matchers.greaterThan(0));
    given()
        .get(BACKFILLS + "/" + id + "/history")
        .then()
        .body("items.findAll { it.state == 'STARTED' }.time", hasItem("2026-01-10T02:00:00Z"));
    given().get(BACKFILLS).then().body("items.id", hasItem(id));
  }

  @Test
  void aBackfillIsCancelledWithItsRunsIfThatIsAskedFor() {
    given()
        .contentType(ContentType.JSON)
        .body(
            Map.of("source", "name: waits\ntasks:\n  ask: { approval: { message: \"Well?\" } }\n"))
        .post("/api/v1/pipelines");
    String id =
        backfill(
                """
                {"pipeline": "waits", "every": "1d", "from": "2026-01-01", "to": "2026-01-05",
                 "parallel": 2}
                """)
            .statusCode(201)
            .extract()
            .path("id");
    await().atMost(PATIENCE).until(() -> states("waits").equals(List.of("RUNNING", "RUNNING")));
    given()
        .post(BACKFILLS + "/" + id + "/cancel")
        .then()
        .body("state", equalTo("CANCELLED"))
        .body("running", equalTo(2))
        .body("waiting", equalTo(0));
    assertThat(states("waits")).containsOnly("RUNNING");

    given().post(BACKFILLS + "/" + id + "/cancel?runs=true").then().statusCode(200);
    await().atMost(PATIENCE).until(() -> states("waits").equals(List.of("CANCELLED", "CANCELLED")));
  }

  @Test
  void aRunThatStartsWhileItsBackfillIsCancelledIsCancelledToo() {
    given()
        .contentType(ContentType.JSON)
        .body(Map.of("source", "name: late\ntasks:\n  ask: { approval: { message: \"Well?\" } }\n"))
        .post("/api/v1/pipelines");
    String id =
        backfill(
                """
                {"pipeline": "late", "every": "1d", "from": "2026-01-01", "to": "2026-01-02"}
                """)
            .statusCode(201)
            .extract()
            .path("id");
    await().atMost(PATIENCE).until(() -> states("late").equals(List.of("RUNNING")));
    var due = takenByAnotherServer("backfill:" + id + ":2026-01-02T00:00:00Z");
    given()
        .post(BACKFILLS + "/" + id + "/cancel?runs=true")
        .then()
        .body("state", equalTo("CANCELLED"))
        .body("waiting", equalTo(1));
    starts.start(due);
    await().atMost(PATIENCE).until(() -> states("late").equals(List.of("CANCELLED", "CANCELLED")));
    given().get(BACKFILLS + "/" + id).then().body("waiting", equalTo(0)).body("failed", equalTo(2));
  }

  @Test
  void whatTheConcurrencyHoldsBackIsOverOnceItsBackfillIsCancelled() {
    given()
        .contentType(ContentType.JSON)
        .body(
            Map.of(
                "source",
                "name: single\nconcurrency: { policy: forbid }\ntasks:\n  ask: { approval: { message: \"Well?\" } }\n"))
        .post("/api/v1/pipelines");
    String id =
        backfill(
                """
                {"pipeline": "single", "every": "1d", "from": "2026-01-01", "to": "2026-01-02",
                 "parallel": 2}
                """)
            .statusCode(201)
            .extract()
            .path("id");
    await().atMost(PATIENCE).until(() -> states("single").equals(List.of("RUNNING")));
    var due = takenByAnotherServer("backfill:" + id + ":2026-01-02T00:00:00Z");
    given().post(BACKFILLS + "/" + id + "/cancel").then().statusCode(200);
    starts.start(due);
    given()
        .get(BACKFILLS + "/" + id)
        .then()
        .body("waiting", equalTo(0))
        .body("running", equalTo(1))
        .body("skipped", equalTo(1));
    assertThat(states("single")).containsExactly("RUNNING");
  }

  private FireStore.Due takenByAnotherServer(String key) {
    return db.inTransaction(tx ->
        tx.createQuery(
                """
                update orchestrator.fire set due_at = now() + interval '1 day'
                where key = :key
                returning number, key, time, wanted::text as wanted, deadline_at, schedule, backfill
                """)
            .bind("key", key)
            .mapTo(FireStore.Due.class)
            .one());
  }

  private static List<String> states(String pipeline) {
    return given().get("/api/v1/pipeline-runs?pipeline=" + pipeline).path("items.state");
  }

  @Test
  void whatIsWrongWithABackfillIsSaidAtOnce() {
    backfill("{\"schedule\": \"none\", \"from\": \"then\", \"parallel\": 0, \"form\": 1}")
        .statusCode(422)
        .body("code", equalTo("BACKFILL_INVALID"))
        .body("errors.path", hasItems("schedule", "from", "to", "parallel", "form"));
    backfill(
            "{\"pipeline\": \"scheduled\", \"every\": \"1s\", \"from\": \"2026-01-01\", \"to\": \"2026-01-02\"}")
        .statusCode(422)
        .body("errors.code", everyItem(equalTo("TOO_MANY_TIMES")));
    backfill(
            "{\"pipeline\": \"scheduled\", \"every\": \"1h\", \"from\": \"2026-01-02\", \"to\": \"2026-01-01\"}")
        .statusCode(422)
        .body("errors.code", everyItem(equalTo("INVALID_RANGE")));
  }
}
