package dev.pipewright.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// A real HTTP server that gives the answers it was told to, in order, and remembers the requests.
final class ScriptedServer implements AutoCloseable {
  private final HttpServer server;
  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  final List<Request> requests = new CopyOnWriteArrayList<>();

  record Answer(int status, String type, String body, End end) {}

  enum End {
    WHOLE,
    CUT_OFF,
    HELD_OPEN
  }

  record Request(
      String line, @Nullable String idempotencyKey, @Nullable String lastEventId, String body) {}

  ScriptedServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  ScriptedServer json(int status, String body) {
    answers.add(new Answer(status, "application/json", body, End.WHOLE));
    return this;
  }

  ScriptedServer problem(int status, String body) {
    answers.add(new Answer(status, "application/problem+json", body, End.WHOLE));
    return this;
  }

  ScriptedServer events(String body) {
    answers.add(new Answer(200, "text/event-stream", body, End.WHOLE));
    return this;
  }

  /// Promises more than it sends, then hangs up: as when a server is killed.
  ScriptedServer eventsCutOff(String body) {
    answers.add(new Answer(200, "text/event-stream", body, End.CUT_OFF));
    return this;
  }

  /// Sends this and then nothing, until the server is closed.
  ScriptedServer eventsHeldOpen(String body) {
    answers.add(new Answer(200, "text/event-stream", body, End.HELD_OPEN));
    return this;
  }

  List<String> lines() {
    return requests.stream().map(Request::line).toList();
  }

  private void answer(HttpExchange exchange) {
    try (exchange) {
      var headers = exchange.getRequestHeaders();
      requests.add(
          new Request(
              exchange.getRequestMethod() + " " + exchange.getRequestURI(),
              headers.getFirst("Idempotency-Key"),
              headers.getFirst("Last-Event-ID"),
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
      var answer = answers.poll();
      if (answer == null) {
        throw new IllegalStateException("no answer is left for " + requests.getLast().line());
      }
      var body = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("Content-Type", answer.type());
      if (answer.end() == End.HELD_OPEN && body.length == 0) {
        closed.await();
      }
      boolean head = exchange.getRequestMethod().equals("HEAD");
      long length =
          head || body.length == 0 ? -1 : body.length + (answer.end() == End.WHOLE ? 0 : 100);
      exchange.sendResponseHeaders(answer.status(), length);
      if (length > 0) {
        exchange.getResponseBody().write(body);
        exchange.getResponseBody().flush();
      }
      if (answer.end() == End.HELD_OPEN) {
        closed.await();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
  }
}
