package dev.pipewright.client.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/// A real HTTP server that keeps what is logged as the tracker does, with the rules that make
/// repeating harmless, and that can lose answers or be away.
public final class FakeTracker implements AutoCloseable {
  private final HttpServer server;
  final Map<String, Run> runs = new ConcurrentHashMap<>();
  final Map<String, String> files = new ConcurrentHashMap<>();
  final Map<String, String> models = new ConcurrentHashMap<>();
  final List<String> calls = new CopyOnWriteArrayList<>();

  /// Of a call's address: what is then done, and not answered.
  volatile Predicate<String> losesAnswer = call -> false;

  volatile boolean away;

  /// @param points `key step value`
  public record Run(
      JsonNode started,
      Set<String> points,
      Map<String, String> params,
      Map<String, String> tags,
      List<String> ends) {}

  public FakeTracker() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  public Run only() {
    if (runs.size() != 1) {
      throw new AssertionError("runs: " + runs.keySet());
    }
    return runs.values().iterator().next();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      var body = exchange.getRequestBody().readAllBytes();
      var path = exchange.getRequestURI().getPath();
      calls.add(exchange.getRequestMethod() + " " + path);
      if (away) {
        exchange.sendResponseHeaders(503, -1);
        return;
      }
      int status = 200;
      Object answer;
      try {
        answer = handle(path.substring("/api/2.0/".length()), body);
      } catch (IllegalArgumentException e) {
        status = 400;
        answer = Map.of("error_code", "INVALID_PARAMETER_VALUE", "message", e.getMessage());
      }
      if (losesAnswer.test(path)) {
        return;
      }
      var bytes = Json.MAPPER.writeValueAsBytes(answer);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private Object handle(String call, byte[] body) throws IOException {
    if (call.startsWith("mlflow-artifacts/artifacts/")) {
      files.put(
          call.substring("mlflow-artifacts/artifacts/".length()),
          new String(body, StandardCharsets.UTF_8));
      return Map.of();
    }
    var json = body.length == 0 ? Json.MAPPER.createObjectNode() : Json.MAPPER.readTree(body);
    return switch (call) {
      case "mlflow/experiments/get-by-name" -> Map.of("experiment", Map.of("experiment_id", "7"));
      case "mlflow/runs/create" -> {
        var id = json.path("run_id").asText();
        runs.computeIfAbsent(
            id,
            missing ->
                new Run(
                    json,
                    ConcurrentHashMap.newKeySet(),
                    new ConcurrentHashMap<>(),
                    new ConcurrentHashMap<>(),
                    new CopyOnWriteArrayList<>()));
        yield info(id);
      }
      case "mlflow/runs/get" -> info(runs.keySet().iterator().next());
      case "mlflow/runs/log-batch" -> {
        log(json);
        yield Map.of();
      }
      case "mlflow/runs/update" -> {
        run(json).ends.add(json.path("status").asText());
        yield Map.of();
      }
      case "mlflow/runs/outputs" -> Map.of();
      case "mlflow/logged-models" -> {
        var id = json.path("model_id").asText();
        models.put(id, "PENDING");
        yield Map.of(
            "model", Map.of("info", Map.of("artifact_uri", "mlflow-artifacts:/7/models/" + id)));
      }
      default -> {
        models.put(json.path("model_id").asText(), json.path("status").asText());
        yield Map.of();
      }
    };
  }

  private static Object info(String id) {
    return Map.of(
        "run",
        Map.of(
            "info",
            Map.of(
                "run_id", id, "experiment_id", "7", "artifact_uri", "mlflow-artifacts:/7/" + id)));
  }

  private Run run(JsonNode json) {
    var run = runs.get(json.path("run_id").asText());
    if (run == null) {
      throw new IllegalArgumentException("no such run");
    }
    return run;
  }

  private void log(JsonNode json) {
    var run = run(json);
    int entries = json.path("metrics").size() + json.path("params").size();
    if (entries > 1000 || json.path("params").size() > 100 || json.path("tags").size() > 100) {
      throw new IllegalArgumentException("too many");
    }
    var params = pairs(json.path("params"));
    params.forEach((key, value) -> {
      if (!run.params.getOrDefault(key, value).equals(value)) {
        throw new IllegalArgumentException("param " + key + " has another value");
      }
    });
    run.params.putAll(params);
    run.tags.putAll(pairs(json.path("tags")));
    json.path("metrics")
        .forEach(each ->
            run.points.add(
                each.path("key").asText()
                    + " "
                    + each.path("step").asLong()
                    + " "
                    + each.path("value").asText()));
  }

  private static Map<String, String> pairs(JsonNode entries) {
    var pairs = new LinkedHashMap<String, String>();
    entries.forEach(each -> pairs.put(each.path("key").asText(), each.path("value").asText()));
    return pairs;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
