package dev.pipewright.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.pipewright.contract.Topics;
import dev.pipewright.embedded.TestKafka;
import dev.pipewright.embedded.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// The outbox and the consumer against the real broker and the real database.
class TopicConsumerTest {
  private static final Kafka KAFKA = Kafka.at(TestKafka.shared().bootstrap());

  private final Db db = newDb();
  private final Producer<String, byte[]> producer = KAFKA.producer();
  private String prefix;

  private static Db newDb() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "sample");
    return new Db(source);
  }

  @BeforeEach
  void topics() {
    KAFKA.createTopics();
    // The topics are shared by the tests of this class; each looks at its own keys only.
    prefix = String.valueOf(System.nanoTime());
  }

  @AfterEach
  void close() {
    producer.close();
  }

  /// Stores its own lines, refuses one that says so, and fails as often as it is told to.
  private final class Lines implements TopicConsumer.Handler {
    final AtomicInteger failures = new AtomicInteger();

    @Override
    public void store(Handle tx, List<ConsumerRecord<String, byte[]>> records)
        throws TopicConsumer.InvalidRecord {
      for (var each : records) {
        if (!each.key().startsWith(prefix)) {
          continue;
        }
        var text = new String(each.value(), StandardCharsets.UTF_8);
        if (text.equals("poison")) {
          // As parsers fail, which is no failure of the disk.
          throw new TopicConsumer.InvalidRecord("poison", new IOException("a bad tag"));
        }
        tx.createUpdate("insert into sample.line (text) values (:text)")
            .bind("text", text)
            .execute();
      }
      if (failures.getAndDecrement() > 0) {
        // Rolls the transaction back as a lost connection would.
        throw new IllegalStateException(new SQLTransientException("away"));
      }
    }

    @Override
    public void stored() {}
  }

  private void send(String key, String text) {
    try {
      producer
          .send(
              new ProducerRecord<>(
                  Topics.RUN_EVENTS, prefix + key, text.getBytes(StandardCharsets.UTF_8)))
          .get();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private List<String> lines() {
    return db.read(handle ->
        handle.createQuery("select text from sample.line order by id").mapTo(String.class).list());
  }

  private TopicConsumer start(Lines lines) {
    return TopicConsumer.start(db, "sample", Topics.RUN_EVENTS, KAFKA.consumer(), lines);
  }

  @Test
  void storesEachRecordOnceOverRestartsAndFailures() {
    var wanted = IntStream.range(0, 60).mapToObj(i -> "line " + i).toList();
    var lines = new Lines();
    lines.failures.set(2);
    wanted.subList(0, 20).forEach(text -> send("a", text));
    try (var consumer = start(lines)) {
      await().atMost(Duration.ofSeconds(20)).until(() -> lines().size() == 20);
      wanted.subList(20, 40).forEach(text -> send("a", text));
      await().atMost(Duration.ofSeconds(20)).until(() -> lines().size() == 40);
      assertThat(consumer.lag()).isZero();
    }
    wanted.subList(40, 60).forEach(text -> send("a", text));
    try (var consumer = start(new Lines())) {
      await().atMost(Duration.ofSeconds(20)).until(() -> lines().size() >= 60);
    }
    assertThat(lines()).isEqualTo(wanted);
  }

  @Test
  void keepsWhatCannotBeStoredAsADeadLetterAndGoesOn() {
    send("a", "before");
    send("a", "poison");
    send("a", "after");
    try (var consumer = start(new Lines())) {
      await().atMost(Duration.ofSeconds(20)).until(() -> lines().size() == 2);
    }
    assertThat(lines()).containsExactly("before", "after");
    var letters =
        db.read(handle ->
            handle.createQuery("select reason from sample.dead_letter").mapTo(String.class).list());
    assertThat(letters).singleElement().asString().contains("a bad tag");
  }

  @Test
  void twoConsumersOnOneTableStoreEachRecordOnce() {
    var wanted = IntStream.range(0, 200).mapToObj(i -> "line " + i).toList();
    try (var one = start(new Lines());
        var two = start(new Lines())) {
      wanted.forEach(text -> send("a", text));
      await().atMost(Duration.ofSeconds(30)).until(() -> lines().size() >= 200);
    }
    assertThat(lines()).isEqualTo(wanted);
  }

  @Test
  void outboxSendsWhatWasCommittedAndNothingElse() {
    var outbox = new Outbox("sample");
    db.useTransaction(tx -> append(tx, outbox, "kept"));
    try {
      db.useTransaction(tx -> {
        append(tx, outbox, "rolled back");
        throw new IllegalStateException("on purpose");
      });
    } catch (IllegalStateException e) {
      assertThat(e).hasMessage("on purpose");
    }
    db.useTransaction(tx -> append(tx, outbox, "kept too"));
    try (var relay = OutboxRelay.start(db, "sample", KAFKA);
        var consumer = start(new Lines())) {
      relay.wake();
      await().atMost(Duration.ofSeconds(20)).until(() -> lines().size() >= 2);
    }
    assertThat(lines()).hasSize(2).allMatch(line -> line.contains("kept"));
    assertThat(
            db.<Integer, RuntimeException>read(handle ->
                handle
                    .createQuery("select count(*) from sample.outbox")
                    .mapTo(Integer.class)
                    .one()))
        .isZero();
  }

  private void append(Handle tx, Outbox outbox, String text) {
    outbox.append(tx, outbox.nextNumber(tx), Topics.RUN_EVENTS, prefix + "o", StringValue.of(text));
  }
}
