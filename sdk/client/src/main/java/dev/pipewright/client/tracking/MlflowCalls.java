package dev.pipewright.client.tracking;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/// MLflow's REST calls, each made once.
final class MlflowCalls implements AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration TRANSFER = Duration.ofMinutes(30);

  private final URI server;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  MlflowCalls(URI server) {
    this.server = server;
  }

  /// The call may succeed when it is made again: nobody answers, or with a failure of its own.
  static final class Away extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    /// @param status 0 when nobody answered
    Away(int status, String message) {
      super(message);
      this.status = status;
    }

    /// The server failed at this very call, and may do so each time.
    boolean isFailure() {
      return status == 500;
    }

    ProblemException problem() {
      var code =
          switch (status) {
            case 0 -> ProblemCode.SERVER_UNREACHABLE;
            case 500 -> ProblemCode.INTERNAL;
            default -> ProblemCode.UNAVAILABLE;
          };
      return new ProblemException(code, getMessage() + ".", this);
    }
  }

  /// The call will never succeed.
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    Refused(int status, String code, String message) {
      super(message);
      this.status = status;
      this.code = code;
    }

    String code() {
      return code;
    }

    ProblemException problem() {
      return new ProblemException(
          status == 404 ? ProblemCode.NOT_FOUND : ProblemCode.BAD_REQUEST,
          String.valueOf(getMessage()));
    }
  }

  JsonNode get(String call, Map<String, String> query) throws Away, Refused, InterruptedException {
    var params =
        query.entrySet().stream()
            .map(param -> param.getKey() + "=" + encoded(param.getValue()))
            .collect(Collectors.joining("&"));
    return send(request("mlflow/" + call + "?" + params, ANSWER).GET());
  }

  JsonNode post(String call, Object body) throws Away, Refused, InterruptedException {
    return send("POST", call, body);
  }

  JsonNode send(String method, String call, Object body)
      throws Away, Refused, InterruptedException {
    return send(
        request("mlflow/" + call, ANSWER)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofByteArray(json(body))));
  }

  /// @param root where the tracker says that files go
  void upload(String root, String path, Path file) throws Away, Refused, InterruptedException {
    var uri = URI.create(root);
    if (!"mlflow-artifacts".equals(uri.getScheme())) {
      throw new Refused(
          400, "", "Its files belong in " + root + ", which is not kept by the tracker.");
    }
    try {
      var content = BodyPublishers.ofFile(file);
      send(
          request(
                  "mlflow-artifacts/artifacts" + uri.getRawPath() + "/" + encodedPath(path),
                  TRANSFER)
              .header("Content-Type", "application/octet-stream")
              .PUT(content));
    } catch (FileNotFoundException e) {
      throw new Refused(400, "", "The spool's copy of '" + path + "' is gone: " + file);
    }
  }

  private HttpRequest.Builder request(String path, Duration timeout) {
    var base = server.toString();
    return HttpRequest.newBuilder(
            URI.create((base.endsWith("/") ? base : base + "/") + "api/2.0/" + path))
        .timeout(timeout);
  }

  private JsonNode send(HttpRequest.Builder request) throws Away, Refused, InterruptedException {
    try {
      var answer = client.send(request.build(), BodyHandlers.ofString());
      int status = answer.statusCode();
      if (status >= 500 || status == 429 || status == 408) {
        throw new Away(status, "%s answered %d: %s".formatted(answer.uri(), status, answer.body()));
      }
      var body = parse(answer.body());
      if (status >= 400) {
        throw new Refused(
            status,
            body.path("error_code").asText(""),
            body.hasNonNull("message")
                ? body.path("message").asText()
                : "%s answered %d".formatted(answer.uri(), status));
      }
      return body;
    } catch (IOException e) {
      throw new Away(
          0,
          "no server answers at %s: %s"
              .formatted(server, e.getMessage() == null ? "nobody listens there" : e.getMessage()));
    }
  }

  private static JsonNode parse(String body) {
    try {
      var parsed = Json.MAPPER.readTree(body);
      return parsed == null ? MissingNode.getInstance() : parsed;
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  private static byte[] json(Object body) {
    try {
      return body instanceof byte[] bytes ? bytes : Json.MAPPER.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("cannot be written as JSON: " + body, e);
    }
  }

  private static String encodedPath(String path) {
    return Arrays.stream(path.split("/", -1))
        .map(MlflowCalls::encoded)
        .collect(Collectors.joining("/"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }
}
