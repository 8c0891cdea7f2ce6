package dev.pipewright.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedKafkaTest {
  private static final Path LIB = Path.of(System.getProperty("pipewright.kafka.lib"));

  @TempDir(cleanup = CleanupMode.NEVER)
  Path dir;

  @BeforeEach
  void neverLeak() throws IOException {
    Watchdog.over(dir);
  }

  @AfterEach
  void stop() throws IOException {
    var pid = dir.resolve("pid");
    if (Files.exists(pid)) {
      ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  void itsClusterIsNeverNamedLikeAnOption() {
    assertThat(Stream.generate(EmbeddedKafka::clusterId).limit(2_000))
        .allMatch(id -> id.matches("[A-Za-z0-9_][A-Za-z0-9_-]{21}"));
  }

  @Test
  void keepsRecordsAndPortOverACleanRestart() throws Exception {
    var first = start();
    send(first, "one");
    first.stop();
    assertThat(first.alive()).isFalse();

    var second = start();
    assertThat(second.bootstrap()).isEqualTo(first.bootstrap());
    assertThat(records(second)).containsExactly("one");
  }

  @Test
  void losesNothingAcknowledgedWhenItIsKilled() throws Exception {
    var kafka = start();
    send(kafka, "one");
    var bootstrap = kafka.bootstrap();
    EmbeddedPostgresTest.kill(kafka.pid());
    assertThat(kafka.alive()).isFalse();

    kafka.restart();
    assertThat(kafka.bootstrap()).isEqualTo(bootstrap);
    assertThat(records(kafka)).containsExactly("one");
  }

  @Test
  void adoptsTheOneThatRunsAlready() throws Exception {
    var first = start();
    send(first, "one");
    var second = start();
    assertThat(second.pid()).isEqualTo(first.pid());
    assertThat(records(second)).containsExactly("one");
  }

  @Test
  void doesNotTakeAnotherProcessForTheBroker() throws Exception {
    var first = start();
    EmbeddedPostgresTest.kill(first.pid());
    // As after a reboot: the number is in use, by something else.
    Files.writeString(dir.resolve("pid"), ProcessHandle.current().pid() + "\n");
    var second = start();
    assertThat(second.pid()).isNotEqualTo(ProcessHandle.current().pid());
    assertThat(second.alive()).isTrue();
  }

  @Test
  void startsAfreshOverAHalfWrittenFolder() throws IOException {
    var cutOff = Files.createDirectories(dir.resolve("data.unfinished-1"));
    Files.writeString(cutOff.resolve("bootstrap.checkpoint"), "half");
    assertThat(start().alive()).isTrue();
    assertThat(cutOff).doesNotExist();
  }

  @Test
  void takesOtherPortsWhenItsOwnAreTaken() throws IOException {
    var first = start();
    first.stop();
    int port = Ports.read(dir.resolve("ports")).getFirst();
    try (var squatter = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      var second = start();
      assertThat(second.bootstrap()).doesNotEndWith(":" + squatter.getLocalPort());
    }
  }

  @Test
  void saysWhatIsMissingInADamagedFolder() throws IOException {
    Files.createDirectories(dir.resolve("data"));
    assertThatThrownBy(this::start)
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("HOME_DAMAGED: ")
        .hasMessageContaining("meta.properties is missing");
  }

  @Test
  void saysWhereItLookedForTheJars() {
    assertThatThrownBy(() -> EmbeddedKafka.start(dir, dir.resolve("lib"), Progress.SILENT))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(dir.resolve("lib").toString());
  }

  private EmbeddedKafka start() {
    return EmbeddedKafka.start(dir, LIB, Progress.SILENT);
  }

  private static void send(EmbeddedKafka kafka, String value)
      throws ExecutionException, InterruptedException {
    try (var admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrap()))) {
      admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all().get();
    }
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrap(), "acks", "all"),
            new StringSerializer(),
            new StringSerializer())) {
      producer.send(new ProducerRecord<>("t", value)).get();
    }
  }

  private static List<String> records(EmbeddedKafka kafka) {
    try (var consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", kafka.bootstrap(), "auto.offset.reset", "earliest"),
            new StringDeserializer(),
            new StringDeserializer())) {
      var partition = new TopicPartition("t", 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      var values = new ArrayList<String>();
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        consumer.poll(Duration.ofSeconds(1)).forEach(record -> values.add(record.value()));
      }
      return values;
    }
  }
}
