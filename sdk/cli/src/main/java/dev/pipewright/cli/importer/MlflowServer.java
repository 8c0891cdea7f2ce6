package dev.pipewright.cli.importer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.cli.importer.MlflowSource.Owner;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A server that speaks MLflow's protocol. A call that fails for a passing reason is made again, a
/// few times; a server that stays away ends the import, which can be started again.
final class MlflowServer implements AutoCloseable {
  private static final int ATTEMPTS = 5;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  private static final Duration ANSWER = Duration.ofMinutes(2);
  private static final Duration TRANSFER = Duration.ofHours(1);

  private final String base;
  private final Duration firstPause;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NORMAL)
          .connectTimeout(Duration.ofSeconds(10))
          .build();

  MlflowServer(URI uri) {
    this(uri, FIRST_PAUSE);
  }

  MlflowServer(URI uri, Duration firstPause) {
    this.base = uri.toString().replaceFirst("/+$", "");
    this.firstPause = firstPause;
  }

  /// @param query names and values by turns
  JsonNode get(String call, String... query) throws Refused {
    return json(request("/api/2.0/mlflow/" + call + query(query), ANSWER).GET());
  }

  JsonNode post(String call, ObjectNode body) throws Refused {
    return send("POST", call, body);
  }

  JsonNode send(String method, String call, ObjectNode body) throws Refused {
    return json(
        request("/api/2.0/mlflow/" + call, ANSWER)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body.toString())));
  }

  /// Every item of a search, page after page.
  void pages(String call, ObjectNode body, String items, Each each) throws Refused {
    for (var token = ""; ; ) {
      if (!token.isEmpty()) {
        body.put("page_token", token);
      }
      var page = post(call, body);
      for (var item : page.path(items)) {
        each.take(item);
      }
      token = page.path("next_page_token").asText("");
      if (token.isEmpty()) {
        return;
      }
    }
  }

  /// The same over GET.
  void pages(String call, String[] query, String items, Each each) throws Refused {
    var all = Arrays.copyOf(query, query.length + 2);
    all[query.length] = "page_token";
    for (var token = ""; ; ) {
      all[query.length + 1] = token;
      var page = get(call, token.isEmpty() ? query : all);
      for (var item : page.path(items)) {
        each.take(item);
      }
      token = page.path("next_page_token").asText("");
      if (token.isEmpty()) {
        return;
      }
    }
  }

  /// The id of an experiment, which is made if there is none of this name.
  ///
  /// @param tags for a new one
  String experiment(String name, ArrayNode tags) throws Refused {
    try {
      var there = get("experiments/get-by-name", "experiment_name", name).path("experiment");
      if (there.path("lifecycle_stage").asText().equals("deleted")) {
        throw new Refused(0, "the server has it among its deleted ones; restore it first");
      }
      return there.path("experiment_id").asText();
    } catch (Refused e) {
      if (e.status() != 404) {
        throw e;
      }
    }
    var create = Json.MAPPER.createObjectNode().put("name", name);
    create.set("tags", tags);
    return post("experiments/create", create).path("experiment_id").asText();
  }

  /// The files of a run or logged model, with their sizes.
  SortedMap<String, Long> files(Owner owner) throws Refused {
    var found = new TreeMap<String, Long>();
    files(owner, "", found);
    return found;
  }

  private void files(Owner owner, String folder, SortedMap<String, Long> found) throws Refused {
    var folders = new ArrayList<String>();
    var call =
        owner.model() ? "logged-models/" + owner.id() + "/artifacts/directories" : "artifacts/list";
    var query = new ArrayList<String>();
    if (!owner.model()) {
      query.addAll(List.of("run_id", owner.id()));
    }
    if (!folder.isEmpty()) {
      query.addAll(List.of(owner.model() ? "artifact_directory_path" : "path", folder));
    }
    pages(
        call,
        query.toArray(String[]::new),
        "files",
        file -> {
          var path = file.path("path").asText();
          if (file.path("is_dir").asBoolean()) {
            folders.add(path);
          } else {
            found.put(path, file.path("file_size").asLong());
          }
        });
    for (var below : folders) {
      files(owner, below, found);
    }
  }

  /// Fetches a file of a run or logged model.
  void download(Owner owner, String path, Path to) throws Refused {
    if (owner.model()) {
      download(
          "/ajax-api/2.0/mlflow/logged-models/" + owner.id() + "/artifacts/files",
          to,
          "artifact_file_path",
          path);
    } else {
      download("/get-artifact", to, "run_id", owner.id(), "path", path);
    }
  }

  private void download(String path, Path to, String... query) throws Refused {
    send(
        request(path + query(query), TRANSFER).GET(),
        info ->
            info.statusCode() == 200
                ? HttpResponse.BodySubscribers.mapping(
                    HttpResponse.BodySubscribers.ofFile(to), _ -> "")
                : HttpResponse.BodySubscribers.ofString(StandardCharsets.UTF_8));
  }

  /// Stores a file below a root such as `mlflow-artifacts:/1/2/artifacts`.
  void upload(String root, String path, Path file) throws Refused {
    try {
      upload(
          root,
          path,
          Files.size(file) == 0 ? BodyPublishers.noBody() : BodyPublishers.ofFile(file));
    } catch (IOException e) {
      throw new Refused(0, "'" + file + "' cannot be read: " + e.getMessage());
    }
  }

  void upload(String root, String path, byte[] content) throws Refused {
    upload(root, path, BodyPublishers.ofByteArray(content));
  }

  private void upload(String root, String path, BodyPublisher content) throws Refused {
    var uri = URI.create(root);
    if (!"mlflow-artifacts".equals(uri.getScheme())) {
      throw new Refused(0, "its files belong in " + root + ", which the server does not keep");
    }
    var address = "/api/2.0/mlflow-artifacts/artifacts" + uri.getRawPath() + "/" + encoded(path);
    json(
        request(address, TRANSFER).header("Content-Type", "application/octet-stream").PUT(content));
  }

  /// A path's parts as they stand in a URL.
  static String encoded(String path) {
    return Arrays.stream(path.split("/", -1))
        .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
        .collect(Collectors.joining("/"));
  }

  private HttpRequest.Builder request(String path, Duration timeout) {
    return HttpRequest.newBuilder(URI.create(base + path)).timeout(timeout);
  }

  private static String query(String... query) {
    var text = new StringBuilder();
    for (int i = 0; i < query.length; i += 2) {
      text.append(i == 0 ? '?' : '&').append(query[i]).append('=');
      text.append(URLEncoder.encode(query[i + 1], StandardCharsets.UTF_8));
    }
    return text.toString();
  }

  private JsonNode json(HttpRequest.Builder request) throws Refused {
    var body = send(request, BodyHandlers.ofString());
    var parsed = parsed(body);
    if (!parsed.isObject() && !body.isBlank()) {
      throw new Refused(0, base + " answered with what is not JSON; is it an MLflow server?");
    }
    return parsed;
  }

  private String send(HttpRequest.Builder builder, BodyHandler<String> handler) throws Refused {
    var request = builder.build();
    for (int attempt = 1; ; attempt++) {
      String failure;
      try {
        var answer = client.send(request, handler);
        int status = answer.statusCode();
        if (status < 400) {
          return answer.body();
        }
        failure = "%s answered %d".formatted(request.uri(), status);
        if (status < 500 && status != 429 && status != 408) {
          var message = parsed(answer.body()).path("message").asText("");
          throw new Refused(status, message.isEmpty() ? failure : message);
        }
      } catch (IOException e) {
        failure =
            "no answer from %s: %s"
                .formatted(
                    request.uri(), e.getMessage() == null ? "nobody listens" : e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw away("the import was interrupted");
      }
      if (attempt == ATTEMPTS) {
        throw away(failure);
      }
      pause(firstPause.multipliedBy(1L << attempt));
    }
  }

  private static void pause(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw away("the import was interrupted");
    }
  }

  private static ProblemException away(String failure) {
    return new ProblemException(
        ProblemCode.SERVER_UNREACHABLE,
        "The import stopped: " + failure + ".",
        "Start the import again when it answers; what is imported stays.");
  }

  private static JsonNode parsed(String body) {
    try {
      var parsed = Json.MAPPER.readTree(body);
      return parsed == null ? MissingNode.getInstance() : parsed;
    } catch (JsonProcessingException e) {
      // A page or plain text: there is nothing to read out of it.
      return MissingNode.getInstance();
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }
}
