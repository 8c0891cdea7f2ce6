package dev.pipewright.cli.exporter;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.api.Experiment;
import dev.pipewright.contract.api.MetricHistory;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.TrackedRun;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// A server with one experiment, `shop`, in pages of two runs.
final class FakeServer implements AutoCloseable {
  private static final int PAGE = 2;

  final List<TrackedRun> runs = new ArrayList<>();

  /// The values of each metric by `run/key`; the step is the place.
  final Map<String, double[]> histories = new HashMap<>();

  /// What was asked for.
  final List<String> calls = new ArrayList<>();

  private final HttpServer http;

  FakeServer() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/api/v1/", this::answer);
    http.start();
  }

  Pipewright connect() {
    return Pipewright.connect(URI.create("http://127.0.0.1:" + http.getAddress().getPort()));
  }

  private void answer(HttpExchange exchange) throws IOException {
    var path = exchange.getRequestURI().getPath().substring("/api/v1/".length());
    var query = new HashMap<String, String>();
    if (exchange.getRequestURI().getQuery() != null) {
      for (var param : exchange.getRequestURI().getQuery().split("&", -1)) {
        query.put(param.substring(0, param.indexOf('=')), param.substring(param.indexOf('=') + 1));
      }
    }
    calls.add(path + query);
    var parts = path.split("/", 4);
    Object answer =
        switch (parts[0]) {
          case "experiments" ->
              new Page<>(List.of(new Experiment("7", "shop", runs.size(), Instant.EPOCH)), null);
          case "runs" ->
              parts.length == 1
                  ? page(Integer.parseInt(query.getOrDefault("after", "0")))
                  : history(parts[1], parts[3], query);
          default -> gone(path);
        };
    var bytes = Json.MAPPER.writeValueAsBytes(answer);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(
        answer instanceof Problem problem ? problem.status() : 200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private Page<TrackedRun> page(int from) {
    int to = Math.min(from + PAGE, runs.size());
    return new Page<>(runs.subList(from, to), to < runs.size() ? String.valueOf(to) : null);
  }

  private Object history(String run, String key, Map<String, String> query) {
    var values = histories.get(run + "/" + key);
    if (values == null) {
      return gone(key);
    }
    long from = Long.parseLong(query.getOrDefault("from", "0"));
    long to = Long.parseLong(query.getOrDefault("to", String.valueOf(values.length - 1)));
    int most = Integer.parseInt(query.getOrDefault("points", String.valueOf(values.length)));
    long total = to - from + 1;
    int count = (int) Math.min(most, total);
    var steps = IntStream.range(0, count).mapToLong(i -> from + i * total / count).toArray();
    return new MetricHistory(
        run,
        key,
        total,
        steps,
        LongStream.of(steps).map(step -> 1000 + step).toArray(),
        LongStream.of(steps).mapToDouble(step -> values[(int) step]).toArray());
  }

  private static Problem gone(String what) {
    return Problem.of(ProblemCode.METRIC_NOT_FOUND, "There is no " + what + ".");
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
