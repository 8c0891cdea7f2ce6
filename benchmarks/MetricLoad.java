import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// Sends metrics over Kafka as runners do, and says how many points a second a server stored. `./dev bench ingest` runs it:
/// `MetricLoad BROKER SERVER-URL JDBC-URL SECONDS RUNS KEYS POINTS PID…`, where POINTS are those of one key in one event, and
/// the processes are those whose processor time is counted. A point counts when it can be read from the server's API.
class MetricLoad {
  private static final Pattern POINTS = Pattern.compile("\"points\":(\\d+)");

  /// The figure is of what follows, so that neither compiling nor the first chunks are in it.
  private static final int WARM_UP_SECONDS = 10;

  private static final int VERIFIED_RUNS = 3;

  /// The kernel counts in hundredths of a second, on every Linux there is.
  private static final double TICKS = 100;

  public static void main(String... args) throws Exception {
    var load =
        new MetricLoad(
            args[0],
            args[1],
            Integer.parseInt(args[4]),
            Integer.parseInt(args[5]),
            Integer.parseInt(args[6]));
    var processes = List.of(args).subList(7, args.length);
    var before = processorSeconds(processes);
    load.send(Duration.ofSeconds(Integer.parseInt(args[3])));
    long behind = load.sent.get() - load.stored();
    while (load.stored() < load.sent.get()) {
      Thread.sleep(100);
    }
    load.report(behind);
    load.verify();
    load.disk(args[2]);
    load.processors(processes, before);
  }

  /// How much may be on the way before the sender waits, so that the figure is of a steady state.
  private static final long AHEAD = 3_000_000;

  private final String broker;
  private final String server;
  private final int keys;
  private final int points;
  final List<String> runs = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicLong sent = new AtomicLong();
  private final long from = System.nanoTime();
  private volatile long readable;
  private double sending;
  private long events;
  private double steadyFrom;
  private long steadyPoints;
  private double steady;

  MetricLoad(String broker, String server, int runs, int keys, int points) {
    this.broker = broker;
    this.server = server;
    this.keys = keys;
    this.points = points;
    for (int i = 0; i < runs; i++) {
      this.runs.add(UUID.randomUUID().toString().replace("-", ""));
    }
  }

  private double seconds() {
    return (System.nanoTime() - from) / 1e9;
  }

  /// Looks every second how many points can be read, in a thread of its own.
  private void watch(Duration howLong) {
    try {
      while (seconds() < howLong.toSeconds()) {
        readable = stored();
        if (seconds() >= WARM_UP_SECONDS && steadyFrom == 0) {
          steadyFrom = seconds();
          steadyPoints = readable;
        } else if (steadyFrom > 0) {
          steady = (readable - steadyPoints) / (seconds() - steadyFrom);
        }
        Thread.sleep(1_000);
      }
    } catch (Exception e) {
      throw new IllegalStateException("the server's API does not say what can be read", e);
    }
  }

  private void send(Duration howLong) throws Exception {
    var random = new SplittableRandom(1);
    long seq = 0;
    var watcher = Thread.ofPlatform().start(() -> watch(howLong));
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", broker, "acks", "all", "linger.ms", 5, "batch.size", 256 * 1024,
            "compression.type", "lz4", "max.request.size", 8 * 1024 * 1024);
    try (var producer =
        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      while (seconds() < howLong.toSeconds()) {
        var at = Instant.now();
        for (var run : runs) {
          var logged = MetricsLogged.newBuilder();
          for (int key = 0; key < keys; key++) {
            var series = MetricSeries.newBuilder().setKey("metric-" + key);
            long time = at.toEpochMilli();
            for (int i = 0; i < points; i++) {
              series.addSteps(seq * points + i).addValues(random.nextDouble());
              series.addTimestamps(time += random.nextInt(4));
            }
            logged.addSeries(series);
          }
          var event =
              RunEvent.newBuilder()
                  .setRunId(run)
                  .setSource("load")
                  .setSeq(seq + 1)
                  .setAt(Timestamp.newBuilder().setSeconds(at.getEpochSecond()))
                  .setMetricsLogged(logged);
          producer.send(new ProducerRecord<>(Topics.RUN_EVENTS, run, event.build().toByteArray()));
          sent.addAndGet((long) keys * points);
        }
        seq++;
        while (sent.get() - readable > AHEAD && watcher.isAlive()) {
          Thread.sleep(20);
        }
      }
    }
    events = seq;
    sending = seconds();
    watcher.join();
  }

  private long stored() throws Exception {
    long all = 0;
    for (var run : runs) {
      var response =
          http.send(
              HttpRequest.newBuilder(URI.create(server + "/api/v1/runs/" + run)).build(),
              HttpResponse.BodyHandlers.ofString());
      var found = POINTS.matcher(response.body());
      while (response.statusCode() == 200 && found.find()) {
        all += Long.parseLong(found.group(1));
      }
    }
    return all;
  }

  private void report(long behind) {
    System.out.printf(
        "%,d points of %d runs with %d metrics%nsent      %,12.0f points/s%nreadable  %,12.0f points/s after the first %d s%n"
            + "behind    %,12d points when the sender stopped, all readable %.1f s later%n",
        sent.get(),
        runs.size(),
        keys,
        sent.get() / sending,
        steady,
        WARM_UP_SECONDS,
        behind,
        seconds() - sending);
  }

  /// Reads whole histories: each step must be there once.
  private void verify() throws Exception {
    long expected = events * points;
    for (var run : runs.subList(0, Math.min(VERIFIED_RUNS, runs.size()))) {
      var address = URI.create(server + "/api/v1/runs/" + run + "/metrics/metric-" + (keys - 1));
      var body =
          http.send(
                  HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString())
              .body();
      int at = body.indexOf("\"steps\":[") + 9;
      var steps = body.substring(at, body.indexOf(']', at)).split(",");
      for (int i = 0; i < steps.length; i++) {
        if (Long.parseLong(steps[i]) != i) {
          throw new IllegalStateException(address + " has step " + steps[i] + " in place of " + i);
        }
      }
      if (steps.length != expected) {
        throw new IllegalStateException(
            address + " has " + steps.length + " points of " + expected + " sent");
      }
    }
    System.out.printf("verified  %,12d points of each run looked at, each once%n", expected);
  }

  private void disk(String jdbcUrl) throws Exception {
    try (var connection = DriverManager.getConnection(jdbcUrl);
        var statement = connection.createStatement()) {
      for (int left = 1; left > 0; Thread.sleep(200)) {
        try (var rows = statement.executeQuery("select count(*) from tracker.metric_tail")) {
          rows.next();
          left = rows.getInt(1);
        }
      }
      double settled = bytes(statement);
      statement.execute("vacuum tracker.metric, tracker.metric_chunk, tracker.metric_tail");
      System.out.printf(
          "on disk   %12.2f bytes a point, %.2f after a plain vacuum%n",
          settled / sent.get(), bytes(statement) / sent.get());
    }
  }

  private static double bytes(Statement statement) throws Exception {
    try (var rows =
        statement.executeQuery(
            """
            select sum(pg_total_relation_size(name::regclass))
            from unnest(array['tracker.metric', 'tracker.metric_chunk', 'tracker.metric_tail']) name
            """)) {
      rows.next();
      return rows.getDouble(1);
    }
  }

  /// What a point costs, which does not depend on what else the machine does.
  private void processors(List<String> processes, Map<String, Double> before) throws Exception {
    var after = processorSeconds(processes);
    for (var process : processes) {
      var name = process.substring(0, process.indexOf('='));
      System.out.printf(
          "%-9s %12.2f processor seconds a million points%n",
          name, (after.get(name) - before.get(name)) / (sent.get() / 1e6));
    }
    double own = ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis() / 1e3;
    System.out.printf("%-9s %12.2f processor seconds a million points%n", "sender", own / (sent.get() / 1e6));
  }

  /// Each with the children it has and has had: PostgreSQL is a family.
  ///
  /// @param processes `name=pid`
  private static Map<String, Double> processorSeconds(List<String> processes) throws Exception {
    var seconds = new HashMap<String, Double>();
    for (var process : processes) {
      int sign = process.indexOf('=');
      var handle = ProcessHandle.of(Long.parseLong(process.substring(sign + 1))).orElseThrow();
      double ticks = 0;
      boolean first = true;
      for (var each : Stream.concat(Stream.of(handle), handle.children()).toList()) {
        var stat = Path.of("/proc/" + each.pid() + "/stat");
        if (process.startsWith("postgres") || first) {
          String[] fields;
          try {
            fields = Files.readString(stat).replaceFirst(".*\\) ", "").split(" ");
          } catch (NoSuchFileException e) {
            // A child that ended since it was listed counts with its parent, which asked for its end.
            continue;
          }
          ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
          if (first && process.startsWith("postgres")) {
            ticks += Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
          }
        }
        first = false;
      }
      seconds.put(process.substring(0, sign), ticks / TICKS);
    }
    return seconds;
  }
}
