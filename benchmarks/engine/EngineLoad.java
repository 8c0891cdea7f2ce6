import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pipewright.client.Pipewright;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Drives a server through the workloads that orchestrators are compared by, and prints one line of a
/// table for each. All times are the server's own, as it stored them.
///
/// Usage: EngineLoad URL HOME ROUNDS CELL…
public final class EngineLoad {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FIBO = "f=lambda n:n if n<2 else f(n-1)+f(n-2);f(%d)";
  private static final String NOOP = "uses: pipewright/noop@v1";
  private static final String SECRET = "a secret of the benchmark";

  private final String url;
  private final Path home;
  private final int rounds;
  private final Pipewright pipewright;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private EngineLoad(String url, Path home, int rounds) {
    this.url = url;
    this.home = home;
    this.rounds = rounds;
    this.pipewright = Pipewright.connect(URI.create(url));
  }

  public static void main(String[] args) throws Exception {
    var load = new EngineLoad(args[0], Path.of(args[1]), Integer.parseInt(args[2]));
    load.warmUp();
    for (var cell : Arrays.copyOfRange(args, 3, args.length)) {
      switch (cell) {
        case "W1a" -> load.w1a();
        case "W1b" -> load.w1b();
        case "W1c" -> load.w1c();
        case "W2" -> load.w2();
        case "K1" -> load.k1();
        case "K2" -> load.k2();
        case "K3" -> load.k3();
        case "S1" -> load.s1();
        case "A2" -> load.a2();
        default -> throw new IllegalArgumentException("no such cell: " + cell);
      }
    }
  }

  private void warmUp() throws Exception {
    var pipeline = apply("warm-up", chain(20, NOOP));
    for (int i = 0; i < 10; i++) {
      run(pipeline);
    }
    run(apply("warm-up-wide", wide(500, null)));
  }

  // Sequences -------------------------------------------------------------------------------------

  private void w1a() throws Exception {
    var python = List.of(python(), "-c", FIBO.formatted(10));
    var pipeline = apply("w1a", chain(40, command(python)));
    var bare = new ArrayList<Double>();
    var ours = new ArrayList<Timing>();
    var cpu = new Cpu();
    for (int i = 0; i < rounds * 3; i++) {
      bare.add(bare(python, 40));
      ours.add(timing(run(pipeline)));
    }
    var used = cpu.since(40 * rounds * 3);
    double floor = median(bare);
    double total = median(ours.stream().map(Timing::total).toList());
    line(
        "W1a", "40 × fibo(10), a Python process each", "%.2f s".formatted(total),
        "%.1f ms a task over a bare loop (%.2f s), %.1f outside of attempts; %s"
            .formatted(
                (total - floor) * 1000 / 40,
                floor,
                median(ours.stream().map(t -> t.overhead(40)).toList()),
                used),
        "Kestra 6.04 s, Windmill 4.38 s");
  }

  private void w1b() throws Exception {
    var pipeline = apply("w1b", chain(40, NOOP));
    var ours = new ArrayList<Timing>();
    var cpu = new Cpu();
    for (int i = 0; i < rounds * 3; i++) {
      ours.add(timing(run(pipeline)));
    }
    var used = cpu.since(40 * rounds * 3);
    line(
        "W1b", "40 tasks in a row, resident worker",
        "%.3f s".formatted(median(ours.stream().map(Timing::total).toList())),
        "%.2f ms a task; %s".formatted(median(ours.stream().map(t -> t.overhead(40)).toList()), used),
        "Hatchet 28, Windmill dedicated 49, Prefect 55, Temporal 66 ms a task");
  }

  private void w1c() throws Exception {
    var python = List.of(python(), "-c", FIBO.formatted(33));
    var pipeline = apply("w1c", chain(10, command(python)));
    double floor = bare(python, 10);
    var timing = timing(run(pipeline));
    line(
        "W1c", "10 × fibo(33), a Python process each", "%.2f s".formatted(timing.total),
        "%.1f ms a task outside of it, %.1f ms over a bare loop (%.2f s)"
            .formatted(timing.overhead(10), (timing.total - floor) * 100, floor),
        "Temporal 25, Hatchet 30 ms a task");
  }

  private void w2() throws Exception {
    for (int workers : new int[] {1, 10}) {
      var pipeline = workers == 1 ? apply("w2", chain(400, NOOP)) : apply("w2-10", wide(400, 10));
      var totals = new ArrayList<Double>();
      for (int i = 0; i < rounds; i++) {
        totals.add(total(run(pipeline)));
      }
      line(
          "W2", workers == 1 ? "400 tasks in a row" : "400 tasks, 10 at once, one fan-out",
          "%.2f s".formatted(median(totals)),
          "%.2f ms a task".formatted(median(totals) * 1000 / 400),
          workers == 1
              ? "Windmill 19.70, Hatchet 35.85, Temporal 39.02 s"
              : "Temporal 4.27, Windmill 7.22, Hatchet 37.81 s");
    }
  }

  // Runs a minute ---------------------------------------------------------------------------------

  private void k1() throws Exception {
    apply("k1", "name: k1\ntasks:\n" + task("first", NOOP, null) + task("second", NOOP, "first"));
    trigger("k1");
    for (int rate : new int[] {1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000}) {
      if (!atRate("K1", "k1", "hook to 2 tasks", rate, 2, k1Peer(rate))) {
        return;
      }
    }
  }

  private static String k1Peer(int rate) {
    return switch (rate) {
      case 1_000 -> "Kestra 115/151 ms";
      case 2_000 -> "Kestra 111/159 ms";
      case 3_000 -> "Kestra 122/188 ms";
      case 4_000 -> "Kestra 150/370 ms";
      case 5_000 -> "Kestra 10,833/40,504 ms";
      default -> "Kestra does not reach it";
    };
  }

  private void k2() throws Exception {
    var text = new StringBuilder("name: k2\nparams: { n: { type: int, default: 1 } }\ntasks:\n");
    for (int i = 0; i < 5; i++) {
      text.append(task("if" + i, NOOP, i == 0 ? null : "then" + (i - 1)));
      text.append(task("then" + i, NOOP, "if" + i)).append("    when: \"${{ params.n > 0 }}\"\n");
    }
    apply("k2", text.toString());
    trigger("k2");
    for (int rate : new int[] {200, 600, 1_200, 1_800}) {
      var peer =
          switch (rate) {
            case 200 -> "Kestra 367 ms";
            case 1_200 -> "Kestra 863/1,320 ms";
            case 1_800 -> "Kestra 31,968 ms at 1,400";
            default -> "";
          };
      if (!atRate("K2", "k2", "5 conditions with a task each", rate, 10, peer)) {
        return;
      }
    }
  }

  /// Open loop: a call is made when it is due, however long those before it take, and its latency
  /// counts from when it was due.
  ///
  /// @return whether the server kept up
  private boolean atRate(
      String cell, String pipeline, String what, int rate, int tasks, String peer)
      throws Exception {
    int seconds = 30;
    int calls = rate * seconds / 60;
    var due = new ConcurrentHashMap<String, Instant>();
    var failed = new ConcurrentHashMap<Integer, String>();
    var cpu = new Cpu();
    var begin = Instant.now().plusMillis(200);
    var open = new Semaphore(0);
    for (int i = 0; i < calls; i++) {
      var at = begin.plusNanos((long) (i * 60e9 / rate));
      long wait = Duration.between(Instant.now(), at).toNanos();
      if (wait > 0) {
        Thread.sleep(Duration.ofNanos(wait));
      }
      http.sendAsync(hook(pipeline), HttpResponse.BodyHandlers.ofString())
          .whenComplete((answer, failure) -> {
            if (failure != null || answer.statusCode() != 202) {
              failed.merge(failure != null ? -1 : answer.statusCode(), "1", (a, b) -> a + b);
            } else {
              due.put(runId(answer.body()), at);
            }
            open.release();
          });
    }
    open.acquire(calls);
    awaitIdle(pipeline);
    var used = cpu.since(calls * tasks);
    var ends = ends(pipeline, due.keySet());
    var latencies =
        due.entrySet().stream()
            .map(each -> millis(Duration.between(each.getValue(), ends.get(each.getKey()))))
            .sorted()
            .toList();
    double p99 = latencies.get((int) (latencies.size() * 0.99));
    line(
        cell, "%s, %,d a minute".formatted(what, rate),
        "%.0f/%.0f ms"
            .formatted(latencies.stream().mapToDouble(x -> x).average().orElseThrow(), p99),
        "p50 %.0f ms%s; %s"
            .formatted(
                latencies.get(latencies.size() / 2),
                failed.isEmpty()
                    ? ""
                    : ", refused: "
                        + failed.entrySet().stream()
                            .map(each -> each.getKey() + " × " + each.getValue().length())
                            .collect(Collectors.joining(", ")),
                used),
        peer);
    return p99 < 5_000;
  }

  private void trigger(String pipeline) throws Exception {
    var body = JSON.createObjectNode().put("pipeline", pipeline);
    body.putObject("hook").put("kind", "gitlab").put("secret", SECRET);
    var answer =
        http.send(
            HttpRequest.newBuilder(URI.create(url + "/api/v1/triggers/" + pipeline))
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(answer.body());
    }
  }

  private HttpRequest hook(String name) {
    return HttpRequest.newBuilder(URI.create(url + "/api/v1/triggers/" + name + "/hook"))
        .header("Content-Type", "application/json")
        .header("X-Gitlab-Token", SECRET)
        .header("X-Gitlab-Event-UUID", UUID.randomUUID().toString())
        .POST(HttpRequest.BodyPublishers.ofString("{\"n\":\"" + UUID.randomUUID() + "\"}"))
        .build();
  }

  private static String runId(String answer) {
    try {
      return JSON.readTree(answer).get("runId").textValue();
    } catch (IOException e) {
      throw new IllegalStateException(answer, e);
    }
  }

  private void awaitIdle(String pipeline) throws Exception {
    for (int quiet = 0; quiet < 2; ) {
      Thread.sleep(200);
      var newest = get("/api/v1/pipeline-runs?limit=200&pipeline=" + pipeline).get("items");
      boolean over = true;
      for (var run : newest) {
        over &= run.hasNonNull("endedAt");
      }
      quiet = over ? quiet + 1 : 0;
    }
  }

  private Map<String, Instant> ends(String pipeline, Set<String> wanted) throws Exception {
    var ends = new HashMap<String, Instant>();
    for (var after = ""; ; ) {
      var page = get("/api/v1/pipeline-runs?limit=200&pipeline=" + pipeline + after);
      for (var run : page.get("items")) {
        var id = run.get("id").textValue();
        if (wanted.contains(id)) {
          if (!run.get("state").textValue().equals("SUCCEEDED")) {
            throw new IllegalStateException("run " + run + " did not succeed");
          }
          ends.put(id, Instant.parse(run.get("endedAt").textValue()));
        }
      }
      if (ends.size() == wanted.size() || !page.hasNonNull("next")) {
        break;
      }
      after = "&after=" + page.get("next").asText();
    }
    if (ends.size() != wanted.size()) {
      throw new IllegalStateException(
          "%d of %d runs are missing".formatted(wanted.size() - ends.size(), wanted.size()));
    }
    return ends;
  }

  // Many tasks ------------------------------------------------------------------------------------

  private void k3() throws Exception {
    for (int tasks : new int[] {100, 1_000, 10_000}) {
      var pipeline = apply("k3-" + tasks, wide(tasks, null));
      var totals = new ArrayList<Double>();
      var cpu = new Cpu();
      int times = tasks > 1_000 ? Math.max(1, rounds / 2) : rounds;
      for (int i = 0; i < times; i++) {
        totals.add(total(run(pipeline)));
      }
      var used = cpu.since(tasks * times);
      line(
          "K3", "fan-out of %,d".formatted(tasks), "%.2f s".formatted(median(totals)),
          "%,.0f tasks/s; %s".formatted(tasks / median(totals), used),
          tasks == 100 ? "Kestra 1.5 s" : "");
    }
  }

  private void s1() throws Exception {
    for (int slots : new int[] {10, 50, 100}) {
      var pipeline =
          apply(
              "s1-" + slots,
              wide(10_000, slots).replace(NOOP, NOOP + "\n    with: { seconds: 0.1 }")
                  + "    resources: { cpu: 0.01 }\n");
      double total = total(run(pipeline));
      line(
          "S1", "10,000 × 0.1 s, %d at once".formatted(slots), "%.1f s".formatted(total),
          "%.0f tasks/s, %.0f %% of what is possible"
              .formatted(10_000 / total, 100 * 10_000 / total / (slots * 10)),
          "Windmill %s tasks/s".formatted(slots == 10 ? "99.6" : slots == 50 ? "496" : "981"));
    }
  }

  private void a2() throws Exception {
    double first = 0;
    for (int tasks : new int[] {1_000, 10_000, 50_000}) {
      var source = layers("a2-" + tasks, tasks);
      long from = System.nanoTime();
      var pipeline = apply("a2-" + tasks, source);
      double submit = (System.nanoTime() - from) / 1e9;
      var cpu = new Cpu();
      double total = total(run(pipeline));
      var used = cpu.since(tasks);
      double each = total * 1000 / tasks;
      first = first == 0 ? each : first;
      line(
          "A2", "graph of %,d tasks, 3 needs each".formatted(tasks),
          "%.2f s read, %.1f s run".formatted(submit, total),
          "%.2f ms a task, %.2f times that of 1,000; %s; heap %d MiB"
              .formatted(each, each / first, used, heap()),
          "");
    }
  }

  /// The heap in use after the last collection, as the server measures it.
  private long heap() throws Exception {
    var metrics =
        http.send(
                HttpRequest.newBuilder(URI.create(url + "/q/metrics")).build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    return metrics
            .lines()
            .filter(line -> line.startsWith("jvm_gc_live_data_size_bytes"))
            .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
            .sum()
        >> 20;
  }

  private static String layers(String name, int tasks) {
    var text = new StringBuilder("name: " + name + "\ntasks:\n");
    int width = 100;
    for (int i = 0; i < tasks; i++) {
      int above = (i / width - 1) * width;
      int column = i % width;
      text.append("  t").append(i).append(":\n    ").append(NOOP).append('\n');
      if (above >= 0) {
        text.append("    needs: [t%d, t%d, t%d]\n"
            .formatted(above + column, above + (column + 1) % width, above + (column + 7) % width));
      }
    }
    return text.toString();
  }

  // Pipelines and runs ----------------------------------------------------------------------------

  private static String command(List<String> words) {
    return "command: " + JSON.valueToTree(words);
  }

  private static String task(String name, String work, String needs) {
    return "  %s:\n    %s\n%s"
        .formatted(name, work, needs == null ? "" : "    needs: [" + needs + "]\n");
  }

  private static String chain(int tasks, String work) {
    return "name: NAME\ntasks:\n"
        + IntStream.range(0, tasks)
            .mapToObj(i -> task("t" + i, work, i == 0 ? null : "t" + (i - 1)))
            .collect(Collectors.joining());
  }

  private static String wide(int tasks, Integer atOnce) {
    var items = IntStream.range(0, tasks).mapToObj(String::valueOf).collect(Collectors.joining(","));
    return "name: NAME\ntasks:\n  each:\n    %s\n    matrix: { i: [%s] }\n%s"
        .formatted(NOOP, items, atOnce == null ? "" : "    maxParallel: " + atOnce + "\n");
  }

  private String apply(String name, String source) {
    pipewright.pipelines().apply(source.replace("name: NAME", "name: " + name), List.of());
    return name;
  }

  /// @return the run's id, once it has succeeded
  private String run(String pipeline) throws Exception {
    var id = start(pipeline);
    while (true) {
      Thread.sleep(20);
      var run = summary(pipeline);
      if (!run.get("id").textValue().equals(id)) {
        throw new IllegalStateException("somebody else runs " + pipeline);
      }
      switch (run.get("state").textValue()) {
        case "SUCCEEDED" -> {
          return id;
        }
        case "FAILED", "CANCELLED" -> throw new IllegalStateException(run.toString());
        default -> {}
      }
    }
  }

  private String start(String pipeline) throws Exception {
    var answer =
        http.send(
            HttpRequest.newBuilder(URI.create(url + "/api/v1/pipelines/" + pipeline + "/runs"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(answer.body());
    }
    return JSON.readTree(answer.body()).get("id").textValue();
  }

  private JsonNode summary(String pipeline) throws Exception {
    return get("/api/v1/pipeline-runs?limit=1&pipeline=" + pipeline).get("items").get(0);
  }

  private JsonNode get(String path) throws Exception {
    var answer =
        http.send(
            HttpRequest.newBuilder(URI.create(url + path)).build(),
            HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(answer.body());
    }
    return JSON.readTree(answer.body());
  }

  private record Timing(double total, double execution) {
    double overhead(int tasks) {
      return (total - execution) * 1000 / tasks;
    }
  }

  /// From when the run was made until its last task ended.
  private double total(String id) throws Exception {
    for (var run : get("/api/v1/pipeline-runs?limit=20").get("items")) {
      if (run.get("id").textValue().equals(id)) {
        return seconds(instant(run, "createdAt"), instant(run, "endedAt"));
      }
    }
    throw new IllegalStateException("run " + id + " is not among the newest");
  }

  private Timing timing(String id) throws Exception {
    var run = pipewright.runs().get(id);
    double execution =
        run.tasks().stream()
            .flatMap(task -> task.attempts().stream())
            .mapToDouble(attempt -> seconds(attempt.startedAt(), attempt.endedAt()))
            .sum();
    return new Timing(seconds(run.createdAt(), run.endedAt()), execution);
  }

  /// The interpreter itself: what stands for it in the PATH may be a script that looks for it, which
  /// takes longer than the interpreter does.
  private static String python() throws Exception {
    var process = new ProcessBuilder("python3", "-c", "import sys; print(sys.executable)").start();
    try (var said = process.inputReader()) {
      return said.readLine();
    }
  }

  private static double bare(List<String> command, int times) throws Exception {
    long from = System.nanoTime();
    for (int i = 0; i < times; i++) {
      if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
        throw new IllegalStateException(command + " failed");
      }
    }
    return (System.nanoTime() - from) / 1e9;
  }

  private static Instant instant(JsonNode run, String field) {
    return Instant.parse(run.get(field).textValue());
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e9;
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  private static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  private static void line(String... cells) {
    System.out.println("| " + String.join(" | ", cells) + " |");
  }

  /// The processor time of everything that belongs to the home folder.
  private final class Cpu {
    private final Map<String, Double> before = now();

    /// In milliseconds a task, by process.
    String since(int tasks) {
      return "CPU "
          + now().entrySet().stream()
              .map(each ->
                  String.format(
                      Locale.ROOT,
                      "%s %.2f",
                      each.getKey(),
                      (each.getValue() - before.getOrDefault(each.getKey(), 0.0)) / tasks))
              .collect(Collectors.joining(", "))
          + " ms";
    }

    private Map<String, Double> now() {
      var used = new TreeMap<String, Double>();
      try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
        for (var process : processes) {
          try {
            var command =
                Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1)
                    .replace('\0', ' ');
            var name = name(process, command);
            if (name != null) {
              var stat = Files.readString(process.resolve("stat"));
              var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
              // User and system time, that of children which have ended included; in ticks of 10 ms.
              long ticks = 0;
              for (int i = 11; i <= 14; i++) {
                ticks += Long.parseLong(fields[i]);
              }
              used.merge(name, ticks * 10.0, Double::sum);
            }
          } catch (IOException e) {
            // It has ended meanwhile.
          }
        }
      } catch (IOException e) {
        throw new IllegalStateException("processor time cannot be read", e);
      }
      return used;
    }

    private String name(Path process, String command) throws IOException {
      if (command.contains("postgres")) {
        return process.resolve("cwd").toRealPath().startsWith(home) ? "database" : null;
      }
      if (command.contains("quarkus-run.jar")) {
        return serverPid().equals(process.getFileName().toString()) ? "server" : null;
      }
      if (!command.contains(home.toString())) {
        return null;
      }
      return command.contains("runner.Main worker")
          ? "worker"
          : command.contains("kafka") ? "broker" : null;
    }

    private String serverPid() throws IOException {
      return JSON.readTree(home.resolve("server.json").toFile()).get("pid").asText();
    }
  }
}
