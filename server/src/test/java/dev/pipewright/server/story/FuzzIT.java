package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// Damaged calls of the MLflow protocol, made out of good ones: each is answered in time, none with
/// a failure of the server's or a stack trace, and the server keeps its size.
///
/// `-Dpipewright.fuzz=PT1H` makes it the long one, `-Dpipewright.seed=…` repeats one.
@EnabledOnOs(OS.LINUX)
class FuzzIT {
  private static final Duration TIME =
      Duration.parse(System.getProperty("pipewright.fuzz", "PT20S"));
  private static final int CALLERS = 2;
  private static final int MOST_FAILURES = 20;
  private static final long LARGEST_PROCESS = 1_500L * 1024 * 1024;
  private static final Path CALLS = Sandbox.fixture("mlflow-calls.jsonl");

  private record Seed(String method, String path, JsonNode body) {}

  @Test
  void neverFails() throws Exception {
    long seed = Long.getLong("pipewright.seed", ThreadLocalRandom.current().nextLong());
    System.out.println("calls made with -Dpipewright.seed=" + seed);
    try (var sandbox = Sandbox.create()) {
      sandbox.up();
      var seeds = seeds(sandbox);
      var failures = new ArrayList<Throwable>();
      var callers = new ArrayList<Thread>();
      for (int i = 0; i < CALLERS; i++) {
        var caller = new Caller(sandbox, seeds, new Random(seed + i));
        callers.add(
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    caller.run();
                  } catch (Throwable e) {
                    synchronized (failures) {
                      failures.add(e);
                    }
                  }
                }));
      }
      for (var caller : callers) {
        caller.join();
      }
      if (!failures.isEmpty()) {
        throw new AssertionError(
            failures.stream().map(Throwable::getMessage).collect(Collectors.joining("\n\n")),
            failures.getFirst());
      }
      assertThat(residentBytes(sandbox.serverPid())).isLessThan(LARGEST_PROCESS);
      assertThat(Files.readString(sandbox.home().serverLog())).doesNotContain("OutOfMemory");
    }
  }

  private static long residentBytes(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElseThrow();
  }

  /// The good calls, with the ids of things that are really there.
  private static List<Seed> seeds(Sandbox sandbox) throws IOException {
    var http = HttpClient.newHttpClient();
    var base = "http://127.0.0.1:" + sandbox.port();
    var run =
        made(http, base + "/api/2.0/mlflow/runs/create", "{\"experiment_id\":\"0\"}")
            .at("/run/info/run_id")
            .textValue();
    var model =
        made(
                http,
                base + "/api/2.0/mlflow/logged-models",
                "{\"experiment_id\":\"0\",\"name\":\"m\"}")
            .at("/model/info/model_id")
            .textValue();
    made(http, base + "/api/2.0/mlflow/registered-models/create", "{\"name\":\"fuzz\"}");
    var seeds = new ArrayList<Seed>();
    for (var line : Files.readAllLines(CALLS)) {
      var call = Json.MAPPER.readTree(line.replace("RUN_ID", run).replace("MODEL_ID", model));
      seeds.add(
          new Seed(
              call.get("method").textValue(), call.get("path").textValue(), call.path("body")));
    }
    return seeds;
  }

  private static JsonNode made(HttpClient http, String address, String body) {
    try {
      var answer =
          http.send(
              HttpRequest.newBuilder(URI.create(address))
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofString(body))
                  .build(),
              BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      return Json.MAPPER.readTree(answer.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static final class Caller {
    private static final String[] WORDS = {
      "metrics.acc",
      "params.lr",
      "tags.`a b`",
      "attributes.status",
      "run_name",
      "status",
      "AND",
      "OR",
      "NOT",
      "(",
      ")",
      "=",
      "!=",
      ">",
      "<=",
      "LIKE",
      "ILIKE",
      "RLIKE",
      "IN",
      "IS",
      "NULL",
      "'x'",
      "\"y\"",
      "1",
      "-1e309",
      "0.5",
      "NaN",
      "'%'",
      "'\\'",
      "`",
      "'",
      ";",
      "--",
      "/*",
      "max(metrics.acc)",
      "datasets.name",
      "span.name",
      "feedback.good",
      "trace.text",
      "name",
      "version_number",
      ",",
      "."
    };

    private final HttpClient http =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final String base;
    private final List<Seed> seeds;
    private final Random random;

    Caller(Sandbox sandbox, List<Seed> seeds, Random random) {
      this.base = "http://127.0.0.1:" + sandbox.port();
      this.seeds = seeds;
      this.random = random;
    }

    void run() throws Exception {
      long end = System.nanoTime() + TIME.toNanos();
      var failures = new LinkedHashMap<String, AssertionError>();
      while (System.nanoTime() < end && failures.size() < MOST_FAILURES) {
        var seed = seeds.get(random.nextInt(seeds.size()));
        try {
          call(seed);
        } catch (AssertionError e) {
          failures.putIfAbsent(seed.method + seed.path, e);
        }
      }
      if (!failures.isEmpty()) {
        throw new AssertionError(
            failures.values().stream()
                .map(Throwable::getMessage)
                .collect(Collectors.joining("\n\n", failures.size() + " calls fail:\n\n", "")));
      }
    }

    private void call(Seed seed) throws Exception {
      var path = random.nextInt(8) == 0 ? damagedPath(seed.path) : seed.path;
      var request = HttpRequest.newBuilder().timeout(Duration.ofSeconds(30));
      String said;
      if (seed.method.equals("GET")) {
        said = path + query(mutate(seed.body, 0));
        request.uri(URI.create(base + said)).GET();
      } else {
        byte[] body = body(seed);
        said =
            path + " " + new String(body, 0, Math.min(body.length, 2_000), StandardCharsets.UTF_8);
        request
            .uri(URI.create(base + path))
            .header("Content-Type", type(seed))
            .header("x-mlflow-experiment-id", random.nextInt(4) == 0 ? "x" : "0")
            .method(seed.method, BodyPublishers.ofByteArray(body));
        if (seed.path.equals("/v1/traces") && random.nextBoolean()) {
          request.header("Content-Encoding", "gzip");
        }
      }
      check(seed.method + " " + said, send(request.build(), seed.method + " " + said));
    }

    private HttpResponse<String> send(HttpRequest request, String said) throws Exception {
      try {
        return http.send(request, BodyHandlers.ofString());
      } catch (IOException e) {
        throw new AssertionError("no answer to " + said, e);
      }
    }

    private static void check(String said, HttpResponse<String> answer) {
      // 501 says plainly that this server does not do it.
      if (answer.statusCode() >= 500 && answer.statusCode() != 501
          || answer.body().contains("\tat ")
          || answer.body().contains("java.lang.")) {
        throw new AssertionError(answer.statusCode() + " " + answer.body() + "\n  to " + said);
      }
    }

    private String type(Seed seed) {
      if (random.nextInt(20) == 0) {
        return "text/plain";
      }
      return seed.path.equals("/v1/traces") && random.nextBoolean()
          ? "application/x-protobuf"
          : "application/json";
    }

    private byte[] body(Seed seed) throws IOException {
      byte[] bytes =
          switch (random.nextInt(12)) {
            case 0 -> bytes(random.nextInt(300));
            case 1 -> "[".repeat(random.nextInt(20_000)).getBytes(StandardCharsets.UTF_8);
            default -> Json.MAPPER.writeValueAsBytes(mutate(seed.body, 0));
          };
      if (random.nextInt(10) == 0 && bytes.length > 0) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      if (seed.path.equals("/v1/traces") && random.nextBoolean()) {
        bytes = zipped(bytes);
      }
      return bytes;
    }

    private byte[] zipped(byte[] bytes) throws IOException {
      var out = new ByteArrayOutputStream();
      try (var zip = new GZIPOutputStream(out)) {
        zip.write(bytes);
        if (random.nextInt(50) == 0) {
          // Small here, large once unpacked.
          var zeros = new byte[1 << 20];
          for (int i = 0; i < 200; i++) {
            zip.write(zeros);
          }
        }
      }
      return out.toByteArray();
    }

    private byte[] bytes(int length) {
      var bytes = new byte[length];
      random.nextBytes(bytes);
      return bytes;
    }

    private String damagedPath(String path) {
      var evil =
          List.of(
              "%2e%2e",
              "%2F", "%00", "%ff", "%25", "..%5c", "%c3%28", "x".repeat(3_000), "%F0%9F%98%80");
      int at = path.lastIndexOf('/') + 1;
      return path.substring(0, at) + evil.get(random.nextInt(evil.size())) + path.substring(at);
    }

    private static String query(JsonNode parameters) {
      var query = new StringBuilder();
      parameters
          .properties()
          .forEach(each -> {
            var values =
                each.getValue().isArray()
                    ? each.getValue()
                    : Json.MAPPER.createArrayNode().add(each.getValue());
            for (var value : values) {
              query
                  .append(query.isEmpty() ? '?' : '&')
                  .append(URLEncoder.encode(each.getKey(), StandardCharsets.UTF_8))
                  .append('=')
                  .append(
                      URLEncoder.encode(
                          value.isTextual() ? value.textValue() : value.toString(),
                          StandardCharsets.UTF_8));
            }
          });
      // A head has a size of its own, which is the HTTP server's to keep.
      return query.length() > 6_000
          ? query.substring(0, 6_000).replaceAll("%.?$", "")
          : query.toString();
    }

    private JsonNode mutate(JsonNode node, int depth) {
      if (depth < 6 && random.nextInt(12) > 0) {
        if (node instanceof ObjectNode object) {
          var copy = Json.MAPPER.createObjectNode();
          object
              .properties()
              .forEach(each -> {
                if (random.nextInt(15) > 0) {
                  copy.set(
                      each.getKey(),
                      isFilter(each.getKey()) && random.nextBoolean()
                          ? filter()
                          : mutate(each.getValue(), depth + 1));
                }
              });
          return copy;
        }
        if (node instanceof ArrayNode array) {
          var copy = Json.MAPPER.createArrayNode();
          for (int times = depth == 1 && random.nextInt(20) == 0 ? 1_500 : 1; times > 0; times--) {
            array.forEach(each -> copy.add(mutate(each, depth + 1)));
          }
          return copy;
        }
        if (random.nextInt(4) > 0) {
          return node;
        }
      }
      return anything(node);
    }

    private static boolean isFilter(String key) {
      return key.startsWith("filter") || key.equals("order_by") || key.equals("page_token");
    }

    private JsonNode filter() {
      var words = new StringBuilder();
      int count = random.nextInt(50) == 0 ? 20_000 : random.nextInt(12);
      for (int i = 0; i < count; i++) {
        words.append(WORDS[random.nextInt(WORDS.length)]);
        if (random.nextInt(5) > 0) {
          words.append(' ');
        }
      }
      return JsonNodeFactory.instance.textNode(words.toString());
    }

    private JsonNode anything(JsonNode was) {
      var make = JsonNodeFactory.instance;
      return switch (random.nextInt(14)) {
        case 0 -> make.nullNode();
        case 1 -> make.numberNode(random.nextLong());
        case 2 -> make.numberNode(-random.nextInt(5));
        case 3 -> make.numberNode(1e308 * 10 * (random.nextBoolean() ? 1 : random.nextDouble()));
        case 4 -> make.booleanNode(random.nextBoolean());
        case 5 -> make.textNode("");
        case 6 -> make.textNode("x".repeat(random.nextInt(20_000)));
        case 7 -> make.textNode(new String(bytes(20), StandardCharsets.ISO_8859_1));
        case 8 -> make.textNode("a\0b");
        case 9 -> make.textNode("../../" + "é\uD83D\uDE00\uD800");
        case 10 -> make.arrayNode().add(was);
        case 11 -> make.objectNode().set("x", was);
        case 12 -> make.textNode(was.toString());
        default -> {
          try {
            yield Json.MAPPER.readTree("123456789012345678901234567890");
          } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
          }
        }
      };
    }
  }
}
