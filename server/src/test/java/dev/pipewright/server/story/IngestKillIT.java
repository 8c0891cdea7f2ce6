package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunStarted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// `kill -9` of server, broker and database at random moments while metrics come in over REST and
/// over Kafka: every point that was acknowledged or produced is there, once, and no other.
///
/// `-Dpipewright.kills=50` or `-Dpipewright.kills.for=PT1H` makes it the long one.
@EnabledOnOs(OS.LINUX)
class IngestKillIT {
  private static final Duration LENGTH =
      Duration.parse(System.getProperty("pipewright.kills.for", "PT0S"));
  private static final int KILLS = Integer.getInteger("pipewright.kills", 4);
  private static final int POINTS = 50;
  private static final int RANGE = 100_000;
  private static final long START = 1_800_000_000_000L;
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @Test
  void everyPointOnce() throws Exception {
    long seed = Long.getLong("pipewright.seed", ThreadLocalRandom.current().nextLong());
    System.out.println("kills chosen with -Dpipewright.seed=" + seed);
    var random = new Random(seed);
    try (var sandbox = Sandbox.create()) {
      sandbox.up();
      try (var rest = new OverRest(sandbox);
          var kafka = new OverKafka(sandbox)) {
        var end = Instant.now().plus(LENGTH);
        for (int i = 0; i < KILLS || Instant.now().isBefore(end); i++) {
          // On a slow machine one of the two could else come through again and again, and the
          // other never.
          long acknowledged = rest.acknowledged();
          long produced = kafka.produced();
          await()
              .atMost(PATIENCE)
              .until(() -> rest.acknowledged() > acknowledged && kafka.produced() > produced);
          // A random moment: this is what the story is about, not a wait for something.
          Thread.sleep(random.nextInt(1_500));
          kill(sandbox, random.nextInt(3));
        }
        rest.stop();
        kafka.stop();
        assertThat(rest.acknowledged()).isPositive();
        assertThat(kafka.produced()).isPositive();
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .untilAsserted(() -> {
              assertThat(stored(sandbox, rest.runId(), "rest")).isEqualTo(rest.acknowledged());
              assertThat(stored(sandbox, OverKafka.RUN, "kafka")).isEqualTo(kafka.produced());
            });
      }
    }
  }

  private static void kill(Sandbox sandbox, int which) {
    switch (which) {
      case 0 -> {
        Sandbox.kill(sandbox.serverPid());
        sandbox.up();
      }
      case 1 -> killAndAwait(sandbox::kafkaPid);
      default -> killAndAwait(sandbox::postgresPid);
    }
  }

  private static void killAndAwait(LongSupplier pid) {
    long killed = pid.getAsLong();
    Sandbox.kill(killed);
    await()
        .atMost(PATIENCE)
        .until(() -> pid.getAsLong() != killed && Sandbox.alive(pid.getAsLong()));
  }

  /// How many points the run has; each step from 0 on exactly once, with its value.
  private static long stored(Sandbox sandbox, String run, String key) throws IOException {
    long stored = 0;
    while (true) {
      var range = "?from=%d&to=%d".formatted(stored, stored + RANGE - 1);
      var history =
          Json.MAPPER.readTree(sandbox.get("/api/v1/runs/" + run + "/metrics/" + key + range));
      var steps = history.get("steps");
      var values = history.get("values");
      for (int i = 0; i < steps.size(); i++, stored++) {
        assertThat(steps.get(i).longValue()).as("step at " + stored).isEqualTo(stored);
        assertThat(values.get(i).doubleValue()).isEqualTo(value(stored));
      }
      if (steps.size() < RANGE) {
        // Nothing follows after the gap.
        var rest = sandbox.get("/api/v1/runs/%s/metrics/%s?from=%d".formatted(run, key, stored));
        assertThat(Json.MAPPER.readTree(rest).get("steps")).isEmpty();
        return stored;
      }
    }
  }

  private static double value(long step) {
    return Math.sin(step);
  }

  /// Logs batch after batch; one that was not answered is sent again until it is, as clients do.
  private static final class OverRest implements AutoCloseable {
    private final HttpClient http =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final String base;
    private final String runId;
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Thread thread;

    OverRest(Sandbox sandbox) {
      base = "http://127.0.0.1:" + sandbox.port() + "/api/2.0/mlflow/runs/";
      runId =
          post("create", Map.of("experiment_id", "0", "start_time", START))
              .at("/run/info/run_id")
              .textValue();
      thread = Thread.ofPlatform().start(this::log);
    }

    String runId() {
      return runId;
    }

    long acknowledged() {
      return acknowledged.get();
    }

    private void log() {
      while (!stopped.get()) {
        long from = acknowledged.get();
        var metrics =
            LongStream.range(from, from + POINTS)
                .mapToObj(step ->
                    Map.of(
                        "key",
                        "rest",
                        "value",
                        value(step),
                        "timestamp",
                        START + step,
                        "step",
                        step))
                .toList();
        post("log-batch", Map.of("run_id", runId, "metrics", metrics));
        acknowledged.addAndGet(POINTS);
      }
    }

    private JsonNode post(String call, Map<String, Object> body) {
      return await(call + " to be answered")
          .atMost(PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(50))
          .until(() -> tryPost(call, body), Optional::isPresent)
          .orElseThrow();
    }

    /// @return empty when the server was away or in trouble: the same may be answered later
    private Optional<JsonNode> tryPost(String call, Map<String, Object> body)
        throws InterruptedException {
      try {
        var request =
            HttpRequest.newBuilder(URI.create(base + call))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(body)))
                .build();
        var answer = http.send(request, BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          return Optional.of(Json.MAPPER.readTree(answer.body()));
        }
        assertThat(answer.statusCode()).as(answer.body()).isGreaterThanOrEqualTo(500);
        return Optional.empty();
      } catch (IOException e) {
        return Optional.empty();
      }
    }

    void stop() throws InterruptedException {
      stopped.set(true);
      assertThat(thread.join(PATIENCE)).as("the REST writer ends").isTrue();
    }

    @Override
    public void close() {
      stopped.set(true);
      http.close();
    }
  }

  /// Produces event after event, as a runner does: each is sent until the broker has it.
  private static final class OverKafka implements AutoCloseable {
    static final String RUN = "0123456789abcdef0123456789abcdef";
    private final KafkaProducer<String, byte[]> producer;
    private final AtomicLong produced = new AtomicLong();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Thread thread;
    private long seq;

    OverKafka(Sandbox sandbox) {
      producer =
          new KafkaProducer<>(
              Map.of(
                  ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                  bootstrap(sandbox),
                  ProducerConfig.ACKS_CONFIG,
                  "all",
                  ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                  true,
                  ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                  (int) PATIENCE.toMillis(),
                  ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                  5_000),
              new StringSerializer(),
              new ByteArraySerializer());
      thread = Thread.ofPlatform().start(this::produce);
    }

    private static String bootstrap(Sandbox sandbox) {
      try {
        var ports = Files.readString(sandbox.home().kafka().resolve("ports")).strip();
        return "127.0.0.1:" + ports.split("\\s+", -1)[0];
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    long produced() {
      return produced.get();
    }

    private void produce() {
      send(
          RunEvent.newBuilder()
              .setRunStarted(RunStarted.newBuilder().setExperiment("kills").setName("kafka")));
      while (!stopped.get()) {
        long from = produced.get();
        var series = MetricSeries.newBuilder().setKey("kafka");
        for (long step = from; step < from + POINTS; step++) {
          series.addSteps(step).addTimestamps(START + step).addValues(value(step));
        }
        send(RunEvent.newBuilder().setMetricsLogged(MetricsLogged.newBuilder().addSeries(series)));
        produced.addAndGet(POINTS);
      }
    }

    private void send(RunEvent.Builder event) {
      var bytes =
          event
              .setRunId(RUN)
              .setSource("story")
              .setSeq(++seq)
              .setAt(Timestamp.newBuilder().setSeconds(START / 1000))
              .build()
              .toByteArray();
      // The number makes an event that is sent again after a lost answer the same event.
      for (int attempts = 1; ; attempts++) {
        try {
          producer.send(new ProducerRecord<>(Topics.RUN_EVENTS, RUN, bytes)).get();
          return;
        } catch (ExecutionException e) {
          if (attempts == 20) {
            throw new AssertionError("the broker does not come back", e);
          }
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
    }

    void stop() throws InterruptedException {
      stopped.set(true);
      assertThat(thread.join(PATIENCE)).as("the Kafka producer ends").isTrue();
    }

    @Override
    public void close() {
      stopped.set(true);
      producer.close(Duration.ofSeconds(5));
    }
  }
}
