package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStoreContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Files from their upload to the collection of what nobody needs, with a whole server and either
/// store behind it.
@EnabledOnOs(OS.LINUX)
class StorageIT {
  private static final String KEY = "local-identity";
  private static final String SECRET = "local-credential";
  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts/";

  /// Content goes as soon as nothing refers to it.
  private static final Map<String, String> LOCAL = Map.of("PIPEWRIGHT_BLOBS_GRACE", "0s");

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void inTheHomeFolder() throws Exception {
    try (var sandbox = Sandbox.create()) {
      tell(sandbox, LOCAL);
      assertThat(sandbox.home().root().resolve("blobs")).isNotEmptyDirectory();
    }
  }

  @Test
  void inABucket(@TempDir Path folder) throws Exception {
    var properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", folder.toString());
    try (var sandbox = Sandbox.create();
        var context =
            ContextBuilder.newBuilder("filesystem-nio2")
                .credentials("x", "x")
                .overrides(properties)
                .build(BlobStoreContext.class)) {
      context.getBlobStore().createContainerInLocation(null, "models");
      var server =
          S3Proxy.builder()
              .blobStore(context.getBlobStore())
              .endpoint(URI.create("http://127.0.0.1:0"))
              .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, KEY, SECRET)
              .build();
      server.start();
      try {
        var settings = new HashMap<>(LOCAL);
        settings.putAll(
            Map.of(
                "PIPEWRIGHT_BLOBS_STORE", "s3",
                "PIPEWRIGHT_BLOBS_BUCKET", "models",
                "PIPEWRIGHT_BLOBS_PREFIX", "pipewright",
                "PIPEWRIGHT_BLOBS_ENDPOINT", "http://127.0.0.1:" + server.getPort(),
                "PIPEWRIGHT_BLOBS_PATH_STYLE", "true",
                "AWS_ACCESS_KEY_ID", KEY,
                "AWS_SECRET_ACCESS_KEY", SECRET));
        tell(sandbox, settings);
        assertThat(folder.resolve("models/pipewright")).isNotEmptyDirectory();
      } finally {
        server.stop();
      }
    }
  }

  private void tell(Sandbox sandbox, Map<String, String> settings) throws Exception {
    up(sandbox, settings);
    var stays = run(sandbox);
    var goes = run(sandbox);
    var served = run(sandbox);
    var shared = bytes(1, 300_000);
    var own = bytes(2, 6_000_000);
    var model = bytes(3, 1_000);
    put(sandbox, stays + "/shared.bin", shared);
    put(sandbox, goes + "/deep/shared.bin", shared);
    put(sandbox, goes + "/own.bin", own);
    put(sandbox, served + "/model/model.bin", model);
    // A version that has nothing in common with its run but the address of its files.
    post(sandbox, "registered-models/create", Map.of("name", "wine"));
    post(
        sandbox,
        "model-versions/create",
        Map.of("name", "wine", "source", "mlflow-artifacts:/" + served + "/model"));
    assertThat(part(sandbox, goes + "/own.bin", 5_000_000, 5_000_099))
        .isEqualTo(Arrays.copyOfRange(own, 5_000_000, 5_000_100));

    // Nothing is lost with the server, and nothing that somebody needs with the garbage.
    assertThat(sandbox.pipewright(settings, "down").exitCode()).isZero();
    up(sandbox, settings);
    for (var run : List.of(goes, served)) {
      post(sandbox, "runs/delete", Map.of("run_id", id(run)));
    }
    assertThat(gc(sandbox, settings, "--dry-run")).contains("Would be deleted", " 1 runs");
    assertThat(status(sandbox, PROXY + goes + "/own.bin")).isEqualTo(200);
    assertThat(gc(sandbox, settings)).contains(" 1 runs", " 1 files", "(2 are kept)");
    assertThat(status(sandbox, PROXY + goes + "/own.bin")).isEqualTo(404);
    assertThat(status(sandbox, "/api/v1/blobs/" + digest(own))).isEqualTo(404);
    assertThat(get(sandbox, PROXY + stays + "/shared.bin")).isEqualTo(shared);
    assertThat(get(sandbox, "/model-versions/get-artifact?name=wine&version=1&path=model.bin"))
        .isEqualTo(model);
    var refused = delete(sandbox, "/api/v1/runs/" + id(served) + "?permanent=true");
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(refused.body()).contains("RUN_IN_USE", "wine, version 1");

    // Without the version, its files go too.
    assertThat(
            delete(sandbox, "/api/2.0/mlflow/registered-models/delete", Map.of("name", "wine"))
                .statusCode())
        .isEqualTo(200);
    assertThat(gc(sandbox, settings)).contains(" 1 runs", " 1 files", "(1 are kept)");
    assertThat(status(sandbox, "/api/v1/blobs/" + digest(model))).isEqualTo(404);
    assertThat(get(sandbox, PROXY + stays + "/shared.bin")).isEqualTo(shared);
  }

  private static void up(Sandbox sandbox, Map<String, String> settings) {
    var said = sandbox.pipewright(settings, "up", "--detach");
    assertThat(said.exitCode()).as(said.text()).isZero();
  }

  private static String gc(Sandbox sandbox, Map<String, String> settings, String... more) {
    var said =
        more.length == 0
            ? sandbox.pipewright(settings, "gc", "--older-than", "0s")
            : sandbox.pipewright(settings, "gc", "--older-than", "0s", more[0]);
    assertThat(said.exitCode()).as(said.text()).isZero();
    return said.text();
  }

  private static byte[] bytes(long seed, int length) {
    var bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static String digest(byte[] content) {
    return Digests.of(content);
  }

  /// The location of a new run, below the server's.
  private String run(Sandbox sandbox) throws Exception {
    return post(sandbox, "runs/create", Map.of("experiment_id", "0", "start_time", 1))
        .at("/run/info/artifact_uri")
        .textValue()
        .replace("mlflow-artifacts:/", "");
  }

  private static String id(String location) {
    return location.split("/", -1)[1];
  }

  private static HttpRequest.Builder to(Sandbox sandbox, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandbox.port() + path));
  }

  private JsonNode post(Sandbox sandbox, String call, Map<String, ?> body) throws Exception {
    var answer =
        http.send(
            to(sandbox, "/api/2.0/mlflow/" + call)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(body)))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.MAPPER.readTree(answer.body());
  }

  private HttpResponse<String> delete(Sandbox sandbox, String path) throws Exception {
    return http.send(to(sandbox, path).DELETE().build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> delete(Sandbox sandbox, String path, Map<String, ?> body)
      throws Exception {
    return http.send(
        to(sandbox, path)
            .header("Content-Type", "application/json")
            .method("DELETE", BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(body)))
            .build(),
        BodyHandlers.ofString());
  }

  private void put(Sandbox sandbox, String path, byte[] content) throws Exception {
    var answer =
        http.send(
            to(sandbox, PROXY + path).PUT(BodyPublishers.ofByteArray(content)).build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  private byte[] get(Sandbox sandbox, String path) throws IOException, InterruptedException {
    var answer = http.send(to(sandbox, path).build(), BodyHandlers.ofByteArray());
    assertThat(answer.statusCode()).as(path).isEqualTo(200);
    return answer.body();
  }

  private byte[] part(Sandbox sandbox, String path, long first, long last) throws Exception {
    var answer =
        http.send(
            to(sandbox, PROXY + path).header("Range", "bytes=" + first + "-" + last).build(),
            BodyHandlers.ofByteArray());
    assertThat(answer.statusCode()).isEqualTo(206);
    return answer.body();
  }

  private int status(Sandbox sandbox, String path) throws Exception {
    return http.send(to(sandbox, path).build(), BodyHandlers.discarding()).statusCode();
  }
}
