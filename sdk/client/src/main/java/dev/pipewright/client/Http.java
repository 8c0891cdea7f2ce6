package dev.pipewright.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JavaType;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The calls themselves: addresses, JSON, problems, repeats.
final class Http implements AutoCloseable {
  private static final Duration TRANSFER = Duration.ofMinutes(30);

  private final URI server;
  private final Retry retry;
  private final Duration answer;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  /// @param answer how long a call waits for its answer to begin
  Http(URI server, Retry retry, Duration answer) {
    this.server = server;
    this.retry = retry;
    this.answer = answer;
  }

  Retry retry() {
    return retry;
  }

  /// `/a/b?c=d` with everything that needs it encoded; params that are null are left out.
  static String path(List<String> segments, Map<String, ? extends @Nullable Object> query) {
    var path = segments.stream().map(Http::encoded).collect(Collectors.joining("/", "/", ""));
    var params =
        query.entrySet().stream()
            .filter(param -> param.getValue() != null)
            .map(param -> param.getKey() + "=" + encoded(String.valueOf(param.getValue())))
            .sorted()
            .collect(Collectors.joining("&"));
    return params.isEmpty() ? path : path + "?" + params;
  }

  <T> T get(String path, Class<T> type) {
    return read(get(path), Json.MAPPER.constructType(type));
  }

  <T> T get(String path, TypeReference<T> type) {
    return read(get(path), Json.MAPPER.constructType(type.getType()));
  }

  private HttpResponse<InputStream> get(String path) {
    return send(request(path, answer).GET(), true);
  }

  /// @param idempotencyKey makes the call repeatable; null for one that is made only once
  <T> T post(String path, @Nullable Object body, @Nullable String idempotencyKey, Class<T> type) {
    var request = request(path, answer);
    if (idempotencyKey != null) {
      request.header("Idempotency-Key", idempotencyKey);
    }
    if (body == null) {
      request.POST(BodyPublishers.noBody());
    } else {
      request.header("Content-Type", "application/json");
      request.POST(BodyPublishers.ofByteArray(json(body)));
    }
    return read(send(request, idempotencyKey != null), Json.MAPPER.constructType(type));
  }

  /// Whether there is something at the address.
  boolean exists(String path) {
    var request = request(path, answer).method("HEAD", BodyPublishers.noBody());
    var response = sendUnchecked(request, true);
    drain(response);
    if (response.statusCode() == 404) {
      return false;
    }
    requireSuccess(response, "");
    return true;
  }

  /// Makes what is at the address this; may be repeated.
  <T> T put(String path, Object body, Class<T> type) {
    var request =
        request(path, answer)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofByteArray(json(body)));
    return read(send(request, true), Json.MAPPER.constructType(type));
  }

  /// Not repeated: what is gone is not found the second time.
  void delete(String path) {
    drain(send(request(path, answer).DELETE(), false));
  }

  void put(String path, Path file) {
    try {
      var request =
          request(path, TRANSFER)
              .header("Content-Type", "application/octet-stream")
              .PUT(BodyPublishers.ofFile(file));
      drain(send(request, true));
    } catch (FileNotFoundException e) {
      throw new ProblemException(ProblemCode.INPUT_MISSING, "There is no file " + file + ".");
    }
  }

  /// Writes what is at the address into a file.
  ///
  /// @throws IOException when the file cannot be written, or the answer breaks off
  void download(String path, Path file) throws IOException {
    try (var body = send(request(path, answer).GET(), true).body()) {
      Files.copy(body, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /// The lines of a stream of server-sent events, from now on. Made once: whoever reads them knows
  /// better when to connect again.
  ///
  /// @param atMost after which the stream ends
  /// @throws IOException when the server cannot be reached
  Stream<String> events(String path, @Nullable String lastEventId, Duration atMost)
      throws IOException {
    var request = request(path, answer).header("Accept", "text/event-stream");
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    try {
      var response = client.send(request.GET().build(), BodyHandlers.ofInputStream());
      if (response.statusCode() >= 400) {
        requireSuccess(response, text(response));
      }
      var over = new CompletableFuture<Void>();
      var closed =
          over.completeOnTimeout(null, atMost.toMillis(), TimeUnit.MILLISECONDS)
              .thenRun(() -> close(response.body()));
      return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))
          .lines()
          .onClose(() -> {
            if (!closed.isDone()) {
              over.cancel(false);
              close(response.body());
            }
          });
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the server", e);
    }
  }

  private static void close(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Waits before another attempt.
  void pause(int failures) {
    try {
      Thread.sleep(retry.pause(failures));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the server", e);
    }
  }

  ProblemException unreachable(IOException e) {
    var why = e.getMessage() == null ? "nobody listens there" : e.getMessage();
    return new ProblemException(
        ProblemCode.SERVER_UNREACHABLE, "No server answers at %s: %s.".formatted(server, why), e);
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }

  private HttpRequest.Builder request(String path, Duration timeout) {
    var base = server.toString();
    return HttpRequest.newBuilder(
            URI.create((base.endsWith("/") ? base : base + "/") + "api/v1" + path))
        .timeout(timeout)
        .header("Accept", "application/json, application/problem+json");
  }

  private HttpResponse<InputStream> send(HttpRequest.Builder request, boolean repeatable) {
    var response = sendUnchecked(request, repeatable);
    if (response.statusCode() >= 400) {
      requireSuccess(response, text(response));
    }
    return response;
  }

  private HttpResponse<InputStream> sendUnchecked(HttpRequest.Builder builder, boolean repeatable) {
    var request = builder.build();
    for (int failures = 1; ; failures++) {
      boolean last = !repeatable || failures >= retry.attempts();
      try {
        var response = client.send(request, BodyHandlers.ofInputStream());
        if (last || !worthRepeating(response.statusCode())) {
          return response;
        }
        drain(response);
      } catch (IOException e) {
        if (last) {
          throw unreachable(e);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for the server", e);
      }
      pause(failures);
    }
  }

  private static boolean worthRepeating(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
  }

  private static void requireSuccess(HttpResponse<?> response, String body) {
    int status = response.statusCode();
    if (status < 400) {
      return;
    }
    if (response
        .headers()
        .firstValue("Content-Type")
        .orElse("")
        .startsWith("application/problem")) {
      try {
        throw new ProblemException(Json.MAPPER.readValue(body, Problem.class));
      } catch (JsonProcessingException e) {
        throw new ProblemException(
            ProblemCode.INTERNAL, "The server's error answer cannot be read: " + body, e);
      }
    }
    var code =
        switch (status) {
          case 404 -> ProblemCode.NOT_FOUND;
          case 503 -> ProblemCode.UNAVAILABLE;
          default -> status < 500 ? ProblemCode.BAD_REQUEST : ProblemCode.INTERNAL;
        };
    throw new ProblemException(
        code, "%s answered %d. %s".formatted(response.uri(), status, body).strip());
  }

  private <T> T read(HttpResponse<InputStream> response, JavaType type) {
    try (var body = response.body()) {
      return Json.MAPPER.readValue(body, type);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ProblemCode.INTERNAL,
          "The answer of %s is not what was expected: %s"
              .formatted(response.uri(), e.getOriginalMessage()),
          "Use a client of the server's version.");
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private String text(HttpResponse<InputStream> response) {
    try (var body = response.body()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private void drain(HttpResponse<InputStream> response) {
    text(response);
  }

  private static byte[] json(Object body) {
    try {
      return Json.MAPPER.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("cannot be written as JSON: " + body, e);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("%3A", ":");
  }
}
