package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// A store that MLflow wrote is imported, and the importer killed on its way, several times: in the
/// end everything is there once. One more import changes nothing.
@EnabledOnOs(OS.LINUX)
class ImportIT {
  private static final int RUNS = 90;
  private static final int POINTS = 300;
  private static final int DELETED = 5;
  private static final int WITH_EVENTS = 7;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String FROM = "pipewright.imported.from";
  private static final String DONE = "pipewright.imported.done";

  @Test
  void everythingOnce() throws Exception {
    try (var sandbox = Sandbox.create();
        var http = HttpClient.newHttpClient()) {
      var store = sandbox.folder().resolve("mlruns");
      writeStore(store);
      sandbox.up();
      var server = new Server(sandbox, http);

      for (int killAt : new int[] {1, RUNS / 4, RUNS / 2}) {
        var importer = sandbox.start("import", "mlflow", store.toString(), "--tensorboard");
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .until(() -> server.runs().size() >= killAt || !importer.isAlive());
        Sandbox.kill(importer.pid());
        assertThat(server.runs().size()).as("killed on its way").isBetween(killAt, RUNS - 1);
      }

      var second = sandbox.pipewright("import", "mlflow", store.toString(), "--tensorboard");
      assertThat(second.exitCode()).as(second.text()).isZero();
      requireEverything(server);
      var before = server.everything();

      var third = sandbox.pipewright("import", "mlflow", store.toString(), "--tensorboard");
      assertThat(third.exitCode()).as(third.text()).isZero();
      assertThat(third.text())
          .contains("Imported: 0 runs, 0 points, 0 files")
          .contains(RUNS + " runs were there already");
      assertThat(server.everything()).isEqualTo(before);
    }
  }

  private static void requireEverything(Server server) throws IOException {
    var runs = server.runs();
    assertThat(runs).hasSize(RUNS);
    for (int i = 0; i < RUNS; i++) {
      var run = runs.get("mlflow:" + id(i));
      assertThat(run).as("run " + i).isNotNull();
      var info = run.path("info");
      assertThat(info.path("status").textValue()).isEqualTo(i % 2 == 0 ? "FINISHED" : "FAILED");
      assertThat(info.path("lifecycle_stage").textValue())
          .isEqualTo(i == DELETED ? "deleted" : "active");
      assertThat(info.path("start_time").longValue()).isEqualTo(1_000 + i);
      var data = run.path("data");
      assertThat(pairs(data.path("params"))).isEqualTo(Map.of("nested/depth", "" + i));
      assertThat(pairs(data.path("tags")))
          .containsEntry("team", "vision")
          .containsEntry(DONE, "true");
      if (i != DELETED) {
        var id = info.path("run_id").textValue();
        var loss = server.get("/api/v1/runs/" + id + "/metrics/loss");
        assertThat(loss.path("steps")).hasSize(POINTS);
        for (int step = 0; step < POINTS; step++) {
          assertThat(loss.path("steps").get(step).longValue()).isEqualTo(step);
          assertThat(loss.path("values").get(step).asDouble()).isEqualTo(value(i, step));
        }
        assertThat(server.get("/api/v1/runs/" + id + "/metrics/odd").path("values").toString())
            .isEqualTo("[\"NaN\",\"-Infinity\"]");
        assertThat(server.text("/get-artifact?run_id=" + id + "&path=notes/a%20b.txt"))
            .isEqualTo("notes of " + i);
        if (i == WITH_EVENTS) {
          assertThat(server.get("/api/v1/runs/" + id + "/metrics/Loss/train").path("steps"))
              .hasSize(20);
          assertThat(
                  server
                      .get("/api/2.0/mlflow/artifacts/list?path=images&run_id=" + id)
                      .path("files"))
              .hasSize(1);
        }
      }
    }
    var versions =
        server.get("/api/2.0/mlflow/model-versions/search?filter=").path("model_versions");
    assertThat(versions).hasSize(3);
    for (var version : versions) {
      if (version.path("version").asInt() == 3) {
        var model = version.path("source").textValue().substring("models:/".length());
        assertThat(
                server.text(
                    "/ajax-api/2.0/mlflow/logged-models/"
                        + model
                        + "/artifacts/files?artifact_file_path=MLmodel"))
            .isEqualTo("flavors: {}");
        continue;
      }
      var run = runs.get("mlflow:" + id(version.path("version").asInt())).path("info");
      assertThat(version.path("run_id")).isEqualTo(run.path("run_id"));
      assertThat(version.path("source").textValue())
          .isEqualTo(run.path("artifact_uri").textValue() + "/notes");
    }
    assertThat(
            server
                .get("/api/2.0/mlflow/registered-models/alias?name=shop&alias=champion")
                .at("/model_version/version")
                .asInt())
        .isEqualTo(2);
  }

  private static Map<String, String> pairs(JsonNode list) {
    var pairs = new HashMap<String, String>();
    list.forEach(each -> pairs.put(each.path("key").textValue(), each.path("value").textValue()));
    return pairs;
  }

  private static String id(int run) {
    return "%032x".formatted(run + 1);
  }

  private static double value(int run, int step) {
    return Math.sin(run * 1000 + step);
  }

  private static void writeStore(Path store) throws IOException {
    var experiment = store.resolve("1");
    write(
        experiment.resolve("meta.yaml"),
        "experiment_id: '1'\nname: shop\nlifecycle_stage: active\nartifact_location: x\n");
    for (int i = 0; i < RUNS; i++) {
      var run = experiment.resolve(id(i));
      write(
          run.resolve("meta.yaml"),
          """
          run_id: %s
          experiment_id: '1'
          run_name: run %d
          user_id: ann
          status: %d
          start_time: %d
          end_time: %d
          lifecycle_stage: %s
          """
              .formatted(
                  id(i),
                  i,
                  i % 2 == 0 ? 3 : 4,
                  1_000 + i,
                  9_000 + i,
                  i == DELETED ? "deleted" : "active"));
      write(run.resolve("params/nested/depth"), "" + i);
      write(run.resolve("tags/team"), "vision");
      var points = new StringBuilder();
      for (int step = 0; step < POINTS; step++) {
        points.append("%d %s %d\n".formatted(2_000 + step, value(i, step), step));
      }
      write(run.resolve("metrics/loss"), points.toString());
      write(run.resolve("metrics/odd"), "2000 nan 1\n2000 -inf 2\n");
      write(run.resolve("artifacts/notes/a b.txt"), "notes of " + i);
      if (i == WITH_EVENTS) {
        var events = run.resolve("artifacts/logs/events.out.tfevents.1.host");
        Files.createDirectories(events.getParent());
        Files.copy(Sandbox.ROOT.resolve("sdk/cli/src/test/resources/tensorboard/older"), events);
      }
    }
    var model = experiment.resolve("models/m-" + id(3));
    write(
        model.resolve("meta.yaml"),
        """
        model_id: m-%s
        experiment_id: '1'
        name: net
        status: 2
        creation_timestamp: 4000
        last_updated_timestamp: 4000
        source_run_id: %s
        """
            .formatted(id(3), id(3)));
    write(model.resolve("artifacts/MLmodel"), "flavors: {}");
    write(
        store.resolve("models/shop/version-3/meta.yaml"),
        """
        name: shop
        version: 3
        creation_timestamp: 5003
        source: models:/m-%s
        """
            .formatted(id(3)));
    write(store.resolve("models/shop/meta.yaml"), "name: shop\n");
    write(store.resolve("models/shop/aliases/champion"), "2");
    for (int version = 1; version <= 2; version++) {
      write(
          store.resolve("models/shop/version-" + version + "/meta.yaml"),
          """
          name: shop
          version: %d
          creation_timestamp: %d
          run_id: %s
          source: file:///gone/1/%s/artifacts/notes
          """
              .formatted(version, 5_000 + version, id(version), id(version)));
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private record Server(Sandbox sandbox, HttpClient http) {
    /// The imported runs by where they come from, deleted ones too. None is there twice.
    Map<String, JsonNode> runs() throws IOException {
      var body =
          Map.of(
              "experiment_ids",
              List.of(
                  get("/api/2.0/mlflow/experiments/get-by-name?experiment_name=shop")
                      .at("/experiment/experiment_id")
                      .textValue()),
              "run_view_type",
              "ALL",
              "max_results",
              1_000);
      var request =
          HttpRequest.newBuilder(uri("/api/2.0/mlflow/runs/search"))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(Json.MAPPER.writeValueAsString(body)))
              .build();
      var found = new TreeMap<String, JsonNode>();
      for (var run : Json.MAPPER.readTree(send(request)).path("runs")) {
        var from = pairs(run.path("data").path("tags")).get(FROM);
        assertThat(found.put(from, run)).as("run " + from + " twice").isNull();
      }
      return found;
    }

    /// All that an import could change, as text.
    String everything() throws IOException {
      var text = new StringBuilder();
      for (var run : runs().values()) {
        text.append(run).append('\n');
        var id = run.path("info").path("run_id").textValue();
        for (var folder : List.of("", "&path=notes", "&path=logs", "&path=images")) {
          text.append(text("/api/2.0/mlflow/artifacts/list?run_id=" + id + folder)).append('\n');
        }
      }
      return text
          + text("/api/2.0/mlflow/model-versions/search?filter=")
          + text("/api/2.0/mlflow/registered-models/search?max_results=100")
          + text("/api/v1/models")
          + text("/api/v1/runs?limit=1000");
    }

    JsonNode get(String path) throws IOException {
      return Json.MAPPER.readTree(text(path));
    }

    String text(String path) {
      return send(HttpRequest.newBuilder(uri(path)).build());
    }

    private URI uri(String path) {
      return URI.create("http://127.0.0.1:" + sandbox.port() + path);
    }

    private String send(HttpRequest request) {
      try {
        var answer = http.send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(request.uri() + ": " + answer.body()).isEqualTo(200);
        return answer.body();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for " + request.uri(), e);
      }
    }
  }
}
