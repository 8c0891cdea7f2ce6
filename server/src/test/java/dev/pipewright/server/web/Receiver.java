package dev.pipewright.server.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/// Who webhooks tell: keeps what came, and answers as a test wants it.
final class Receiver implements AutoCloseable {
  /// What one request said.
  record Told(String id, String timestamp, String signature, String body) {
    JsonNode json() {
      try {
        return Json.MAPPER.readTree(body);
      } catch (IOException e) {
        throw new AssertionError("not JSON: " + body, e);
      }
    }

    /// Such as `run created`.
    String event() {
      return json().path("entity").textValue() + " " + json().path("action").textValue();
    }
  }

  private final HttpServer server;
  private final List<Told> told = new CopyOnWriteArrayList<>();

  /// The next answers; 200 when there is none.
  final Queue<Integer> answers = new ConcurrentLinkedQueue<>();

  Receiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          var headers = exchange.getRequestHeaders();
          told.add(
              new Told(
                  headers.getFirst("X-MLflow-Delivery-Id"),
                  headers.getFirst("X-MLflow-Timestamp"),
                  headers.getFirst("X-MLflow-Signature"),
                  new String(exchange.getRequestBody().readAllBytes(), UTF_8)));
          var status = answers.poll();
          var body = "heard".getBytes(UTF_8);
          exchange.sendResponseHeaders(status == null ? 200 : status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/hook";
  }

  List<Told> told() {
    return told;
  }

  /// What came about one thing, which other tests beside this one do not know.
  List<Told> toldOf(String field, String value) {
    return told.stream()
        .filter(each -> each.json().path("data").path(field).asText().equals(value))
        .toList();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
