import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// Sends metrics over Kafka as runners do, and says how many points a second a server stored:
/// `java -cp CLASSPATH benchmarks/MetricLoad.java BROKER SERVER-URL [SECONDS [RUNS [KEYS [POINTS]]]]`, where POINTS
/// are those of one key in one event. The clock stops when the last point can be read from the server's API, not when it is
/// sent. The class path needs the contract's jar, kafka-clients, lz4-java, protobuf-java and slf4j-api.
class MetricLoad {
  private static final Pattern POINTS = Pattern.compile("\"points\":(\\d+)");

  public static void main(String... args) throws Exception {
    var load =
        new MetricLoad(args[0], number(args, 3, 50), number(args, 4, 10), number(args, 5, 100));
    var sent = load.send(Duration.ofSeconds(number(args, 2, 60)), () -> load.stored(args[1]));
    while (load.stored(args[1]) < sent) {
      Thread.sleep(100);
    }
    load.report();
  }

  private static int number(String[] args, int at, int otherwise) {
    return args.length > at ? Integer.parseInt(args[at]) : otherwise;
  }

  /// How much may be on the way before the sender waits, so that the figure is of a steady state.
  private static final long AHEAD = 3_000_000;

  private final String broker;
  private final int keys;
  private final int points;
  final List<String> runs = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicLong sent = new AtomicLong();
  private final long from = System.nanoTime();
  private double sending;

  MetricLoad(String broker, int runs, int keys, int points) {
    this.broker = broker;
    this.keys = keys;
    this.points = points;
    for (int i = 0; i < runs; i++) {
      this.runs.add(UUID.randomUUID().toString().replace("-", ""));
    }
  }

  interface Stored {
    long points() throws Exception;
  }

  long send(Duration howLong, Stored stored) throws Exception {
    var random = new SplittableRandom(1);
    long seq = 0;
    long checked = 0;
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", broker, "acks", "all", "linger.ms", 5, "batch.size", 256 * 1024,
            "compression.type", "lz4", "max.request.size", 8 * 1024 * 1024);
    try (var producer =
        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      while (System.nanoTime() - from < howLong.toNanos()) {
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
        while (sent.get() - checked > AHEAD && (checked = stored.points()) < sent.get() - AHEAD) {
          Thread.sleep(50);
        }
      }
    }
    sending = (System.nanoTime() - from) / 1e9;
    return sent.get();
  }

  private long stored(String server) throws Exception {
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

  void report() {
    double all = (System.nanoTime() - from) / 1e9;
    System.out.printf(
        "%,d points of %d runs with %d metrics: sent in %.1f s, %,.0f points/s; readable after %.1f s, %,.0f points/s%n",
        sent.get(), runs.size(), keys, sending, sent.get() / sending, all, sent.get() / all);
  }
}
