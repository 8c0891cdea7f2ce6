package dev.pipewright.runner;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// One producer for each broker, shared by all attempts. It waits for its broker for as long as it
/// takes.
final class Producers implements AutoCloseable {
  private final Map<String, Producer<String, byte[]>> producers = new ConcurrentHashMap<>();

  /// @param bootstrap `host:port`, comma-separated
  Producer<String, byte[]> to(String bootstrap) {
    return producers.computeIfAbsent(bootstrap, Producers::create);
  }

  private static Producer<String, byte[]> create(String bootstrap) {
    return new KafkaProducer<>(
        Map.of(
            "bootstrap.servers",
            bootstrap,
            "acks",
            "all",
            "enable.idempotence",
            true,
            "linger.ms",
            5,
            "compression.type",
            "lz4",
            "max.block.ms",
            Long.MAX_VALUE,
            "delivery.timeout.ms",
            Integer.MAX_VALUE,
            "max.request.size",
            8 * 1024 * 1024),
        new StringSerializer(),
        new ByteArraySerializer());
  }

  @Override
  public void close() {
    producers.values().forEach(each -> each.close(Duration.ZERO));
  }
}
