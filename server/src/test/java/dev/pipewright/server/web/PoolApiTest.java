package dev.pipewright.server.web;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.notNullValue;

import dev.pipewright.platform.PlatformConfig;
import dev.pipewright.server.RealParts;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Pools and pruning over HTTP.
@QuarkusTest
@QuarkusTestResource(RealParts.class)
class PoolApiTest {
  private static final String POOLS = "/api/v1/pools/";
  private static final String RUNS = "/api/v1/pipeline-runs/";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Inject DataSource database;
  @Inject PlatformConfig platform;

  private static ValidatableResponse set(String name, String body) {
    return given().contentType(ContentType.JSON).body(body).put(POOLS + name).then();
  }

  private static ValidatableResponse apply(String source) {
    return given()
        .contentType(ContentType.JSON)
        .body(Map.of("source", source))
        .post("/api/v1/pipelines")
        .then();
  }

  private static String start(String pipeline) {
    return given()
        .contentType(ContentType.JSON)
        .body("{}")
        .post("/api/v1/pipelines/" + pipeline + "/runs")
        .then()
        .statusCode(201)
        .extract()
        .path("id");
  }

  private static void cancel(String run) {
    given().post(RUNS + run + "/cancel").then().statusCode(200);
    await().atMost(PATIENCE).until(() -> "CANCELLED".equals(given().get(RUNS + run).path("state")));
  }

  private static void awaitReady(String run) {
    await()
        .atMost(PATIENCE)
        .until(() -> "QUEUED".equals(given().get(RUNS + run).path("tasks[0].attempts[0].state")));
  }

  private static ValidatableResponse explain(String run, String task) {
    return given().get(RUNS + run + "/explain?task=" + task).then().statusCode(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a     | {\"slots\": 0}        | slots | 'slots' of pool 'a' is 0.",
        "a     | {\"slots\": 1000001}  | slots | is 1000001.",
        "a     | {}                    | slots | is null.",
        "a     | {\"slots\": \"many\"} | slots | The body is not the JSON",
        "A     | {\"slots\": 1}        | name  | cannot be the name of a pool",
        "a_b   | {\"slots\": 1}        | name  | cannot be the name of a pool",
      })
  void aPoolThatCannotBeIsRefused(String name, String body, String path, String detail) {
    set(name, body)
        .statusCode(400)
        .body("errors.path", contains(path))
        .body("code", equalTo("BAD_REQUEST"))
        .body("detail", containsString(detail));
    given().get(POOLS + name).then().statusCode(404).body("code", equalTo("POOL_NOT_FOUND"));
  }

  @Test
  void aPoolIsMadeChangedAndDeleted() {
    set("made", "{\"slots\": 2, \"description\": \"for two\"}").statusCode(201);
    set("made", "{\"slots\": 3}")
        .statusCode(200)
        .body("slots", equalTo(3))
        .body("description", equalTo("for two"))
        .body("taken", equalTo(0))
        .body("waiting", equalTo(0));
    given().get("/api/v1/pools").then().statusCode(200).body("items.name", hasItem("made"));
    given().delete(POOLS + "made").then().statusCode(204);
    given().delete(POOLS + "made").then().statusCode(404).body("code", equalTo("POOL_NOT_FOUND"));
  }

  @Test
  void whatNobodyCanHaveIsRefusedWithItsPlace() {
    set("small", "{\"slots\": 1}").statusCode(201);
    apply(
            """
            name: refused
            tasks:
              a: { command: ["true"], pools: { smal: 1 } }
              b: { command: ["true"], pools: { small: 2 } }
            """)
        .statusCode(422)
        .body("errors[0].code", equalTo("UNKNOWN_POOL"))
        .body("errors[0].line", equalTo(3))
        .body("errors[0].column", equalTo(36))
        .body("errors[0].remedy", containsString("Did you mean 'small'?"))
        .body("errors[1].code", equalTo("POOL_TOO_SMALL"))
        .body("errors[1].line", equalTo(4));
    given().get("/api/v1/pipelines/refused").then().statusCode(404);
  }

  /// Attempts of a server that is not here have it, so that nothing moves meanwhile.
  @Test
  void whatWaitsSaysForWhatAndForWhom() throws SQLException {
    set("bus", "{\"slots\": 2}").statusCode(201);
    apply(
            """
            name: passengers
            tasks:
              a: { command: ["true"], pools: { bus: 2 } }
            """)
        .statusCode(201);
    given()
        .delete(POOLS + "bus")
        .then()
        .statusCode(409)
        .body("code", equalTo("POOL_IN_USE"))
        .body("detail", containsString("'passengers'"));
    given().delete(POOLS + "bus?force=true").then().statusCode(204);
    var first = start("passengers");
    awaitReady(first);
    explain(first, "a")
        .body(
            "reasons[0]",
            equalTo(
                "It waits for pool 'bus', which is not there. Make it: pipewright pools set bus 2"));
    set("bus", "{\"slots\": 1}").statusCode(201);
    explain(first, "a")
        .body(
            "reasons[0]",
            containsString("It can never start: it takes 2 of pool 'bus', which has 1."));
    elsewhere(first);
    set("bus", "{\"slots\": 2}").body("taken", equalTo(2)).body("waiting", equalTo(0));
    var second = start("passengers");
    var third = start("passengers");
    awaitReady(second);
    awaitReady(third);
    int number = given().get(RUNS + first).path("number");
    var taken = "2 of 2 slots are taken, by 'a' of run #" + number + " (2)";
    explain(second, "a")
        .body(
            "reasons[0]", equalTo("It waits for pool 'bus', of which it takes 2: " + taken + "."));
    explain(third, "a").body("reasons[0]", containsString(taken + "; 1 is before it."));
    given()
        .get(RUNS + third + "/explain")
        .then()
        .body("reasons", hasItem(containsString("A task waits for pool 'bus'")));
    given().get(POOLS + "bus").then().body("waiting", equalTo(2));
    given()
        .get(POOLS + "bus/uses")
        .then()
        .statusCode(200)
        .body("holders.runId", contains(first))
        .body("holders[0].task", equalTo("a"))
        .body("holders[0].pipeline", equalTo("passengers"))
        .body("holders[0].run", equalTo(number))
        .body("holders[0].slots", equalTo(2))
        .body("waiters.runId", contains(second, third));
    given()
        .get(POOLS + "bus/uses?limit=1")
        .then()
        .body("holders.runId", contains(first))
        .body("waiters.runId", contains(second));
    given().get(POOLS + "bus/uses?limit=0").then().statusCode(400);
    given().get(POOLS + "none/uses").then().statusCode(404).body("code", equalTo("POOL_NOT_FOUND"));
    cancel(second);
    cancel(third);
    elsewhereIsOver(first);
    given().get(POOLS + "bus").then().body("taken", equalTo(0)).body("waiting", equalTo(0));
  }

  private void elsewhere(String run) throws SQLException {
    sql(
        "update orchestrator.attempt set state = 'LAUNCHING', server = 'elsewhere',"
            + " heartbeat_at = now() + interval '1 day' where run_id = '"
            + run
            + "'");
  }

  private void elsewhereIsOver(String run) throws SQLException {
    sql("delete from orchestrator.pipeline_run where id = '" + run + "'");
  }

  private void sql(String statement) throws SQLException {
    try (var connection = database.getConnection();
        var change = connection.createStatement()) {
      assertThat(change.executeUpdate(statement)).isEqualTo(1);
    }
  }

  @Test
  void pruningSaysWhatWouldGoAndDoesIt() throws IOException {
    apply(
            """
            name: pruned
            retention: { keepLast: 1 }
            tasks:
              ask: { approval: { message: "Well?" } }
            """)
        .statusCode(201);
    var oldest = start("pruned");
    cancel(oldest);
    var middle = start("pruned");
    cancel(middle);
    cancel(start("pruned"));
    var waiting = start("pruned");
    var checkpoint = platform.home().resolve("checkpoints");
    Files.createDirectories(checkpoint.resolve(oldest).resolve("a"));
    Files.writeString(checkpoint.resolve(oldest).resolve("a").resolve("weights"), "1");
    Files.createDirectories(checkpoint.resolve(waiting));
    var unknown = checkpoint.resolve(UUID.randomUUID().toString());
    Files.createDirectories(unknown);

    given()
        .post("/api/v1/prune?dryRun=true")
        .then()
        .statusCode(200)
        .body("dryRun", equalTo(true))
        .body("more", equalTo(false))
        .body("pipelines.find { it.pipeline == 'pruned' }.runs", equalTo(2))
        .body("pipelines.find { it.pipeline == 'pruned' }.rule", equalTo("keeps the last 1"))
        .body("pipelines.find { it.pipeline == 'pruned' }.first", notNullValue());
    given().get(RUNS + oldest).then().statusCode(200);
    given()
        .post("/api/v1/prune")
        .then()
        .statusCode(200)
        .body("pipelines.find { it.pipeline == 'pruned' }.runs", equalTo(2));
    given().get(RUNS + oldest).then().statusCode(404);
    given().get(RUNS + middle).then().statusCode(404);
    given().get(RUNS + "?pipeline=pruned").then().body("items.size()", equalTo(2));
    given().post("/api/v1/prune").then().body("pipelines", empty());
    await().atMost(PATIENCE).until(() -> !Files.exists(checkpoint.resolve(oldest)));
    assertThat(checkpoint.resolve(waiting)).exists();
    assertThat(unknown).as("of a run of another database").exists();
    given().delete(RUNS + waiting).then().statusCode(409).body("code", equalTo("RUN_NOT_ENDED"));
    cancel(waiting);
    given().delete(RUNS + waiting).then().statusCode(204);
    await().atMost(PATIENCE).until(() -> !Files.exists(checkpoint.resolve(waiting)));
  }
}
