package dev.pipewright.platform;

import dev.pipewright.contract.Topics;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// Makes Kafka clients with the settings that "nothing lost, nothing doubled" needs.
@ApplicationScoped
public class Kafka {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration ANSWER = Duration.ofSeconds(5);

  /// An inline artifact of 512 KiB and a long param fit; everything else is far smaller.
  private static final String LARGEST_MESSAGE = String.valueOf(8 * 1024 * 1024);

  private final String bootstrap;

  @Inject
  public Kafka(PlatformConfig config) {
    this(config.kafka().bootstrap());
  }

  Kafka(String bootstrap) {
    this.bootstrap = bootstrap;
  }

  public static Kafka at(String bootstrap) {
    return new Kafka(bootstrap);
  }

  /// A producer that keeps order and does not double a message when it retries.
  public Producer<String, byte[]> producer() {
    return new KafkaProducer<>(
        Map.of(
            "bootstrap.servers",
            bootstrap,
            "acks",
            "all",
            "enable.idempotence",
            true,
            "linger.ms",
            2,
            "compression.type",
            "lz4",
            // As long as it takes: what gives up on one message and sends the next breaks the
            // order.
            "max.block.ms",
            Long.MAX_VALUE,
            "delivery.timeout.ms",
            Integer.MAX_VALUE,
            "max.request.size",
            8 * 1024 * 1024),
        new StringSerializer(),
        new ByteArraySerializer());
  }

  /// A consumer whose position is ours to keep: it commits nothing and never jumps by itself.
  public Consumer<String, byte[]> consumer() {
    return new KafkaConsumer<>(
        Map.of(
            "bootstrap.servers",
            bootstrap,
            "enable.auto.commit",
            false,
            "auto.offset.reset",
            "none",
            "max.poll.records",
            2_000,
            "fetch.max.wait.ms",
            250,
            "isolation.level",
            "read_committed"),
        new StringDeserializer(),
        new ByteArrayDeserializer());
  }

  /// Creates the topics that are missing.
  public void createTopics() {
    try (var admin = admin()) {
      for (var topic : Topics.ALL) {
        try {
          admin
              .createTopics(
                  List.of(
                      new NewTopic(topic, Optional.of(Topics.PARTITIONS), Optional.empty())
                          .configs(Map.of("max.message.bytes", LARGEST_MESSAGE))))
              .all()
              .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof TopicExistsException)) {
            throw new IllegalStateException("topic " + topic + " could not be created", e);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while creating topics", e);
    } catch (TimeoutException e) {
      throw new IllegalStateException("no Kafka broker answers at " + bootstrap, e);
    }
  }

  /// Whether a broker answers within a few seconds.
  boolean answers() throws InterruptedException {
    var admin = admin();
    try {
      return !admin.describeCluster().nodes().get(ANSWER.toSeconds(), TimeUnit.SECONDS).isEmpty();
    } catch (ExecutionException | TimeoutException e) {
      return false;
    } finally {
      admin.close(Duration.ZERO);
    }
  }

  private Admin admin() {
    return Admin.create(
        Map.of(
            "bootstrap.servers", bootstrap, "default.api.timeout.ms", (int) PATIENCE.toMillis()));
  }
}
